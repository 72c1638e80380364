package usage

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"
)

// Watch says that somebody looks: there is a sample now, unless the last is
// fresh, and one every second until release is called. Releasing twice is
// releasing once.
func (s *Sampler) Watch() (release func()) {
	s.mu.Lock()
	s.readers++
	s.watched = time.Now()
	s.mu.Unlock()
	select {
	case s.looked <- struct{}{}:
	default:
		// One wake-up waits already.
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.readers--
			s.watched = time.Now()
		})
	}
}

// Now is the newest reading of a unit; false when it did not run at the last
// sample.
func (s *Sampler) Now(unit string) (Reading, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tracks[unit]
	if !ok || !t.live {
		return Reading{}, false
	}
	return t.reading, true
}

// History is a unit's CPU and memory over the window before now, in at most
// 240 points. While the unit runs it ends with the newest sample.
func (s *Sampler) History(unit string, window time.Duration, now time.Time) Series {
	// What leaves memory is on disk before, so memory is looked at first.
	s.mu.Lock()
	var held track
	if t, ok := s.tracks[unit]; ok {
		held.buckets = t.buckets
		held.pending = [2][]record{append([]record(nil), t.pending[0]...), append([]record(nil), t.pending[1]...)}
		held.live, held.until = t.live, t.until
		if seconds, ok := t.seconds(); ok {
			held.recent = &recentRing{ring: seconds}
		}
	}
	s.mu.Unlock()

	kept := s.archive.load(unit)
	held.overlay(&kept)
	sources := kept[:]
	if held.recent != nil {
		sources = []ring{held.recent.ring, kept[0], kept[1]}
	}
	if held.live && !held.until.IsZero() && now.Sub(held.until) < 2*paceMost && held.until.Before(now) {
		now = held.until
	}
	return assemble(sources, window, now)
}

// Forget drops a unit's history, in memory and on disk.
func (s *Sampler) Forget(unit string) {
	s.mu.Lock()
	delete(s.tracks, unit)
	s.mu.Unlock()
	s.archive.remove(unit)
}

// ReadHistory is Sampler.History from the files alone, for when no supervisor
// runs; dir is its Options.Dir. A unit without a history has a Series of NaN.
func ReadHistory(dir, unit string, window time.Duration, now time.Time) (Series, error) {
	path, ok := ringPath(follow(dir), unit)
	if !ok {
		return Series{}, fmt.Errorf("cannot read the history of %q: not a unit's name", unit)
	}
	r, err := readRings(path)
	if errors.Is(err, fs.ErrNotExist) {
		r = layoutFor(DefaultRetention).empty()
	} else if err != nil {
		return Series{}, fmt.Errorf("cannot read the history %s: %w", path, err)
	}
	return assemble(r[:], window, now), nil
}
