package logs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// The supervisor's own log can be followed, over rotation and over whatever
// somebody does to its file.
func TestWriterTellsItsFollowers(t *testing.T) {
	m, _ := patient(t)
	path := filepath.Join(t.TempDir(), "logs", "supervisor.log")
	w, err := NewWriter(path, 100, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Tell(m)
	fmt.Fprintln(w, "line 0")
	got := make(chan string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Read(ctx, []File{{Path: path}}, Query{Lines: 1, Follow: true}, m, func(lines []Line, _ []Skip) error {
			for _, l := range lines {
				got <- string(l.Data)
			}
			return nil
		})
	}()
	<-got
	for i := range 50 {
		switch i {
		case 20:
			err = os.Truncate(path, 0)
		case 30:
			err = os.Remove(path)
		case 40:
			err = os.RemoveAll(filepath.Dir(path))
		}
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("line %d is %0*d", i+1, i, 0)
		fmt.Fprintln(w, want)
		if line := <-got; line != want {
			t.Fatalf("%q, not %q", line, want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
