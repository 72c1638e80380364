package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

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
		Selection: a.selection(units(c.Units, c.Service)), For: c.For,
	}
	var r ipc.OperationResult
	if _, err := a.operate(ctx, client, ipc.MethodWait, p, c.Timeout, &r); err != nil {
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
	awaitSystem(ctx, client.Hello())
	return err
}

func (c *purgeCmd) purge(ctx context.Context, a *app, client *ipc.Client) error {
	var r ipc.PurgeResult
	if _, err := a.operate(ctx, client, ipc.MethodPurge, ipc.PurgeParams{Project: a.Project, Force: c.Force}, 0, &r); err != nil {
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
