package supervisor

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"systemg/config"
	"systemg/supervisor/hooks"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/watch"
)

// Host starts and ends process trees. *proc.Host is the real one.
type Host interface {
	Start(proc.Spec) (proc.Process, error)
	Adopt(proc.TreeID, proc.Process) error
	Signal(proc.TreeID, syscall.Signal) error
	SignalMain(proc.TreeID, syscall.Signal) error
	Kill(proc.TreeID)
	// Hold is a new hold for a tree, Find finds what an earlier supervisor
	// started, and AdoptRest takes over what outlived a main process.
	Hold(root string) proc.Hold
	Find([]proc.Hold) []proc.Found
	AdoptRest(proc.TreeID, proc.Process) int
}

// Outputs gives each run the descriptors it writes to.
type Outputs interface {
	// Open gives stdout and stderr for a run.
	Open(def *config.Unit, run uint64, how Opening) (stdout, stderr *os.File, err error)
	// Attach has the outputs of runs that were adopted taken back, the unit's
	// own first: soon, and before anything else is done with the unit's.
	Attach(def *config.Unit, runs []uint64)
	// Configure applies changed limits, Remove forgets the unit's logs.
	Configure(def *config.Unit) error
	Remove(def *config.Unit) error
}

// Opening is how a run's outputs are opened.
type Opening int

const (
	// Anew begins the run: what was written so far belongs to earlier ones.
	Anew Opening = iota
	// Beside begins it while another run of the unit lives.
	Beside
	// Onward is for what belongs to a run that has begun.
	Onward
)

// Journal keeps events; it assigns Seq and never blocks for long.
type Journal interface {
	Append(store.Event) store.Event
}

// Saver keeps the state; it never blocks.
type Saver interface {
	Save(store.State)
}

// Ledger keeps the history of the cron jobs. It may take its time.
type Ledger interface {
	SaveCron(store.CronHistory) error
}

// Options are the parts a Supervisor is made of.
type Options struct {
	Host    Host
	Outputs Outputs
	// Sockets may be nil where no unit has any.
	Sockets Sockets
	Journal Journal
	Saver   Saver
	// Diary is told of what is about to be done; nil for nobody.
	Diary Diary
	// Checks looks after health; nil where nothing is to be watched.
	Checks Checks
	// Fire has hooks called, and must not block; nil where there are none.
	Fire func(hooks.Notice)
	// Letters are what the webhooks of a notice send, made once so that every
	// supervisor that sends them sends the same; nil where there are none.
	Letters func(hooks.Notice) []store.Delivery
	// Watch watches files, as watch.Watch does; nil where nobody does.
	Watch func(context.Context, watch.Spec, func(paths []string) bool) error
	// Ledger keeps what the cron jobs did, History is what it had; nil
	// keeps nothing.
	Ledger  Ledger
	History store.CronHistory
	Log     *slog.Logger
	// Home is the state directory that units are told as SYSG_STATE_DIR;
	// empty tells them nothing.
	Home string
	// Facts are what the privileges of units depend on.
	Facts privilege.Facts
	// BootID and Generation go into the saved state.
	BootID, Generation string
	// Fate says how a process ended that an earlier supervisor started and
	// that does not live any more; nil where nobody knows.
	Fate func(proc.Process) (proc.Status, time.Time, bool)
	// Stability is how long a new run has to live to count as running;
	// 0 means 250 ms.
	Stability time.Duration
	// Launchers is how many goroutines start processes; 0 means 8: as many
	// as there are threads that fork have theirs under way, and as many more
	// prepare and finish meanwhile.
	Launchers int
	// Spread gives numbers in [-1, 1]; nil means random ones.
	Spread func() float64
}

// Supervisor runs the loop. Its methods may be called from any goroutine.
type Supervisor struct {
	board board
	inbox chan func(*loop)
	ended chan struct{}
	loop  *loop
	jobs  *jobs
	books *books
	log   *slog.Logger
	// longest is how long the longest step of the loop took, in nanoseconds.
	longest atomic.Int64
}

// New makes a supervisor that knows no units yet.
func New(o Options) *Supervisor {
	s := &Supervisor{
		inbox: make(chan func(*loop), 1024),
		ended: make(chan struct{}),
		log:   o.Log,
	}
	s.jobs = newJobs()
	s.books = newBooks(o.Ledger, o.History)
	s.loop = newLoop(s, o)
	s.loop.publish()
	return s
}

// Run is the loop. It ends when ctx does; units are left as they are, so
// whoever wants them stopped calls Stop first. It returns when every
// launcher has ended too.
func (s *Supervisor) Run(ctx context.Context) {
	var launchers sync.WaitGroup
	for range s.loop.o.Launchers {
		launchers.Go(s.launch)
	}
	var books sync.WaitGroup
	books.Go(func() { s.books.run(s) })
	s.loop.run(ctx)
	close(s.ended)
	books.Wait()
	s.jobs.close()
	launchers.Wait()
	s.loop.persist()
}

// Snapshot is the newest state.
func (s *Supervisor) Snapshot() *Snapshot { return s.board.current.Load() }

// Next is the newest state and a channel that is closed when there is a
// newer one.
func (s *Supervisor) Next() (*Snapshot, <-chan struct{}) { return s.board.next() }

// Notify takes an event of the Host. It blocks while the inbox is full.
func (s *Supervisor) Notify(e proc.Event) {
	s.send(func(l *loop) { l.processEvent(e) })
}

// LongestStep is how long the longest step of the loop took so far.
func (s *Supervisor) LongestStep() time.Duration { return time.Duration(s.longest.Load()) }

// SetProblem says in words what the supervisor suffers from; an empty text
// says that the key's problem is over.
func (s *Supervisor) SetProblem(key, text string) {
	s.send(func(l *loop) { l.setProblem(key, text) })
}

// Save has the state handed to the saver now. It returns when that is done.
func (s *Supervisor) Save() {
	_, _ = ask(context.Background(), s, func(l *loop) (struct{}, error) {
		l.persist()
		return struct{}{}, nil
	})
}

func (s *Supervisor) send(m func(*loop)) {
	select {
	case s.inbox <- m:
	case <-s.ended:
	}
}

// ask has the loop answer a question. The answer comes when its consequences
// are published, so whoever asked finds them in the next snapshot it takes.
func ask[T any](ctx context.Context, s *Supervisor, f func(*loop) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	reply := make(chan answer, 1)
	var zero T
	message := func(l *loop) {
		v, err := f(l)
		l.replies = append(l.replies, func() { reply <- answer{value: v, err: err} })
	}
	select {
	case s.inbox <- message:
	case <-s.ended:
		return zero, ErrClosing
	case <-ctx.Done():
		return zero, ctx.Err()
	}
	select {
	case a := <-reply:
		return a.value, a.err
	case <-s.ended:
		return zero, ErrClosing
	case <-ctx.Done():
		return zero, ctx.Err()
	}
}
