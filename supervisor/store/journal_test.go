package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func openJournal(t testing.TB, dir string, maxBytes int64, maxFiles int) *Journal {
	t.Helper()
	j, err := OpenJournal(dir, maxBytes, maxFiles)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func closeJournal(t testing.TB, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// seqs are the numbers of the events a journal's directory gives.
func seqs(t testing.TB, dir string, f Filter) []uint64 {
	t.Helper()
	var all []uint64
	err := ReadDir(dir, f, func(e Event) bool {
		all = append(all, e.Seq)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// from is a, a+1, … b.
func from(a, b uint64) []uint64 {
	var all []uint64
	for ; a <= b; a++ {
		all = append(all, a)
	}
	return all
}

// The shape on disk is the protocol's: one object per line, read by clients
// of every version.
func TestEventJSON(t *testing.T) {
	when := time.Date(2026, 11, 2, 10, 0, 0, 5, time.UTC)
	full := Event{
		Seq: 7, Time: when, Type: "exit", Project: "shop", Unit: "web", Run: 3, PID: 99,
		From: "running", To: "backoff", Reason: "killed by <SIGSEGV>",
		Exit: &Exit{Run: 3, Code: -1, Signal: "SIGSEGV", Core: true, Time: when, Text: "killed by SIGSEGV"},
		By:   "uid 0",
	}
	var b bytes.Buffer
	for _, e := range []Event{full, {Seq: 1, Time: when, Type: "supervisor"}} {
		if err := appendEvent(&b, &e); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"seq":7,"time":"2026-11-02T10:00:00.000000005Z","type":"exit","project":"shop","unit":"web","run":3,"pid":99,` +
		`"from":"running","to":"backoff","reason":"killed by <SIGSEGV>",` +
		`"exit":{"run":3,"code":-1,"signal":"SIGSEGV","core":true,"time":"2026-11-02T10:00:00.000000005Z","text":"killed by SIGSEGV"},"by":"uid 0"}` + "\n" +
		`{"seq":1,"time":"2026-11-02T10:00:00.000000005Z","type":"supervisor"}` + "\n"
	if b.String() != want {
		t.Errorf("got  %s\nwant %s", b.String(), want)
	}
}

func TestSeqGrowsOverRestarts(t *testing.T) {
	dir := t.TempDir()
	var want uint64
	for range 3 {
		j := openJournal(t, dir, 0, 0)
		for range 2 {
			want++
			e := j.Append(Event{Type: "state"})
			if e.Seq != want || e.Time.IsZero() {
				t.Errorf("got %d at %v, want %d", e.Seq, e.Time, want)
			}
		}
		closeJournal(t, j)
	}
	if got := seqs(t, dir, Filter{}); !reflect.DeepEqual(got, from(1, 6)) {
		t.Errorf("on disk %v", got)
	}
}

// What a crash leaves behind the last whole event is not read, and is cut away
// so that the next event stands on a line of its own.
func TestTornTail(t *testing.T) {
	line := func(seq int) string {
		return fmt.Sprintf(`{"seq":%d,"time":"2026-11-02T10:00:00Z","type":"state"}`+"\n", seq)
	}
	long := strings.Repeat("x", 200<<10)
	tests := []struct {
		name, content string
		read          []uint64 // before opening
		next          uint64   // what the next event gets
		cut           bool     // whether the tail goes
	}{
		{name: "empty", content: "", next: 41},
		{name: "whole", content: line(41) + line(42), read: from(41, 42), next: 43},
		{name: "torn line", content: line(41) + line(42)[:20], read: from(41, 41), next: 42, cut: true},
		{name: "only a torn line", content: line(41)[:20], next: 41, cut: true},
		{name: "newline missing", content: line(41) + strings.TrimSpace(line(42)), read: from(41, 41), next: 42, cut: true},
		{name: "zeroed block", content: line(41) + strings.Repeat("\x00", 4096), read: from(41, 41), next: 42, cut: true},
		{name: "zeros and a line", content: line(41) + "\x00\x00" + line(42), read: from(41, 41), next: 42, cut: true},
		{name: "long torn line", content: line(41) + long, read: from(41, 41), next: 42, cut: true},
		{name: "long garbage lines", content: line(41) + long + "\n" + long + "\n", read: from(41, 41), next: 42, cut: true},
		{name: "garbage in the middle", content: line(41) + "?\n" + line(42), read: from(41, 42), next: 43},
		{name: "a number that cannot be", content: line(41) + `{"seq":18446744073709551615}` + "\n", read: from(41, 41), next: 42, cut: true},
		{name: "no event", content: line(41) + `{"seq":0}` + "\n[]\n", read: from(41, 41), next: 42, cut: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, segmentName(41))
			write(t, path, test.content)
			if got := seqs(t, dir, Filter{}); !reflect.DeepEqual(got, test.read) {
				t.Errorf("read %v, want %v", got, test.read)
			}
			j := openJournal(t, dir, 0, 0)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if cut := info.Size() < int64(len(test.content)); cut != test.cut {
				t.Errorf("cut is %v, want %v", cut, test.cut)
			}
			if e := j.Append(Event{Type: "state"}); e.Seq != test.next {
				t.Errorf("next is %d, want %d", e.Seq, test.next)
			}
			closeJournal(t, j)
			if got := seqs(t, dir, Filter{}); !reflect.DeepEqual(got, append(test.read, test.next)) {
				t.Errorf("afterwards %v", got)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	const maxBytes, maxFiles = 1000, 3
	for range 4 {
		j := openJournal(t, dir, maxBytes, maxFiles)
		for range 50 {
			j.Append(Event{Type: "state", Project: "p", Unit: "u"})
		}
		closeJournal(t, j)
	}
	files, err := listSegments(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != maxFiles {
		t.Errorf("%d files, want %d", len(files), maxFiles)
	}
	for _, f := range files {
		if f.size > maxBytes {
			t.Errorf("%s has %d bytes, want at most %d", f.path, f.size, maxBytes)
		}
		first, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := seqOf(first); got != f.first {
			t.Errorf("%s begins with %d", f.path, got)
		}
	}
	got := seqs(t, dir, Filter{})
	if want := from(got[0], 200); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A line longer than a file may be has a file of its own and stops nothing.
func TestRotationOfALongLine(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir, 1000, 10)
	for _, n := range []int{1, 5000, 1, 300_000, 1} {
		j.Append(Event{Type: "problem", Reason: strings.Repeat("x", n)})
	}
	closeJournal(t, j)
	if got := seqs(t, dir, Filter{}); !reflect.DeepEqual(got, from(1, 5)) {
		t.Errorf("got %v", got)
	}
}

func TestJournalOnAFullFilesystem(t *testing.T) {
	d, full, free := tiny(t)
	j := openJournal(t, d.Paths().Events(), 0, 0)
	told := make(chan string, 16)
	j.OnProblem(func(text string) { told <- text })
	long := strings.Repeat("x", 3000)
	j.Append(Event{Type: "state", Reason: long})
	full()
	// More than fits into what is left of the last block, and in the end
	// more than is kept in memory.
	for range 1000 {
		j.Append(Event{Type: "state", Reason: long})
	}
	if text := <-told; !strings.Contains(text, "no space left on device") {
		t.Errorf("told %q", text)
	}
	if err := j.Err(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
	last := j.Append(Event{Type: "state", Reason: "last before the room"})
	var kept []uint64
	err := j.Read(Filter{}, func(e Event) bool {
		kept = append(kept, e.Seq)
		return true
	})
	if err != nil || len(kept) < 300 || len(kept) == int(last.Seq) || kept[0] != 1 {
		t.Fatalf("%d of %d events kept (%v)", len(kept), last.Seq, err)
	}
	onDisk := seqs(t, d.Paths().Events(), Filter{})
	if !reflect.DeepEqual(onDisk, from(1, uint64(len(onDisk)))) {
		t.Errorf("on the full disk: %v", onDisk)
	}
	// Room for all of it, so that the test does not depend on rotation.
	if err := remountTiny(d.Paths().State, "size=8m"); err != nil {
		t.Fatal(err)
	}
	free()
	if text := <-told; text != "" {
		t.Errorf("told %q, want that it has healed", text)
	}
	closeJournal(t, j)
	after := seqs(t, d.Paths().Events(), Filter{})
	if !reflect.DeepEqual(after[:len(kept)], kept) {
		t.Errorf("lost some of the %d that were kept", len(kept))
	}
	var said Event
	err = ReadDir(d.Paths().Events(), Filter{Limit: 1}, func(e Event) bool {
		said = e
		return true
	})
	lost := int(last.Seq) - len(kept)
	if err != nil || said.Reason != fmt.Sprintf("%d events before this one could not be kept", lost) {
		t.Errorf("last event %+v (%v), want that %d were lost", said, err, lost)
	}
}

func TestJournalRemakesItsDirectory(t *testing.T) {
	dir := t.TempDir() + "/events"
	j := openJournal(t, dir, 500, 10)
	for range 3 {
		j.Append(Event{Type: "state"})
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		j.Append(Event{Type: "state"})
	}
	closeJournal(t, j)
	got := seqs(t, dir, Filter{})
	if len(got) == 0 || got[len(got)-1] != 23 {
		t.Errorf("got %v, want the last of 23", got)
	}
}

func TestAppendAfterClose(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir, 0, 0)
	closeJournal(t, j)
	j.Append(Event{Type: "state"})
	if got := seqs(t, dir, Filter{}); got != nil {
		t.Errorf("got %v", got)
	}
}

func BenchmarkAppend(b *testing.B) {
	j := openJournal(b, b.TempDir(), 0, 0)
	e := Event{Type: "state", Project: "shop", Unit: "web.1", Run: 3, PID: 4711, From: "starting", To: "running", Reason: "up for 250ms"}
	b.ReportAllocs()
	for b.Loop() {
		j.Append(e)
	}
}
