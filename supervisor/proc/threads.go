package proc

import (
	"runtime"
	"sync"
)

// ReserveThreads has so many threads at once, which stay. The Go runtime ends the
// process where the kernel refuses it a thread, and keeps those that it has: so
// a process that takes what it may need while there is room lives on when its
// user may have no more processes.
func ReserveThreads(n int) {
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
