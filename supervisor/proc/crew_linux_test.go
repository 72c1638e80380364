package proc

import (
	"sync"
	"testing"
)

// Each tree has a thread of its own as long as there are enough, and shares one
// with few others then; what has ended makes room.
func TestEachTreeHasAThreadOfItsOwn(t *testing.T) {
	var forking sync.RWMutex
	c, err := newCrew(&forking, true)
	if err != nil {
		t.Fatal(err)
	}
	defer close(c.quit)
	trees := map[int]int{}
	fork := func() (thread int) {
		f := c.pick()
		c.done(f, true)
		trees[f.thread]++
		return f.thread
	}
	for range pens {
		fork()
	}
	if len(trees) != pens {
		t.Errorf("%d threads have forked %d trees", len(trees), pens)
	}
	for range pens * (flock - 1) {
		fork()
	}
	for thread, n := range trees {
		if n != flock {
			t.Errorf("thread %d has forked %d of %d trees", thread, n, pens*flock)
		}
		for range flock {
			c.release(thread)
		}
		if got := fork(); got != thread {
			t.Errorf("thread %d has room, and %d has forked", thread, got)
		}
	}
	f := c.pick()
	c.done(f, false)
	if got := fork(); got != f.thread {
		t.Errorf("a start that failed takes the place of a tree on %d", f.thread)
	}
}
