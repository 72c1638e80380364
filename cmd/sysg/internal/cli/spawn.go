package cli

import (
	"os"
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
)

// spawnCmd starts a child of the unit it is called from.
type spawnCmd struct {
	Name      string        `required:"" help:"The child's name."`
	TTL       time.Duration `name:"ttl" help:"Stop it after that long."`
	ParentPID int           `name:"parent-pid" help:"A process of the parent, for callers outside of it."`
	Timeout   time.Duration `help:"Give up the wait for it after that long."`
}

// Help is shown below the flags.
func (*spawnCmd) Help() string {
	return `Run it from inside of a unit that has spawn: {mode: dynamic}. The child is a
unit like any other, and ends with the run of its parent.

  sysg spawn --name job-7 --ttl 10m -- ./work 7`
}

// Run spawns.
func (c *spawnCmd) Run(a *app) error { return cannot("spawn", c.run(a)) }

func (c *spawnCmd) run(a *app) error {
	switch {
	case len(a.command) == 0:
		return usage("there is no command: write it after --")
	case c.TTL < 0 || c.ParentPID < 0:
		return usage("--ttl and --parent-pid cannot be negative")
	}
	dir, err := os.Getwd()
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
	p := ipc.SpawnParams{
		Name: c.Name, Exec: a.command, Dir: dir, TTLSecs: c.TTL.Seconds(),
		ParentPID: c.ParentPID,
	}
	began := time.Now()
	var r ipc.OperationResult
	if _, err := a.operate(ctx, client, ipc.MethodSpawn, p, c.Timeout, &r); err != nil {
		return err
	}
	return a.outcome(view.Operation{Verb: "spawned", Took: time.Since(began)}, r)
}
