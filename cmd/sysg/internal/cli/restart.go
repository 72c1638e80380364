package cli

import (
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
)

// restartCmd restarts units.
type restartCmd struct {
	Units     []string      `arg:"" optional:"" help:"Units to restart; none means all."`
	Service   []string      `short:"s" placeholder:"UNIT" help:"A unit to restart."`
	Daemonize bool          `short:"d" help:"Start a supervisor if none runs."`
	Timeout   time.Duration `help:"Give up waiting after that long; the restart goes on."`
}

// Help is shown below the flags.
func (*restartCmd) Help() string {
	return `The manifest is read and checked before anything is touched. With --config the
project moves to that manifest: what is new is started, what is gone is
stopped. The supervisor itself stays. Fails when a unit dies right after.`
}

// Run restarts.
func (c *restartCmd) Run(a *app) error { return cannot("restart", c.run(a)) }

func (c *restartCmd) run(a *app) error {
	ctx, cancel := interruptible()
	defer cancel()
	names := units(c.Units, c.Service)
	m, _, _, err := a.manifestOf(names, a.check)
	if err != nil {
		return err
	}
	dial := a.dial
	if c.Daemonize {
		dial = a.dialOrLaunch
	}
	client, err := dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	p := ipc.RestartParams{Selection: a.selection(names), Manifest: m}
	began := time.Now()
	var r ipc.OperationResult
	if _, err := a.operate(ctx, client, ipc.MethodRestart, p, c.Timeout, &r); err != nil {
		return err
	}
	return a.outcome(view.Operation{Verb: "restarted", Took: time.Since(began)}, r)
}
