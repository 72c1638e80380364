package logs

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// turnBytes is how much one stream may move before the others are
	// looked at again.
	turnBytes = 1 << 20
	// quiet is how often streams that have files open are looked at: one
	// that moved nothing in between has them closed.
	quiet = 5 * time.Second
	// retry is how soon bytes that had to stay in their pipe are tried
	// again, and heal how soon a stream that lost some is looked at.
	retry = 200 * time.Millisecond
	heal  = time.Second
	// calm is how long a problem must not show to be over.
	calm = 5 * time.Second
	// patience is how long bytes that nothing can be done with may hold up
	// whoever writes more of them.
	patience = 5 * time.Second
)

// Mover carries the bytes of all streams.
type Mover struct {
	o    MoverOptions
	news news
	followers

	poll, wake int
	null       int
	ended      chan struct{}

	mu      sync.Mutex
	streams map[*Stream]bool
	inputs  map[int]*input // by the descriptor of the pipe
	closing bool
	// due is when the streams are looked at next, zero while nothing waits
	// for that; timer wakes the mover then.
	due   time.Time
	timer *time.Timer

	// The pauses of the same names; tests have shorter ones.
	retry, heal, calm, patience time.Duration

	peeks peeker
	// widened counts the streams whose pipes are wide.
	widened atomic.Int32
}

// NewMover starts a mover; it ends with Close.
func NewMover(o MoverOptions) (*Mover, error) {
	m := &Mover{
		o: o.settled(), streams: map[*Stream]bool{}, inputs: map[int]*input{}, ended: make(chan struct{}),
		retry: retry, heal: heal, calm: calm, patience: patience,
	}
	m.news.tell = m.o.Problem
	var err error
	if m.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("cannot wait for output: %w", err)
	}
	if m.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("cannot make an eventfd: %w", err)
	}
	if m.null, err = open("/dev/null", unix.O_WRONLY); err != nil {
		return nil, err
	}
	if err := m.listen(m.wake); err != nil {
		return nil, fmt.Errorf("cannot wait for output: %w", err)
	}
	go m.run()
	return m, nil
}

func (m *Mover) listen(fd int) error {
	return unix.EpollCtl(m.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

// Close moves what is in the pipes, closes every stream and ends the mover.
func (m *Mover) Close() error {
	m.mu.Lock()
	if m.closing {
		m.mu.Unlock()
		return nil
	}
	m.closing = true
	if m.timer != nil {
		m.timer.Stop()
	}
	m.mu.Unlock()
	m.rouse()
	<-m.ended
	m.mu.Lock()
	streams := slices.Collect(maps.Keys(m.streams))
	m.mu.Unlock()
	var errs []error
	for _, s := range streams {
		errs = append(errs, s.close())
	}
	m.peeks.close()
	errs = append(errs, unix.Close(m.poll), unix.Close(m.wake), unix.Close(m.null))
	return errors.Join(errs...)
}

func (m *Mover) rouse() {
	one := [8]byte{1}
	_, _ = unix.Write(m.wake, one[:])
}

// run waits for output and moves it until the mover is closed.
func (m *Mover) run() {
	defer close(m.ended)
	events := make([]unix.EpollEvent, 256)
	for {
		n, err := unix.EpollWait(m.poll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			m.o.Log.Error("cannot wait for output", "error", err)
			return
		}
		for _, e := range events[:max(n, 0)] {
			if int(e.Fd) != m.wake {
				m.turn(int(e.Fd))
				continue
			}
			if m.roused() {
				return
			}
		}
	}
}

// turn moves what an input has.
func (m *Mover) turn(fd int) {
	m.mu.Lock()
	in := m.inputs[fd]
	m.mu.Unlock()
	if in != nil {
		in.s.turn(in)
	}
}

// The tables are kept under a stream's lock; a turn takes the two in the same
// order.

// enroll takes a stream in.
func (m *Mover) enroll(s *Stream) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return os.ErrClosed
	}
	m.streams[s] = true
	return nil
}

// strike forgets a stream.
func (m *Mover) strike(s *Stream) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.streams, s)
}

// admit waits for what comes out of an input.
func (m *Mover) admit(in *input) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return os.ErrClosed
	}
	m.inputs[in.fd] = in
	if err := m.listen(in.fd); err != nil {
		delete(m.inputs, in.fd)
		return fmt.Errorf("cannot wait for output: %w", err)
	}
	return nil
}

// replace has an input go on by another descriptor of its pipe.
func (m *Mover) replace(in *input, fd int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return os.ErrClosed
	}
	if err := m.listen(fd); err != nil {
		return err
	}
	delete(m.inputs, in.fd)
	in.fd = fd
	m.inputs[fd] = in
	return nil
}

// dismiss waits no longer for an input, which is about to be closed.
func (m *Mover) dismiss(in *input) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.inputs, in.fd)
}

// roused closes what quiet streams have open, and looks again at those that
// fare badly. It says whether the mover is to end.
func (m *Mover) roused() bool {
	var count [8]byte
	_, _ = unix.Read(m.wake, count[:])
	m.mu.Lock()
	m.due = time.Time{}
	if m.closing {
		m.mu.Unlock()
		return true
	}
	list := make([]*Stream, 0, len(m.streams))
	for s := range m.streams {
		list = append(list, s)
	}
	m.mu.Unlock()
	now := time.Now()
	next := time.Duration(0)
	for _, s := range list {
		if again := s.sweep(now); again > 0 && (next == 0 || again < next) {
			next = again
		}
	}
	if next > 0 {
		m.sweepIn(next)
	}
	return false
}

// sweepIn has the streams looked at after a while, at the latest.
func (m *Mover) sweepIn(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := time.Now().Add(d)
	if m.closing || !m.due.IsZero() && !at.Before(m.due) {
		return
	}
	m.due = at
	if m.timer != nil {
		m.timer.Reset(d)
		return
	}
	m.timer = time.AfterFunc(d, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.closing {
			m.rouse()
		}
	})
}

// closeIdle closes the files of every stream but one, to have descriptors.
func (m *Mover) closeIdle(but *Stream) {
	m.mu.Lock()
	list := make([]*Stream, 0, len(m.streams))
	for s := range m.streams {
		if s != but {
			list = append(list, s)
		}
	}
	m.mu.Unlock()
	for _, s := range list {
		if s.mu.TryLock() {
			s.tape.close()
			s.mu.Unlock()
		}
	}
}
