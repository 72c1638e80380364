package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"systemg/ipc"
	"systemg/supervisor/guardian"
	"systemg/supervisor/store"
)

// upgradeCmd changes the program of the supervisor that runs.
type upgradeCmd struct {
	Path string `arg:"" optional:"" help:"The new program; this one by default."`
}

// Help is shown below the flags.
func (*upgradeCmd) Help() string {
	return `The units run on: the guardian starts the new program as the supervisor, and
then becomes it too. A program that does not come up is rolled back.

  sysg upgrade ./sysg-new
  cp sysg-new /usr/local/bin/sysg && sysg upgrade`
}

const (
	// askTime is how long a program may take to say its version.
	askTime = 10 * time.Second
	// takeoverTime is how long a takeover, or its way back, may take.
	takeoverTime = 45 * time.Second
)

// Run upgrades.
func (c *upgradeCmd) Run(a *app) error { return cannot("upgrade", c.run(a)) }

func (c *upgradeCmd) run(a *app) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	ctx, cancel := interruptible()
	defer cancel()
	next, err := editionOf(ctx, path)
	if err != nil {
		return err
	}
	if err := next.fits(path); err != nil {
		return err
	}
	client, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	before := client.Hello()
	var r ipc.UpgradeResult
	if err := client.Call(ctx, ipc.MethodUpgrade, ipc.UpgradeParams{Path: path}, &r); err != nil && !over(err) {
		return err
	}
	awaitEnd(ctx, before.PID)
	status, err := a.takenOver(ctx, before.PID)
	if err != nil {
		return err
	}
	return a.upgraded(next, status)
}

// path is the program's, absolute.
func (c *upgradeCmd) path() (string, error) {
	if c.Path != "" {
		return absolute(c.Path)
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("cannot find the sysg program: %w", err)
	}
	return self, nil
}

// editionOf asks a program for its version.
func editionOf(ctx context.Context, path string) (edition, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var e edition
	out, err := exec.CommandContext(ctx, path, "version", "--json").Output()
	if err == nil {
		err = json.Unmarshal(out, &e)
	}
	if err != nil || e.Version == "" {
		return e, &failure{
			code: ipc.CodeRefused, text: fmt.Sprintf("%s does not say that it is sysg (%v)", path, orNothing(err)),
			try: "name a sysg program for this machine: sysg upgrade PATH",
		}
	}
	return e, nil
}

func orNothing(err error) error {
	if err == nil {
		return errors.New("it names no version")
	}
	return err
}

// fits is whether a program can take over from this one.
func (e edition) fits(path string) error {
	refuse := func(what string, theirs, ours int) error {
		return &failure{
			code: ipc.CodeRefused, text: fmt.Sprintf("%s (version %s) has %s %d, and what runs has %d", path, e.Version, what, theirs, ours),
			try: "sysg stop, and start the new program",
		}
	}
	switch {
	case e.Protocol != ipc.Protocol:
		return refuse("protocol", e.Protocol, ipc.Protocol)
	case e.Guardian != guardian.Protocol:
		return refuse("the guardian's protocol", e.Guardian, guardian.Protocol)
	case e.State < store.Schema:
		return refuse("state files of schema", e.State, store.Schema)
	}
	return nil
}

// takenOver waits for a supervisor that is another process, and asks it how it
// came to be.
func (a *app) takenOver(ctx context.Context, before int) (ipc.StatusResult, error) {
	ctx, cancel := context.WithTimeout(ctx, takeoverTime)
	defer cancel()
	for {
		client, err := a.dialWhenThere(ctx)
		if err != nil {
			return ipc.StatusResult{}, ipc.Errorf(ipc.CodeTimeout, "no supervisor answers after %s: %v", takeoverTime, err)
		}
		r, err := client.Status(ctx, ipc.StatusParams{})
		_ = client.Close()
		if err == nil && client.Hello().PID != before {
			return r, nil
		}
	}
}

// upgraded says how it went.
func (a *app) upgraded(next edition, r ipc.StatusResult) error {
	u := r.Supervisor.Upgrade
	if u == nil || u.Failed != "" {
		why := "the supervisor was started by somebody else meanwhile"
		if u != nil {
			why = u.Failed
		}
		return &failure{
			code: ipc.CodeFailed, text: fmt.Sprintf("the new program did not take over: %s; the old one (version %s) is back, and the units run on", why, r.Supervisor.Version),
			try: "sysg logs --kind supervisor",
		}
	}
	if a.JSON {
		return a.printJSON(r.Supervisor)
	}
	_, err := fmt.Fprintf(a.chatter(), "upgraded to %s: supervisor %d, guardian %d; the units run on\n", next.Version, r.Supervisor.PID, r.Supervisor.Guardian)
	return err
}
