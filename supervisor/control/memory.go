package control

import (
	"runtime"
	"runtime/debug"
	"sync"
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

// Goroutines that wait in the kernel keep others from running: the runtime
// notices only after some milliseconds that one of them waits, and until then
// counts it among those that compute. So while there are such there is room for
// more than there are processors.
const (
	// waiters of a supervisor that comes up wait for processes, for output,
	// and for the guardian: it starts them all, and would stand still that
	// long.
	waiters = 4
	// forkRoom is for threads that fork, which wait for their child's exec.
	// On two processors 1000 starts take a tenth less time with one more
	// than with none, and no less with two.
	forkRoom = 1
)

// room is for how many goroutines there is room beyond the processors.
var room struct {
	sync.Mutex
	processors, more int
}

// makeRoom makes room for so many more goroutines to run at once, or, where it
// is negative, for fewer.
func makeRoom(more int) {
	room.Lock()
	defer room.Unlock()
	if room.processors == 0 {
		room.processors = runtime.GOMAXPROCS(0)
	}
	room.more += more
	runtime.GOMAXPROCS(room.processors + room.more)
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
	s.pace.Lock()
	defer s.pace.Unlock()
	if s.hurried {
		return
	}
	s.hurried = true
	debug.SetGCPercent(hasty)
	makeRoom(forkRoom)
}

// calm ends the hurry once no operation is under way. It does not wait for
// rest: those who ask and look may never leave any.
func (s *server) calm() {
	s.pace.Lock()
	defer s.pace.Unlock()
	if !s.hurried || s.working.Load() > 0 {
		return
	}
	s.hurried = false
	debug.SetGCPercent(frugal)
	makeRoom(-forkRoom)
}
