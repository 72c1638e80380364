package cli

import (
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
)

// deployCmd replaces units.
type deployCmd struct {
	Units   []string      `arg:"" optional:"" help:"Units to replace."`
	Service []string      `short:"s" placeholder:"UNIT" help:"A unit to replace."`
	Timeout time.Duration `help:"Give up waiting after that long; the rollout goes on."`
}

// Help is shown below the flags.
func (*deployCmd) Help() string {
	return `The manifest is read and checked first, and what it says of these units is
taken over. Each is then replaced by its deployment strategy: with rolling and
blue_green the old instance works on until the new one is ready. Where that
fails, the old instance stays as it was, and deploy exits 1 and says why.`
}

// Run deploys.
func (c *deployCmd) Run(a *app) error { return cannot("deploy", c.run(a)) }

func (c *deployCmd) run(a *app) error {
	names := units(c.Units, c.Service)
	if len(names) == 0 {
		return usage("deploy needs a unit: sysg deploy UNIT")
	}
	m, _, _, err := a.manifestOf(names, a.load)
	if err != nil {
		return err
	}
	p := ipc.DeployParams{Selection: a.selection(names), Manifest: m}
	return a.roll(ipc.MethodDeploy, p, c.Timeout, "deployed")
}

// roll has units replaced and says what came of it.
func (a *app) roll(method string, params ipc.Again, timeout time.Duration, verb string) error {
	ctx, cancel := interruptible()
	defer cancel()
	client, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	began := time.Now()
	var r ipc.OperationResult
	if _, err := a.operate(ctx, client, method, params, timeout, &r); err != nil {
		return err
	}
	return a.outcome(view.Operation{Verb: verb, Took: time.Since(began)}, r)
}

// rollbackCmd goes back.
type rollbackCmd struct {
	Units   []string      `arg:"" optional:"" help:"Units to take back."`
	Service []string      `short:"s" placeholder:"UNIT" help:"A unit to take back."`
	Timeout time.Duration `help:"Give up waiting after that long; the rollout goes on."`
}

// Help is shown below the flags.
func (*rollbackCmd) Help() string {
	return `Each unit gets its newest earlier definition that was ready once, by its
deployment strategy. The manifest is not read: it may be newer. A restart of
the unit, or an apply, takes over again what the manifest says.`
}

// Run rolls back.
func (c *rollbackCmd) Run(a *app) error { return cannot("roll back", c.run(a)) }

func (c *rollbackCmd) run(a *app) error {
	names := units(c.Units, c.Service)
	if len(names) == 0 {
		return usage("rollback needs a unit: sysg rollback UNIT")
	}
	if err := a.scope(); err != nil {
		return err
	}
	p := ipc.RollbackParams{Selection: a.selection(names)}
	return a.roll(ipc.MethodRollback, p, c.Timeout, "rolled back")
}
