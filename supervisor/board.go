package supervisor

import (
	"sync"
	"sync/atomic"
)

// board holds the newest snapshot. The loop publishes, anybody reads.
type board struct {
	current atomic.Pointer[Snapshot]

	mu    sync.Mutex
	woken chan struct{}
}

// publish replaces the snapshot and wakes everybody who waits for a change.
func (b *board) publish(s *Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current.Store(s)
	if b.woken != nil {
		close(b.woken)
		b.woken = nil
	}
}

// next gives the newest snapshot and a channel that is closed when there is
// a newer one.
func (b *board) next() (*Snapshot, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.woken == nil {
		b.woken = make(chan struct{})
	}
	return b.current.Load(), b.woken
}
