package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
	"systemg/supervisor/guardian"
	"systemg/supervisor/proc"
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
	if err := a.scope(); err != nil {
		return err
	}
	ctx, cancel := interruptible()
	defer cancel()
	names := units(c.Units, c.Service)
	client, err := a.dial(ctx)
	if notRunning(err) {
		return c.nothingRuns(a, names)
	}
	if err != nil {
		return err
	}
	defer client.Close()
	everything, err := c.everything(ctx, a, client, names)
	if err != nil {
		return err
	}
	p := ipc.StopParams{Supervisor: everything, Kill: c.Kill}
	if !everything {
		p.Selection = a.selection(names)
	}
	began := time.Now()
	var r ipc.OperationResult
	named := a.nameLingering(ctx, p.Selection)
	hello, err := a.operate(ctx, client, ipc.MethodStop, p, c.Timeout, &r)
	named()
	if a.neverStarted(err) {
		a.remark("project %s was never started", a.Project)
		return c.nothingToStop(a)
	}
	if everything && a.endedMeanwhile(ctx, hello, err) {
		// Something else stopped it too.
		a.remark("the supervisor was ending already, and has ended")
		return c.nothingToStop(a)
	}
	if err != nil {
		return err
	}
	if everything {
		// The supervisor ends after its answer; when it has, so has its
		// socket, and a start may follow at once.
		awaitSystem(ctx, hello)
		if !slices.ContainsFunc(r.Units, func(u ipc.Outcome) bool { return u.Changed }) && !a.JSON {
			_, err := fmt.Fprintln(a.chatter(), "stopped the supervisor")
			return err
		}
	}
	return a.outcome(view.Operation{Verb: "stopped", Took: time.Since(began)}, r)
}

// everything is whether the supervisor ends too: where nothing was selected,
// and where --config selected all that runs.
func (c *stopCmd) everything(ctx context.Context, a *app, client *ipc.Client, names []string) (bool, error) {
	if len(names) > 0 || !a.scoped {
		return len(names) == 0 && a.Project == "", nil
	}
	list, err := a.unitsOf(ctx, client, ipc.Selection{})
	others := slices.ContainsFunc(list, func(u ipc.Unit) bool { return u.Project != a.Project && u.Desired == "up" })
	return !others, err
}

// endedMeanwhile is whether a request was not answered because the supervisor
// ended with all its units. It waits for that.
func (a *app) endedMeanwhile(ctx context.Context, last ipc.HelloResult, err error) bool {
	if !over(err) {
		return false
	}
	awaitSystem(ctx, last)
	if again, err := a.dialNow(ctx); !notRunning(err) {
		if err == nil {
			_ = again.Close()
		}
		return false
	}
	r, err := a.offlineStatus(ipc.Selection{}, true)
	return err == nil && !slices.ContainsFunc(r.Units, func(u ipc.Unit) bool { return u.PID != 0 })
}

// awaitSystem waits until the supervisor that said hello has ended, and its
// guardian with it.
func awaitSystem(ctx context.Context, last ipc.HelloResult) {
	awaitEnd(ctx, last.PID)
	if last.Guardian != 0 {
		awaitEnd(ctx, last.Guardian)
	}
}

// nothingRuns is a stop without a supervisor: what is stopped stays stopped,
// but a name nobody knows is still an error.
func (c *stopCmd) nothingRuns(a *app, names []string) error {
	if len(names) > 0 || a.Project != "" {
		if _, _, err := a.offlineViews(a.selection(names)); err != nil && !a.neverStarted(err) {
			return err
		}
	}
	if note, crashes := guardian.ReadNote(a.paths.Trouble()); crashes && len(names) == 0 && a.Project == "" {
		return a.endGuardian(note)
	}
	if err := a.leftAlone(a.selection(names)); err != nil {
		return err
	}
	a.remark("no supervisor runs")
	return c.nothingToStop(a)
}

// leftAlone says which units run on though no supervisor does, and so cannot be
// stopped in order.
func (a *app) leftAlone(sel ipc.Selection) error {
	state, err := a.latest()
	boot, bootErr := proc.BootID()
	if err != nil || bootErr != nil || state.BootID != boot {
		return nil //nolint:nilerr // nothing is known to run
	}
	_, views, err := a.offlineViews(sel)
	if err != nil {
		return nil //nolint:nilerr // nor is any such unit
	}
	var names []string
	for _, v := range views {
		if proc.Lives(v.Process) {
			names = append(names, fmt.Sprintf("%s (pid %d)", v.ID, v.Process.PID))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &failure{
		code: ipc.CodeNotRunning, text: "no supervisor runs, and without one these run on: " + strings.Join(names, ", "),
		try: "sysg start -d, which takes them back; then stop again",
	}
}

// endGuardian ends a guardian whose supervisor keeps crashing. Without a
// supervisor nobody can end the services in order.
func (a *app) endGuardian(n guardian.Note) error {
	ctx, cancel := interruptible()
	defer cancel()
	if err := syscall.Kill(n.Guardian, syscall.SIGTERM); err != nil {
		return fmt.Errorf("cannot end the guardian (pid %d): %w", n.Guardian, err)
	}
	awaitEnd(ctx, n.Guardian)
	return &failure{
		code: ipc.CodeFailed, text: fmt.Sprintf("the supervisor crashes (%s): its guardian has ended, and the services run on", n.Crashes.How),
		try: "sysg logs --kind supervisor; sysg start -d takes the services back",
	}
}

func (c *stopCmd) nothingToStop(a *app) error {
	if a.JSON {
		return a.printJSON(ipc.OperationResult{OK: true, Units: []ipc.Outcome{}})
	}
	return nil
}
