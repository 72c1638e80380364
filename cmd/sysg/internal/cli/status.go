package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
	"systemg/supervisor/guardian"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// statusCmd shows states.
type statusCmd struct {
	Units   []string `arg:"" optional:"" help:"Units to show; none means all."`
	Service []string `short:"s" placeholder:"UNIT" help:"A unit to show."`
	All     bool     `help:"Also what is known of units that no manifest names any more."`
	Watch   bool     `short:"w" help:"Show it again whenever something changes, until Ctrl-C."`
}

// Help is shown below the flags.
func (*statusCmd) Help() string {
	return `Exits 0 when every unit is running, completed, scheduled or skipped, and 3 when
one is not, or when no supervisor runs; then it shows the last known state.`
}

// Run shows.
func (c *statusCmd) Run(a *app) error { return cannot("show the status", c.run(a)) }

func (c *statusCmd) run(a *app) error {
	if err := a.scope(); err != nil {
		return err
	}
	ctx, cancel := interruptible()
	defer cancel()
	sel := a.selection(units(c.Units, c.Service))
	client, err := a.dial(ctx)
	if notRunning(err) {
		return c.offline(a, sel)
	}
	if err != nil {
		return err
	}
	if c.Watch {
		go endWithReader(a.Stdout, cancel)
		return forgive(c.watch(ctx, a, client, sel))
	}
	defer client.Close()
	ask, end := context.WithTimeout(ctx, answerTime)
	defer end()
	r, err := client.Status(ask, ipc.StatusParams{Selection: sel, All: c.All})
	if errors.Is(err, context.DeadlineExceeded) {
		err = frozen(client.Hello().PID)
	}
	if a.neverStarted(err) {
		a.remark("project %s was never started", a.Project)
		if r, err = client.Status(ask, ipc.StatusParams{}); err == nil {
			r.Units = nil
			err = a.showStatus(r)
		}
		return errors.Join(silent(statusNotRunning), err)
	}
	if err != nil {
		return err
	}
	if err := a.showStatus(r); err != nil {
		return err
	}
	named := len(sel.Units) > 0
	if !slices.ContainsFunc(r.Units, func(u ipc.Unit) bool { return unwell(u, named) }) {
		return nil
	}
	return silent(statusNotRunning)
}

func (a *app) showStatus(r ipc.StatusResult) error {
	if a.JSON {
		if r.Units == nil {
			r.Units = []ipc.Unit{}
		}
		return a.printJSON(r)
	}
	return view.Status(a.chatter(), r, a.style())
}

// unwell is whether a unit is not as it is meant to be. One that no manifest
// names any more is not meant to be, unless it was asked for by name.
func unwell(u ipc.Unit, named bool) bool {
	if u.Orphaned && !named {
		return false
	}
	switch unit.State(u.State) {
	case unit.Running, unit.Completed, unit.Skipped, unit.Scheduled:
		return u.Health == "unhealthy"
	case unit.Pending, unit.Blocked, unit.Starting, unit.Backoff, unit.Stopping, unit.Stopped, unit.Failed:
		return true
	}
	return u.State != "scheduled"
}

// offline shows what the state on disk knows.
func (c *statusCmd) offline(a *app, sel ipc.Selection) error {
	r, err := a.offlineStatus(sel, c.All)
	if err != nil && !a.neverStarted(err) {
		return err
	}
	a.remark("no supervisor runs (looked in %s); this is the last known state%s", a.paths.State, a.elsewhere())
	if n, crashes := guardian.ReadNote(a.paths.Trouble()); crashes {
		a.remark("the supervisor keeps crashing: %d times in a row, at last with %s; the services run on, and the guardian (pid %d) starts it again at %s",
			n.Crashes.Count, n.Crashes.How, n.Guardian, n.Next.Local().Format(time.TimeOnly))
	}
	if err := a.showStatus(r); err != nil {
		return err
	}
	return silent(statusNotRunning)
}

// elsewhere points to the machine's supervisor where there is one and this
// command looked for the user's.
func (a *app) elsewhere() string {
	if a.Sys || a.getenv("SYSG_STATE_DIR") != "" {
		return ""
	}
	if _, err := os.Stat(store.SystemState); err != nil {
		return ""
	}
	return "; the machine's own is another: sudo sysg --sys status"
}

// watch shows the state again with each change: on a terminal in place, else one
// picture, or with --json one line, after the other. It goes on with the next
// supervisor, and closes the client.
func (c *statusCmd) watch(ctx context.Context, a *app, client *ipc.Client, sel ipc.Selection) error {
	w := watcher{app: a, units: map[string]ipc.Unit{}}
	return a.throughout(ctx, client, func(client *ipc.Client) error {
		return client.Subscribe(ctx, ipc.SubscribeParams{Selection: sel, Metrics: true}, w.snapshot, w.delta)
	}, func() {})
}

// watcher knows what is on the screen.
type watcher struct {
	*app
	order []string
	units map[string]ipc.Unit
	last  ipc.StatusResult
}

func (w *watcher) snapshot(s ipc.SubscribeResult) error {
	w.last, w.order, w.units = s.StatusResult, nil, map[string]ipc.Unit{}
	w.take(s.Units)
	return w.draw()
}

func (w *watcher) delta(d ipc.Delta) error {
	w.take(d.Units)
	for _, id := range d.Removed {
		delete(w.units, id)
		w.order = slices.DeleteFunc(w.order, func(other string) bool { return other == id })
	}
	w.last.Problems = d.Problems
	return w.draw()
}

func (w *watcher) take(list []ipc.Unit) {
	for _, u := range list {
		if _, known := w.units[u.ID]; !known {
			w.order = append(w.order, u.ID)
		}
		w.units[u.ID] = u
	}
}

// home moves to the upper left, clear clears from there on (ECMA-48, CUP and
// ED).
const (
	home  = "\x1b[H"
	clear = "\x1b[J"
)

func (w *watcher) draw() error {
	w.last.Units = make([]ipc.Unit, 0, len(w.order))
	for _, id := range w.order {
		w.last.Units = append(w.last.Units, w.units[id])
	}
	if w.JSON {
		return json.NewEncoder(w.Stdout).Encode(w.last)
	}
	var picture bytes.Buffer
	st := w.style()
	if st.Width > 0 && st.Color {
		picture.WriteString(home + clear)
	}
	if err := view.Status(&picture, w.last, st); err != nil {
		return err
	}
	if st.Width > 0 && st.Color {
		w.fit(&picture, st.Height)
	} else {
		picture.WriteByte('\n')
	}
	_, err := w.Stdout.Write(picture.Bytes())
	return err
}

// fit cuts a picture to the terminal's height, or it would scroll.
func (w *watcher) fit(b *bytes.Buffer, height int) {
	lines := bytes.SplitAfter(b.Bytes(), []byte("\n"))
	if height > 1 && len(lines) > height {
		cut := bytes.Join(lines[:height-1], nil)
		b.Truncate(len(cut))
	}
}
