package store

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever is asked, reading gives what a plain look at all events would.
func TestReadIsAPlainFilter(t *testing.T) {
	dir := t.TempDir()
	base := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	var all []Event
	written := openJournal(t, dir, 2000, 1000)
	for i := range 600 {
		// Every 50th event the clock is set back a little.
		e := Event{Type: "state", Time: base.Add(time.Duration(i-i%50/49*3) * time.Second), Project: []string{"a", "b"}[i%2]}
		if i%7 > 0 {
			e.Unit = []string{"web", "db", "job"}[i%3]
		}
		all = append(all, written.Append(e))
	}
	closeJournal(t, written)
	live := openJournal(t, dir, 2000, 1000)
	live.Append(Event{Type: "supervisor", Time: base.Add(time.Hour)})
	all = append(all, Event{Seq: 601, Type: "supervisor", Time: base.Add(time.Hour)})

	rapid.Check(t, func(t *rapid.T) {
		f := Filter{
			AfterSeq: rapid.Uint64Range(0, 620).Draw(t, "after"),
			Limit:    rapid.IntRange(0, 50).Draw(t, "limit"),
			Project:  rapid.SampledFrom([]string{"", "", "a", "c"}).Draw(t, "project"),
		}
		if rapid.Bool().Draw(t, "since?") {
			f.Since = base.Add(time.Duration(rapid.IntRange(-5, 700).Draw(t, "since")) * time.Second)
		}
		if names := rapid.SliceOfN(rapid.SampledFrom([]string{"web", "a/db", "b/job", "x"}), 0, 2).Draw(t, "units"); len(names) > 0 {
			f.Units = map[string]bool{}
			for _, n := range names {
				f.Units[n] = true
			}
		}
		var want, got []uint64
		for i := range all {
			if f.matches(&all[i]) {
				want = append(want, all[i].Seq)
			}
		}
		if f.Limit > 0 {
			want = want[max(0, len(want)-f.Limit):]
		}
		err := live.Read(f, func(e Event) bool {
			got = append(got, e.Seq)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: got %v, want %v", f, got, want)
		}
	})
}

func TestReadStopsWhenAsked(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir, 0, 0)
	for range 5 {
		j.Append(Event{Type: "state"})
	}
	closeJournal(t, j)
	n := 0
	err := ReadDir(dir, Filter{}, func(Event) bool {
		n++
		return n < 2
	})
	if err != nil || n != 2 {
		t.Errorf("%d events (%v), want 2", n, err)
	}
}

func TestReadDirOfNoJournal(t *testing.T) {
	if got := seqs(t, t.TempDir()+"/none", Filter{}); got != nil {
		t.Errorf("got %v", got)
	}
}

// A follower sees every event once, written or not, over rotations.
func TestFollow(t *testing.T) {
	j := openJournal(t, t.TempDir(), 2000, 1000)
	const events = 500
	done := make(chan []uint64)
	go func() {
		var got []uint64
		for {
			changed := j.Changed()
			var last uint64
			if len(got) > 0 {
				last = got[len(got)-1]
			}
			err := j.Read(Filter{AfterSeq: last}, func(e Event) bool {
				got = append(got, e.Seq)
				return true
			})
			if err != nil || len(got) >= events {
				done <- got
				return
			}
			<-changed
		}
	}()
	for range events {
		j.Append(Event{Type: "state", Project: "p", Unit: "u"})
	}
	if got := <-done; !reflect.DeepEqual(got, from(1, events)) {
		t.Errorf("followed %v", got)
	}
}

func BenchmarkReadLastTenOfFullJournal(b *testing.B) {
	dir := b.TempDir()
	j := openJournal(b, dir, 0, 0)
	for range 150_000 {
		j.Append(Event{Type: "state", Project: "shop", Unit: "web.1", Reason: "up for 250ms"})
		if j.seq%1000 == 0 {
			for j.busy() {
			}
		}
	}
	closeJournal(b, j)
	for b.Loop() {
		if got := len(seqs(b, dir, Filter{Limit: 10})); got != 10 {
			b.Fatal(got)
		}
	}
}

func (j *Journal) busy() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.pending.Len() > 0
}

func FuzzJournalLine(f *testing.F) {
	f.Add([]byte(`{"seq":1,"time":"2026-11-02T10:00:00Z","type":"state"}`))
	f.Add([]byte(`{"seq":18446744073709551615}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, ok := parseEvent(line)
		if !ok {
			return
		}
		var b bytes.Buffer
		if err := appendEvent(&b, &e); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, ok := parseEvent(b.Bytes())
		if !ok || seqOf(b.Bytes()) != e.Seq {
			t.Fatalf("%s is no event", b.Bytes())
		}
		x, _ := json.Marshal(e)
		y, _ := json.Marshal(again)
		if !bytes.Equal(x, y) {
			t.Errorf("%s became %s", x, y)
		}
	})
}

// Whatever a file holds, the journal opens, and what is appended is read.
func FuzzJournalFile(f *testing.F) {
	f.Add([]byte(`{"seq":9,"time":"2026-11-02T10:00:00Z","type":"state"}` + "\n" + `{"seq":`))
	f.Add(bytes.Repeat([]byte("\n"), 10))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, segmentName(5)), string(content))
		before := seqs(t, dir, Filter{})
		j := openJournal(t, dir, 0, 0)
		e := j.Append(Event{Type: "state"})
		closeJournal(t, j)
		after := seqs(t, dir, Filter{})
		if len(after) != len(before)+1 || after[len(after)-1] != e.Seq {
			t.Errorf("before %v, appended %d, after %v", before, e.Seq, after)
		}
	})
}
