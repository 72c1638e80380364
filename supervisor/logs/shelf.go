package logs

import (
	"errors"
	"io/fs"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// turnTime is about how long a reader has its turn while others wait.
const turnTime = 2 * time.Millisecond

// shelf has the segments that readers look at, each once, however many readers
// have it open: a crowd of them costs neither descriptors nor memory for each. The
// zero value is empty.
//
// Readers look at their files in turn. So a crowd of them takes one processor at
// most, and is not in the way of who asks for something small.
type shelf struct {
	turn  sync.Mutex
	began time.Time
	// segments are those that somebody has open. This, and the segments, are
	// for whoever has the turn.
	segments map[fileID]*segment
}

// begin waits for a turn; end gives it up.
func (h *shelf) begin() {
	h.turn.Lock()
	h.began = time.Now()
}

func (h *shelf) end() { h.turn.Unlock() }

// breathe lets another have a turn where this one is long.
func (h *shelf) breathe() {
	if time.Since(h.began) > turnTime {
		h.end()
		h.begin()
	}
}

// open gives a segment for reading; nil where there is none.
func (h *shelf) open(path string, number int) (*segment, error) {
	name := segmentPath(path, number)
	var st unix.Stat_t
	if errors.Is(unix.Stat(name, &st), fs.ErrNotExist) {
		return nil, nil
	}
	s := h.segments[idOfStat(&st)]
	if s == nil {
		f, err := openPlain(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		s = &segment{shelf: h, file: f, number: number, timeline: timeline{window: -1}}
	}
	s.number = min(s.number, number)
	if err := s.refresh(path); err != nil {
		s.leave()
		return nil, err
	}
	return h.put(s), nil
}

// put has one more reader of a segment. One that was opened twice, for it got
// another name meanwhile, is there once.
func (h *shelf) put(s *segment) *segment {
	if there := h.segments[s.id]; there != nil && there != s {
		_ = s.file.Close()
		s.timeline.close()
		s = there
	}
	if h.segments == nil {
		h.segments = map[fileID]*segment{}
	}
	h.segments[s.id] = s
	s.readers++
	return s
}

// close is called by a reader that needs it no more.
func (s *segment) close() {
	s.readers--
	s.leave()
}

// leave closes the files once nobody reads them.
func (s *segment) leave() {
	if s.readers > 0 {
		return
	}
	delete(s.shelf.segments, s.id)
	_ = s.file.Close()
	s.timeline.close()
}
