package ipc

import (
	"context"
	"net"
	"sync"
	"time"
)

// outbox writes the lines of a connection in the order they came, in one
// goroutine. Whoever sends one waits until it is written, so the queue has at
// most one line per request under way and one of the reader's: a client that
// does not read is not read from either, and costs no memory that grows.
type outbox struct {
	net     net.Conn
	timeout time.Duration
	// done is closed when nothing will be written any more.
	done chan struct{}

	mu      sync.Mutex
	queue   []outgoing
	answers int
	ending  bool
	// endBy is when the last line has to be written, zero for no such time.
	endBy   time.Time
	stirred chan struct{}
	// ahead is about how much may be on its way to a client that is sent what
	// happens as it happens, 0 for one that is not; sent is how much it was sent
	// since it is.
	ahead, sent int
	// writing is whether a line is on its way, moved when the last piece of one
	// was.
	writing bool
	moved   time.Time
	// parting is whether part was called, resumed whether the write that was
	// under way then has begun again.
	parting, resumed bool
}

// pieceBytes is how much of a line is written at once: whoever takes that gets on.
const pieceBytes = 32 << 10

// The bounds of ahead, and the room for what is left to say to a client that is
// sent away, of which the kernel may give less.
const (
	leastAhead   = 4 << 10
	mostAhead    = 64 << 10
	partingAhead = 1 << 20
)

// outgoing is one line; written is closed when it is.
type outgoing struct {
	line    []byte
	answer  bool
	written chan struct{}
}

func newOutbox(c net.Conn, timeout time.Duration) *outbox {
	return &outbox{net: c, timeout: timeout, done: make(chan struct{}), stirred: make(chan struct{}, 1)}
}

// answer writes an answer. Only the end of the connection keeps it from that.
func (o *outbox) answer(line []byte) {
	select {
	case <-o.add(line, true):
	case <-o.done:
	}
}

// note writes a notification, unless ctx ends first.
func (o *outbox) note(ctx context.Context, line []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-o.add(line, false):
		return nil
	case <-o.done:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *outbox) add(line []byte, answer bool) (written <-chan struct{}) {
	one := outgoing{line: line, answer: answer, written: make(chan struct{})}
	o.mu.Lock()
	o.queue = append(o.queue, one)
	if answer {
		o.answers++
	}
	o.mu.Unlock()
	o.stir()
	return one.written
}

// finish has the writer end once everything is written.
func (o *outbox) finish() {
	o.mu.Lock()
	o.ending = true
	o.mu.Unlock()
	o.stir()
}

// hasten gives the client no longer than d to take what is left.
func (o *outbox) hasten(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.endBy = time.Now().Add(d)
	_ = o.net.SetWriteDeadline(o.endBy)
}

// trickle sends little ahead of the client from now on.
func (o *outbox) trickle() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ahead == 0 {
		o.ahead, o.sent = leastAhead, 0
		o.setAhead()
	}
}

// widen sends more ahead of a client that has taken several times as much.
func (o *outbox) widen(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent += n
	if o.ahead > 0 && o.ahead < mostAhead && o.sent >= 4*o.ahead {
		o.ahead *= 2
		o.setAhead()
	}
}

func (o *outbox) setAhead() {
	if o.parting {
		return
	}
	// The kernel has room for twice as much, and needs some of that itself.
	if s, ok := o.net.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = s.SetWriteBuffer(o.ahead)
	}
}

// part sends a client away that does not read: what waits for it is dropped, but
// for the rest of the line that is on its way. After that, if the kernel has the
// room, comes the last line, and no later than after d the end. A write that waits
// is not woken by more room, so it is ended and begins again.
func (o *outbox) part(last []byte, d time.Duration) {
	o.mu.Lock()
	o.queue = []outgoing{{line: last, written: make(chan struct{})}}
	o.parting, o.ending = true, true
	o.endBy = time.Now().Add(d)
	if s, ok := o.net.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = s.SetWriteBuffer(partingAhead)
	}
	_ = o.net.SetWriteDeadline(time.Unix(1, 0))
	o.mu.Unlock()
	o.stir()
}

// resumes is whether a write that part has ended begins again.
func (o *outbox) resumes() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.parting || o.resumed {
		return false
	}
	o.resumed = true
	_ = o.net.SetWriteDeadline(o.endBy)
	return true
}

func (o *outbox) stir() {
	select {
	case o.stirred <- struct{}{}:
	default:
	}
}

// next is the next line; without one it says whether the end has come, and whether
// that is a parting.
func (o *outbox) next() (one outgoing, ok, ending, parting bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		o.queue = nil
		return outgoing{}, false, o.ending, o.parting
	}
	one = o.queue[0]
	o.queue = o.queue[1:]
	return one, true, false, false
}

// run writes until finish, or until the client takes nothing any more.
func (o *outbox) run() {
	defer close(o.done)
	for {
		one, ok, ending, parting := o.next()
		switch {
		case ending:
			if parting {
				// Whoever handles the requests may take longer to end.
				_ = o.net.Close()
			}
			return
		case !ok:
			<-o.stirred
			continue
		case !o.write(one.line):
			_ = o.net.Close()
			return
		}
		o.widen(len(one.line))
		if one.answer {
			o.mu.Lock()
			o.answers--
			o.mu.Unlock()
		}
		close(one.written)
	}
}

// write writes one line. It waits as long as the client reads at all; while an
// answer is pending, or the connection is to end, no longer than the timeout.
func (o *outbox) write(line []byte) bool {
	var hurry *time.Timer
	o.mu.Lock()
	_ = o.net.SetWriteDeadline(o.endBy)
	hurry = time.AfterFunc(o.timeout, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.ending || o.answers > 0 {
			_ = o.net.SetWriteDeadline(time.Unix(1, 0))
			return
		}
		hurry.Reset(o.timeout)
	})
	o.mu.Unlock()
	defer hurry.Stop()
	defer o.moves(false)
	for len(line) > 0 {
		o.moves(true)
		n, err := o.net.Write(line[:min(len(line), pieceBytes)])
		line = line[n:]
		if err != nil && !o.resumes() {
			return false
		}
	}
	return true
}

// moves notes that a piece was written, and whether another one follows.
func (o *outbox) moves(more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing, o.moved = more, time.Now()
}

// unread is whether something waits for the client to read it, and since when
// at least.
func (o *outbox) unread() (since time.Time, waits bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.moved, o.writing || waiting(o.net)
}
