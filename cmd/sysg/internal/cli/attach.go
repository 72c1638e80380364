package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
	"systemg/supervisor/guardian"
	"systemg/supervisor/store"
)

// attachment is a start that stays: it shows what the units write until they
// have all come to rest.
type attachment struct {
	*app
	cmd     *startCmd
	at      atomic.Pointer[ipc.Client]
	own     bool // the supervisor runs in this process
	began   time.Time
	started []string // the units this command brought up

	mu      sync.Mutex // held while a line is printed
	printer *view.LogPrinter
	// verdict is what the command ends with, once it is known.
	verdict error
	// stopping is closed by the first reason to stop.
	stopping chan struct{}
	once     sync.Once
}

// attach starts in the foreground: on the supervisor that runs, or on one in
// this process.
func (c *startCmd) attach(a *app, p ipc.StartParams) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	t := &attachment{app: a, cmd: c, began: time.Now(), stopping: make(chan struct{})}
	if c.ShownTo != "" {
		at, err := time.Parse(time.RFC3339Nano, c.ShownTo)
		if err != nil {
			return usage("--shown-to has to be a time as RFC 3339 has it")
		}
		t.began = at
	}
	client, err := a.dial(ctx)
	var ended chan error
	for notRunning(err) {
		ended = make(chan error, 1)
		client, t.own, err = a.superviseHere(ctx, ended)
		if errors.Is(err, context.DeadlineExceeded) && time.Since(t.began) < launchTime {
			client, err = a.dial(ctx)
		}
	}
	if err == nil {
		err = a.heeded(client.Hello())
	}
	if err != nil {
		return err
	}
	t.at.Store(client)
	defer func() { _ = t.client().Close() }()
	err = t.run(ctx, p, signals)
	if c.AsFirst && over(err) {
		// The first process starts this command again with its supervisor.
		return silent(guardian.LostStatus)
	}
	if !t.own {
		return err
	}
	if fault := t.end(ctx, cancel, ended); fault != nil || !over(err) {
		return errors.Join(err, fault)
	}
	return t.stoppedByOther(err)
}

// client leads to the supervisor that runs now.
func (t *attachment) client() *ipc.Client { return t.at.Load() }

// goesOn is whether what the error ended goes on with the next supervisor: one in
// this process has none, and the first process of a system starts this command
// again.
func (t *attachment) goesOn(ctx context.Context, err error) bool {
	return over(err) && !t.own && !t.cmd.AsFirst && ctx.Err() == nil && !t.isLeaving()
}

// isLeaving is whether the command ends now, for nothing here is its own to stop:
// it only looked on.
func (t *attachment) isLeaving() bool {
	select {
	case <-t.stopping:
		return len(t.started) == 0 && !t.own
	default:
		return false
	}
}

// back leads on after a request of a client ended like that: to the same supervisor
// where others had the connection's place, else to the next one; nil where there is
// none.
func (t *attachment) back(ctx context.Context, client *ipc.Client, why error) *ipc.Client {
	last := client.Hello()
	way := back{app: t.app}
	if !t.isLeaving() {
		if same := way.same(ctx, last.PID, why); same != nil {
			return same
		}
	}
	if !t.goesOn(ctx, why) {
		return nil
	}
	next, err := t.next(ctx, last)
	if err != nil {
		return nil
	}
	return next
}

// insist makes a request that may be made twice, of one supervisor after the other.
func (t *attachment) insist(ctx context.Context, method string, params func() any, result any) error {
	client := t.client()
	for {
		err := client.Call(ctx, method, params(), result)
		if err == nil {
			return nil
		}
		next := t.back(ctx, client, err)
		if next == nil {
			return err
		}
		defer next.Close()
		client = next
	}
}

// stoppedByOther is what the command ends with when another one stopped the
// supervisor of this process: the units came to rest, as with Ctrl-C.
func (t *attachment) stoppedByOther(err error) error {
	select {
	case <-t.stopping:
		return t.verdict
	default:
	}
	if t.cmd.ExitCodeFrom != "" || t.cmd.AbortOnExit {
		return err
	}
	t.remark("stopped by another command")
	return nil
}

// superviseHere runs a supervisor in this process and connects to it. Where
// another start was quicker it connects to that one's, which is not its own.
func (a *app) superviseHere(ctx context.Context, ended chan<- error) (client *ipc.Client, own bool, err error) {
	isReady := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		err := a.supervise(ctx, false, func() { close(isReady) })
		failed <- err
		ended <- err
	}()
	select {
	case <-isReady:
		client, err = a.dial(ctx)
		return client, true, err
	case err = <-failed:
		var locked *store.ErrLocked
		if errors.As(err, &locked) {
			client, err = a.dialSoon(ctx)
		}
		return client, false, err
	}
}

// end stops the supervisor of this process, and waits until it has written
// what it knows. One that cannot be asked is on its way out, or is told by
// cancel.
func (t *attachment) end(ctx context.Context, cancel func(), ended <-chan error) error {
	var r ipc.OperationResult
	if t.client().Call(ctx, ipc.MethodStop, ipc.StopParams{Supervisor: true}, &r) != nil {
		cancel()
	}
	return <-ended
}

func (t *attachment) run(ctx context.Context, p ipc.StartParams, signals <-chan os.Signal) error {
	p.NoWait = true
	var r ipc.OperationResult
	if err := t.client().Call(ctx, ipc.MethodStart, p, &r); err != nil {
		return err
	}
	names := make([]string, 0, len(r.Units))
	for _, u := range r.Units {
		names = append(names, u.ID)
		if u.Changed || t.cmd.AsFirst {
			t.started = append(t.started, u.ID)
		}
	}
	if len(names) == 0 {
		t.remark("there is nothing to start")
		return nil
	}
	if err := t.checkExitCodeFrom(r); err != nil {
		return err
	}
	t.printer = view.NewLogPrinter(t.Stdout, t.style(), view.LogOptions{Prefix: true, JSON: t.JSON, Names: names})
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var others sync.WaitGroup
	others.Go(func() { t.heed(ctx, signals) })
	others.Go(func() { t.watch(ctx, names) })
	others.Go(func() { t.tellWhenUp(ctx, names) })
	if t.cmd.WaitTimeout > 0 {
		others.Go(func() { t.bound(ctx, p) })
	}
	err := t.show(ctx, names)
	cancel()
	others.Wait()
	if err != nil {
		return err
	}
	return t.judge(t.ours(names))
}

func (t *attachment) checkExitCodeFrom(r ipc.OperationResult) error {
	want := t.cmd.ExitCodeFrom
	if want == "" {
		return nil
	}
	for _, u := range r.Units {
		if want == u.Name || want == u.ID {
			return nil
		}
	}
	e := ipc.Errorf(ipc.CodeUnknownUnit, "--exit-code-from names no unit of this start: %s", want)
	return e
}

// ours are the units that the command is over with: those it started, or all
// of them where it started none. A supervisor of this process ends with the
// command, so all of them are its own.
func (t *attachment) ours(names []string) []string {
	if t.own || len(t.started) == 0 {
		return names
	}
	return t.started
}

// show prints lines until every unit of this command is at rest.
func (t *attachment) show(ctx context.Context, names []string) error {
	p := ipc.LogsParams{
		Selection: ipc.Selection{Units: names}, Kinds: []string{"stdout", "stderr"},
		Lines: -1, Since: t.began, Follow: true, UntilDown: true, Down: t.ours(names),
	}
	f := newFollower(t.app, p, func(b ipc.LogBatch) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.printer.Batch(b)
	})
	f.began = t.began
	err := t.stream(ctx, f)
	for err != nil {
		last := t.client()
		next := t.back(ctx, last, err)
		if next == nil {
			break
		}
		if next.Hello().PID != last.Hello().PID {
			t.remark("the supervisor ended meanwhile; the next one goes on")
		}
		_ = t.at.Swap(next).Close()
		f.resume()
		err = t.stream(ctx, f)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Join(err, t.printer.Close())
}

// stream has one supervisor bring the lines. One that hands over ends its streams
// as if there was nothing more to come.
func (t *attachment) stream(ctx context.Context, f *follower) error {
	client := t.client()
	if err := streamLogs(ctx, client, f.params, f.batch); err != nil {
		return err
	}
	_, err := client.Status(ctx, ipc.StatusParams{Selection: ipc.Selection{Units: f.params.Down}})
	if crowded(err) || t.goesOn(ctx, err) {
		return err
	}
	return nil
}

// heed stops on the first signal and kills on the second.
func (t *attachment) heed(ctx context.Context, signals <-chan os.Signal) {
	kill := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			t.verdictOnce(silent(statusDone))
			if kill {
				t.remark("killing")
			} else {
				t.remark("stopping; once more kills")
			}
			t.stop(ctx, kill)
			kill = true
		}
	}
}

// verdictOnce decides what the command ends with, if nothing has yet.
func (t *attachment) verdictOnce(err error) {
	t.once.Do(func() {
		t.verdict = err
		close(t.stopping)
	})
}

// stop asks for the end of what this command started, and does not wait: the
// stream of lines ends when everything is at rest.
func (t *attachment) stop(ctx context.Context, kill bool) {
	p := ipc.StopParams{Selection: ipc.Selection{Units: t.started}, Kill: kill}
	if len(t.started) == 0 && !t.own {
		// Nothing here is this command's to stop.
		_ = t.client().Close()
		return
	}
	go func() {
		var r ipc.OperationResult
		if err := t.insist(ctx, ipc.MethodStop, func() any { return p }, &r); err != nil && ctx.Err() == nil {
			t.remark("cannot stop: %v", err)
		}
	}()
}

// bound stops everything when it is not up in time.
func (t *attachment) bound(ctx context.Context, p ipc.StartParams) {
	p.NoWait = false
	until := time.Now().Add(t.cmd.WaitTimeout)
	p.TimeoutSecs = t.cmd.WaitTimeout.Seconds()
	var r ipc.OperationResult
	err := t.insist(ctx, ipc.MethodStart, func() any {
		q := p
		p.TimeoutSecs = max(time.Until(until), time.Millisecond).Seconds()
		return q
	}, &r)
	var e *ipc.Error
	if errors.As(err, &e) && e.Code == ipc.CodeTimeout {
		t.verdictOnce(e)
		t.stop(ctx, false)
	}
}
