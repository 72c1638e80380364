// Package cron is the view of jobs: when each runs next, how its last runs went,
// and those of the selected one in words.
package cron

import (
	"slices"
	"strings"
	"time"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// Pane shows the jobs.
type Pane struct {
	pane.Answers
	list pane.List
}

// New is a pane that knows nothing.
func New() *Pane { return &Pane{} }

// Units are the jobs of a board, the one that is due first first.
func Units(b *board.Board) []*board.Unit {
	var list []*board.Unit
	for _, u := range b.Units {
		if u.Kind == "cron" {
			list = append(list, u)
		}
	}
	slices.SortStableFunc(list, func(a, b *board.Unit) int {
		switch {
		case a.NextRun.IsZero() == b.NextRun.IsZero():
			return a.NextRun.Compare(b.NextRun)
		case a.NextRun.IsZero():
			return 1
		}
		return -1
	})
	return list
}

// Wants are the jobs to inspect.
func (p *Pane) Wants(b *board.Board) []string { return p.Want(Units(b)) }

// Act moves.
func (p *Pane) Act(a keys.Action, f pane.Frame) pane.Intent {
	return p.list.Move(a, f, Units(f.Board), listHeight(f, Units(f.Board)))
}

var columns = []pane.Column{
	{Title: "JOB", Column: widget.Column{Min: 8}},
	{Title: "NEXT RUN", Column: widget.Column{Min: 16}},
	{Title: "SCHEDULE", Column: widget.Column{Min: 10, Drop: 3}},
	{Title: "LAST RUNS", Column: widget.Column{Min: 9, Drop: 1}},
	{Title: "LAST", Column: widget.Column{Min: 16, Grow: true, Drop: 2}},
}

// listHeight is how many lines the table gets: the rest is for the runs of the
// selected job.
func listHeight(f pane.Frame, rows []*board.Unit) int {
	if f.Height < 8 {
		return f.Height
	}
	return min(len(rows)+1, f.Height/2)
}

// Lines draws the jobs.
func (p *Pane) Lines(f pane.Frame) []string {
	rows := Units(f.Board)
	t := f.Theme
	if len(rows) == 0 {
		return f.Page([]string{t.Paint(theme.Faint, widget.Cut("there are no cron jobs", f.Width, t.Ellipsis))})
	}
	if pane.Index(rows, f.Selected) < 0 {
		f.Selected = rows[0].ID
	}
	upper := f
	upper.Height = listHeight(f, rows)
	lines := p.list.Draw(upper, columns, rows, func(u *board.Unit) []pane.Cell { return p.cells(f, u) })
	if f.Height > upper.Height {
		lines = append(lines, p.runs(f, f.Unit(), f.Height-upper.Height)...)
	}
	if f.Stale {
		for i := range lines {
			lines[i] = t.Over(theme.Stale, lines[i])
		}
	}
	return f.Page(lines)
}

func (p *Pane) cells(f pane.Frame, u *board.Unit) []pane.Cell {
	next := pane.Cell{Tone: theme.Faint, Text: "-"}
	if !u.NextRun.IsZero() {
		next = pane.Cell{Tone: theme.Normal, Text: pane.When(u.NextRun, f.Now)}
	}
	cells := []pane.Cell{{Text: f.Board.NameOf(u)}, next, {Tone: theme.Faint, Text: "-"}, {Tone: theme.Faint, Text: ""}, {Tone: theme.Faint, Text: "-"}}
	if u.State == "running" {
		cells[4] = pane.Cell{Tone: f.Theme.LookTone(u.Look), Text: "runs since " + pane.Clock(u.StartedAt, f.Now)}
	}
	r := p.Of(u.ID)
	if r == nil || r.Cron == nil {
		return cells
	}
	cells[2].Text = widget.Words(r.Cron.Expression)
	var marks strings.Builder
	bad := false
	const most = 12
	for _, run := range r.Cron.Runs[max(len(r.Cron.Runs)-most, 0):] {
		marks.WriteString(sign(f.Theme, run.Status))
		bad = run.Status == "failed" || run.Status == "missed"
	}
	cells[3] = pane.Cell{Tone: theme.Normal, Text: marks.String()}
	if n := len(r.Cron.Runs); n > 0 && u.State != "running" {
		cells[4] = pane.Cell{Tone: tone(r.Cron.Runs[n-1].Status), Text: pane.RunText(r.Cron.Runs[n-1], f.Now)}
	}
	if bad {
		cells[3].Tone = theme.Bad
	}
	return cells
}

func sign(t *theme.Theme, status string) string {
	switch status {
	case "completed":
		return t.Check
	case "failed":
		return t.Cross
	case "running":
		return t.Right
	case "skipped", "missed":
		return t.Sign("skipped")
	}
	return t.Dot
}

func tone(status string) theme.Tone {
	switch status {
	case "failed", "missed":
		return theme.Bad
	case "running", "queued":
		return theme.Busy
	case "skipped":
		return theme.Warn
	}
	return theme.Normal
}

// runs are the runs of a job in n lines, the newest first, below a rule.
func (p *Pane) runs(f pane.Frame, u *board.Unit, n int) []string {
	t := f.Theme
	head := t.Rule(2) + " " + t.Paint(theme.Title, "Runs of "+f.Board.NameOf(u)) + " "
	lines := []string{widget.Cut(head+t.Rule(f.Width-widget.Width(head)), f.Width, "")}
	r := p.Of(u.ID)
	switch {
	case r == nil:
		return append(lines, t.Paint(theme.Faint, widget.Cut("reading"+t.Ellipsis, f.Width, "")))
	case r.Cron == nil || len(r.Cron.Runs) == 0:
		return append(lines, t.Paint(theme.Faint, widget.Cut("it has not run yet; T runs it now", f.Width, t.Ellipsis)))
	}
	lines = append(lines, widget.Cut(t.Paint(theme.Faint, summary(r.Cron)), f.Width, t.Ellipsis))
	for _, run := range slices.Backward(r.Cron.Runs) {
		if len(lines) == n {
			break
		}
		text := t.Paint(tone(run.Status), sign(t, run.Status)) + " " + t.Paint(tone(run.Status), pane.RunText(run, f.Now))
		lines = append(lines, widget.Cut(text, f.Width, t.Ellipsis))
	}
	return lines
}

// summary is how long runs take.
func summary(c *ipc.CronJob) string {
	var took []time.Duration
	failed := 0
	for _, run := range c.Runs {
		if !run.End.IsZero() && !run.Start.IsZero() {
			took = append(took, run.End.Sub(run.Start))
		}
		if run.Status == "failed" {
			failed++
		}
	}
	text := widget.Words(c.Expression)
	if c.Timezone != "" {
		text += " " + widget.Words(c.Timezone)
	}
	text += ", overlap " + widget.Words(c.Overlap)
	if c.Timeout != "" {
		text += ", at most " + widget.Words(c.Timeout)
	}
	if len(took) > 0 {
		slices.Sort(took)
		text += "; half of the runs take up to " + widget.Duration(took[(len(took)-1)/2]) + ", the longest " + widget.Duration(took[len(took)-1])
	}
	if failed > 0 {
		text += "; " + widget.Count(failed, "failure")
	}
	return text
}
