package logs

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"
)

// writeRandom writes a log of a few segments: lines of all lengths, some over
// segments, runs that break them off, and times. It gives the times' bounds.
func writeRandom(t *testing.T, path string, rnd *rand.Rand) (first, last time.Time) {
	t.Helper()
	first = time.Now().Add(-time.Hour)
	last = first
	base := int64(0)
	for number := rnd.IntN(4); number >= 0; number-- {
		index := headRecord(base, 0).append(nil)
		index = runRecord(0, uint64(5-number), rnd.IntN(2) == 0).append(index)
		var data []byte
		for size := rnd.IntN(1_500_000); len(data) < size; {
			length := rnd.IntN(200)
			if rnd.IntN(2000) == 0 {
				length = rnd.IntN(300_000)
			}
			for range length {
				data = append(data, byte('a'+rnd.IntN(26)))
			}
			at := int64(len(data))
			if rnd.IntN(10) > 0 {
				data = append(data, '\n')
			}
			switch rnd.IntN(20) {
			case 0:
				at = int64(len(data))
				fallthrough
			case 1:
				last = last.Add(time.Millisecond)
				index = record{kind: kindTime, at: at, value: last.UnixNano()}.append(index)
			case 2:
				if rnd.IntN(20) == 0 {
					index = runRecord(int64(len(data)), uint64(rnd.IntN(5)), false).append(index)
				}
			}
		}
		if err := os.WriteFile(segmentPath(path, number), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(indexPath(path, number), index, 0o600); err != nil {
			t.Fatal(err)
		}
		base += int64(len(data))
	}
	return first, last
}

// The last wanted lines that are found from the end are those that are found when
// all are read from the beginning.
func TestTheLastLinesFromTheEndAndFromTheBeginning(t *testing.T) {
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		path := filepath.Join(t.TempDir(), "a.log")
		first, last := writeRandom(t, path, rnd)
		some := func() time.Time { return first.Add(time.Duration(rnd.Int64N(int64(last.Sub(first)) + 1))) }
		since := some()
		for name, q := range map[string]Query{
			"often":           {Grep: regexp.MustCompile("a")},
			"at times":        {Grep: regexp.MustCompile("abc|xy[a-f]z")},
			"hardly ever":     {Grep: regexp.MustCompile("abcde")},
			"empty":           {Grep: regexp.MustCompile("^$")},
			"since":           {Since: since},
			"until":           {Until: some()},
			"between":         {Since: since, Until: since.Add(last.Sub(since) / 2)},
			"a run":           {Run: 3},
			"all of it":       {Run: 3, Since: since, Grep: regexp.MustCompile("b.*c")},
			"until, followed": {Until: some(), Follow: true},
			"grep, followed":  {Grep: regexp.MustCompile("abc"), Follow: true},
		} {
			rnd := rand.New(rand.NewPCG(seed, uint64(len(name))))
			q.Lines = 1 + rnd.IntN(10)
			if rnd.IntN(4) == 0 {
				q.Lines *= 1000
			}
			if want, got := found(t, path, q, true), found(t, path, q, false); !slices.Equal(got, want) {
				i := 0
				for i < min(len(got), len(want)) && got[len(got)-1-i] == want[len(want)-1-i] {
					i++
				}
				t.Errorf("seed %d, the last %d, %s: found %d places, want %d; the last %d are the same, before them are %v and %v",
					seed, q.Lines, name, len(got), len(want), i, got[max(len(got)-1-i, 0)], want[max(len(want)-1-i, 0)])
			}
		}
	}
}

// found is where the last lines begin that a query asks for, one way or the other.
func found(t *testing.T, path string, q Query, forwards bool) []place {
	t.Helper()
	c := &cursor{path: path, q: q, needles: needles(q.Grep), chunk: mostChunk, shelf: new(shelf)}
	c.shelf.begin()
	defer c.shelf.end()
	defer func() {
		c.close()
		if n := len(c.shelf.segments); n > 0 {
			t.Errorf("%d segments are still open", n)
		}
	}()
	if err := c.find(); err != nil || c.seg == nil {
		t.Fatal(err)
	}
	s := search{c: c, stop: c.stop, low: spot{seg: c.seg, at: c.at}}
	s.hold(c.seg)
	defer s.release()
	look := s.last
	if forwards {
		look = func(n int) ([]place, error) { return c.places(n, !q.Follow) }
	}
	places, err := look(q.Lines)
	if err != nil {
		t.Fatal(err)
	}
	return places[max(len(places)-q.Lines, 0):]
}
