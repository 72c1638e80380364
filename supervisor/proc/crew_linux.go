package proc

import (
	"cmp"
	"errors"
	"slices"
	"sync"
)

// crew are the threads that fork, and what they share.
type crew struct {
	// quit ends the threads when it is closed.
	quit chan struct{}
	// forking is held for reading from before a fork until born has returned.
	forking *sync.RWMutex
	// ice is held for reading over every fork, and by Freeze.
	ice sync.RWMutex
	// wearing is held while this process wears a child's marker.
	wearing sync.Mutex
	// shared has the orders of all; nil where each thread has its own.
	shared chan order
	// turns bounds how many orders threads of their own have at a time.
	turns chan struct{}

	mu      sync.Mutex
	threads []*forker
	// whole is whether there are as many threads as there will be; more tells
	// of each.
	whole bool
	more  *sync.Cond
}

// forkers is how many threads fork at a time. A fork waits for the child's
// exec, mostly on another core. On two cores 1000 starts take a fifth less time
// with two threads than with one, and a twelfth less again with four, of which
// one is always ready when another has to wait; they take no less with six.
const forkers = 4

// pens is how many threads fork where trees are told apart by them. The kernel
// keeps of each process which thread of its parent has forked it, and hands that
// down to a child that is made its parent's sibling (CLONE_PARENT): so a thread
// has forked one tree alone, as long as there are no more trees than threads.
// Each costs 20 KiB.
const pens = 64

// Where there are more trees than pens a thread forks up to flock in a row, with
// the next order at hand while it carries out one (ahead): one that has to be woken
// for each costs a tenth of a start.
const (
	flock = 16
	ahead = 2
)

// newCrew starts the threads. It returns when those are ready that fork at a
// time; apart is whether there will be pens.
func newCrew(forking *sync.RWMutex, apart bool) (*crew, error) {
	if err := wakeNetpoll(); err != nil {
		return nil, err
	}
	c := &crew{quit: make(chan struct{}), forking: forking, whole: !apart}
	c.more = sync.NewCond(&c.mu)
	if apart {
		c.turns = make(chan struct{}, ahead*forkers)
	} else {
		// There is room for as many as there are threads, so that the next
		// is there when one is done.
		c.shared = make(chan order, forkers)
	}
	for range forkers {
		if err := c.add(); err != nil {
			close(c.quit)
			return nil, err
		}
	}
	if apart {
		go c.fill()
	}
	return c, nil
}

// forks begins a fork, which is over when the function that it gives is called: until
// then nobody takes a child for a stranger, and the process does not freeze.
func (c *crew) forks() (over func()) {
	c.ice.RLock()
	c.forking.RLock()
	return func() {
		c.forking.RUnlock()
		c.ice.RUnlock()
	}
}

// fill adds the rest of the pens. It ends when there are all, or no more can be
// had or are wanted.
func (c *crew) fill() {
	for n := forkers; n < pens && !c.ended(); n++ {
		if c.add() != nil {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.whole = true
	c.more.Broadcast()
}

// ended is whether the threads are to end.
func (c *crew) ended() bool {
	select {
	case <-c.quit:
		return true
	default:
		return false
	}
}

// add starts a thread, and returns when it is ready.
func (c *crew) add() error {
	f, ready := &forker{crew: c, orders: c.shared}, make(chan error)
	if c.shared == nil {
		f.orders = make(chan order, forkers)
	}
	go f.begin(ready)
	if err := <-ready; err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.threads = append(c.threads, f)
	c.more.Broadcast()
	return nil
}

// await returns when there are all threads.
func (c *crew) await() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.whole {
		c.more.Wait()
	}
}

// errClosed is the error of a start after Close.
var errClosed = errors.New("the host is closed")

// do has one of the threads fork.
func (c *crew) do(o order) (int, bool, error) {
	o.reply = make(chan result, 1)
	if c.shared != nil {
		r := c.hand(c.shared, o)
		return r.pid, r.held, r.err
	}
	select {
	case c.turns <- struct{}{}:
	case <-c.quit:
		return 0, false, errClosed
	}
	defer func() { <-c.turns }()
	f := c.pick()
	r := c.hand(f.orders, o)
	c.done(f, r.err == nil)
	return r.pid, r.held, r.err
}

// hand gives an order, and waits until it is carried out.
func (c *crew) hand(orders chan order, o order) result {
	select {
	case orders <- o:
	case <-c.quit:
		return result{err: errClosed}
	}
	select {
	case r := <-o.reply:
		return r
	case <-c.quit:
		return result{err: errClosed}
	}
}

// pick is the thread for one more tree: one that has none, or else the first that
// has few orders and few trees.
func (c *crew) pick() *forker {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		f := slices.MinFunc(c.threads, func(a, b *forker) int {
			return cmp.Or(min(a.trees, 1)-min(b.trees, 1), a.busy/ahead-b.busy/ahead, a.trees/flock-b.trees/flock)
		})
		if f.trees == 0 || c.whole {
			f.trees++
			f.busy++
			return f
		}
		c.more.Wait()
	}
}

// done says that a thread has carried out its order, and whether there is a tree.
func (c *crew) done(f *forker, forked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.busy--
	if !forked {
		f.trees--
	}
}

// release says that nothing lives any more of a tree that a thread has forked.
func (c *crew) release(thread int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.threads {
		if f.thread == thread && f.trees > 0 {
			f.trees--
		}
	}
}
