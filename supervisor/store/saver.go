package store

import (
	"context"
	"io"
	"sync"
	"time"
)

const (
	// savePause is the least time between the end of one write and the
	// next; what arrives in between is one write.
	savePause = 20 * time.Millisecond
	// saveShare makes the pause this many times the length of the last
	// write where the disk is slow, up to saveMost: saving takes at most a
	// tenth of one thread.
	saveShare = 9
	saveMost  = time.Second
	// retryAfter is how soon a write that failed is tried again.
	retryAfter = time.Second
)

// Saver keeps state.json as new as the newest State it was given. One
// goroutine of its own writes; it ends with Close, which waits for it.
type Saver struct {
	write   func(fill func(io.Writer)) error
	problem func(text string)
	// saved is told of each state that is on disk.
	saved func(State)

	mu   sync.Mutex
	next *State
	// newest is the last state that was handed over; anew is whether it is
	// to be written though it is on disk.
	newest *State
	anew   bool
	// given counts the states handed over, kept the last of them that is
	// on disk, and err is why a later one is not.
	given, kept uint64
	err         error
	closed      bool
	// turned is closed and replaced when kept or err may have changed.
	turned chan struct{}

	wake    chan struct{}
	closing chan struct{}
	ended   chan struct{}

	// Only the goroutine uses what follows.
	encoder *encoder
	// last is the number of what is on disk, if any has been written.
	last    uint64
	written bool
	said    string
}

// NewSaver starts a Saver for the state file of d, whose lock the caller has.
// problem is called from the Saver's goroutine: with words when writing fails
// (again only when the words change) and with an empty text when it works
// again. It may be nil.
func NewSaver(d *Dir, problem func(text string)) *Saver {
	path := d.paths.StateFile()
	return newSaver(func(fill func(io.Writer)) error { return replace(path, fill) }, problem)
}

// OnSaved has f called, from the Saver's goroutine, with each state that is on
// disk. Call it before the first Save.
func (s *Saver) OnSaved(f func(State)) { s.saved = f }

func newSaver(write func(func(io.Writer)) error, problem func(string)) *Saver {
	if problem == nil {
		problem = func(string) {}
	}
	s := &Saver{
		write: write, problem: problem, saved: func(State) {}, encoder: newEncoder(),
		turned: make(chan struct{}), wake: make(chan struct{}, 1),
		closing: make(chan struct{}), ended: make(chan struct{}),
	}
	go s.run()
	return s
}

// Save hands over the newest state; older ones that are not written yet are
// forgotten. It never blocks. Nothing that state refers to may be changed
// afterwards. Schema and Saved are filled in. After Close it does nothing.
func (s *Saver) Save(state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.newest = &state
	s.order()
}

// order has the newest state written; s.mu is held.
func (s *Saver) order() {
	s.next = s.newest
	s.given++
	select {
	case s.wake <- struct{}{}:
	default:
		// One wake-up waits already.
	}
}

// Again has the newest state written though it was: somebody has removed the
// file.
func (s *Saver) Again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.newest == nil {
		return
	}
	s.anew = true
	s.order()
}

// Flush returns when everything saved before the call is on disk, with the
// error of the newest attempt if that failed, or with ctx's error.
func (s *Saver) Flush(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := s.given
	for s.kept < want && s.err == nil {
		turned := s.turned
		s.mu.Unlock()
		err := await(ctx, turned)
		s.mu.Lock()
		if err != nil {
			return err
		}
	}
	if s.kept < want {
		return s.err
	}
	return nil
}

func await(ctx context.Context, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close writes what is not written yet, trying once, and ends the goroutine.
// The error is why the newest state is not on disk. Closing twice is closing
// once.
func (s *Saver) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	s.mu.Unlock()
	<-s.ended
	return s.Err()
}

// Err is why the newest state is not on disk, nil while all is well.
func (s *Saver) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// run writes whenever there is something new. Only Close cuts a pause short.
func (s *Saver) run() {
	defer close(s.ended)
	for {
		select {
		case <-s.wake:
		case <-s.closing:
			s.turn()
			return
		}
		for pause := s.turn(); pause > 0; pause = s.turn() {
			select {
			case <-time.After(pause):
			case <-s.closing:
				s.turn()
				return
			}
		}
	}
}

// turn writes the newest state if it is not on disk, and says how long to
// rest afterwards: 0 when there was nothing to do.
func (s *Saver) turn() (pause time.Duration) {
	s.mu.Lock()
	state, given, anew := s.next, s.given, s.anew
	s.anew = false
	s.mu.Unlock()
	if state == nil {
		return 0
	}
	began := time.Now()
	err := s.put(*state, anew)
	took := time.Since(began)

	s.mu.Lock()
	s.err = err
	s.anew = s.anew || anew && err != nil
	if err == nil {
		s.kept = given
		if s.given == given {
			s.next = nil
		}
	}
	close(s.turned)
	s.turned = make(chan struct{})
	s.mu.Unlock()

	s.tell(err)
	if err != nil {
		return retryAfter
	}
	s.saved(*state)
	return min(max(savePause, saveShare*took), saveMost)
}

// put writes the state unless the same is on disk already, or anew.
func (s *Saver) put(state State, anew bool) error {
	number, err := s.encoder.take(state)
	if err != nil {
		return &Error{Op: "write the state", Err: err}
	}
	if s.written && number == s.last && !anew {
		return nil
	}
	saved := time.Now()
	if err := s.write(func(w io.Writer) { s.encoder.writeTo(w, state, saved) }); err != nil {
		return err
	}
	s.last, s.written = number, true
	return nil
}

// tell passes on a change of fortune.
func (s *Saver) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != s.said {
		s.said = text
		s.problem(text)
	}
}
