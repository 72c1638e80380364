package cli

import (
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
)

// stopCmd stops units.
type stopCmd struct {
	Units   []string      `arg:"" optional:"" help:"Units to stop, after those that depend on them."`
	Service []string      `short:"s" placeholder:"UNIT" help:"A unit to stop."`
	Kill    bool          `help:"SIGKILL at once, without asking first."`
	Timeout time.Duration `help:"Give up waiting after that long; the stop goes on."`
}

// Help is shown below the flags.
func (*stopCmd) Help() string {
	return `Returns when every process of the units is gone, whatever they did to get
away. Without a unit or a project it stops everything and the supervisor.
Stopping what is stopped succeeds.`
}

// Run stops.
func (c *stopCmd) Run(a *app) error { return cannot("stop", c.run(a)) }

func (c *stopCmd) run(a *app) error {
	ctx, cancel := interruptible()
	defer cancel()
	names := units(c.Units, c.Service)
	everything := len(names) == 0 && a.Project == ""
	client, err := a.dial(ctx)
	if notRunning(err) {
		return c.nothingRuns(a, names)
	}
	if err != nil {
		return err
	}
	defer client.Close()
	p := ipc.StopParams{
		Selection: a.selection(names), Supervisor: everything, Kill: c.Kill, TimeoutSecs: c.Timeout.Seconds(),
	}
	began := time.Now()
	var r ipc.OperationResult
	if err := a.operate(ctx, client, ipc.MethodStop, p, &r); err != nil {
		return err
	}
	if everything {
		// The supervisor ends after its answer; when it has, so has its
		// socket, and a start may follow at once.
		awaitEnd(ctx, client.Hello().PID)
	}
	return a.outcome(view.Operation{Verb: "stopped", Took: time.Since(began)}, r)
}

// nothingRuns is a stop without a supervisor: what is stopped stays stopped,
// but a name nobody knows is still an error.
func (c *stopCmd) nothingRuns(a *app, names []string) error {
	if len(names) > 0 || a.Project != "" {
		if _, _, err := a.offlineViews(a.selection(names)); err != nil {
			return err
		}
	}
	a.remark("no supervisor runs")
	if a.JSON {
		return a.printJSON(ipc.OperationResult{OK: true, Units: []ipc.Outcome{}})
	}
	return nil
}
