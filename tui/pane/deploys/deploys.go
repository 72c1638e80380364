// Package deploys is the view of replacements: how far those under way are, how
// the last ones ended, and what can be rolled back to.
package deploys

import (
	"fmt"
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

// Pane shows the replacements.
type Pane struct {
	pane.Answers
	list pane.List
}

// New is a pane that knows nothing.
func New() *Pane { return &Pane{} }

// Units are those that are replaced by a strategy, the ones under way first.
// Jobs and one-shots are not replaced: they end by themselves.
func Units(b *board.Board) []*board.Unit {
	var list []*board.Unit
	for _, u := range b.Units {
		if u.Kind != "cron" && u.Kind != "oneshot" || u.Rollout != nil {
			list = append(list, u)
		}
	}
	slices.SortStableFunc(list, func(a, b *board.Unit) int {
		switch {
		case (a.Rollout == nil) == (b.Rollout == nil):
			return 0
		case a.Rollout != nil:
			return -1
		}
		return 1
	})
	return list
}

// Wants are the units to inspect.
func (p *Pane) Wants(b *board.Board) []string { return p.Want(Units(b)) }

// Act moves.
func (p *Pane) Act(a keys.Action, f pane.Frame) pane.Intent {
	return p.list.Move(a, f, Units(f.Board), listHeight(f, Units(f.Board)))
}

var columns = []pane.Column{
	{Title: "UNIT", Column: widget.Column{Min: 8}},
	{Title: "PHASE", Column: widget.Column{Min: 9}},
	{Title: "PROGRESS", Column: widget.Column{Min: barWidth, Want: barWidth, Drop: 4}},
	{Title: "STRATEGY", Column: widget.Column{Min: 8, Drop: 3}},
	{Title: "ROLLBACK", Column: widget.Column{Min: 8, Drop: 2}},
	{Title: "LAST", Column: widget.Column{Min: 14, Grow: true, Drop: 1}},
}

// barWidth is how wide a bar of progress is.
const barWidth = 12

// phases are those of a replacement that goes well, in their order.
var phases = []string{"starting", "switching", "verifying", "grace", "draining"}

func listHeight(f pane.Frame, rows []*board.Unit) int {
	if f.Height < 12 {
		return f.Height
	}
	return min(len(rows)+1, f.Height-detailRows)
}

// detailRows is how many lines there are for the selected unit.
const detailRows = 8

// Lines draws the replacements.
func (p *Pane) Lines(f pane.Frame) []string {
	rows := Units(f.Board)
	t := f.Theme
	if len(rows) == 0 {
		return f.Page([]string{t.Paint(theme.Faint, widget.Cut("there is nothing that could be replaced", f.Width, t.Ellipsis))})
	}
	if pane.Index(rows, f.Selected) < 0 {
		f.Selected = rows[0].ID
	}
	upper := f
	upper.Height = listHeight(f, rows)
	lines := p.list.Draw(upper, columns, rows, func(u *board.Unit) []pane.Cell { return p.cells(f, u) })
	if f.Height > upper.Height {
		lines = append(lines, p.about(f, f.Unit())...)
	}
	if f.Stale {
		for i := range lines {
			lines[i] = t.Over(theme.Stale, lines[i])
		}
	}
	return f.Page(lines)
}

func (p *Pane) cells(f pane.Frame, u *board.Unit) []pane.Cell {
	cells := []pane.Cell{{Text: f.Board.NameOf(u)}, {Tone: theme.Faint, Text: "-"}, {}, {Tone: theme.Faint, Text: "-"}, {Tone: theme.Faint, Text: "-"}, {Tone: theme.Faint, Text: "-"}}
	if r := u.Rollout; r != nil {
		cells[1] = pane.Cell{Tone: phaseTone(r.Phase), Text: r.Phase}
		cells[2] = pane.Cell{Tone: phaseTone(r.Phase), Text: bar(f.Theme, r.Phase)}
		cells[5] = pane.Cell{Tone: theme.Busy, Text: waiting(r)}
	}
	r := p.Of(u.ID)
	if r == nil {
		return cells
	}
	d := r.Deployment
	cells[3].Text = widget.Words(d.Strategy)
	if d.Slot != "" {
		cells[3].Text += " " + widget.Words(d.Slot)
	}
	if d.Earlier > 0 {
		cells[4] = pane.Cell{Tone: theme.Normal, Text: fmt.Sprintf("%d back", d.Earlier)}
	}
	if u.Rollout == nil && d.Last != nil {
		tone := theme.Normal
		if !d.Last.OK {
			tone = theme.Bad
		}
		cells[5] = pane.Cell{Tone: tone, Text: lastText(d.Last, f.Now)}
	}
	return cells
}

func phaseTone(phase string) theme.Tone {
	if phase == "undoing" || phase == "aborting" {
		return theme.Bad
	}
	return theme.Busy
}

// bar is how far a phase is; one that is being undone has none.
func bar(t *theme.Theme, phase string) string {
	at := slices.Index(phases, phase)
	if at < 0 {
		return ""
	}
	return widget.Bar(at+1, len(phases)+1, barWidth, t.ASCII)
}

// waiting is what a rollout waits for, in the supervisor's words where it has some.
func waiting(r *ipc.Rollout) string {
	if r.Waits != "" {
		return r.Waits
	}
	text := fmt.Sprintf("run %d %s", r.Run, r.State)
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	return text
}

func lastText(l *ipc.Rolled, now time.Time) string {
	how := "done"
	if !l.OK {
		how = "failed"
	}
	took := widget.Duration(time.Duration(l.TookSecs * float64(time.Second)))
	return widget.Words(fmt.Sprintf("%s %s, took %s: %s", pane.Clock(l.Time, now), how, took, l.Reason))
}

// about is what there is to say of one unit.
func (p *Pane) about(f pane.Frame, u *board.Unit) []string {
	t := f.Theme
	head := t.Rule(2) + " " + t.Paint(theme.Title, f.Board.NameOf(u)) + " "
	lines := []string{widget.Cut(head+t.Rule(f.Width-widget.Width(head)), f.Width, "")}
	say := func(tone theme.Tone, text string) {
		for _, row := range widget.WrapWords(text, f.Width) {
			lines = append(lines, t.Paint(tone, row))
		}
	}
	if r := u.Rollout; r != nil {
		say(theme.Busy, fmt.Sprintf("%s since %s, %s", r.Phase, pane.Clock(r.Since, f.Now), waiting(r)))
		say(theme.Faint, "phases: "+strings.Join(phases, " > "))
	}
	r := p.Of(u.ID)
	if r == nil {
		say(theme.Faint, "reading"+t.Ellipsis)
		return lines
	}
	d := r.Deployment
	say(theme.Normal, "strategy: "+widget.Words(d.Strategy))
	switch {
	case d.Last == nil:
		say(theme.Faint, "nothing was replaced yet; D deploys what the manifest says now")
	case d.Last.OK:
		say(theme.Normal, "last: "+lastText(d.Last, f.Now))
	default:
		say(theme.Bad, "last: "+lastText(d.Last, f.Now))
	}
	if d.Earlier > 0 {
		text := widget.Count(d.Earlier, "earlier definition") + " to go back to; B rolls back"
		if len(d.Differs) > 0 {
			text += "; the newest differs in " + widget.Words(strings.Join(d.Differs, ", "))
		}
		say(theme.Normal, text)
	}
	if len(d.Replicas) > 1 {
		say(theme.Faint, "replicas: "+widget.Words(strings.Join(d.Replicas, ", ")))
	}
	return lines
}
