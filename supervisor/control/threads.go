package control

import (
	"runtime"
	"sync"
)

// spareThreads are made beyond one for each core. The Go runtime ends the
// process where the kernel refuses it a thread, and keeps those that it has: so
// the supervisor takes what it may need while there is room, and lives on when
// its user may have no more processes.
const spareThreads = 16

// reserveThreads has so many threads at once, which stay.
func reserveThreads(n int) {
	var there, gone sync.WaitGroup
	over := make(chan struct{})
	there.Add(n)
	for range n {
		gone.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			there.Done()
			<-over
		})
	}
	there.Wait()
	close(over)
	gone.Wait()
}
