package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// smallDisk is a folder on a file system of its own, of 1 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		if os.Getenv("SYSG_TEST_REQUIRE") != "" && os.Geteuid() == 0 {
			t.Fatal(err)
		}
		t.Skipf("cannot mount a small disk: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// patient is a mover whose pauses are short, and what it told.
func patient(t *testing.T) (*Mover, chan string) {
	t.Helper()
	told := make(chan string, 1000)
	m, err := NewMover(MoverOptions{Problem: func(_, text string) { told <- text }})
	if err != nil {
		t.Fatal(err)
	}
	m.retry, m.heal, m.calm, m.patience = time.Millisecond, time.Millisecond, 10*time.Millisecond, 10*time.Millisecond
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m, told
}

func (d *desk) open(m *Mover, c StreamConfig) {
	d.Helper()
	d.m = m
	var err error
	if d.s, err = m.Open(c); err != nil {
		d.Fatal(err)
	}
	if d.in, err = d.s.Input(); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { _ = d.in.Close() })
	d.file = File{Unit: "demo/web", Kind: "stdout", Path: c.Path}
}

func TestAFullDiskCostsTheOldestFirstThenWhatComesAndHeals(t *testing.T) {
	disk := smallDisk(t)
	m, told := patient(t)
	d := &desk{T: t}
	d.open(m, StreamConfig{
		Path: filepath.Join(disk, "web_stdout.log"), FIFO: filepath.Join(t.TempDir(), "fifo"), MaxBytes: 100_000, MaxFiles: 100,
	})
	if err := d.s.Mark(3); err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("x", 990)
	for i := range 3000 {
		d.write(fmt.Sprintf("%08d %s\n", i, line))
	}
	if text := <-told; !strings.Contains(text, "no space left on device: the oldest output was dropped") {
		t.Errorf("told %q", text)
	}
	if lost := d.s.Info().LostBytes; lost != 0 {
		t.Errorf("%d bytes are lost while older ones are kept", lost)
	}
	kept := texts(d.read(Query{Lines: -1}))
	if len(kept) < 500 || !strings.HasPrefix(kept[len(kept)-1], "00002999 ") {
		t.Fatalf("%d lines are kept", len(kept))
	}
	for i, text := range kept {
		if want := fmt.Sprintf("%08d ", 3000-len(kept)+i); !strings.HasPrefix(text, want) {
			t.Fatalf("line %d of %d is %.20q, not %s", i, len(kept), text, want)
		}
	}

	// Somebody else takes all the room there is, and the stream has no
	// older segment to give.
	if err := d.s.Configure(StreamConfig{}); err != nil {
		t.Fatal(err)
	}
	for _, k := range []int{9, 8, 7, 6, 5, 4, 3, 2, 1} {
		if err := removeSegment(d.file.Path, k); err != nil {
			t.Fatal(err)
		}
	}
	hog := filepath.Join(disk, "hog")
	fill(t, hog)
	for range 200 {
		d.write(line + "\n")
	}
	if lost := d.s.Info().LostBytes; lost < 100_000 {
		t.Errorf("only %d of 200 KB are lost", lost)
	}
	for text := range told {
		if strings.Contains(text, "bytes of output are lost") {
			break
		}
	}

	// Room again: the problem is over although the unit is silent, and the
	// next line is kept, behind a note of what is missing.
	if err := os.Remove(hog); err != nil {
		t.Fatal(err)
	}
	for text := range told {
		if text == "" {
			break
		}
	}
	d.write("healed\n")
	lost := d.s.Info().LostBytes
	var last Line
	var skipped int64
	err := Read(t.Context(), []File{d.file}, Query{Lines: -1}, nil, func(lines []Line, skips []Skip) error {
		for _, s := range skips {
			if s.Why == "lost" {
				skipped += s.Bytes
			}
		}
		if len(lines) > 0 {
			last = lines[len(lines)-1]
		}
		return nil
	})
	if err != nil || string(last.Data) != "healed" || last.Run != 3 || skipped != lost {
		t.Errorf("the last line is %.20q of run %d, %d bytes were skipped of %d lost (%v)", last.Data, last.Run, skipped, lost, err)
	}
}

// fill writes until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

func TestAFullDiskStopsNoRun(t *testing.T) {
	disk := smallDisk(t)
	m, _ := patient(t)
	d := &desk{T: t}
	fill(t, filepath.Join(disk, "hog"))
	d.open(m, StreamConfig{Path: filepath.Join(disk, "logs", "web.log"), FIFO: filepath.Join(t.TempDir(), "fifo")})
	for run := uint64(1); run < 4; run++ {
		if err := d.s.Mark(run); err != nil {
			t.Fatal(err)
		}
		if _, err := d.in.WriteString("nobody keeps this\n"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFolderThatCannotBeMadeHoldsUpNobodyForLong(t *testing.T) {
	m, told := patient(t)
	dir := t.TempDir()
	d := &desk{T: t}
	// A file stands where the folder of the logs has to be.
	if err := os.WriteFile(filepath.Join(dir, "logs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.open(m, StreamConfig{Path: filepath.Join(dir, "logs", "web.log"), FIFO: filepath.Join(dir, "fifo")})
	// More than the pipe has room for: without an end this write waits.
	if _, err := d.in.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if text := <-told; !strings.Contains(text, "not a directory") {
		t.Errorf("told %q", text)
	}
	if d.s.Info().LostBytes == 0 {
		t.Error("nothing is lost, so where is it?")
	}
	if err := os.Remove(filepath.Join(dir, "logs")); err != nil {
		t.Fatal(err)
	}
	for text := range told {
		if text == "" {
			break
		}
	}
	d.write("\nhere\n")
	if got := texts(d.read(Query{Lines: 1})); !slices.Equal(got, []string{"here"}) {
		t.Errorf("%q", got)
	}
}

func TestBytesThatHadToStayAreFetchedSoon(t *testing.T) {
	m, told := patient(t)
	m.calm = time.Hour
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "logs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// Another stream has files open, so that the next look at quiet ones
	// is seconds away.
	other, d := &desk{T: t}, &desk{T: t}
	other.open(m, StreamConfig{Path: filepath.Join(dir, "other.log"), FIFO: filepath.Join(dir, "other")})
	other.write("busy\n")
	d.open(m, StreamConfig{Path: filepath.Join(dir, "logs", "web.log"), FIFO: filepath.Join(dir, "fifo")})
	if _, err := d.in.WriteString("kept in the pipe\n"); err != nil {
		t.Fatal(err)
	}
	<-told
	grown := make(chan struct{}, 1)
	defer m.follow(grown, []string{d.file.Path})()
	if err := os.Remove(filepath.Join(dir, "logs")); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	<-grown
	if waited := time.Since(began); waited > quiet/2 {
		t.Errorf("fetched after %s", waited)
	}
	if got := texts(d.read(Query{Lines: -1})); !slices.Equal(got, []string{"kept in the pipe"}) {
		t.Errorf("%q", got)
	}
}
