package logs

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// input is one pipe of a stream; see "Inputs" in the package comment.
type input struct {
	s *Stream
	// fd is -1 once closed.
	fd   int
	path string
	// run is whose bytes come out of it, 0 where only the index knows.
	run uint64
	// leaving is whether it goes when its last writer does: it is held for
	// reading only, so that the kernel tells.
	leaving bool
	// paused is whether it is out of the epoll set, because its bytes have
	// to stay for a while.
	paused bool
	// flow is how much was moved since the last rest, wide whether the
	// pipe was widened for it.
	flow int64
	wide bool
}

// inputAt is the input at a path, made where there is none.
func (s *Stream) inputAt(path string, run uint64) (*input, error) {
	for _, in := range s.inputs {
		if in.path == path {
			return in, nil
		}
	}
	fd, err := openPipe(path)
	if err != nil {
		return nil, err
	}
	in := &input{s: s, fd: fd, path: path, run: run}
	if err := s.m.admit(in); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	s.inputs = append(s.inputs, in)
	s.m.o.Pipe(path, true)
	return in, nil
}

// inputOf is the input of a run, nil where it has none.
func (s *Stream) inputOf(run uint64) *input {
	for _, in := range s.inputs {
		if in.run == run {
			return in
		}
	}
	return nil
}

// hold changes how the input's pipe is held: a leaving one for reading only.
// Where that fails it stays as it was, and is tried again with the next one.
func (in *input) hold(leaving bool) {
	if in.leaving == leaving {
		return
	}
	flags := unix.O_RDWR
	if leaving {
		flags = unix.O_RDONLY
	}
	fd, err := open(fmt.Sprintf("/proc/self/fd/%d", in.fd), flags|unix.O_NONBLOCK)
	if err != nil {
		return
	}
	in.s.narrow(in)
	before := in.fd
	if in.s.m.replace(in, fd) != nil {
		_ = unix.Close(fd)
		return
	}
	in.leaving, in.paused = leaving, false
	_ = unix.Close(before)
}

// over is whether nobody can write to the input any more and nothing is in it.
func (in *input) over() bool {
	if !in.leaving {
		return false
	}
	fds := []unix.PollFd{{Fd: int32(in.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 1 && fds[0].Revents&unix.POLLHUP != 0 && in.waiting() == 0
}

// waiting is how many bytes are in the pipe.
func (in *input) waiting() int {
	n, err := unix.IoctlGetInt(in.fd, unix.TIOCINQ)
	if err != nil {
		return 0
	}
	return n
}

// end closes the input and removes its pipe.
func (s *Stream) end(in *input) error {
	s.m.dismiss(in)
	s.narrow(in)
	for i, other := range s.inputs {
		if other == in {
			s.inputs = append(s.inputs[:i:i], s.inputs[i+1:]...)
			break
		}
	}
	fd := in.fd
	in.fd = -1
	s.m.o.Pipe(in.path, false)
	return errors.Join(unix.Close(fd), unlinkPipe(in.path))
}

func unlinkPipe(path string) error {
	if err := unix.Unlink(path); err != nil && !errors.Is(err, unix.ENOENT) {
		return &os.PathError{Op: "unlink", Path: path, Err: err}
	}
	return nil
}

// writer is a new descriptor to write to the input with, open for reading too.
// Its path leads to it soonest; where somebody removed that, or put something
// else there, the descriptor itself does.
func (in *input) writer() (*os.File, error) {
	fd, err := open(in.path, unix.O_RDWR|unix.O_NOFOLLOW)
	if err == nil && !sameFile(fd, in.fd) {
		_ = unix.Close(fd)
		err = os.ErrNotExist
	}
	if err != nil {
		fd, err = open(fmt.Sprintf("/proc/self/fd/%d", in.fd), unix.O_RDWR)
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), in.path), nil
}

func sameFile(a, b int) bool {
	var x, y unix.Stat_t
	return unix.Fstat(a, &x) == nil && unix.Fstat(b, &y) == nil && x.Dev == y.Dev && x.Ino == y.Ino
}

// writable is whether the pipe has room for more.
func (in *input) writable() bool {
	fd := in.fd
	if in.leaving {
		w, err := open(fmt.Sprintf("/proc/self/fd/%d", in.fd), unix.O_WRONLY|unix.O_NONBLOCK)
		if err != nil {
			// Descriptors are short: whoever writes may wait already.
			return false
		}
		defer func() { _ = unix.Close(w) }()
		fd = w
	}
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, 0)
	return err != nil || n == 1 && fds[0].Revents&unix.POLLOUT != 0
}

// A pipe of the default size makes a program that writes at full speed and the
// mover wait for each other at every 64 KiB. While one floods its pipe has
// 1 MiB, which the kernel lets an ordinary user have (pipe(7),
// pipe-max-size), for as many pipes as leave its quota of pages alone.
const (
	floodBytes = 8 << 20
	wideBytes  = 1 << 20
	pipeBytes  = 64 << 10
	widePipes  = 16
)

func (s *Stream) widen(in *input) {
	in.wide = true
	if s.m.widened.Add(1) > widePipes {
		s.narrow(in)
		return
	}
	// Without it the pipe stays as it is.
	_, _ = unix.FcntlInt(uintptr(in.fd), unix.F_SETPIPE_SZ, wideBytes)
}

// narrow ends a flood. A pipe that is too full to shrink stays wide.
func (s *Stream) narrow(in *input) {
	in.flow = 0
	if in.wide {
		in.wide = false
		s.m.widened.Add(-1)
		_, _ = unix.FcntlInt(uintptr(in.fd), unix.F_SETPIPE_SZ, pipeBytes)
	}
}

func (s *Stream) narrowAll() {
	for _, in := range s.inputs {
		s.narrow(in)
	}
}

// rivals is whether another run's input has bytes too.
func (s *Stream) rivals(in *input) bool {
	for _, other := range s.inputs {
		if other != in && other.run != in.run && other.waiting() > 0 {
			return true
		}
	}
	return false
}

// whole is how many of the first budget bytes of the input are whole lines,
// where another run waits too: its lines come between, and cut no line. A line
// that does not end in what is there is not waited for, but it comes first in
// a turn.
func (s *Stream) whole(in *input, budget int, began bool) (int, error) {
	if len(s.inputs) < 2 || !s.rivals(in) {
		return budget, nil
	}
	peeked, err := s.m.peeks.look(in.fd)
	if err != nil {
		return 0, err
	}
	if at := lastNewline(peeked[:min(len(peeked), budget)]); at >= 0 {
		return at + 1, nil
	}
	if began {
		return 0, nil
	}
	return budget, nil
}

// giveWay lets the run in force end its line, where it can, before another
// run's bytes come.
func (s *Stream) giveWay(in *input) error {
	if len(s.inputs) < 2 || s.conf.Discard || s.tape.seg < 0 || in.run == s.tape.run || s.tape.endsLine() {
		return nil
	}
	other := s.inputOf(s.tape.run)
	if other == nil || other == in || other.waiting() == 0 {
		return nil
	}
	peeked, err := s.m.peeks.look(other.fd)
	if err != nil {
		return err
	}
	if at := lastNewline(peeked); at >= 0 {
		_, err = s.piece(other, at+1)
	}
	return err
}
