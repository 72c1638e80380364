package logs

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// health is how a stream fares.
type health struct {
	// stuck is since when bytes have to stay in a pipe.
	stuck time.Time
	// text is the problem, empty where there is none, and told what was
	// said of it last. showed is when it showed last.
	text, told string
	showed     time.Time
}

// pause takes the pipe out of the epoll set for a while. Where bytes have
// stayed for long and the pipe is full, so that whoever writes waits, they are
// lost instead.
func (s *Stream) pause(in *input, why error) {
	h, now := &s.health, time.Now()
	s.trouble(s.about(why))
	if h.stuck.IsZero() {
		h.stuck = now
	}
	if now.Sub(h.stuck) >= s.m.patience && !in.writable() {
		if n, err := s.discard(in, turnBytes); err == nil {
			s.lost(n, why)
		}
	}
	if !in.paused {
		in.paused = unix.EpollCtl(s.m.poll, unix.EPOLL_CTL_DEL, in.fd, nil) == nil
	}
	s.m.sweepIn(s.m.retry)
}

// lost counts bytes that were thrown away.
func (s *Stream) lost(n int, why error) {
	s.tape.lose(int64(n))
	s.trouble(fmt.Sprintf("%s: %d bytes of output are lost", s.about(why), s.tape.lost))
}

// about is the path and the reason.
func (s *Stream) about(why error) string {
	var with *os.PathError
	if errors.As(why, &with) {
		return why.Error()
	}
	return s.conf.Path + ": " + why.Error()
}

// trouble notes a problem. The first is told at once, a change of it by the
// next sweep: a flood on a full disk would tell of thousands.
func (s *Stream) trouble(text string) {
	h := &s.health
	h.text, h.showed = text, time.Now()
	if h.told == "" {
		s.tell(text)
	}
	s.m.sweepIn(s.m.heal)
}

func (s *Stream) tell(text string) {
	s.health.told = text
	s.m.news.say("logs "+s.conf.Path, text)
}

// sweep closes the files of a stream that was quiet, tries again what had to
// stay, and finds that a problem is over. It says how soon the stream has to
// be looked at again, 0 for not at all.
func (s *Stream) sweep(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0
	}
	again := s.recheck(now)
	if s.tape.seg < 0 {
		s.narrowAll()
		return again
	}
	rest := quiet - now.Sub(s.rested)
	if rest <= 0 {
		rest = quiet
		s.rested = now
		busy := s.tape.rest()
		for _, in := range s.inputs {
			if !busy || in.flow < floodBytes {
				s.narrow(in)
			}
			in.flow = 0
		}
		if !busy {
			return again
		}
	}
	if again > 0 {
		return min(again, rest)
	}
	return rest
}

// recheck looks after a problem, and says how soon to do so again.
func (s *Stream) recheck(now time.Time) time.Duration {
	h := &s.health
	paused := false
	for _, in := range s.inputs {
		if in.paused {
			in.paused = s.m.listen(in.fd) != nil
		}
		paused = paused || in.paused
	}
	switch {
	case h.told == "":
	case h.text != h.told:
		s.tell(h.text)
	case now.Sub(h.showed) < s.m.calm, s.tape.owed > 0 && s.repay() != nil:
	case paused:
	default:
		h.text, h.stuck = "", time.Time{}
		s.tell("")
		return 0
	}
	switch {
	case paused || !h.stuck.IsZero():
		return s.m.retry
	case h.told != "":
		return s.m.heal
	}
	return 0
}

// repay writes into the index what was lost, which shows that the disk has
// room again even if the unit has fallen silent.
func (s *Stream) repay() error {
	if s.conf.Discard {
		return nil
	}
	if err := s.open(); err != nil {
		return err
	}
	return s.tape.repay()
}
