package logs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// move moves up to budget bytes out of an input and says how many left it. The
// error says that they have to stay there.
func (s *Stream) move(in *input, budget int) (int, error) {
	if s.conf.Discard {
		return s.discard(in, budget)
	}
	if err := s.giveWay(in); err != nil && !isFull(err) {
		return 0, err
	}
	moved := 0
	for moved < budget {
		room, err := s.whole(in, budget-moved, moved > 0)
		if err != nil || room == 0 {
			return moved, err
		}
		n, err := s.piece(in, room)
		moved += n
		switch {
		case isFull(err):
			n, err := s.full(in, err)
			moved += n
			if err != nil || n == 0 {
				return moved, err
			}
		case isShort(err):
			s.m.closeIdle(s)
			return moved, err
		case err != nil:
			return moved, err
		case n == 0:
			return moved, nil
		}
	}
	return moved, nil
}

// piece moves one piece, as far as the segment goes, and turns the page where
// it ends.
func (s *Stream) piece(in *input, budget int) (int, error) {
	avail, err := unix.IoctlGetInt(in.fd, unix.TIOCINQ)
	if err != nil || avail == 0 {
		return 0, err
	}
	if err := s.open(); err != nil {
		return 0, err
	}
	if err := errors.Join(s.tape.repay(), s.tape.beginRun(in.run)); err != nil {
		return 0, err
	}
	want := min(avail, budget)
	if s.tape.size+int64(want) <= s.conf.MaxBytes {
		return s.tape.append(in.fd, want)
	}
	peeked, err := s.m.peeks.look(in.fd)
	if err != nil {
		return 0, err
	}
	peeked = peeked[:min(len(peeked), want)]
	take, ends := cut(peeked, s.tape.size, s.conf.MaxBytes, s.tape.endsLine())
	if take == 0 && ends {
		// The line at hand begins the next segment.
		if err := s.tape.turnPage(s.conf.MaxFiles); err != nil {
			return 0, err
		}
		take, ends = cut(peeked, s.tape.size, s.conf.MaxBytes, false)
	}
	moved := 0
	for moved < take {
		n, err := s.tape.append(in.fd, take-moved)
		moved += n
		if err != nil || n == 0 {
			return moved, err
		}
	}
	if ends {
		return moved, s.tape.turnPage(s.conf.MaxFiles)
	}
	return moved, nil
}

// full makes room where the disk is full: by the stream's own oldest segment,
// and where there is none by losing what has arrived.
func (s *Stream) full(in *input, cause error) (int, error) {
	if dropOldest(s.conf.Path) {
		s.trouble(s.about(cause) + ": the oldest output was dropped")
		return 1, nil
	}
	n, err := s.discard(in, turnBytes)
	if n > 0 {
		s.lost(n, cause)
	}
	return n, err
}

// discard throws away up to budget bytes.
func (s *Stream) discard(in *input, budget int) (int, error) {
	n, err := unix.Splice(in.fd, nil, s.m.null, nil, budget, unix.SPLICE_F_NONBLOCK)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	return int(n), err
}

// isFull is whether the disk, a quota or a limit on file sizes is exhausted.
func isFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)
}

// isShort is whether descriptors are exhausted.
func isShort(err error) bool { return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) }

// dropOldest deletes the oldest segment that is not the current one.
func dropOldest(path string) bool {
	list, _ := numbers(path)
	if len(list) == 0 || list[len(list)-1] == 0 {
		return false
	}
	return removeSegment(path, list[len(list)-1]) == nil
}
