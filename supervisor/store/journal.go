package store

import (
	"bytes"
	"fmt"
	"sync"
	"time"
)

// maxPending bounds the events that gather while a batch of as many at most
// cannot be written.
const maxPending = 1 << 20

// Journal is what happened, oldest first, in files that are rotated. Append
// never waits for the disk: one goroutine of the Journal's own writes what has
// gathered, one write per batch, and ends with Close, which waits for it.
//
// Events reach readers of the same Journal (Read, Changed) at once, written or
// not. Events that a full disk keeps from being written wait in memory, up to
// about 2 MiB; later ones are lost, their numbers missing, and once the disk has
// healed an event of type "problem" says how many.
type Journal struct {
	dir string

	mu  sync.Mutex
	seq uint64
	// pending has gathered; flying is the batch that the goroutine writes,
	// which readers find here until it is on disk.
	pending bytes.Buffer
	flying  []byte
	lost    int
	err     error
	problem func(string)
	changed chan struct{}
	closed  bool

	wake    chan struct{}
	closing chan struct{}
	ended   chan struct{}

	// Only the goroutine uses out and said.
	out  segments
	said string
}

// OpenJournal opens the journal in dir, or begins one. It takes up the
// sequence where the last whole event left it and cuts what a crash tore
// after that. maxBytes bounds one file, maxFiles their number; below 1 they
// mean 4 MiB and 8. The caller has the directory's lock.
func OpenJournal(dir string, maxBytes int64, maxFiles int) (*Journal, error) {
	if maxBytes < 1 {
		maxBytes = 4 << 20
	}
	if maxFiles < 1 {
		maxFiles = 8
	}
	if err := prepare(dir); err != nil {
		return nil, err
	}
	out := segments{dir: dir, maxBytes: maxBytes, maxFiles: maxFiles}
	seq, err := out.recover()
	if err != nil {
		return nil, err
	}
	j := &Journal{
		dir: dir, seq: seq, out: out,
		problem: func(string) {}, changed: make(chan struct{}),
		wake: make(chan struct{}, 1), closing: make(chan struct{}), ended: make(chan struct{}),
	}
	if out.moved != "" {
		j.Append(Event{Type: "problem", Reason: out.moved})
	}
	go j.run()
	return j, nil
}

// OnProblem has f called from the Journal's goroutine: with words when
// writing fails (again only when the words change) and with an empty text
// when it works again. Call it before the first Append.
func (j *Journal) OnProblem(f func(text string)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.problem = f
}

// Append adds an event and gives it back with its Seq, and its Time where
// that was zero. It does not wait for the disk. After Close it keeps nothing.
func (j *Journal) Append(e Event) Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	e.Seq = j.seq
	if e.Time.IsZero() {
		e.Time = time.Now().UTC()
	}
	if !j.closed {
		j.add(&e)
	}
	return e
}

// add makes e pending and wakes who waits for it.
func (j *Journal) add(e *Event) {
	before := j.pending.Len()
	if before >= maxPending {
		j.lost++
		return
	}
	if err := appendEvent(&j.pending, e); err != nil {
		j.pending.Truncate(before)
		j.lost++
		return
	}
	close(j.changed)
	j.changed = make(chan struct{})
	select {
	case j.wake <- struct{}{}:
	default:
		// One wake-up waits already.
	}
}

// Changed is closed by the next Append. To follow the journal take the
// channel, Read, and wait for the channel, in this order.
func (j *Journal) Changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changed
}

// Err is why events wait to be written, nil while all is well.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Close writes what is pending, trying once, and ends the goroutine. The error
// is why not everything is on disk. Closing twice is closing once.
func (j *Journal) Close() error {
	j.mu.Lock()
	if !j.closed {
		j.closed = true
		close(j.closing)
	}
	j.mu.Unlock()
	<-j.ended
	return j.Err()
}

// run writes whenever something is pending. Only Close cuts a pause short.
func (j *Journal) run() {
	defer close(j.ended)
	defer j.out.close()
	for {
		select {
		case <-j.wake:
		case <-j.closing:
			j.turn()
			return
		}
		for !j.turn() {
			select {
			case <-time.After(retryAfter):
			case <-j.closing:
				j.turn()
				return
			}
		}
	}
}

// turn writes until nothing is pending, and is false where that failed.
func (j *Journal) turn() bool {
	for {
		batch := j.take()
		if len(batch) == 0 {
			return true
		}
		n, err := j.out.write(batch)
		problem := j.put(n, err)
		j.tell(problem, err)
		if err != nil {
			return false
		}
	}
}

// take makes what is pending the batch under way, unless there is one.
func (j *Journal) take() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.flying) == 0 {
		j.flying, j.pending = j.pending.Bytes(), bytes.Buffer{}
	}
	return j.flying
}

// put notes that n bytes of the batch are on disk, and why not more.
func (j *Journal) put(n int, err error) (problem func(string)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flying = j.flying[n:]
	j.err = err
	if err != nil {
		return j.problem
	}
	if j.lost > 0 && j.pending.Len() < maxPending {
		j.seq++
		said := Event{
			Seq: j.seq, Time: time.Now().UTC(), Type: "problem",
			Reason: fmt.Sprintf("%d events before this one could not be kept", j.lost),
		}
		j.lost = 0
		j.add(&said)
	}
	return j.problem
}

// tell passes on a change of fortune.
func (j *Journal) tell(problem func(string), err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != j.said {
		j.said = text
		problem(text)
	}
}
