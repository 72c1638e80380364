package logs

import (
	"log/slog"
	"sync"
)

// MoverOptions are what a Mover needs.
type MoverOptions struct {
	// Problem is told, from a goroutine of its own, what cannot be kept,
	// and with an empty text that it is over. The key names the stream. It
	// may be nil.
	Problem func(key, text string)
	// Pipe is told of every pipe that is opened, and of every one that is
	// removed. It must not block, and may be nil.
	Pipe func(path string, open bool)
	// Log gets what is worth knowing once; nil for nowhere.
	Log *slog.Logger
}

func (o MoverOptions) settled() MoverOptions {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Problem == nil {
		o.Problem = func(string, string) {}
	}
	if o.Pipe == nil {
		o.Pipe = func(string, bool) {}
	}
	return o
}

// followers are the readers that want to know when a file has grown. The zero
// value has none.
type followers struct {
	mu   sync.Mutex
	want map[string]map[chan struct{}]bool
	// all counts them.
	all int
	// shelf has the files they look at.
	shelf shelf
}

// following is how many there are.
func (f *followers) following() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all
}

// follow has c told, by a value it has room for, when one of the files has
// grown, until the function is called.
func (f *followers) follow(c chan struct{}, paths []string) (stop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.want == nil {
		f.want = map[string]map[chan struct{}]bool{}
	}
	f.all++
	for _, p := range paths {
		if f.want[p] == nil {
			f.want[p] = map[chan struct{}]bool{}
		}
		f.want[p][c] = true
	}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all--
		for _, p := range paths {
			delete(f.want[p], c)
			if len(f.want[p]) == 0 {
				delete(f.want, p)
			}
		}
	}
}

// grew tells the followers of a file.
func (f *followers) grew(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.want[path] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// news tells of problems, in order, from one goroutine.
type news struct {
	tell func(key, text string)

	mu    sync.Mutex
	queue [][2]string
	busy  bool
}

// say tells of a problem without waiting for whoever is told.
func (n *news) say(key, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queue = append(n.queue, [2]string{key, text})
	if !n.busy {
		n.busy = true
		go n.run()
	}
}

// run ends when the queue is empty.
func (n *news) run() {
	for {
		n.mu.Lock()
		if len(n.queue) == 0 {
			n.busy = false
			n.mu.Unlock()
			return
		}
		one := n.queue[0]
		n.queue = n.queue[1:]
		n.mu.Unlock()
		n.tell(one[0], one[1])
	}
}
