package control

import (
	"runtime"
	"runtime/debug"
	"time"

	"systemg/supervisor/proc"
)

// restAfter is how long after the last request the memory it took is given
// back to the machine.
const restAfter = time.Second

// How much garbage is let grow, in percent of what lives. A supervisor
// allocates little and lives long, so at rest it trades a little computing for
// memory. While it works on an operation it is the other way round: with the
// frugal figure, collecting took a fifth of bringing up 1000 units.
const (
	frugal = 40
	hasty  = 400
)

// waiters is how many goroutines of a supervisor wait in the kernel by
// themselves: for processes, for output, and for the guardian.
const waiters = 4

// unhindered has the goroutines that wait in the kernel keep no other from
// running until done is called. The runtime notices only after some milliseconds
// that one of them waits, and until then counts it among those that compute: a
// supervisor that comes up starts them all, and would stand still that long.
func unhindered() (done func()) {
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(before + waiters)
	return func() { runtime.GOMAXPROCS(before) }
}

// relax is what a supervisor does when nothing was asked of it for a while. An
// operation that is still under way sets the timer again when it ends.
func (s *server) relax() {
	if s.working.Load() > 0 {
		return
	}
	s.calm()
	debug.SetGCPercent(frugal)
	// What pools hold is let go by the second collection.
	runtime.GC()
	debug.FreeOSMemory()
	proc.DropProgram()
}

// hurry is what it does when an operation begins; calm ends it.
func (s *server) hurry() {
	s.hurried.Store(true)
	debug.SetGCPercent(hasty)
}

// calm ends the hurry once no operation is under way. It does not wait for
// rest: those who ask and look may never leave any.
func (s *server) calm() {
	if s.working.Load() == 0 && s.hurried.CompareAndSwap(true, false) {
		debug.SetGCPercent(frugal)
	}
}
