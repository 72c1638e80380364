package guardian

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/failpoint"
	"systemg/supervisor/proc"
)

// spareThreads are those that a guardian makes ahead.
const spareThreads = 8

// Main is the life of a guardian; in any other process it does nothing. Call it
// before anything else in main.
func Main() {
	if len(os.Args) < 2 || os.Args[1] != word {
		return
	}
	// It works a millisecond now and then, and is to be small.
	debug.SetGCPercent(20)
	runtime.GOMAXPROCS(1)
	g, err := begin(os.Args[2:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "sysg: %s: %v\n", word, err)
		os.Exit(2)
	}
	proc.ReserveThreads(spareThreads)
	os.Exit(g.run())
}

// guard is a guardian. One goroutine owns it.
type guard struct {
	image
	// starter is the pipe of whoever started this guardian, -1 once the
	// first supervisor has it.
	starter int
	signals chan os.Signal
	inbox   chan packet
	// reader is that of the present channel.
	reader *reader

	// gone is how the supervisor ended, nil while it lives; drained is
	// whether all that it said was heard.
	gone    *proc.Remains
	drained bool
	// next is the program that is to follow the present supervisor, trial
	// the one that has to show that it works; -1 for none.
	next, trial int
	upgrade     *Upgrade
	// late is whether a trial was ended for taking too long.
	late bool
	// syncs are requests that are answered when all was told.
	syncs []uint64
	// dismissed is whether the supervisor ends by order, and nothing is to
	// follow it.
	dismissed bool
	// attachedAt is which supervisor the shown command talks to, verdict the
	// status that it ended with.
	attachedAt int
	verdict    int
	// ends are the exits on disk.
	ends ends
	// ending is whether somebody wants the system to end.
	ending bool

	restartAt, drainUntil, trialUntil time.Time
	// restAt is when what a start has used is given back.
	restAt time.Time

	over   bool
	status int
}

// packet is one message, or the end of a channel.
type packet struct {
	from    *reader
	message message
	files   []int
	err     error
}

const (
	// drainTime is how long the last words of a supervisor that has ended
	// are waited for: a child between fork and exec holds the channel too.
	drainTime = 200 * time.Millisecond
	// trialTime is how long a new program may take to become ready.
	trialTime = 15 * time.Second
	// restAfter is how long after a start the guardian comes to rest.
	restAfter = 2 * time.Second
)

// begin makes the guardian that the arguments describe.
func begin(args []string) (*guard, error) {
	g := &guard{
		image:   image{Program: -1, Channel: -1, Held: map[string]int{}, Pipes: map[string]int{}},
		starter: -1, next: -1, trial: -1,
		signals: make(chan os.Signal, 16), inbox: make(chan packet),
	}
	fd, again, err := resumed(args)
	switch {
	case err != nil:
		return nil, err
	case again:
		if err := g.load(fd); err != nil {
			return nil, err
		}
	default:
		o, err := orderOf(args)
		if err != nil {
			return nil, err
		}
		g.Args, g.Log, g.Note, g.Attached = o.Supervisor, o.Log, o.Note, o.Attached
		if isPipe(ReadyFD) {
			g.starter = ReadyFD
			unix.CloseOnExec(ReadyFD)
		}
	}
	g.recall()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("cannot become a subreaper: %w", err)
	}
	signal.Notify(g.signals, unix.SIGCHLD, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	if g.Attached != nil {
		signal.Notify(g.signals, unix.SIGUSR1, unix.SIGUSR2, unix.SIGQUIT, unix.SIGPIPE)
	}
	return g, nil
}

func isPipe(fd int) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// run is the loop. It gives the exit status.
func (g *guard) run() int {
	if g.Child == 0 {
		g.restartAt = time.Now()
	} else {
		g.listen()
	}
	timer := time.NewTimer(time.Hour)
	for {
		g.collect()
		g.decide(time.Now())
		if g.over {
			return g.leave()
		}
		g.tell()
		timer.Reset(g.untilNext())
		select {
		case s := <-g.signals:
			g.signalled(s)
		case p := <-g.inbox:
			g.take(p)
		case <-timer.C:
		}
	}
}

// untilNext is how long nothing has to be done.
func (g *guard) untilNext() time.Duration {
	next := time.Now().Add(time.Hour)
	for _, at := range []time.Time{g.restartAt, g.drainUntil, g.trialUntil, g.restAt} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	if g.Told < g.Seq && g.Channel >= 0 {
		next = time.Now().Add(drainTime)
	}
	return max(time.Until(next), 0)
}

// signalled passes an order to end on.
func (g *guard) signalled(s os.Signal) {
	if g.Attached != nil && g.signalledFirst(s) {
		return
	}
	if s != unix.SIGTERM && s != unix.SIGINT {
		return
	}
	g.end()
}

// end has the supervisor end, and everything with it.
func (g *guard) end() {
	g.ending = true
	if g.Child != 0 && g.gone == nil {
		_ = unix.Kill(g.Child, unix.SIGTERM)
	} else {
		// Only a supervisor can end the services.
		g.restartAt = time.Now()
	}
}

// collect reaps all children that have ended.
func (g *guard) collect() {
	for {
		r, ok := proc.Collect(g.noteEnd)
		if !ok {
			return
		}
		if r.PID == g.Shown {
			g.shown(r)
			continue
		}
		if r.PID == g.Child {
			g.gone = &r
			g.drainUntil = time.Now().Add(drainTime)
			continue
		}
		failpoint.Here(failpoint.Reaped)
		g.keepExit(r)
	}
}

// noteEnd writes down what is about to be reaped, if anybody will ask for it.
func (g *guard) noteEnd(r proc.Remains) {
	if r.Leader && r.PID != g.Shown && r.PID != g.Child && g.Note != "" {
		g.ends.note(endsOf(g.Note), r)
	}
}

// decide does what is due.
func (g *guard) decide(now time.Time) {
	if g.gone != nil && (g.drained || g.Channel < 0 || !now.Before(g.drainUntil)) {
		g.bury(now)
	}
	if !g.restartAt.IsZero() && !now.Before(g.restartAt) && !g.over {
		g.restartAt = time.Time{}
		g.start()
	}
	if !g.trialUntil.IsZero() && !now.Before(g.trialUntil) {
		g.trialUntil, g.late = time.Time{}, true
		_ = unix.Kill(g.Child, unix.SIGKILL)
	}
	if !g.restAt.IsZero() && !now.Before(g.restAt) {
		g.rest()
	}
}

// rest gives memory back: little is needed until something happens.
func (g *guard) rest() {
	g.restAt = time.Time{}
	debug.FreeOSMemory()
	proc.DropProgram()
}

// bury decides what follows the end of the supervisor.
func (g *guard) bury(now time.Time) {
	how, pid, l := g.gone.Status, g.Child, g.Life
	g.gone, g.drained, g.drainUntil, g.trialUntil = nil, false, time.Time{}, time.Time{}
	if g.Channel >= 0 {
		_ = unix.Close(g.Channel)
	}
	g.Child, g.Channel, g.Life, g.Before, g.syncs, g.ShownTo = 0, -1, life{}, how.String(), nil, now
	switch {
	case g.next >= 0:
		g.trial, g.next = g.next, -1
		g.say("INFO", "the next program takes over", "path", g.upgrade.Path)
		g.restartAt = now
	case g.trial >= 0:
		g.giveUp(how)
		g.restartAt = now
	case g.dismissed || how == proc.Status{Known: true}:
		g.over, g.status = true, g.verdict
	case g.ending:
		g.over, g.status = true, 1
	case l.Ready.IsZero() && g.Starts == 1:
		// Whoever started it was told why.
		g.over, g.status = true, max(how.Code, 1)
	default:
		g.restart(pid, how, l, now)
	}
	if g.over {
		g.forgetNote()
	}
}

// restart has another supervisor started, sooner or later.
func (g *guard) restart(pid int, how proc.Status, l life, now time.Time) {
	var pause time.Duration
	g.Crashes, pause = g.Crashes.after(l, how, now)
	g.restartAt = now.Add(pause)
	if pause == 0 {
		g.say("WARN", "the supervisor ended, another one is started", "pid", pid, "how", how.String())
		return
	}
	g.say("ERROR", "the supervisor keeps crashing; the services run on without it",
		"pid", pid, "how", how.String(), "times", g.Crashes.Count, "again_in", pause)
	Note{Guardian: os.Getpid(), Crashes: g.Crashes, Next: g.restartAt}.write(g.Note)
}

// giveUp ends the trial of a new program.
func (g *guard) giveUp(how proc.Status) {
	_ = unix.Close(g.trial)
	g.trial = -1
	g.upgrade.Failed = "it ended before it was ready: " + how.String()
	if g.late {
		g.upgrade.Failed = fmt.Sprintf("it was not ready after %s", trialTime)
	}
	g.late = false
	g.say("ERROR", "the new program did not come up, the old one is back", "path", g.upgrade.Path, "reason", g.upgrade.Failed)
}

// start starts a supervisor.
func (g *guard) start() {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		g.postpone(err)
		return
	}
	defer unix.Close(pair[1])
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		_ = unix.Close(pair[0])
		g.postpone(err)
		return
	}
	defer unix.Close(null)
	third := null
	if g.starter >= 0 {
		third = g.starter
	}
	keep := keepsake(g.Pipes)
	if keep >= 0 {
		defer unix.Close(keep)
	}
	files := []uintptr{0, 1, 2, uintptr(third), uintptr(pair[1]), uintptr(keep)}
	if g.Attached != nil {
		files[0], files[1] = uintptr(null), uintptr(null)
	}
	pid, err := syscall.ForkExec(g.program(), append([]string{"sysg"}, g.Args...), &syscall.ProcAttr{Dir: "/", Env: os.Environ(), Files: files})
	if err != nil {
		_ = unix.Close(pair[0])
		if g.trial >= 0 {
			g.giveUp(proc.Status{})
			g.upgrade.Failed = "it cannot be executed: " + err.Error()
			g.restartAt = time.Now()
			return
		}
		g.postpone(err)
		return
	}
	failpoint.Here(failpoint.Launched)
	if g.starter >= 0 {
		_ = unix.Close(g.starter)
		g.starter = -1
	}
	// A supervisor that listens to nobody does not stop the guardian.
	_ = unix.SetsockoptTimeval(pair[0], unix.SOL_SOCKET, unix.SO_SNDTIMEO, &unix.Timeval{Sec: 1})
	g.Child, g.Channel, g.Told = pid, pair[0], g.Seq
	g.Starts++
	g.restAt = time.Now().Add(restAfter)
	if g.trial >= 0 {
		g.trialUntil = time.Now().Add(trialTime)
	}
	g.listen()
}

// program is the path of what is executed as the supervisor.
func (g *guard) program() string {
	switch {
	case g.trial >= 0:
		return fmt.Sprintf("/proc/self/fd/%d", g.trial)
	case g.Program >= 0:
		return fmt.Sprintf("/proc/self/fd/%d", g.Program)
	}
	return "/proc/self/exe"
}

// postpone tries again to start a supervisor when the machine has room again.
func (g *guard) postpone(err error) {
	g.say("ERROR", "cannot start a supervisor", "error", err, "again_in", time.Second)
	g.restartAt = time.Now().Add(time.Second)
	short := Crashes{Count: g.Crashes.Count + 1, How: "no start: " + err.Error()}
	Note{Guardian: os.Getpid(), Crashes: short, Next: g.restartAt}.write(g.Note)
}

// listen reads the channel in a goroutine that ends with the channel. It reads
// a packet when the one before it was taken.
func (g *guard) listen() {
	r := &reader{fd: g.Channel, inbox: g.inbox, proceed: make(chan struct{}, 1)}
	g.reader = r
	go r.run()
}

// reader reads one channel. It never has more than one packet that was not
// taken, so none is lost when the process executes another program.
type reader struct {
	fd      int
	inbox   chan<- packet
	proceed chan struct{}
}

func (r *reader) run() {
	buf, control := room()
	for {
		m, files, err := receive(r.fd, buf, control)
		r.inbox <- packet{from: r, message: m, files: files, err: err}
		if err != nil {
			return
		}
		<-r.proceed
	}
}

// Possible is whether this system can have guardians.
const Possible = true
