package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Stream is one output of a unit. Its methods may be called from any
// goroutine.
type Stream struct {
	m *Mover

	mu     sync.Mutex
	conf   StreamConfig
	pipe   int // -1 once closed
	tape   tape
	health health
	// rested is when the tape was last looked at for closing its files.
	rested time.Time
	// flow is how much was moved since the last rest, wide whether the
	// pipe was widened for it.
	flow   int64
	wide   bool
	closed bool
}

// Open makes the pipe, if it is not there yet, and carries what is written to
// it. No other file is made before there is output.
func (m *Mover) Open(c StreamConfig) (*Stream, error) {
	c = c.settled()
	fd, err := openPipe(c.FIFO)
	if err != nil {
		return nil, err
	}
	s := &Stream{m: m, conf: c, pipe: fd, tape: tape{path: c.Path, seg: -1, idx: -1, exact: true, next: c.Run}}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return nil, errors.Join(os.ErrClosed, unix.Close(fd))
	}
	if err := m.listen(fd); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot wait for output: %w", err), unix.Close(fd))
	}
	m.streams[fd] = s
	return s, nil
}

// openPipe opens a FIFO for reading and writing, so that neither end ever
// finds the other gone.
func openPipe(path string) (int, error) {
	err := unix.Mkfifo(path, 0o600)
	if errors.Is(err, unix.ENOENT) {
		if err := makeDirs(filepath.Dir(path)); err != nil {
			return -1, err
		}
		err = unix.Mkfifo(path, 0o600)
	}
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return -1, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	fd, err := open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_NOFOLLOW)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return -1, errors.Join(&os.PathError{Op: "open", Path: path, Err: errors.New("it is not a pipe")}, unix.Close(fd))
	}
	return fd, nil
}

// Input is a new descriptor to write to the stream with, open for reading too.
// The caller closes it.
func (s *Stream) Input() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, os.ErrClosed
	}
	fd, err := open(fmt.Sprintf("/proc/self/fd/%d", s.pipe), unix.O_RDWR)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), s.conf.FIFO), nil
}

// Mark says that what is written from now on belongs to a run; what is in the
// pipe belongs to the one before. The index learns of it with the first byte.
// Bytes that cannot be moved now are told as a problem, and are no reason not
// to begin the run.
func (s *Stream) Mark(run uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	if err := s.drain(); err != nil {
		s.trouble(s.about(err))
	}
	s.tape.next = run
	return nil
}

// Drain moves everything that is in the pipe now, and has the index complete.
func (s *Stream) Drain() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	return errors.Join(s.drain(), s.tape.flush())
}

// drainTurns bounds how long a flood can hold up whoever drains: 4 MiB.
const drainTurns = 16

func (s *Stream) drain() error {
	moved := 0
	defer func() {
		if moved > 0 {
			s.m.grew(s.conf.Path)
		}
	}()
	for range drainTurns {
		n, err := s.move(turnBytes)
		moved += n
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}

// Info says how the stream fares.
func (s *Stream) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Info{LostBytes: s.tape.lost, Exact: s.tape.exact}
}

// Configure changes the bounds and the sink.
func (s *Stream) Configure(c StreamConfig) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c = c.settled()
	c.FIFO, c.Path = s.conf.FIFO, s.conf.Path
	s.conf = c
	return nil
}

// Remove ends the stream and deletes its pipe and its files.
func (s *Stream) Remove() error {
	// The stream's lock is never taken under the mover's: a turn takes them
	// the other way round.
	s.mu.Lock()
	pipe := s.pipe
	s.mu.Unlock()
	s.m.mu.Lock()
	delete(s.m.streams, pipe)
	s.m.mu.Unlock()
	err := s.close()
	if gone := unix.Unlink(s.conf.FIFO); gone != nil && !errors.Is(gone, unix.ENOENT) {
		err = errors.Join(err, &os.PathError{Op: "unlink", Path: s.conf.FIFO, Err: gone})
	}
	return errors.Join(err, Delete(s.conf.Path))
}

// close moves what is left and closes the pipe.
func (s *Stream) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.drain()
	s.narrow()
	s.tape.close()
	return errors.Join(err, unix.Close(s.pipe))
}

// tailBytes is how far back Tail looks.
const tailBytes = 64 << 10

// Tail is the last lines, at most n, of the present run, or of the one before
// where nothing was written since.
func (s *Stream) Tail(n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.conf.Discard || s.tape.seg < 0 && !exists(s.conf.Path) || s.open() != nil {
		return nil
	}
	from := max(s.tape.size-tailBytes, s.tape.runAt)
	buf := make([]byte, s.tape.size-from)
	got, err := unix.Pread(s.tape.seg, buf, from)
	if err != nil || got == 0 {
		return nil
	}
	text := strings.TrimSuffix(string(buf[:got]), "\n")
	lines := strings.Split(text, "\n")
	if from > s.tape.runAt && len(lines) > 1 {
		// The first is cut.
		lines = lines[1:]
	}
	return lines[max(len(lines)-n, 0):]
}

// open opens the files and has them closed again once the stream is quiet.
func (s *Stream) open() error {
	opened := s.tape.seg >= 0
	err := s.tape.openFiles()
	if !opened && s.tape.seg >= 0 {
		s.rested = time.Now()
		s.m.sweepIn(quiet)
	}
	return err
}

// turn moves what has arrived. Bytes that have to stay in the pipe are tried
// again by the timer.
func (s *Stream) turn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	n, err := s.move(turnBytes)
	if n > 0 {
		s.m.grew(s.conf.Path)
	}
	if err != nil {
		s.pause(err)
		return
	}
	s.health.stuck = time.Time{}
	if s.flow += int64(n); s.flow > floodBytes && !s.wide {
		s.widen()
	}
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

func (s *Stream) widen() {
	s.wide = true
	if s.m.widened.Add(1) > widePipes {
		s.narrow()
		return
	}
	// Without it the pipe stays as it is.
	_, _ = unix.FcntlInt(uintptr(s.pipe), unix.F_SETPIPE_SZ, wideBytes)
}

// narrow ends a flood. A pipe that is too full to shrink stays wide.
func (s *Stream) narrow() {
	s.flow = 0
	if s.wide {
		s.wide = false
		s.m.widened.Add(-1)
		_, _ = unix.FcntlInt(uintptr(s.pipe), unix.F_SETPIPE_SZ, pipeBytes)
	}
}
