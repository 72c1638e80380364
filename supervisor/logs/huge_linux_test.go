package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hugeBytes is how long a huge log is: nothing of it takes place on the disk.
const hugeBytes = 10 << 30

// hugeFile is a log that is all zeros.
func hugeFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "huge.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if err := f.Truncate(hugeBytes); err != nil {
		t.Skip("this file system has no files of 10 GB: ", err)
	}
	return f
}

// textOf are the lines that a query gives.
func textOf(t *testing.T, path string, q Query) (got []string) {
	t.Helper()
	err := Read(context.Background(), []File{{Unit: "a", Kind: "stdout", Path: path}}, q, nil,
		func(lines []Line, _ []Skip) error {
			for _, l := range lines {
				got = append(got, string(l.Data))
			}
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// The last lines of a log of 10 GB are found from its end.
func TestTheLastLinesOfAHugeLog(t *testing.T) {
	f := hugeFile(t)
	text := "\n"
	for i := range 20 {
		text += fmt.Sprintln("line", i)
	}
	if _, err := f.WriteAt([]byte(text), hugeBytes); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	got := textOf(t, f.Name(), Query{Lines: 3})
	if want := "[line 17 line 18 line 19]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

// Without an index all lines have the time the log was last written, so what is
// asked by time is all of it or nothing; and that is known at once.
func TestTimesOfAHugeLogWithoutAnIndex(t *testing.T) {
	f := hugeFile(t)
	path := f.Name()
	if _, err := f.WriteAt([]byte("\nlast\n"), hugeBytes); err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	written := info.ModTime()
	for name, c := range map[string]struct {
		q    Query
		want string
	}{
		"since then":       {Query{Lines: 1, Since: written}, "[last]"},
		"after it":         {Query{Lines: -1, Since: written.Add(1)}, "[]"},
		"the last of it":   {Query{Lines: 5, Since: written.Add(1)}, "[]"},
		"until then":       {Query{Lines: 1, Until: written}, "[last]"},
		"before it":        {Query{Lines: -1, Until: written.Add(-1)}, "[]"},
		"the last of that": {Query{Lines: 5, Until: written.Add(-1)}, "[]"},
	} {
		asked := time.Now()
		if got := fmt.Sprint(texts(readOnce(t, []File{{Path: path}}, c.q))); got != c.want {
			t.Errorf("%s: %.100s, want %s", name, got, c.want)
		}
		if took := time.Since(asked); took > time.Second {
			t.Errorf("%s takes %v", name, took)
		}
	}
}

// What is asked of a log of 10 GB by time costs what it has of that time: the
// index says where that is.
func TestTimesOfAHugeLog(t *testing.T) {
	const minutes = 100
	const size = int64(hugeBytes)
	f := hugeFile(t)
	path := f.Name()
	// A minute of output for each hundredth of it, and a line at either end.
	began := time.Now().Add(-2 * time.Hour)
	at := func(minute int) time.Time { return began.Add(time.Duration(minute) * time.Minute) }
	first, last := "first\n", "\nlast\n"
	index := headRecord(0, 0).append(nil)
	index = record{kind: kindTime, at: int64(len(first)), value: began.UnixNano()}.append(index)
	for i := range int64(minutes) {
		index = record{kind: kindTime, at: (i + 1) * size / minutes, value: at(int(i + 1)).UnixNano()}.append(index)
	}
	index = record{kind: kindTime, at: size - 1 + int64(len(last)), value: at(minutes + 1).UnixNano()}.append(index)
	_, err := f.WriteAt([]byte(first), 0)
	_, err2 := f.WriteAt([]byte(last), size-1)
	if err := errors.Join(err, err2, os.WriteFile(indexPath(path, 0), index, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		q    Query
		want string
	}{
		{"before it", Query{Lines: 5, Until: at(-1)}, ""},
		{"its beginning", Query{Lines: -1, Until: at(0)}, "first"},
		{"the last of its beginning", Query{Lines: 5, Until: at(0)}, "first"},
		{"its end", Query{Lines: -1, Since: at(minutes + 1)}, "last"},
		{"the last of its end", Query{Lines: 5, Since: at(minutes + 1)}, "last"},
		{"after it", Query{Lines: 5, Since: time.Now().Add(time.Hour)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := time.Now()
			got := textOf(t, path, c.q)
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if took := time.Since(asked); took > time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}
