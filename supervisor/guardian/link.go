package guardian

import "sync"

// Link is a supervisor's end of the channel to its guardian. Its methods may be
// called from any goroutine, and never wait for the guardian, but for Sync. A
// nil Link is that of a supervisor without one: everything on it does nothing.
type Link struct {
	// Welcome is what the guardian told at first.
	Welcome Welcome
	// Inherited are the descriptors that the guardian holds, by name. The
	// supervisor takes them out that it uses. They are no *os.File: the
	// runtime would change how services that share them see them.
	Inherited map[string]int

	fd int
	// keep is the keepsake, -1 for none.
	keep int
	// exits are those that were told before Serve.
	early []Exit

	mu    sync.Mutex
	queue []parcel
	wake  chan struct{}
	// pipes and held are what a guardian after this one would have to hold.
	pipes map[string]bool
	held  map[string]int
	syncs uint64
	// idle is closed when nothing is queued, made by whoever waits for it.
	idle    chan struct{}
	sending bool
	asked   map[uint64]chan struct{}
	lost    bool
}

// parcel is a message that waits to be sent. Its files are closed then.
type parcel struct {
	message message
	files   []int
}

// Guardian is the guardian's pid, 0 for none.
func (l *Link) Guardian() int {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return 0
	}
	return l.Welcome.Guardian
}

// Lost is whether the guardian has ended.
func (l *Link) Lost() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// Pipe has the guardian hold the read end of the pipe at a path, or let it go.
func (l *Link) Pipe(path string, hold bool) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	change := "-" + path
	if hold {
		change, l.pipes[path] = "+"+path, true
	} else {
		delete(l.pipes, path)
	}
	// Changes in a row go in one packet.
	if n := len(l.queue); n > 0 {
		last := &l.queue[n-1].message
		if last.Op == opPipes && len(last.Pipes) < pipesEach {
			last.Pipes = append(last.Pipes, change)
			return
		}
	}
	l.put(parcel{message: message{Op: opPipes, Pipes: []string{change}}})
}

// pipesEach is how many pipes fit a packet: a path has 300 bytes at most.
const pipesEach = 150

// Ready says that the supervisor answers.
func (l *Link) Ready() { l.post(message{Op: opReady}) }

// Bye says that this supervisor ends by order, and that the guardian is to end
// with it.
func (l *Link) Bye() { l.post(message{Op: opBye}) }

// Ack says that every exit up to that number was written down.
func (l *Link) Ack(seq uint64) { l.post(message{Op: opAck, Seq: seq}) }

func (l *Link) post(m message) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(parcel{message: m})
}

// put queues a parcel; mu is held.
func (l *Link) put(p parcel) {
	if l.lost {
		closeAll(p.files)
		return
	}
	l.queue = append(l.queue, p)
	select {
	case l.wake <- struct{}{}:
	default:
		// One wake-up waits already.
	}
}
