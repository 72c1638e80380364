package cli

import (
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
)

// planCmd says what apply would do.
type planCmd struct{}

// Run plans. It exits 0 whether there are changes or not.
func (*planCmd) Run(a *app) error {
	m, err := a.checked()
	if err != nil {
		return cannot("plan", err)
	}
	r, err := ask[ipc.PlanResult](a, "plan", ipc.MethodPlan, ipc.PlanParams{Manifest: m, Project: a.Project})
	if err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(r)
	}
	return view.Plan(a.Stdout, r, a.style())
}

// applyCmd makes the system what the manifest says.
type applyCmd struct {
	Timeout time.Duration `help:"Give up waiting after that long; the changes go on."`
}

// Run applies.
func (c *applyCmd) Run(a *app) error { return cannot("apply", c.run(a)) }

func (c *applyCmd) run(a *app) error {
	ctx, cancel := interruptible()
	defer cancel()
	m, err := a.checked()
	if err != nil {
		return err
	}
	client, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	var r ipc.PlanResult
	p := ipc.ApplyParams{Manifest: m, Project: a.Project}
	if _, err := a.operate(ctx, client, ipc.MethodApply, p, c.Timeout, &r); err != nil {
		return err
	}
	switch {
	case a.JSON && r.Operation != nil && !r.Operation.OK:
		return fallen(*r.Operation)
	case a.JSON:
		err = a.printJSON(r)
	default:
		err = view.Plan(a.chatter(), r, a.style())
	}
	if err == nil && r.Operation != nil && !r.Operation.OK {
		err = silent(statusFailed)
	}
	return err
}

// checked is the manifest of a command that cannot do without, read once here.
func (a *app) checked() (ipc.Manifest, error) {
	m, err := a.manifest()
	if err != nil {
		return m, err
	}
	if m.Path == "" {
		return m, a.noManifest()
	}
	_, err = a.check(m)
	return m, err
}
