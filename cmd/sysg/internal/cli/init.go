package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"systemg/ipc"
	"systemg/supervisor/guardian"
)

// initCmd is the first process of a container or of a machine.
type initCmd struct {
	Units        []string `arg:"" optional:"" help:"Units to start, with what they depend on; none means all."`
	AbortOnExit  bool     `help:"End when a unit ends, other than a cron job or a one-shot that others wait for."`
	ExitCodeFrom string   `placeholder:"UNIT" help:"End with this unit's exit status when it ends."`
}

// Help is shown below the flags.
func (*initCmd) Help() string {
	return `Brings the system up as sysg start does, shows what the units write, and ends
with it: with 0 when they ended well or were told to, with 1 when one failed.
It reaps every orphan, and its supervisor may crash without the units noticing.

  SIGTERM, SIGINT, SIGQUIT   stop everything in order; a second one kills
  SIGHUP                     sysg apply: what changed in the manifest
  SIGUSR1                    sysg status --all, to the output

As the first process of a machine (/init) it mounts /proc, /sys, /dev, /run,
/dev/shm and the cgroups, where they are not, and powers off at the end.

  ENTRYPOINT ["/usr/bin/sysg", "init", "-c", "/etc/systemg.yaml"]`
}

// Run becomes a guardian that shows its system; it returns only where that
// fails.
func (c *initCmd) Run(a *app) error { return cannot("start the system", c.run(a)) }

func (c *initCmd) run(a *app) error {
	if !guardian.Possible {
		return ipc.Errorf(ipc.CodeRefused, "this system cannot have sysg as its first process")
	}
	if err := mountAll(); err != nil {
		return err
	}
	m, err := a.manifest()
	if err != nil {
		return err
	}
	if m.Path == "" {
		return a.noManifest()
	}
	// What is wrong with the manifest is said now, not by a process in the
	// background.
	if _, err := a.check(m); err != nil {
		return err
	}
	m.Path, err = filepath.Abs(m.Path)
	if err != nil {
		return fmt.Errorf("cannot tell where %s is: %w", m.Path, err)
	}
	start := append([]string{"start", "--as-first", "-c", m.Path}, c.Units...)
	if c.AbortOnExit {
		start = append(start, "--abort-on-exit")
	}
	if c.ExitCodeFrom != "" {
		start = append(start, "--exit-code-from", c.ExitCodeFrom)
	}
	o := guardian.Order{
		Supervisor: a.superviseArgs(), Log: a.paths.SupervisorLog(), Note: a.paths.Trouble(),
		Attached: &guardian.Attached{
			Start: a.sameWay(start...), Reload: a.sameWay("apply", "-c", m.Path), Status: a.sameWay("status", "--all"),
		},
	}
	return execSelf(o.Args(), append(a.Environ, "SYSG_STATE_DIR="+a.stateDir()))
}

// sameWay is a command with the global flags that this one was given.
func (a *app) sameWay(args ...string) []string {
	for flag, given := range map[string]bool{"--sys": a.Sys, "--drop-privileges": a.DropPrivileges, "--plain": a.Plain, "--json": a.JSON, "--quiet": a.Quiet} {
		if given {
			args = append(args, flag)
		}
	}
	return append(args, "--color", a.Color, "--log-level", a.LogLevel)
}

// firstName is what the kernel calls the first program of an initramfs.
const firstName = "init"

// asFirst is whether this process was started by the kernel as a machine's
// first: by the name of its file, for there are no arguments.
func asFirst(args []string) bool {
	return os.Getpid() == 1 && len(args) == 0 && filepath.Base(os.Args[0]) == firstName
}
