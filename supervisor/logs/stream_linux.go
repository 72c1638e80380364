package logs

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Stream is one output of a unit. Its methods may be called from any
// goroutine.
type Stream struct {
	m *Mover

	mu   sync.Mutex
	conf StreamConfig
	// inputs are the pipes: one as a rule, more while several runs live.
	inputs []*input
	tape   tape
	health health
	// rested is when the tape was last looked at for closing its files.
	rested time.Time
	closed bool
}

// Open makes the pipe, if it is not there yet, and carries what is written to
// it. No other file is made before there is output.
func (m *Mover) Open(c StreamConfig) (*Stream, error) {
	c = c.settled()
	s := &Stream{m: m, conf: c, tape: tape{path: c.Path, seg: -1, idx: -1, exact: true}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := m.enroll(s); err != nil {
		return nil, err
	}
	if _, err := s.inputAt(c.FIFO, c.Run); err != nil {
		m.strike(s)
		return nil, err
	}
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

// Input is a new descriptor to write to the stream's first pipe with, open for
// reading too. The caller closes it.
func (s *Stream) Input() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, os.ErrClosed
	}
	in, err := s.inputAt(s.conf.FIFO, 0)
	if err != nil {
		return nil, err
	}
	return in.writer()
}

// InputOf is a new descriptor for a run that may live beside others, to its
// pipe, or where it has none yet to a new one at FIFO.RUN. That one, and those
// there are already, go when their last writer does. The caller closes it.
func (s *Stream) InputOf(run uint64) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, os.ErrClosed
	}
	in, err := s.beside(run)
	if err != nil {
		return nil, err
	}
	f, err := in.writer()
	if err != nil {
		return nil, err
	}
	if len(s.inputs) > 1 || in.path != s.conf.FIFO {
		s.letGo()
	}
	return f, nil
}

// beside is the input of a run.
func (s *Stream) beside(run uint64) (*input, error) {
	if in := s.inputOf(run); in != nil {
		return in, nil
	}
	return s.inputAt(PipeOf(s.conf.FIFO, run), run)
}

// letGo has every input go with its last writer.
func (s *Stream) letGo() {
	for _, in := range s.inputs {
		in.hold(true)
	}
}

// Attach takes the pipes of runs back that live since an earlier supervisor:
// first is the one that writes to the first pipe, beside those that have pipes
// of their own. A pipe that nobody writes to any more is emptied and goes.
func (s *Stream) Attach(first uint64, beside []uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	var errs []error
	for _, in := range s.inputs {
		if in.path == s.conf.FIFO && first != 0 {
			in.run = first
		}
	}
	for _, run := range beside {
		_, err := s.inputAt(PipeOf(s.conf.FIFO, run), run)
		errs = append(errs, err)
	}
	if len(beside) > 0 {
		s.letGo()
	}
	return errors.Join(errs...)
}

// Mark says that what is written from now on to the first pipe belongs to a
// run; what is in it belongs to the one before. The index learns of it with the
// first byte. Bytes that cannot be moved now are told as a problem, and are no
// reason not to begin the run.
func (s *Stream) Mark(run uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	if err := s.drain(); err != nil {
		s.trouble(s.about(err))
	}
	in, err := s.inputAt(s.conf.FIFO, run)
	if err != nil {
		return err
	}
	in.run = run
	in.hold(false)
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
	var errs []error
	for _, in := range s.inputs {
		n, err := s.empty(in)
		moved += n
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// empty moves what is in an input now.
func (s *Stream) empty(in *input) (moved int, err error) {
	for range drainTurns {
		n, err := s.move(in, turnBytes)
		moved += n
		if err != nil || n == 0 {
			return moved, err
		}
	}
	return moved, nil
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

// Remove ends the stream and deletes its pipes and its files.
func (s *Stream) Remove() error {
	s.mu.Lock()
	inputs := s.inputs
	s.mu.Unlock()
	err := s.close()
	for _, in := range inputs {
		err = errors.Join(err, unlinkPipe(in.path))
	}
	return errors.Join(err, Delete(s.conf.Path))
}

// close moves what is left and closes the pipes, which stay where they are.
func (s *Stream) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	errs := []error{s.drain()}
	s.narrowAll()
	s.tape.close()
	for _, in := range s.inputs {
		s.m.dismiss(in)
		errs = append(errs, unix.Close(in.fd))
	}
	s.m.strike(s)
	return errors.Join(errs...)
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

// turn moves what has arrived at an input. Bytes that have to stay in the pipe
// are tried again by the timer.
func (s *Stream) turn(in *input) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || in.fd < 0 {
		return
	}
	n, err := s.move(in, turnBytes)
	if n > 0 {
		s.m.grew(s.conf.Path)
	}
	if err != nil {
		s.pause(in, err)
		return
	}
	s.health.stuck = time.Time{}
	if in.over() {
		if err := s.end(in); err != nil {
			s.m.o.Log.Warn("cannot end a pipe", "path", in.path, "error", err)
		}
		return
	}
	if in.flow += int64(n); in.flow > floodBytes && !in.wide {
		s.widen(in)
	}
}
