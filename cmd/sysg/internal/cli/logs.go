package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
)

// logsCmd shows what units wrote.
type logsCmd struct {
	Units      []string `arg:"" optional:"" help:"Units whose output to show; none means all."`
	Service    []string `short:"s" placeholder:"UNIT" help:"A unit whose output to show."`
	Lines      *int     `short:"n" help:"The last lines of each unit to begin with (50); -1 for all of them."`
	LinesToo   *int     `short:"l" hidden:"" name:"tail"`
	Kind       string   `short:"k" default:"stdout" enum:"stdout,stderr,all,supervisor" help:"stdout, stderr, all, or the supervisor's own log."`
	Follow     bool     `short:"f" help:"Go on with what is written from now on, until Ctrl-C."`
	Since      string   `placeholder:"WHEN" help:"Only from then on: 10m, 14:30, 2026-01-31 14:30, or RFC 3339."`
	Until      string   `placeholder:"WHEN" help:"Only up to then."`
	Grep       string   `placeholder:"REGEX" help:"Only lines that match (RE2)."`
	Run_       uint64   `name:"run" placeholder:"N" help:"Only what run N wrote."`
	Raw        bool     `help:"The bytes as they were written, without prefixes."`
	Timestamps bool     `short:"t" help:"Put the time before each line."`
	Newest     bool     `help:"With -f: jump to the newest lines rather than fall behind."`
	Path       bool     `help:"Print the names of the files instead."`
}

// defaultLines is how many lines are shown unless told otherwise.
const defaultLines = 50

// Run shows.
func (c *logsCmd) Run(a *app) error { return cannot("show logs", c.run(a)) }

func (c *logsCmd) run(a *app) error {
	if err := a.scope(); err != nil {
		return err
	}
	p, err := c.params(a)
	if err != nil {
		return err
	}
	if c.Path {
		return c.paths(a, p)
	}
	ctx, cancel := interruptible()
	defer cancel()
	client, err := a.dial(ctx)
	var offline bool
	switch {
	case notRunning(err):
		offline = true
		a.remark("no supervisor runs; this is what its files have")
	case err != nil:
		return err
	default:
		defer client.Close()
	}
	names, err := c.names(ctx, a, client, &p)
	if err != nil {
		return err
	}
	printer := view.NewLogPrinter(a.Stdout, a.style(), view.LogOptions{
		Prefix: len(names) > 1 && !c.Raw, Timestamps: c.Timestamps, Raw: c.Raw, JSON: a.JSON, Names: names, Notes: c.notes(a),
	})
	switch {
	case c.Follow:
		go endWithReader(a.Stdout, cancel)
		err = newFollower(a, p, printer.Batch).run(ctx, client)
	case offline:
		err = a.offlineLogs(ctx, p, printer.Batch)
	default:
		err = streamLogs(ctx, client, p, printer.Batch)
	}
	return c.end(err, printer.Close())
}

// notes is where remarks about skipped lines go.
func (c *logsCmd) notes(a *app) io.Writer {
	if a.style().Width > 0 {
		return nil
	}
	return a.Stderr
}

// end forgives a reader that had enough and a Ctrl-C.
func (c *logsCmd) end(errs ...error) error {
	err := errors.Join(errs...)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, context.Canceled) {
		return nil
	}
	var e *ipc.Error
	if errors.As(err, &e) && e.Code == ipc.CodeCanceled {
		return nil
	}
	return err
}

func (c *logsCmd) params(a *app) (ipc.LogsParams, error) {
	p := ipc.LogsParams{
		Selection: a.selection(units(c.Units, c.Service)), Kinds: []string{c.Kind}, Lines: defaultLines,
		Grep: c.Grep, Run: c.Run_, Follow: c.Follow, Newest: c.Newest,
	}
	if c.Kind == "all" {
		p.Kinds = []string{"stdout", "stderr"}
	}
	switch {
	case c.Lines != nil:
		p.Lines = *c.Lines
	case c.LinesToo != nil:
		p.Lines = *c.LinesToo
	case c.Since != "" || c.Until != "" || c.Run_ > 0:
		p.Lines = -1
	}
	if p.Lines < -1 {
		return p, usage("--lines has to be a number of lines, or -1 for all")
	}
	if _, err := regexp.Compile(c.Grep); err != nil {
		return p, usage("cannot use --grep: %v", err)
	}
	var err error
	now := time.Now()
	if p.Since, err = parseWhen(c.Since, now); err != nil {
		return p, err
	}
	p.Until, err = parseWhen(c.Until, now)
	return p, err
}

// names are the units that will come, for the width of the prefix. In the
// supervisor's own log units choose the lines that are about them.
func (c *logsCmd) names(ctx context.Context, a *app, client *ipc.Client, p *ipc.LogsParams) ([]string, error) {
	if c.Kind == "supervisor" && len(p.Units) == 0 && p.Project == "" {
		return nil, nil
	}
	r, err := a.unitsOf(ctx, client, p.Selection)
	var names, about []string
	for _, u := range r {
		names = append(names, u.ID)
		about = append(about, regexp.QuoteMeta(u.ID), regexp.QuoteMeta(u.Name))
	}
	if c.Kind != "supervisor" || err != nil {
		return names, err
	}
	if c.Grep != "" {
		return nil, usage("--grep and units cannot both choose lines of the supervisor's log")
	}
	// As they stand in unit=… and what="restart …".
	p.Grep = `(unit="?|what="[^"]*[ ,])(` + strings.Join(about, "|") + `)([ ,"]|$)`
	p.Selection = ipc.Selection{}
	return nil, nil
}

// unitsOf are the selected units, from the supervisor or from the disk.
func (a *app) unitsOf(ctx context.Context, client *ipc.Client, sel ipc.Selection) ([]ipc.Unit, error) {
	if client == nil {
		r, err := a.offlineStatus(sel, len(sel.Units) > 0)
		return r.Units, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	r, err := client.Status(ctx, ipc.StatusParams{Selection: sel})
	if errors.Is(err, context.DeadlineExceeded) {
		err = frozen(client.Hello().PID)
	}
	return r.Units, err
}

// paths prints the files.
func (c *logsCmd) paths(a *app, p ipc.LogsParams) error {
	if c.Kind == "supervisor" {
		_, err := fmt.Fprintln(a.Stdout, a.paths.SupervisorLog())
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	client, err := a.dial(ctx)
	switch {
	case notRunning(err):
	case err != nil:
		return err
	default:
		defer client.Close()
	}
	list, err := a.unitsOf(ctx, client, p.Selection)
	if err != nil {
		return err
	}
	for _, u := range list {
		for _, kind := range p.Kinds {
			if _, err := fmt.Fprintln(a.Stdout, a.paths.Log(u.Project, u.Name, kind)); err != nil {
				return err
			}
		}
	}
	return nil
}

// streamLogs asks for lines and hands them on.
func streamLogs(ctx context.Context, client *ipc.Client, p ipc.LogsParams, emit func(ipc.LogBatch) error) error {
	var done ipc.LogsResult
	p.Blocks = client.Hello().Can(ipc.FeatureBlocks)
	return client.Stream(ctx, ipc.MethodLogs, p, func(note string, raw json.RawMessage) error {
		if note != ipc.NoteLog {
			return nil
		}
		b, err := ipc.ReadLogBatch(raw)
		if err != nil {
			return err
		}
		return emit(b)
	}, &done)
}

// whenLayouts are how a moment may be written, besides a duration.
var whenLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

// parseWhen reads a moment: a time of day (today), a date, or how long ago.
func parseWhen(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := parseAgo(s); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range whenLayouts {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			y, m, d := now.Date()
			return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, now.Location()), nil
		}
	}
	return time.Time{}, usage("cannot read the time %q: it is like 10m, 14:30, 2026-01-31 14:30 or 2026-01-31T14:30:00Z", s)
}

// contains spares the callers an import.
func contains(list []string, s string) bool { return slices.Contains(list, s) }
