package logs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// desk is a mover over one stream in a folder of its own.
type desk struct {
	*testing.T
	m    *Mover
	s    *Stream
	file File
	in   *os.File
}

func newDesk(t *testing.T, c StreamConfig) *desk {
	t.Helper()
	dir := t.TempDir()
	d := &desk{T: t}
	m, err := NewMover(MoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.m = m
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	c.Path, c.FIFO = filepath.Join(dir, "logs", "web_stdout.log"), filepath.Join(dir, "fifo", "web")
	d.file = File{Unit: "demo/web", Kind: "stdout", Path: c.Path}
	if d.s, err = m.Open(c); err != nil {
		t.Fatal(err)
	}
	if d.in, err = d.s.Input(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.in.Close() })
	return d
}

// write has everything moved when it returns.
func (d *desk) write(text string) {
	d.Helper()
	for len(text) > 0 {
		n := min(len(text), 32<<10)
		if _, err := d.in.WriteString(text[:n]); err != nil {
			d.Fatal(err)
		}
		if err := d.s.Drain(); err != nil {
			d.Fatal(err)
		}
		text = text[n:]
	}
}

// bytes are what the segments have, oldest first.
func (d *desk) bytes() []byte {
	d.Helper()
	list, _ := numbers(d.file.Path)
	var all []byte
	for _, k := range slices.Backward(list) {
		data, err := os.ReadFile(segmentPath(d.file.Path, k))
		if err != nil {
			d.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

func (d *desk) read(q Query) []Line {
	d.Helper()
	return read(d.T, []File{d.file}, q)
}

// read reads files that nobody writes to, line by line and in blocks, which have to
// be the same lines.
func read(t *testing.T, files []File, q Query) []Line {
	t.Helper()
	all := readOnce(t, files, q)
	q.Blocks = true
	var blocks []Line
	for _, l := range readOnce(t, files, q) {
		blocks = append(blocks, linesOf(l)...)
	}
	same := func(a, b Line) bool {
		return a.File == b.File && bytes.Equal(a.Data, b.Data) && a.Time.Equal(b.Time) && a.Run == b.Run && a.Open == b.Open
	}
	if !slices.EqualFunc(all, blocks, same) {
		t.Errorf("%d lines come one by one, %d in blocks, and they are not the same", len(all), len(blocks))
	}
	return all
}

func readOnce(t *testing.T, files []File, q Query) []Line {
	t.Helper()
	var all []Line
	err := Read(t.Context(), files, q, nil, func(lines []Line, _ []Skip) error {
		for _, l := range lines {
			l.Data = bytes.Clone(l.Data)
			all = append(all, l)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// linesOf takes a block apart.
func linesOf(block Line) []Line {
	var list []Line
	for _, data := range bytes.Split(block.Data, []byte{'\n'}) {
		l := block
		l.Data, l.Open = data, false
		list = append(list, l)
	}
	list[len(list)-1].Open = block.Open
	return list
}

func texts(lines []Line) []string {
	list := make([]string, 0, len(lines))
	for _, l := range lines {
		list = append(list, string(l.Data))
	}
	return list
}

// join puts lines back together.
func join(lines []Line) []byte {
	var b bytes.Buffer
	for _, l := range lines {
		b.Write(l.Data)
		if !l.Open {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func TestBytesComeBackAsTheyWere(t *testing.T) {
	binary := make([]byte, 5000)
	for i := range binary {
		binary[i] = byte(i * 7)
	}
	for name, text := range map[string]string{
		"lines":           "one\ntwo\n",
		"no last newline": "one\ntwo",
		"blank lines":     "\n\n\n",
		"binary":          string(binary),
		"long line":       strings.Repeat("x", 200<<10) + "\nshort\n",
		"carriage return": "a\r\nb\rc\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, StreamConfig{})
			d.write(text)
			if got := d.bytes(); string(got) != text {
				t.Errorf("the file has %d bytes, not the %d written", len(got), len(text))
			}
			if got := join(d.read(Query{Lines: -1})); string(got) != text {
				t.Errorf("the lines have %d bytes, not the %d written", len(got), len(text))
			}
			if !d.s.Info().Exact {
				t.Error("the bytes were copied")
			}
		})
	}
}

func TestNothingIsMadeBeforeThereIsOutput(t *testing.T) {
	d := newDesk(t, StreamConfig{})
	if err := d.s.Mark(1); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(d.file.Path); !os.IsNotExist(err) {
		t.Errorf("there is a file without output: %v", err)
	}
}

func TestSegmentsEndAtLineEnds(t *testing.T) {
	d := newDesk(t, StreamConfig{MaxBytes: 1000, MaxFiles: 100})
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "line %d %s\n", i, strings.Repeat("x", i%50))
	}
	d.write(text.String())
	list, sizes := numbers(d.file.Path)
	if len(list) < 10 {
		t.Fatalf("%d segments", len(list))
	}
	for i, k := range list {
		data, err := os.ReadFile(segmentPath(d.file.Path, k))
		if err != nil {
			t.Fatal(err)
		}
		if sizes[i] > 1000 || len(data) == 0 || data[len(data)-1] != '\n' {
			t.Errorf("segment %d has %d bytes and ends in %q", k, len(data), data[max(len(data)-5, 0):])
		}
	}
	if got := join(d.read(Query{Lines: -1})); string(got) != text.String() {
		t.Error("the lines are not what was written")
	}
	want := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	for _, n := range []int{1, 7, 49, 200, 500, 900} {
		if got := texts(d.read(Query{Lines: n})); !slices.Equal(got, want[max(len(want)-n, 0):]) {
			t.Errorf("the last %d lines are %d, from %q", n, len(got), got[0])
		}
	}
}

func TestOldSegmentsGo(t *testing.T) {
	d := newDesk(t, StreamConfig{MaxBytes: 100, MaxFiles: 3})
	for i := range 100 {
		d.write(fmt.Sprintf("%050d\n", i))
	}
	if bytes, segments := Size(d.file.Path); segments != 3 || bytes > 300 {
		t.Errorf("%d bytes in %d segments", bytes, segments)
	}
	got := texts(d.read(Query{Lines: -1}))
	if len(got) == 0 || got[len(got)-1] != fmt.Sprintf("%050d", 99) {
		t.Errorf("the newest line is missing: %q", got)
	}
}

func TestALineOverTheLimitIsCutLate(t *testing.T) {
	for _, c := range []struct {
		peeked  string
		size    int64
		take    int
		ends    bool
		fresh   bool
		comment string
	}{
		{"abc\n", 0, 4, false, false, "fits"},
		{"abc\ndefghijk\n", 0, 4, true, false, "the line before the limit ends"},
		{"abcdefghijklm\nx", 0, 14, true, false, "a line that crosses goes on to its end"},
		{"\nabcdefghijklm\nx", 10, 1, true, false, "a line that crosses ends at once"},
		{strings.Repeat("x", 70000), 0, 10 + 65536, true, false, "and no further than the overrun"},
		{"defgh\n", 6, 0, true, true, "after a whole line one that does not fit begins the next segment"},
		{"def\nghi\n", 6, 4, true, true, "but what fits goes in"},
		{strings.Repeat("x", 30000), 0, 30000, false, false, "its end is not there yet"},
	} {
		if take, ends := cut([]byte(c.peeked), c.size, 10, c.fresh); take != c.take || ends != c.ends {
			t.Errorf("%s: %d %v, want %d %v", c.comment, take, ends, c.take, c.ends)
		}
	}
}

func TestRunsAndTimesAreKept(t *testing.T) {
	d := newDesk(t, StreamConfig{MaxBytes: 30, MaxFiles: 10})
	before := time.Now()
	for run := uint64(1); run <= 4; run++ {
		if err := d.s.Mark(run); err != nil {
			t.Fatal(err)
		}
		d.write(fmt.Sprintf("run %d begins\nrun %d goes on", run, run))
	}
	for run := uint64(1); run <= 4; run++ {
		want := []string{fmt.Sprintf("run %d begins", run), fmt.Sprintf("run %d goes on", run)}
		got := d.read(Query{Lines: -1, Run: run})
		if !slices.Equal(texts(got), want) {
			t.Errorf("run %d wrote %q", run, texts(got))
		}
		for _, l := range got {
			if l.Time.Before(before.Add(-time.Second)) || l.Time.After(time.Now().Add(time.Second)) {
				t.Errorf("%q has the time %s", l.Data, l.Time)
			}
		}
	}
	for run := uint64(1); run <= 4; run++ {
		want := []string{fmt.Sprintf("run %d begins", run), fmt.Sprintf("run %d goes on", run)}
		if got := Tail(d.file.Path, run, 5); !slices.Equal(got, want) {
			t.Errorf("the tail of run %d is %q", run, got)
		}
	}
	if got := Tail(d.file.Path, 4, 1); !slices.Equal(got, []string{"run 4 goes on"}) {
		t.Errorf("tail %q", got)
	}
}

func TestFilters(t *testing.T) {
	d := newDesk(t, StreamConfig{})
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	d.write(text.String())
	grep := regexp.MustCompile("5$")
	if got := texts(d.read(Query{Lines: -1, Grep: grep})); len(got) != 10 || got[0] != "line 5" {
		t.Errorf("grep: %q", got)
	}
	if got := texts(d.read(Query{Lines: 2, Grep: grep})); !slices.Equal(got, []string{"line 85", "line 95"}) {
		t.Errorf("the last two of grep: %q", got)
	}
	if got := d.read(Query{Lines: -1, Since: time.Now().Add(time.Minute)}); len(got) != 0 {
		t.Errorf("since the future: %d lines", len(got))
	}
	if got := d.read(Query{Lines: -1, Until: time.Now().Add(-time.Minute)}); len(got) != 0 {
		t.Errorf("until the past: %d lines", len(got))
	}
	if got := d.read(Query{Lines: 0}); len(got) != 0 {
		t.Errorf("none: %d lines", len(got))
	}
}

func TestSeveralFilesMergeByTime(t *testing.T) {
	a, b := newDesk(t, StreamConfig{}), newDesk(t, StreamConfig{})
	var want []string
	for i := range 20 {
		d := []*desk{a, b}[i%2]
		text := fmt.Sprintf("line %d", i)
		want = append(want, text)
		d.write(text + "\n")
		// Records are a millisecond apart at least.
		<-time.After(2 * time.Millisecond)
	}
	got := read(t, []File{a.file, b.file}, Query{Lines: -1})
	if !slices.Equal(texts(got), want) {
		t.Errorf("%q", texts(got))
	}
}

func TestFollowCrossesRotationAndEndsWithALastLook(t *testing.T) {
	d := newDesk(t, StreamConfig{MaxBytes: 200, MaxFiles: 1000})
	d.write("before\n")
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan Line, 10000)
	done := make(chan error, 1)
	go func() {
		done <- Read(ctx, []File{d.file}, Query{Lines: 1, Follow: true}, d.m, func(lines []Line, skips []Skip) error {
			if len(skips) > 0 {
				t.Errorf("skipped %+v", skips)
			}
			for _, l := range lines {
				got <- l
			}
			return nil
		})
	}()
	if l := <-got; string(l.Data) != "before" {
		t.Fatalf("first %q", l.Data)
	}
	for i := range 300 {
		want := fmt.Sprintf("line %d", i)
		if _, err := d.in.WriteString(want + "\n"); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			for range i - max(i-10, -1) {
				<-got
			}
		}
	}
	for range 9 {
		<-got
	}
	d.write("last words")
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if l := <-got; string(l.Data) != "last words" || !l.Open {
		t.Errorf("last %+v", l)
	}
}

func TestIndexIsMendedAfterACrash(t *testing.T) {
	d := newDesk(t, StreamConfig{})
	if err := d.s.Mark(7); err != nil {
		t.Fatal(err)
	}
	d.write("kept\n")
	d.s.mu.Lock()
	d.s.tape.close()
	d.s.tape.known = false
	d.s.mu.Unlock()
	// A crash: bytes that are not indexed, and a torn record.
	appendTo(t, d.file.Path, "not indexed\n")
	appendTo(t, indexPath(d.file.Path, 0), "torn")
	d.write("after\n")
	lines := d.read(Query{Lines: -1})
	if !slices.Equal(texts(lines), []string{"kept", "not indexed", "after"}) {
		t.Errorf("%q", texts(lines))
	}
	for _, l := range lines {
		if l.Run != 7 || l.Time.IsZero() {
			t.Errorf("%q: run %d at %s", l.Data, l.Run, l.Time)
		}
	}
	data, err := os.ReadFile(indexPath(d.file.Path, 0))
	if err != nil || len(data)%recordSize != 0 {
		t.Errorf("the index has %d bytes: %v", len(data), err)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestADeletedFolderIsMadeAgain(t *testing.T) {
	d := newDesk(t, StreamConfig{})
	d.write("gone\n")
	if err := os.RemoveAll(filepath.Dir(d.file.Path)); err != nil {
		t.Fatal(err)
	}
	d.write("here\n")
	if got := texts(d.read(Query{Lines: -1})); !slices.Equal(got, []string{"here"}) {
		t.Errorf("%q", got)
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	d := newDesk(t, StreamConfig{MaxBytes: 10, MaxFiles: 3})
	d.write("one line\nanother line\nand one more\n")
	if err := d.s.Remove(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Dir(d.file.Path), filepath.Join(filepath.Dir(d.file.Path), "../fifo")} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v is left in %s (%v)", left, dir, err)
		}
	}
}

func TestWriterRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "supervisor.log")
	w, err := NewWriter(path, 100, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		fmt.Fprintf(w, "line %d\n", i)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if bytes, segments := Size(path); segments != 3 || bytes > 300 {
		t.Errorf("%d bytes in %d segments", bytes, segments)
	}
	got := texts(read(t, []File{{Path: path}}, Query{Lines: 3}))
	if !slices.Equal(got, []string{"line 47", "line 48", "line 49"}) {
		t.Errorf("%q", got)
	}
}
