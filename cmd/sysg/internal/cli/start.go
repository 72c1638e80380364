package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/config"
	"systemg/ipc"
)

// startCmd starts units.
type startCmd struct {
	Units        []string      `arg:"" optional:"" help:"Units to start, with what they depend on; none means all."`
	Service      []string      `short:"s" placeholder:"UNIT" help:"A unit to start."`
	Daemonize    bool          `short:"d" help:"Return when everything is up, and leave the supervisor in the background."`
	Timeout      time.Duration `help:"With -d: give up after that long."`
	WaitTimeout  time.Duration `help:"Stop everything and exit 5 when it is not up after that long."`
	AbortOnExit  bool          `help:"Stop everything when a unit ends, other than a cron job or a one-shot that others wait for."`
	ExitCodeFrom string        `placeholder:"UNIT" help:"End with this unit's exit status when it ends, and stop everything."`
	AsFirst      bool          `hidden:"" help:"For sysg init: the whole system is this command's."`
	ShownTo      string        `hidden:"" help:"For sysg init: what came earlier was shown."`
	Name         string        `help:"For start -- COMMAND: the unit's name."`
	TTL          time.Duration `name:"ttl" help:"For start -- COMMAND: stop it after that long."`
	ParentPID    int           `name:"parent-pid" help:"For start -- COMMAND: stop it when that process ends."`
}

// Help is shown below the flags.
func (*startCmd) Help() string {
	return `Without -d the units' output is shown as "name | line" until they have all
ended; Ctrl-C stops what this command started, a second Ctrl-C kills it.
With -d it returns when every unit is up or has failed; it then exits 1 and
says which failed and why.

  sysg start                       everything in ./systemg.yaml
  sysg start -s api -d             api and what it depends on
  sysg start --name job -- make    one command as a unit`
}

// Run starts.
func (c *startCmd) Run(a *app) error {
	return cannot("start", c.run(a))
}

func (c *startCmd) run(a *app) error {
	params, err := c.params(a)
	if err != nil {
		return err
	}
	if c.Daemonize {
		return c.background(a, params)
	}
	if err := c.check(a, params.Manifest); err != nil {
		return err
	}
	return c.attach(a, params)
}

// params is what to ask for.
func (c *startCmd) params(a *app) (ipc.StartParams, error) {
	p := ipc.StartParams{Selection: a.selection(units(c.Units, c.Service))}
	if a.given {
		adhoc, err := c.adhoc(a)
		p.Adhoc = adhoc
		p.Env = a.Environ
		return p, err
	}
	if c.Name != "" || c.TTL != 0 || c.ParentPID != 0 {
		return p, usage("--name, --ttl and --parent-pid belong to start -- COMMAND")
	}
	read := a.load
	if len(p.Units) == 0 {
		// Whoever starts it reads it.
		read = func(ipc.Manifest) (*config.Plan, error) { return nil, nil }
	}
	m, _, known, err := a.manifestOf(p.Units, read)
	switch {
	case err != nil:
		return p, err
	case known:
		p.Project = a.Project
		return p, nil
	case m.Path == "":
		return p, a.noManifest()
	}
	p.Manifest = m
	return p, nil
}

// check reads the manifest, if there is one, before anything is started.
func (c *startCmd) check(a *app, m ipc.Manifest) error {
	if m.Path == "" {
		return nil
	}
	plan, err := a.check(m)
	if err != nil {
		return err
	}
	return c.checkExitCodeFrom(plan)
}

// checkExitCodeFrom finds a wrong name before anything is started.
func (c *startCmd) checkExitCodeFrom(plan *config.Plan) error {
	if c.ExitCodeFrom == "" {
		return nil
	}
	for _, p := range plan.Projects {
		for i := range p.Units {
			if u := &p.Units[i]; c.ExitCodeFrom == u.Name || c.ExitCodeFrom == u.ID() {
				return nil
			}
		}
	}
	return ipc.Errorf(ipc.CodeUnknownUnit, "--exit-code-from names no unit of this start: %s", c.ExitCodeFrom)
}

func (c *startCmd) adhoc(a *app) (*ipc.Adhoc, error) {
	switch {
	case len(a.command) == 0:
		return nil, usage("there is no command after --")
	case len(c.Units) > 0 || len(c.Service) > 0:
		return nil, usage("either units or a command after --, not both")
	case c.TTL < 0 || c.ParentPID < 0:
		return nil, usage("--ttl and --parent-pid cannot be negative")
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return &ipc.Adhoc{Name: c.Name, Exec: a.command, Dir: dir, TTLSecs: c.TTL.Seconds(), ParentPID: c.ParentPID}, nil
}

// background starts with a supervisor that outlives this command.
func (c *startCmd) background(a *app, p ipc.StartParams) error {
	if c.AbortOnExit || c.ExitCodeFrom != "" {
		return usage("--abort-on-exit and --exit-code-from belong to a start without -d")
	}
	ctx, cancel := interruptible()
	defer cancel()
	client, err := c.reach(ctx, a, p.Manifest)
	if err != nil {
		return err
	}
	defer client.Close()
	began := time.Now()
	var r ipc.OperationResult
	h, err := a.operate(ctx, client, ipc.MethodStart, p, max(c.Timeout, c.WaitTimeout), &r)
	if err != nil {
		return a.shown(err, p.Manifest)
	}
	main := h.Guardian
	if main == 0 {
		main = h.PID
	}
	a.tellReady(main, r)
	return a.outcome(view.Operation{Verb: "started", Took: time.Since(began)}, r)
}

// reach connects to the supervisor. One that runs reads the manifest itself, and
// tells its warnings; before one is launched the manifest is read here.
func (c *startCmd) reach(ctx context.Context, a *app, m ipc.Manifest) (*ipc.Client, error) {
	client, err := a.dialRunning(ctx)
	if !notRunning(err) {
		return client, err
	}
	if err := c.check(a, m); err != nil {
		return nil, err
	}
	a.warned = true
	return a.dialOrLaunch(ctx)
}

// shown is an error of a request about a manifest, with the findings and their
// places where the manifest is what is wrong.
func (a *app) shown(err error, m ipc.Manifest) error {
	var e *ipc.Error
	if m.Path == "" || !errors.As(err, &e) || e.Code != ipc.CodeManifestInvalid {
		return err
	}
	if _, here := a.load(m); here != nil {
		return here
	}
	return err
}

// patience is how long a supervisor that holds the state directory may not
// answer before another one is tried: it may be on its way up or down.
const patience = time.Second

// dialOrLaunch connects to the supervisor, and starts one if none runs. Of
// several commands that do so at once, one succeeds and the others find it.
func (a *app) dialOrLaunch(ctx context.Context) (*ipc.Client, error) {
	client, err := a.dialRunning(ctx)
	if !notRunning(err) {
		return client, err
	}
	ctx, cancel := context.WithTimeout(ctx, launchTime)
	defer cancel()
	for {
		if err := a.daemonize(); err != nil {
			return nil, err
		}
		client, err := a.dialSoon(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return client, err
		}
	}
}

// dialRunning connects to the supervisor that runs.
func (a *app) dialRunning(ctx context.Context) (*ipc.Client, error) {
	client, err := a.dial(ctx)
	if err == nil && a.levelGiven {
		a.remark("the supervisor runs already, and keeps its log level")
	}
	return client, err
}

// dialSoon connects to a supervisor that is there or about to be.
func (a *app) dialSoon(ctx context.Context) (*ipc.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return a.dialWhenThere(ctx)
}

// warn tells the warnings of a manifest that the supervisor has read, unless
// they were told here before.
func (a *app) warn(raw json.RawMessage) error {
	var list []config.Diagnostic
	if err := json.Unmarshal(raw, &ipc.Warnings{Diagnostics: &list}); err != nil || a.warned || a.Quiet || a.JSON {
		return err
	}
	for _, d := range list {
		fmt.Fprintln(a.Stderr, d)
	}
	return nil
}

// fallen is the error of an operation of which units failed, with all of them
// as its data.
func fallen(r ipc.OperationResult) error {
	var bad []string
	for _, u := range r.Units {
		if !u.OK {
			why := u.Reason
			if u.DeployFailed != "" {
				why = "not replaced: " + u.DeployFailed
			}
			bad = append(bad, fmt.Sprintf("%s %s (%s)", u.Name, u.State, why))
		}
	}
	return &failure{
		code: ipc.CodeFailed, text: fmt.Sprintf("%d of %s failed: %s", len(bad), counted(len(r.Units), "unit"), joined(bad)),
		data: map[string]any{"units": r.Units},
	}
}

// showsProgress is whether somebody looks: progress is for terminals.
func (a *app) showsProgress() bool { return !a.Quiet && !a.JSON && a.remarks().Width > 0 }

// outcome shows what became of an operation; the status is 1 where a unit is
// not as wanted.
func (a *app) outcome(o view.Operation, r ipc.OperationResult) error {
	var err error
	switch {
	case a.JSON && !r.OK:
		return fallen(r)
	case a.JSON:
		err = a.printJSON(r)
	case !r.OK:
		st := a.remarks()
		err = view.OutcomeOf(a.Stderr, o, r, st)
	default:
		err = view.OutcomeOf(a.chatter(), o, r, a.style())
	}
	if err == nil && !r.OK {
		err = silent(statusFailed)
	}
	return err
}
