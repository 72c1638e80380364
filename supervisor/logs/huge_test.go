package logs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The last lines of a log of 10 GB are found from its end.
func TestTheLastLinesOfAHugeLog(t *testing.T) {
	const size = 10 << 30
	path := filepath.Join(t.TempDir(), "huge.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Skip("this file system has no files of 10 GB: ", err)
	}
	text := "\n"
	for i := range 20 {
		text += fmt.Sprintln("line", i)
	}
	if _, err := f.WriteAt([]byte(text), size); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var got []string
	err = Read(context.Background(), []File{{Unit: "a", Kind: "stdout", Path: path}}, Query{Lines: 3}, nil,
		func(lines []Line, _ []Skip) error {
			for _, l := range lines {
				got = append(got, string(l.Data))
			}
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	if want := "[line 17 line 18 line 19]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
}
