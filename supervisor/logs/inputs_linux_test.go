package logs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fifos are the pipes that exist.
func (d *desk) fifos() []string {
	d.Helper()
	entries, err := os.ReadDir(filepath.Dir(d.s.conf.FIFO))
	if err != nil {
		d.Fatal(err)
	}
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// settle gives every input a turn, as the mover does where the kernel tells of
// it, and says how many are left.
func (d *desk) settle() int {
	d.s.mu.Lock()
	inputs := slices.Clone(d.s.inputs)
	d.s.mu.Unlock()
	for _, in := range inputs {
		d.s.turn(in)
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	return len(d.s.inputs)
}

// beside is another run's input.
func (d *desk) beside(run uint64) *os.File {
	d.Helper()
	f, err := d.s.InputOf(run)
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { _ = f.Close() })
	return f
}

func (d *desk) writeTo(f *os.File, text string) {
	d.Helper()
	if _, err := f.WriteString(text); err != nil {
		d.Fatal(err)
	}
	if err := d.s.Drain(); err != nil {
		d.Fatal(err)
	}
}

// of is everything a run wrote, as it is read back.
func (d *desk) of(run uint64) []byte {
	d.Helper()
	return join(d.read(Query{Lines: -1, Run: run}))
}

func TestEachRunHasItsOwnInput(t *testing.T) {
	d := newDesk(t, StreamConfig{Run: 1})
	d.write("old: before\n")
	candidate := d.beside(2)
	d.writeTo(candidate, "new: one\n")
	d.write("old: meanwhile\n")
	d.writeTo(candidate, "new: two\n")
	d.write("old: after\n")
	if got := string(d.of(1)); got != "old: before\nold: meanwhile\nold: after\n" {
		t.Errorf("run 1 wrote %q", got)
	}
	if got := string(d.of(2)); got != "new: one\nnew: two\n" {
		t.Errorf("run 2 wrote %q", got)
	}
	if got := Tail(d.file.Path, 2, 5); !slices.Equal(got, []string{"new: one", "new: two"}) {
		t.Errorf("the tail of run 2 is %q", got)
	}
	if got := Tail(d.file.Path, 1, 2); !slices.Equal(got, []string{"old: meanwhile", "old: after"}) {
		t.Errorf("the tail of run 1 is %q", got)
	}
}

func TestAnInputGoesWithItsLastWriter(t *testing.T) {
	d := newDesk(t, StreamConfig{Run: 1})
	candidate := d.beside(2)
	grandchild := d.beside(2)
	if got := d.fifos(); !slices.Equal(got, []string{"web", "web.2"}) {
		t.Fatalf("the pipes are %q", got)
	}
	// The candidate is the unit's instance now; the old one ends.
	d.writeTo(candidate, "up\n")
	if _, err := d.in.WriteString("last words"); err != nil {
		t.Fatal(err)
	}
	_ = d.in.Close()
	if n := d.settle(); n != 1 {
		t.Errorf("%d inputs are left", n)
	}
	if got := d.fifos(); !slices.Equal(got, []string{"web.2"}) {
		t.Errorf("the pipes are %q", got)
	}
	// What a run left behind keeps its pipe, and is heard.
	_ = candidate.Close()
	d.writeTo(grandchild, "I am still here\n")
	if err := d.s.Mark(3); err != nil {
		t.Fatal(err)
	}
	next, err := d.s.Input()
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	d.writeTo(next, "three\n")
	d.writeTo(grandchild, "and here\n")
	_ = grandchild.Close()
	if n := d.settle(); n != 1 {
		t.Errorf("%d inputs are left", n)
	}
	if got := d.fifos(); !slices.Equal(got, []string{"web"}) {
		t.Errorf("the pipes are %q", got)
	}
	for run, want := range map[uint64]string{1: "last words", 2: "up\nI am still here\nand here\n", 3: "three\n"} {
		if got := string(d.of(run)); got != want {
			t.Errorf("run %d wrote %q, want %q", run, got, want)
		}
	}
}

func TestLinesOfTwoRunsDoNotCutEachOther(t *testing.T) {
	d := newDesk(t, StreamConfig{Run: 1})
	candidate := d.beside(2)
	d.s.mu.Lock()
	// All of it is there before anything is moved.
	for _, f := range []struct {
		in   *os.File
		text string
	}{{d.in, "a1\na2\nhalf "}, {candidate, "b1\nb2\n"}} {
		if _, err := f.in.WriteString(f.text); err != nil {
			t.Fatal(err)
		}
	}
	d.s.mu.Unlock()
	if err := d.s.Drain(); err != nil {
		t.Fatal(err)
	}
	d.write("a line\n")
	got := texts(d.read(Query{Lines: -1}))
	for _, line := range []string{"a1", "a2", "b1", "b2"} {
		if !slices.Contains(got, line) {
			t.Errorf("%q was cut: %q", line, got)
		}
	}
	if got := string(d.of(1)); got != "a1\na2\nhalf a line\n" {
		t.Errorf("run 1 wrote %q", got)
	}
}

func TestABrokenLineAtTheEndOfASegmentDoesNotTakeInAnotherRun(t *testing.T) {
	d := newDesk(t, StreamConfig{Run: 1, MaxBytes: 10, MaxFiles: 10})
	long := strings.Repeat("x", 10+overrun)
	d.write(long)
	candidate := d.beside(2)
	d.writeTo(candidate, "two\n")
	if got := string(d.of(2)); got != "two\n" {
		t.Errorf("run 2 wrote %q", got)
	}
	if got := string(d.of(1)); got != long {
		t.Errorf("run 1 wrote %d bytes, want %d", len(got), len(long))
	}
}

// sequence are numbered lines of a run.
func sequence(run, lines int) []byte {
	var b bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&b, "run %d line %06d %s\n", run, i, strings.Repeat("-", i%70))
	}
	return b.Bytes()
}

func TestBytesOfTwoRunsComeBackUnderLoadOverRotations(t *testing.T) {
	for name, chunk := range map[string]int{"whole lines": 0, "blocks": 4096, "crumbs": 7} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, StreamConfig{Run: 1, MaxBytes: 50_000, MaxFiles: 10_000})
			candidate := d.beside(2)
			lines := 10_000
			if chunk == 7 {
				lines = 300
			}
			want := map[int][]byte{1: sequence(1, lines), 2: sequence(2, lines)}
			var writers sync.WaitGroup
			for run, f := range map[int]*os.File{1: d.in, 2: candidate} {
				writers.Go(func() { pour(f, want[run], chunk) })
			}
			writers.Wait()
			if err := d.s.Drain(); err != nil {
				t.Fatal(err)
			}
			for run, text := range want {
				if got := d.of(uint64(run)); !bytes.Equal(got, text) {
					t.Errorf("run %d: %d bytes came back, %d were written", run, len(got), len(text))
				}
			}
			if name != "whole lines" {
				return
			}
			for _, l := range d.read(Query{Lines: -1}) {
				if l.Open {
					t.Fatalf("a line was cut: %q", l.Data)
				}
			}
		})
	}
}

// pour writes text in chunks of a size; 0 is line by line.
func pour(f *os.File, text []byte, chunk int) {
	for len(text) > 0 {
		n := min(chunk, len(text))
		if chunk == 0 {
			n = bytes.IndexByte(text, '\n') + 1
		}
		if _, err := f.Write(text[:n]); err != nil {
			return
		}
		text = text[n:]
	}
}

func TestTheNextMoverFindsThePipesOfTwoRuns(t *testing.T) {
	d := newDesk(t, StreamConfig{Run: 1, MaxBytes: 20_000, MaxFiles: 10_000})
	candidate := d.beside(2)
	want := map[int][]byte{1: sequence(1, 20_000), 2: sequence(2, 20_000)}
	var writers sync.WaitGroup
	for run, f := range map[int]*os.File{1: d.in, 2: candidate} {
		writers.Go(func() { pour(f, want[run], 4096) })
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	// Movers die at any moment, and leave what they know to the disk.
	for range 5 {
		select {
		case <-d.growth():
		case <-done:
		}
		d.die()
		m, _ := patient(t)
		d.open(m, StreamConfig{
			Path: d.file.Path, FIFO: d.s.conf.FIFO, Run: 1, MaxBytes: 20_000, MaxFiles: 10_000,
		})
		if err := d.s.Attach(1, []uint64{2}); err != nil {
			t.Fatal(err)
		}
	}
	<-done
	if err := d.s.Drain(); err != nil {
		t.Fatal(err)
	}
	for run, text := range want {
		if got := d.of(uint64(run)); !bytes.Equal(got, text) {
			t.Errorf("run %d: %d bytes came back, %d were written", run, len(got), len(text))
		}
	}
}

// growth tells when something has been moved.
func (d *desk) growth() <-chan struct{} {
	grown := make(chan struct{}, 1)
	d.Cleanup(d.m.follow(grown, []string{d.file.Path}))
	return grown
}

// die has the mover stop where it is, as if it were killed: nothing is moved
// any more, and what is only in memory is gone.
func (d *desk) die() {
	d.Helper()
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.s.closed = true
	d.s.tape.pending = false
	d.s.tape.close()
	for _, in := range d.s.inputs {
		d.s.m.dismiss(in)
	}
}
