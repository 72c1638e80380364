package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"systemg/cmd/sysg/internal/view"
	"systemg/config"
	"systemg/ipc"
	"systemg/tui"
	"systemg/tui/pane"
)

// tuiCmd opens the dashboard.
type tuiCmd struct {
	View         string `placeholder:"NAME" help:"The view to begin with: units, logs, graph, events, cron, deploys."`
	Theme        string `placeholder:"NAME" help:"auto, mono, cb (colour-blind safe) or hicontrast."`
	ASCII        bool   `name:"ascii" help:"Draw with ASCII only."`
	ReadOnly     bool   `help:"Offer nothing that changes the system."`
	ScreenReader bool   `help:"The same as --plain: sentences, one for each change."`
	Mouse        bool   `help:"Let the wheel scroll; the terminal then selects no text by itself."`
}

// Help is shown below the flags.
func (*tuiCmd) Help() string {
	return `With --plain, and where the output is no terminal or TERM is dumb, it tells of each
change in a sentence instead.

Keys: j and k move, enter shows everything about a unit, l its logs, / filters,
: finds any command, ? lists all keys. q leaves; units keep running.`
}

// Run opens it.
func (c *tuiCmd) Run(a *app) error { return cannot("open the dashboard", c.run(a)) }

func (c *tuiCmd) run(a *app) error {
	ctx, cancel := interruptible()
	defer cancel()
	// The dashboard shows progress itself, and remarks would spoil it.
	a.Quiet = true
	o := c.options(a)
	if err := o.Validate(); err != nil {
		return c.misset(a, err)
	}
	screen := view.Detect(a.Stdout, a.Color, a.Plain, a.getenv).Width > 0 && a.getenv("TERM") != "dumb"
	if screen && !a.Plain && !c.ScreenReader && isTerminal(os.Stdin) {
		return tui.Run(ctx, o)
	}
	// Where a person can type, questions are taken; a pipe only listens.
	return forgive(tui.RunPlain(ctx, o, isTerminal(os.Stdin)))
}

// misset is a choice that cannot be, with where it stands in the settings unless a
// flag made it.
func (c *tuiCmd) misset(a *app, err error) error {
	var m *tui.Misset
	if !errors.As(err, &m) || m.Setting == "theme" && c.Theme != "" || m.Setting == "view" && c.View != "" {
		return usage("%v", err)
	}
	return a.dashboard.places.wrong("tui."+m.Setting, "%v", err)
}

// isTerminal is whether a file is one.
func isTerminal(f *os.File) bool { return view.Detect(f, "never", true, os.Getenv).Width > 0 }

func (c *tuiCmd) options(a *app) tui.Options {
	host, _ := os.Hostname()
	here := ""
	if dir, err := os.Getwd(); err == nil {
		here, _ = config.Find(dir)
	}
	if a.named {
		here = a.Config
	}
	set := a.dashboard
	return tui.Options{
		Reach: tui.Reach{Dial: a.dial, Arrive: a.arrive}, Socket: a.paths.Socket(), Project: a.Project, Host: host,
		Theme: first(c.Theme, set.theme), Color: a.Color, ASCII: c.ASCII || set.ascii, View: first(c.View, set.view),
		Columns: set.columns, Keys: set.keys, ReadOnly: c.ReadOnly || set.readOnly, Mouse: c.Mouse || set.mouse, Here: here,
		Manifest: a.manifestFor, Launch: func() *exec.Cmd { return a.self("start", "--daemonize", "--config", here) },
		Pager: a.pager, Keep: keep, Getenv: a.getenv, In: os.Stdin, Out: a.Stdout,
	}
}

// manifestFor is the manifest of a project, checked.
func (a *app) manifestFor(project string) (ipc.Manifest, error) {
	b := *a
	if b.Config == "" && project != "" {
		b.Project = project
	}
	m, err := b.manifest()
	if err == nil && m.Path == "" {
		err = b.noManifest()
	}
	if err == nil {
		_, err = b.load(m)
	}
	return m, err
}

// self is this program with other arguments, and the flags that say which
// supervisor is meant.
func (a *app) self(args ...string) *exec.Cmd {
	if a.Sys {
		args = append(args, "--sys")
	}
	if a.DropPrivileges {
		args = append(args, "--drop-privileges")
	}
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	cmd := exec.Command(program, args...)
	cmd.Env = a.Environ
	return cmd
}

// pager shows the whole log of units in $PAGER, or in less, at a time where one
// is known.
func (a *app) pager(p pane.Page) *exec.Cmd {
	kind := "all"
	if len(p.Kinds) == 1 {
		kind = p.Kinds[0]
	}
	logs := a.self(append([]string{"logs", "--lines=-1", "--timestamps", "--color=never", "--kind=" + kind, "--"}, p.Units...)...)
	pager := first(a.getenv("PAGER"), "less -S")
	at := ""
	if name, _, _ := strings.Cut(pager, " "); filepath.Base(name) == "less" {
		at = "+G"
		if !p.At.IsZero() {
			at = "+/" + p.At.Local().Format("15:04:05")
		}
		at = " " + quoted(at)
	}
	quotedArgs := make([]string, 0, len(logs.Args))
	for _, arg := range logs.Args {
		quotedArgs = append(quotedArgs, quoted(arg))
	}
	cmd := exec.Command("sh", "-c", strings.Join(quotedArgs, " ")+" | "+pager+at)
	cmd.Env = a.Environ
	return cmd
}

// quoted is a word for the shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// keep writes a text that is too long for the clipboard to a file.
func keep(text string) (string, error) {
	f, err := os.CreateTemp("", "sysg-copy-*.txt")
	if err != nil {
		return "", fmt.Errorf("cannot keep the text: %w", err)
	}
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return f.Name(), err
}

// arrive connects as soon as a supervisor runs, also where there is no state
// directory yet: then the nearest folder above it tells.
func (a *app) arrive(ctx context.Context) (*ipc.Client, error) {
	dir := filepath.Dir(a.paths.Socket())
	for !exists(dir) {
		above := filepath.Dir(dir)
		for !exists(above) {
			above = filepath.Dir(above)
		}
		if err := waitIn(ctx, above, func() bool { return exists(dir) || !exists(above) }); err != nil {
			return nil, err
		}
	}
	return a.dialWhenThere(ctx)
}

// waitIn waits until something comes into a folder, or it is over already.
func waitIn(ctx context.Context, path string, over func() bool) error {
	folder, err := watchFolder(path)
	if err != nil {
		return err
	}
	defer folder.close()
	if over() {
		return nil
	}
	return folder.wait(ctx)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
