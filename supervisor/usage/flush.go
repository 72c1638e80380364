package usage

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// flush writes the records that have gathered. With final nothing more will
// come, so slots that are not over are written too.
func (s *Sampler) flush(final bool) {
	s.flushed = s.kernel.uptime()
	refused, failed := 0, error(nil)
	for _, t := range s.gathered(final) {
		err := s.store(t)
		switch {
		case errors.Is(err, errNoRoom):
			refused++
		case err != nil:
			failed = err
		}
	}
	switch {
	case failed != nil:
		s.full = fmt.Sprintf("cannot keep metrics in %s: %v", s.archive.dir, failed)
	case refused > 0:
		s.full = fmt.Sprintf("histories of %d units are not kept: %v", refused, errNoRoom)
	default:
		s.full = ""
	}
	s.tidy()
}

// gathered are the tracks that have something to write.
func (s *Sampler) gathered(final bool) []*track {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*track
	for _, t := range s.tracks {
		if final || !t.live {
			t.settle()
		}
		if len(t.pending[0])+len(t.pending[1]) > 0 {
			list = append(list, t)
		}
	}
	return list
}

// store writes a track's records, which readers find in memory until they are
// on disk. Records that will never have room are dropped.
func (s *Sampler) store(t *track) error {
	s.mu.Lock()
	points := [2][]record{slices.Clone(t.pending[0]), slices.Clone(t.pending[1])}
	s.mu.Unlock()
	err := s.archive.write(t.name, points, func() bool { return s.knows(t) }, s.livePaths)
	if err != nil && !errors.Is(err, errNoRoom) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range t.pending {
		t.pending[i] = slices.Delete(t.pending[i], 0, len(points[i]))
	}
	return err
}

// knows is whether the track has not been forgotten.
func (s *Sampler) knows(t *track) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tracks[t.name] == t
}

// livePaths are the files of units that run.
func (s *Sampler) livePaths() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	paths := make(map[string]bool, len(s.tracks))
	for name, t := range s.tracks {
		if path, ok := ringPath(s.archive.dir, name); ok && t.live {
			paths[path] = true
		}
	}
	return paths
}

// tidy gives back memory: seconds that nobody has looked at for as long as
// they reach, and tracks of units that do not run and have nothing to write.
func (s *Sampler) tidy() {
	s.mu.Lock()
	defer s.mu.Unlock()
	unseen := s.readers == 0 && time.Since(s.watched) > recentSpan
	for name, t := range s.tracks {
		if unseen {
			t.recent = nil
		}
		if !t.live && t.recent == nil && len(t.pending[0])+len(t.pending[1]) == 0 {
			delete(s.tracks, name)
		}
	}
}
