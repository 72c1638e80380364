package logs

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// numbered are lines of mixed length, each of which begins with its number.
func numbered(from, to int) []byte {
	mix := rand.New(rand.NewPCG(7, uint64(from)))
	var b bytes.Buffer
	for i := from; i < to; i++ {
		n := mix.IntN(120)
		switch mix.IntN(1000) {
		case 0:
			n = 3000 + mix.IntN(30000)
		case 1:
			n = 100_000
		}
		fmt.Fprintf(&b, "%08d %s\n", i, strings.Repeat("x", n))
	}
	return b.Bytes()
}

func TestNoByteIsLostOverRotationsAtFullSpeed(t *testing.T) {
	for name, c := range map[string]struct {
		conf StreamConfig
		copy bool
	}{
		"spliced":       {conf: StreamConfig{MaxBytes: 200_000, MaxFiles: 10_000}},
		"copied":        {conf: StreamConfig{MaxBytes: 200_000, MaxFiles: 10_000}, copy: true},
		"tiny segments": {conf: StreamConfig{MaxBytes: 1000, MaxFiles: 100_000}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, c.conf)
			d.s.mu.Lock()
			d.s.tape.exact = !c.copy
			d.s.mu.Unlock()
			lines := 20_000
			if name == "tiny segments" {
				lines = 400
			}
			want := numbered(0, lines)
			if _, err := d.in.Write(want); err != nil {
				t.Fatal(err)
			}
			if err := d.s.Drain(); err != nil {
				t.Fatal(err)
			}
			if got := d.bytes(); !bytes.Equal(got, want) {
				t.Fatalf("the segments have %d bytes, not the %d written", len(got), len(want))
			}
			if got := join(d.read(Query{Lines: -1})); !bytes.Equal(got, want) {
				t.Errorf("the lines have %d bytes, not the %d written", len(got), len(want))
			}
			if d.s.Info().Exact == c.copy {
				t.Error("the bytes took another road")
			}
			_, sizes := numbers(d.file.Path)
			for _, size := range sizes {
				if size > c.conf.MaxBytes+overrun {
					t.Errorf("a segment has %d bytes", size)
				}
			}
		})
	}
}

func TestAFollowerSeesEveryLineOverRotationsAtFullSpeed(t *testing.T) {
	d := newDesk(t, StreamConfig{MaxBytes: 50_000, MaxFiles: 100_000})
	want := numbered(0, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	var got bytes.Buffer
	done := make(chan error, 1)
	go func() {
		done <- Read(ctx, []File{d.file}, Query{Lines: -1, Follow: true}, d.m, func(lines []Line, skips []Skip) error {
			for _, s := range skips {
				t.Errorf("skipped %+v", s)
			}
			got.Write(join(lines))
			return nil
		})
	}()
	if _, err := d.in.Write(want); err != nil {
		t.Fatal(err)
	}
	if err := d.s.Drain(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("it saw %d bytes, not the %d written", got.Len(), len(want))
	}
}

func TestASlowFollowerIsToldWhatRotatedAwayAndSeesNothingTwice(t *testing.T) {
	d := newDesk(t, StreamConfig{MaxBytes: 1000, MaxFiles: 20})
	d.write("00000000 first\n")
	ctx, cancel := context.WithCancel(t.Context())
	step, done := make(chan struct{}), make(chan error, 1)
	var got []string
	var kept, skipped int64
	go func() {
		done <- Read(ctx, []File{d.file}, Query{Lines: -1, Follow: true}, d.m, func(lines []Line, skips []Skip) error {
			for _, s := range skips {
				skipped += s.Bytes
			}
			for _, l := range lines {
				got = append(got, string(l.Data[:8]))
				kept += int64(len(l.Data)) + 1
			}
			<-step
			return nil
		})
	}()
	step <- struct{}{}
	// Six rotations while it looks elsewhere: nothing has gone yet. Then
	// many more, and most has.
	var written int64 = 15
	for _, lines := range []int{60, 1000} {
		for i := range lines {
			text := fmt.Sprintf("%08d %s\n", written, strings.Repeat("x", i%100+40))
			d.write(text)
			written += int64(len(text))
		}
		step <- struct{}{}
	}
	close(step)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Error("lines came twice or out of order")
	}
	if kept+skipped != written || skipped == 0 {
		t.Errorf("%d bytes came and %d were skipped, of %d", kept, skipped, written)
	}
}

func TestFollowGoesOnWhereTheFileWasCutOrTaken(t *testing.T) {
	for name, meddle := range map[string]func(path string) error{
		"cut":            func(path string) error { return os.Truncate(path, 0) },
		"deleted":        os.Remove,
		"folder deleted": func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, StreamConfig{})
			if err := d.s.Mark(5); err != nil {
				t.Fatal(err)
			}
			d.write("one\ntwo\n")
			got := make(chan Line, 10)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				done <- Read(ctx, []File{d.file}, Query{Lines: -1, Follow: true}, d.m, func(lines []Line, _ []Skip) error {
					for _, l := range lines {
						got <- l
					}
					return nil
				})
			}()
			<-got
			<-got
			if err := meddle(d.file.Path); err != nil {
				t.Fatal(err)
			}
			// Longer than what was there before.
			d.write("three is a longer line than all before\n")
			if l := <-got; string(l.Data) != "three is a longer line than all before" || l.Run != 5 {
				t.Errorf("run %d: %q", l.Run, l.Data)
			}
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if data, err := os.ReadFile(d.file.Path); err != nil || string(data) != "three is a longer line than all before\n" {
				t.Errorf("the file has %q (%v)", data, err)
			}
		})
	}
}

func TestAFileThatWasRenamedIsLeftAlone(t *testing.T) {
	d := newDesk(t, StreamConfig{})
	d.write("one\n")
	if err := os.Rename(d.file.Path, d.file.Path+"-2026"); err != nil {
		t.Fatal(err)
	}
	d.s.sweep(time.Now().Add(2 * quiet))
	d.write("two\n")
	if got := texts(d.read(Query{Lines: -1})); !slices.Equal(got, []string{"two"}) {
		t.Errorf("%q", got)
	}
}

func TestReadingAFloodEnds(t *testing.T) {
	d := newDesk(t, StreamConfig{MaxBytes: 1 << 20, MaxFiles: 2})
	flood := exec.CommandContext(t.Context(), "yes", strings.Repeat("x", 100))
	flood.Stdout = d.in
	if err := flood.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = flood.Process.Kill()
		_ = flood.Wait()
	}()
	grown := make(chan struct{}, 1)
	defer d.m.follow(grown, []string{d.file.Path})()
	<-grown
	for range 5 {
		for _, q := range []Query{{Lines: -1}, {Lines: 10, Since: time.Now().Add(-time.Hour)}} {
			if got := readOnce(t, []File{d.file}, q); len(got) == 0 && q.Lines < 0 {
				t.Error("nothing was read")
			}
		}
	}
}

func TestTheLastLinesCountWhereRunsBrokeOff(t *testing.T) {
	d := newDesk(t, StreamConfig{})
	for run := uint64(1); run <= 4; run++ {
		if err := d.s.Mark(run); err != nil {
			t.Fatal(err)
		}
		d.write(fmt.Sprintf("begin %d\nbroken %d", run, run))
	}
	all := texts(d.read(Query{Lines: -1}))
	if len(all) != 8 {
		t.Fatalf("%q", all)
	}
	for n := 1; n <= 9; n++ {
		if got := texts(d.read(Query{Lines: n})); !slices.Equal(got, all[max(8-n, 0):]) {
			t.Errorf("the last %d: %q", n, got)
		}
	}
}

func TestTheLastLinesOfALongLineOverSegments(t *testing.T) {
	d := newDesk(t, StreamConfig{MaxBytes: 1000, MaxFiles: 1000})
	long := strings.Repeat("x", 300_000)
	d.write("short\n" + long + "\nend\n")
	if got := join(d.read(Query{Lines: 2})); string(got) != long+"\nend\n" {
		t.Errorf("%d bytes", len(got))
	}
	if got := join(d.read(Query{Lines: 3})); string(got) != "short\n"+long+"\nend\n" {
		t.Errorf("%d bytes", len(got))
	}
}

func TestARunThatIsTakenOverIsMarkedWhereItHadWrittenNothing(t *testing.T) {
	d := newDesk(t, StreamConfig{})
	if err := d.s.Mark(1); err != nil {
		t.Fatal(err)
	}
	d.write("one\n")
	if err := d.s.Mark(2); err != nil {
		t.Fatal(err)
	}
	// The mover dies; another opens the stream for the run that lives.
	if err := d.m.Close(); err != nil {
		t.Fatal(err)
	}
	again := &desk{T: t}
	m, _ := patient(t)
	again.open(m, StreamConfig{Path: d.file.Path, FIFO: filepath.Join(t.TempDir(), "fifo"), Run: 2})
	again.write("two\n")
	lines := again.read(Query{Lines: -1})
	if len(lines) != 2 || lines[0].Run != 1 || lines[1].Run != 2 {
		t.Errorf("%+v", lines)
	}
}

func TestTimesOfAClockThatWasSetBack(t *testing.T) {
	d := newDesk(t, StreamConfig{MaxBytes: 20, MaxFiles: 10})
	base := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return base.Add(time.Duration(minutes) * time.Minute) }
	for _, minutes := range []int{0, 10, 20, -30, -20, -10} {
		d.write(fmt.Sprintf("%d\n", minutes))
		d.stamp(at(minutes))
	}
	if got := texts(d.read(Query{Lines: -1})); !slices.Equal(got, []string{"0", "10", "20", "-30", "-20", "-10"}) {
		t.Errorf("all: %q", got)
	}
	if got := texts(d.read(Query{Lines: -1, Since: at(5)})); !slices.Equal(got, []string{"10", "20"}) {
		t.Errorf("since 12:05: %q", got)
	}
	if got := texts(d.read(Query{Lines: -1, Until: at(-15)})); !slices.Equal(got, []string{"-30", "-20"}) {
		t.Errorf("until 11:45: %q", got)
	}
}

// stamp has the last record say another time.
func (d *desk) stamp(at time.Time) {
	d.Helper()
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	r := d.s.tape.stamp
	r.value = at.UnixNano()
	if err := pwrite(d.s.tape.idx, r.append(nil), d.s.tape.idxSize-recordSize); err != nil {
		d.Fatal(err)
	}
	d.s.tape.stamped = false
}

func TestATailMakesNoFileAndOpenFilesAreClosed(t *testing.T) {
	d := newDesk(t, StreamConfig{})
	if got := Tail(d.file.Path, 0, 5); got != nil {
		t.Errorf("tail %q", got)
	}
	if _, err := os.Stat(d.file.Path); !os.IsNotExist(err) {
		t.Errorf("there is a file without output: %v", err)
	}
	d.write("one\n")
	d.m.mu.Lock()
	due := d.m.due
	d.m.mu.Unlock()
	if due.IsZero() {
		t.Error("nobody will close the files")
	}
	d.s.sweep(time.Now().Add(quiet))
	d.s.sweep(time.Now().Add(2 * quiet))
	if d.s.tape.seg >= 0 || d.s.tape.idx >= 0 {
		t.Error("the files of a quiet stream are open")
	}
	if got := Tail(d.file.Path, 0, 5); !slices.Equal(got, []string{"one"}) {
		t.Errorf("tail %q", got)
	}
}

func TestTheIndexOfAByteNowAndThenStaysSlim(t *testing.T) {
	d := newDesk(t, StreamConfig{})
	now := time.Now().UnixNano()
	d.write("x")
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	for i := range int64(100_000) {
		d.s.tape.size++
		if err := d.s.tape.note(now + i*2*stampEvery); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.s.tape.idxSize; got > 2*d.s.tape.size {
		t.Errorf("an index of %d bytes for %d", got, d.s.tape.size)
	}
	d.s.tape.size = 1
}

func BenchmarkThroughputWithRotation(b *testing.B) {
	for _, limit := range []int64{1 << 20, 10 << 20} {
		b.Run(fmt.Sprintf("%dMiB", limit>>20), func(b *testing.B) {
			m, err := NewMover(MoverOptions{})
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			dir := b.TempDir()
			s, err := m.Open(StreamConfig{Path: filepath.Join(dir, "log"), FIFO: filepath.Join(dir, "fifo"), MaxBytes: limit, MaxFiles: 5})
			if err != nil {
				b.Fatal(err)
			}
			in, err := s.Input()
			if err != nil {
				b.Fatal(err)
			}
			defer in.Close()
			block := bytes.Repeat([]byte(strings.Repeat("x", 99)+"\n"), 655)
			b.SetBytes(int64(len(block)))
			for b.Loop() {
				if _, err := in.Write(block); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.Drain(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
