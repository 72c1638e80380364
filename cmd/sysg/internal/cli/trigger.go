package cli

import (
	"fmt"
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
)

// triggerCmd runs a cron job now.
type triggerCmd struct {
	Job     string        `arg:"" optional:"" help:"The cron job."`
	Service string        `short:"s" placeholder:"UNIT" help:"The same."`
	Wait    bool          `short:"w" help:"Return when the run has ended, with status 1 where it failed."`
	Timeout time.Duration `help:"Give up waiting after that long and exit 5; the run goes on."`
}

// Help is shown below the flags.
func (*triggerCmd) Help() string {
	return `Returns when the run has begun. While another run of the job lives, the job's
overlap decides: skip refuses this one (status 1), queue lets it wait, replace
ends the other.`
}

// Run triggers.
func (c *triggerCmd) Run(a *app) error {
	name, err := oneUnit("trigger", c.Job, c.Service)
	if err != nil {
		return err
	}
	return cannot("trigger "+name, c.run(a, name))
}

func (c *triggerCmd) run(a *app, name string) error {
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
	p := ipc.TriggerParams{Unit: name, Project: a.Project, Near: a.near(), Wait: c.Wait}
	var r ipc.TriggerResult
	if _, err := a.operate(ctx, client, ipc.MethodTrigger, p, c.Timeout, &r); err != nil {
		return err
	}
	if !r.OK {
		return notRun(r)
	}
	if a.JSON {
		return a.printJSON(r)
	}
	_, err = fmt.Fprintln(a.chatter(), r.Unit.Name+": "+view.CronRun(r.Run))
	return err
}

// notRun is the error of a run that did not happen, or did not complete.
func notRun(r ipc.TriggerResult) error {
	f := &failure{
		code: ipc.CodeFailed, text: view.CronRun(r.Run), try: "sysg inspect " + r.Unit.Name,
		data: map[string]any{"run": r.Run, "unit": r.Unit, "last_lines": r.LastLines},
	}
	if r.Run.Run != 0 {
		f.try = fmt.Sprintf("sysg logs %s --kind all --run %d", r.Unit.Name, r.Run.Run)
	}
	return f
}
