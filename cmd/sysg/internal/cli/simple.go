package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"systemg/cmd/sysg/internal/view"
	"systemg/config"
	"systemg/ipc"
)

// waitCmd waits for units.
type waitCmd struct {
	Units   []string      `arg:"" optional:"" help:"Units to wait for; none means all."`
	Service []string      `short:"s" placeholder:"UNIT" help:"A unit to wait for."`
	For     string        `default:"running" enum:"healthy,running,completed,stopped" help:"healthy, running, completed or stopped."`
	Timeout time.Duration `help:"Give up after that long and exit 5."`
}

// Run waits.
func (c *waitCmd) Run(a *app) error { return cannot("wait", c.run(a)) }

func (c *waitCmd) run(a *app) error {
	if err := a.scope(); err != nil {
		return err
	}
	ctx, cancel := interruptible()
	defer cancel()
	client, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	p := ipc.WaitParams{
		Selection: a.selection(units(c.Units, c.Service)), For: c.For, TimeoutSecs: c.Timeout.Seconds(),
	}
	var r ipc.OperationResult
	if err := a.operate(ctx, client, ipc.MethodWait, p, &r); err != nil {
		return err
	}
	switch {
	case r.OK && a.JSON:
		return a.printJSON(r)
	case r.OK:
		return nil
	}
	return c.hopeless(r)
}

// hopeless is the error of a wait for units of which one cannot get there any
// more by itself.
func (c *waitCmd) hopeless(r ipc.OperationResult) error {
	var bad []string
	worst := ""
	for _, u := range r.Units {
		if u.OK {
			continue
		}
		text := u.Name + " is " + u.State
		if u.Reason != "" {
			text += " (" + u.Reason + ")"
		}
		bad = append(bad, text)
		worst = first(worst, u.Name)
	}
	return &failure{
		code: ipc.CodeFailed, text: fmt.Sprintf("%s, and will not be %s by itself", joined(bad), c.For),
		try: "sysg why " + worst, data: map[string]any{"units": r.Units},
	}
}

// eventsCmd shows the journal.
type eventsCmd struct {
	Units   []string `arg:"" optional:"" help:"Only about these units."`
	Service []string `short:"s" placeholder:"UNIT" help:"Only about this unit."`
	Follow  bool     `short:"f" help:"Go on with what happens from now on, until Ctrl-C."`
	Since   string   `placeholder:"WHEN" help:"Only from then on: 10m, 14:30, 2026-01-31 14:30, or RFC 3339."`
	Lines   int      `short:"n" default:"100" help:"The last events to begin with; 0 for all."`
}

// Run shows.
func (c *eventsCmd) Run(a *app) error {
	return cannot("show events", forgive(c.run(a)))
}

// forgive makes a Ctrl-C, and a reader that had enough, the end they are.
func forgive(err error) error { return (&logsCmd{}).end(err) }

func (c *eventsCmd) run(a *app) error {
	if err := a.scope(); err != nil {
		return err
	}
	if c.Lines < 0 {
		return usage("--lines has to be a number of events, or 0 for all")
	}
	since, err := parseWhen(c.Since, time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := interruptible()
	defer cancel()
	client, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	p := ipc.EventsParams{
		Selection: a.selection(units(c.Units, c.Service)), Since: since, Follow: c.Follow, Limit: c.Lines,
	}
	if c.Since != "" {
		p.Limit = 0
	}
	if c.Follow {
		go endWithReader(a.Stdout, cancel)
	}
	for last := uint64(0); ; {
		err := a.streamEvents(ctx, client, p, &last)
		// A stream that follows ends only with its supervisor.
		if !c.Follow || err != nil && !over(err) || ctx.Err() != nil {
			return err
		}
		// The next supervisor has the same journal.
		if client, err = a.successor(ctx, client); err != nil {
			return err
		}
		p.Limit = 0
		if p.Since.IsZero() || last > 0 {
			p.Since = time.Now().Add(-eventsOverlap)
		}
	}
}

// eventsOverlap is how far back the next supervisor is asked: what was shown is
// told by its number.
const eventsOverlap = time.Minute

// streamEvents shows those after the number last, and raises that.
func (a *app) streamEvents(ctx context.Context, client *ipc.Client, p ipc.EventsParams, last *uint64) error {
	var done ipc.EventsResult
	return client.Stream(ctx, ipc.MethodEvents, p, func(note string, raw json.RawMessage) error {
		if note != ipc.NoteEvent {
			return nil
		}
		var b ipc.EventBatch
		if err := json.Unmarshal(raw, &b); err != nil {
			return err
		}
		fresh := slices.DeleteFunc(b.Events, func(e ipc.Event) bool { return e.Seq <= *last })
		if len(fresh) == 0 {
			return nil
		}
		*last = fresh[len(fresh)-1].Seq
		return a.showEvents(fresh)
	}, &done)
}

func (a *app) showEvents(list []ipc.Event) error {
	if !a.JSON {
		return view.Events(a.Stdout, list, a.style())
	}
	e := json.NewEncoder(a.Stdout)
	for _, one := range list {
		if err := e.Encode(one); err != nil {
			return err
		}
	}
	return nil
}

// signalCmd sends a signal.
type signalCmd struct {
	Args    []string `arg:"" name:"unit… signal" help:"Units, and last the signal: HUP, SIGHUP or 1."`
	Service []string `short:"s" placeholder:"UNIT" help:"A unit to signal."`
}

// Run sends.
func (c *signalCmd) Run(a *app) error {
	last := len(c.Args) - 1
	names, sig := units(c.Args[:last], c.Service), c.Args[last]
	if len(names) == 0 {
		return usage("signal needs a unit and a signal: sysg signal UNIT SIGNAL")
	}
	_, called, err := config.ParseSignal(sig)
	if err != nil {
		return usage("%v", err)
	}
	if err := a.scope(); err != nil {
		return cannot("signal", err)
	}
	p := ipc.SignalParams{Selection: a.selection(names), Signal: sig}
	r, err := ask[ipc.SignalResult](a, "signal", ipc.MethodSignal, p)
	if err != nil || a.Quiet {
		return err
	}
	if a.JSON {
		return a.printJSON(r)
	}
	for _, u := range r.Units {
		if _, err := fmt.Fprintf(a.Stdout, "sent %s to %s (pid %d)\n", called, u.Name, u.PID); err != nil {
			return err
		}
	}
	return nil
}

// purgeCmd forgets.
type purgeCmd struct {
	Force bool `help:"Stop what runs first."`
}

// Run forgets.
func (c *purgeCmd) Run(a *app) error { return cannot("purge", c.run(a)) }

func (c *purgeCmd) run(a *app) error {
	if err := a.scope(); err != nil {
		return err
	}
	ctx, cancel := interruptible()
	defer cancel()
	client, err := a.dial(ctx)
	if notRunning(err) {
		// Only a supervisor may change the state; this one runs no unit
		// and ends again.
		return c.withOwnSupervisor(ctx, a)
	}
	if err != nil {
		return err
	}
	defer client.Close()
	return c.purge(ctx, a, client)
}

func (c *purgeCmd) withOwnSupervisor(ctx context.Context, a *app) error {
	client, err := a.dialOrLaunch(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	err = c.purge(ctx, a, client)
	var r ipc.OperationResult
	err = errors.Join(err, client.Call(ctx, ipc.MethodStop, ipc.StopParams{Supervisor: true}, &r))
	// The state is on the disk when the supervisor has ended.
	awaitSystem(ctx, client)
	return err
}

func (c *purgeCmd) purge(ctx context.Context, a *app, client *ipc.Client) error {
	var r ipc.PurgeResult
	if err := a.operate(ctx, client, ipc.MethodPurge, ipc.PurgeParams{Project: a.Project, Force: c.Force}, &r); err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(r)
	}
	for _, id := range r.Units {
		fmt.Fprintf(a.chatter(), "forgot %s\n", id)
	}
	return nil
}

// signalNumber is the number of a signal's name, 0 for none.
func signalNumber(name string) int { return int(unix.SignalNum(name)) }

func joined(list []string) string { return strings.Join(list, ", ") }

// parseAgo reads a length of time as manifests have it.
func parseAgo(s string) (time.Duration, error) {
	if !strings.ContainsAny(s, "smhd") {
		return 0, errors.New("no unit of time")
	}
	return config.ParseDuration(s)
}
