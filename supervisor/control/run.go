package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/failpoint"
	"systemg/supervisor/guardian"
	"systemg/supervisor/hooks"
	"systemg/supervisor/logs"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
	"systemg/supervisor/sockets"
	"systemg/supervisor/store"
	"systemg/supervisor/usage"
	"systemg/supervisor/watch"
)

// Limits of the supervisor's own files.
const (
	supervisorLogBytes = 4 << 20
	supervisorLogFiles = 3
	journalBytes       = 4 << 20
	journalFiles       = 8
)

// spareThreads are those that are made ahead, beyond one for each core.
const spareThreads = 16

// flushTime bounds how long a supervisor that ends waits for its files.
const flushTime = 5 * time.Second

// Options are what a supervisor is started with.
type Options struct {
	Paths          store.Paths
	System         bool
	DropPrivileges bool
	Version        string
	Level          slog.Level
	// SocketGroup is the group whose members may look, by name or number;
	// empty for none.
	SocketGroup string
	// Ready is called once, when the socket answers.
	Ready func()
	// Guarded is whether a guardian has started this process.
	Guarded bool
}

// flags are those that decide what is enforced.
func (o Options) flags() []string {
	var list []string
	if o.System {
		list = append(list, "--sys")
	}
	if o.DropPrivileges {
		list = append(list, "--drop-privileges")
	}
	if o.SocketGroup != "" {
		list = append(list, "--socket-group "+o.SocketGroup)
	}
	return list
}

func pid() int { return os.Getpid() }

// Run is the supervisor: it takes the state directory, takes back what an
// earlier supervisor left, answers on the socket, and ends when ctx does
// (after an orderly stop of everything) or when a client stops it. The error
// is a *store.ErrLocked where another supervisor has the directory.
func Run(ctx context.Context, o Options) error {
	makeRoom(waiters)
	dir, err := store.Open(o.Paths)
	if err != nil {
		return err
	}
	link, err := connect(o)
	if err != nil {
		return err
	}
	if err := lock(dir, link); err != nil {
		return err
	}
	d, err := assemble(o, dir, link)
	if err == nil {
		err = d.run(ctx)
	}
	if !errors.Is(err, errHandedOver) {
		// Else it is the next supervisor's.
		err = errors.Join(err, dir.Unlock())
	}
	return err
}

// daemon is a supervisor and all its parts, in the order they are made; they
// end in the opposite order.
type daemon struct {
	server
	state store.State
	past  supervisor.Past
	boot  string
	diary *store.Diary
	cron  store.CronHistory
	// lost is what could not be read, in words; blank is whether nothing is
	// known of an earlier supervisor.
	lost   []string
	blank  bool
	clock  io.Closer
	saver  *store.Saver
	output *logs.Writer
	probes *supervisor.Probes
	stop   chan struct{}
	left   chan struct{}
	ward   ward
	// replacing is held while this process becomes the guardian; dismissed
	// is whether it ends.
	replacing sync.Mutex
	dismissed bool
}

// assemble makes the parts.
func assemble(o Options, dir *store.Dir, link *guardian.Link) (*daemon, error) {
	output, err := logs.NewWriter(o.Paths.SupervisorLog(), supervisorLogBytes, supervisorLogFiles)
	if err != nil {
		return nil, err
	}
	d := &daemon{output: output, stop: make(chan struct{}, 1)}
	d.o, d.dir, d.paths, d.since, d.link = o, dir, o.Paths, time.Now(), link
	d.log = slog.New(slog.NewTextHandler(output, &slog.HandlerOptions{Level: o.Level}))
	d.facts = privilege.Here(o.DropPrivileges)
	d.facts.System = o.System
	if d.readers, err = readersOf(o, d.facts); err != nil {
		return nil, err
	}
	d.generation = strconv.FormatInt(d.since.UnixNano(), 36)
	d.rest = time.AfterFunc(restAfter, d.relax)
	d.left = make(chan struct{}, 1)
	d.quit, d.leave = signalOnce(d.stop), signalOnce(d.left)
	state, moved, err := dir.LoadState()
	if err != nil {
		return nil, err
	}
	d.state, d.lost = state, moved
	if err := d.openDiary(); err != nil {
		return nil, err
	}
	if d.cron, moved, err = dir.LoadCron(); err != nil {
		return nil, err
	}
	d.blank = d.state.Generation == ""
	d.lost = append(d.lost, moved...)
	if d.journal, err = store.OpenJournal(o.Paths.Events(), journalBytes, journalFiles); err != nil {
		return nil, err
	}
	return d, d.connect()
}

// signalOnce gives a function that puts something into a channel with room for
// it, and never waits.
func signalOnce(c chan<- struct{}) func() {
	return func() {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// connect makes the parts that talk to each other. The supervisor is told of
// exits and problems through variables that are set before anything runs.
func (d *daemon) connect() error {
	var err error
	problem := func(key, text string) { d.sup.SetProblem(key, text) }
	d.saver = store.NewSaver(d.dir, func(text string) { problem("state", text) })
	d.saver.OnSaved(func(s store.State) { d.diary.Forget(s.Diary) })
	d.mover, err = logs.NewMover(logs.MoverOptions{Problem: problem, Pipe: d.link.Pipe, Log: d.log})
	if err != nil {
		return err
	}
	d.output.Tell(d.mover)
	d.outputs = supervisor.NewFiles(d.mover, d.paths)
	d.outputs.Failed = func(unit string, err error) {
		d.log.Error("cannot take its output back", "unit", unit, "error", err)
	}
	d.host, err = proc.NewHost(proc.Options{
		Name:   hostName(d.paths),
		Notify: func(e proc.Event) { d.sup.Notify(e); d.ward.written(e) },
		Log:    d.log, Guardian: d.link.Guardian(), Record: d.record,
	})
	if err != nil {
		return err
	}
	d.listenToServices()
	d.sockets = sockets.NewTable(d.log)
	if err := d.sockets.Inherit(os.Getenv); err != nil {
		return fmt.Errorf("cannot use what the service manager passed: %w", err)
	}
	d.guard()
	d.sup = supervisor.New(supervisor.Options{
		Host: d.host, Outputs: d.outputs, Checks: d.probes, Sockets: d.sockets, Journal: d.journal, Saver: d.saver,
		Ledger: d.dir, History: d.cron,
		Log: d.log, Home: d.paths.State, Facts: d.facts, BootID: d.boot, Generation: d.generation, Diary: d.diary, Fate: d.ward.fate,
		Fire: func(n hooks.Notice) { d.hooks.Fire(n) }, Watch: watch.Watch,
		Letters: func(n hooks.Notice) []store.Delivery { return d.hooks.Letters(n) },
	})
	d.callHooks()
	if d.clock, err = supervisor.WatchClock(d.sup.ClockSet); err != nil {
		d.log.Warn("jobs do not notice when the clock is set", "error", err)
		d.clock = io.NopCloser(nil)
	}
	d.journal.OnProblem(func(text string) { problem("journal", text) })
	d.sampler, err = newMeter(usage.Options{
		Dir: d.paths.Metrics(), Trees: d.trees, Log: d.log,
		Resting: func() { d.rest.Reset(restAfter) },
		Problem: func(text string) { problem("metrics", text) },
	})
	return err
}

// hostName tells the cgroups of supervisors with different folders apart.
func hostName(p store.Paths) string { return supervisor.Hash(p.Identity()) }

// trees are the units that run, for the sampler.
func (d *daemon) trees() []usage.Tree {
	census := d.host.Census()
	var list []usage.Tree
	for _, v := range d.sup.Snapshot().Units {
		in, ok := census[supervisor.TreeOf(v)]
		if v.Process.PID == 0 || !ok {
			continue
		}
		list = append(list, usage.Tree{
			Unit: v.ID, PIDs: in.PIDs, Cgroup: v.Process.Cgroup, Scattered: in.Scattered,
		})
	}
	return list
}

// run lives until it is stopped.
func (d *daemon) run(ctx context.Context) error {
	absorbSignals()
	loopCtx, endLoop := context.WithCancel(context.Background())
	defer endLoop()
	looped := make(chan struct{})
	go func() { defer close(looped); d.sup.Run(loopCtx) }()
	d.journal.Append(store.Event{Type: "supervisor", Reason: "started, version " + d.o.Version, PID: pid()})
	d.muster()
	go d.serveGuardian()
	d.past.Told = d.toldEnds
	if err := d.sup.Restore(ctx, d.state, d.past); err != nil {
		return err
	}
	d.restored()
	d.ward.settled()
	failpoint.Here(failpoint.Restored)
	d.sockets.Settle()
	listener, err := newDoor(d.paths.Socket(), d.listen)
	if err != nil {
		return err
	}
	leaveHome, err := d.keepHome(listener)
	if err != nil {
		d.log.Warn("a state directory that is removed is not made again", "error", err)
		leaveHome = func() {}
	}
	srv := ipc.NewServer(d, ipc.ServerOptions{Readers: d.readers, Flags: d.o.flags(), Confined: d.confinedUnit, Version: d.o.Version, StateDir: d.paths.State, Guardian: d.link.Guardian, Log: d.log})
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	d.log.Info("ready", "pid", pid(), "state", d.paths.State, "containment", d.host.Containment())
	d.ready()
	err = d.untilStopped(ctx, served)
	leaveHome()
	d.dismissGuardian(err)
	if !errors.Is(err, errHandedOver) {
		d.closeHooks()
	}
	shut, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	err = errors.Join(err, srv.Shutdown(shut))
	endLoop()
	<-looped
	d.sampler.close()
	return errors.Join(err, d.close(shut))
}

// ready says that commands are answered, and then does what nobody had to wait
// for.
func (d *daemon) ready() {
	d.link.Ready()
	failpoint.Here(failpoint.Ready)
	d.outputs.Resume()
	d.link.Resumed()
	// Whoever comes next has less to read then.
	d.sup.Save()
	makeRoom(-waiters)
	d.host.Await()
	proc.ReserveThreads(runtime.GOMAXPROCS(0) + spareThreads)
	if d.o.Ready != nil {
		d.o.Ready()
	}
}

// untilStopped waits for a client's stop, or stops everything when ctx ends.
func (d *daemon) untilStopped(ctx context.Context, served <-chan error) error {
	select {
	case <-d.stop:
		return nil
	case <-d.left:
		return errHandedOver
	case err := <-served:
		return fmt.Errorf("the control socket failed: %w", err)
	case <-ctx.Done():
	}
	d.log.Info("stopping", "reason", context.Cause(ctx))
	b, err := d.sup.Close(context.Background(), false, "the supervisor was told to end")
	if err != nil {
		return err
	}
	stopped, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-d.stop:
			cancel()
		case <-stopped.Done():
		}
	}()
	_, err = d.sup.Await(stopped, b, supervisor.StartPatience, func([]supervisor.Standing) {})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	d.sweep(stopped)
	return err
}

// close ends the parts, each after those that write to it.
func (d *daemon) close(ctx context.Context) error {
	d.journal.Append(store.Event{Type: "supervisor", Reason: "ended", PID: pid()})
	d.log.Info("ended")
	return errors.Join(
		d.clock.Close(), d.saver.Flush(ctx), d.saver.Close(), d.diary.Close(), d.stopListening(), d.host.Close(), d.sockets.Close(), d.mover.Close(), d.removePipes(), d.journal.Close(), d.output.Close(),
	)
}

// removePipes removes the folder of the pipes, unless something still writes
// to one.
func (d *daemon) removePipes() error {
	for _, v := range d.sup.Snapshot().Units {
		if v.Unit.Alive() {
			return nil
		}
	}
	return d.paths.RemovePipes()
}

// absorbSignals has the Go runtime handle every signal that a service must
// not find ignored because whoever started sysg had it ignored: a handled
// signal becomes the default again in a child.
func absorbSignals() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGALRM, syscall.SIGWINCH)
}
