// Package detail is everything about one unit: what it is, what it uses, its
// processes, how it is checked and replaced, what it hangs on, its limits, its
// definition and what happened to it.
//
// What the board does not have comes by Know, from the supervisor's inspect;
// Wants says when it has to be asked again. Values of the environment are left
// out, as the command line leaves them out: they may be secrets.
package detail

import (
	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// Tab is a part of the pane.
type Tab uint8

// The tabs.
const (
	Overview Tab = iota
	Processes
	Config
	Events
	tabs
)

var tabNames = [tabs]string{"Overview", "Processes", "Config", "Events"}

// Pane shows one unit.
type Pane struct {
	tab Tab
	top int
	// unit is the one that is known.
	unit string
	know ipc.InspectResult
	why  ipc.WhyResult
	have bool
	err  string
	// lines is how many lines the tab had when it was drawn last.
	lines int
}

// New is a pane that knows nothing.
func New() *Pane { return &Pane{} }

// Know takes what was asked for, or why it cannot be had.
func (p *Pane) Know(unit string, r ipc.InspectResult, why ipc.WhyResult, err error) {
	if unit != p.unit {
		p.unit, p.top = unit, 0
	}
	if err != nil {
		p.err = widget.Words(err.Error())
		return
	}
	p.know, p.why, p.have, p.err = r, why, true, ""
}

// of is what is known of a unit, nil for nothing.
func (p *Pane) of(u *board.Unit) *ipc.InspectResult {
	if p.have && p.unit == u.ID && p.know.Unit.ID == u.ID {
		return &p.know
	}
	return nil
}

// Act scrolls, or shows another tab.
func (p *Pane) Act(a keys.Action, f pane.Frame) pane.Intent {
	page := max(f.Height-3, 1)
	by := map[keys.Action]int{
		keys.Down: 1, keys.Up: -1, keys.HalfDown: max(page/2, 1), keys.HalfUp: -max(page/2, 1),
		keys.PageDown: page, keys.PageUp: -page, keys.First: -p.lines, keys.Last: p.lines,
	}
	if n, ok := by[a]; ok {
		p.top = max(0, min(p.top+n, p.lines-page))
		return nil
	}
	switch a {
	case keys.TabNext:
		p.tab, p.top = (p.tab+1)%tabs, 0
	case keys.TabBefore:
		p.tab, p.top = (p.tab+tabs-1)%tabs, 0
	}
	return nil
}

// Lines draws the unit.
func (p *Pane) Lines(f pane.Frame) []string {
	u := f.Unit()
	if f.Height <= 0 || f.Width <= 0 {
		return f.Page(nil)
	}
	if u == nil {
		return f.Page([]string{f.Theme.Paint(theme.Faint, widget.Cut("the unit is gone", f.Width, f.Theme.Ellipsis))})
	}
	s := &sheet{f: f, t: f.Theme, w: f.Width}
	p.head(s, u)
	head := len(s.lines)
	r := p.of(u)
	switch {
	case r == nil && p.err != "" && p.unit == u.ID:
		s.put(theme.Bad, p.err)
	case p.tab == Processes:
		processes(s, r)
	case p.tab == Config:
		config(s, u, r)
	case p.tab == Events:
		unitEvents(s, u, r)
	default:
		if r != nil {
			because(s, u, &p.why)
		}
		overview(s, u, r)
	}
	body := s.lines[head:]
	p.lines = len(body)
	room := f.Height - head
	p.top = max(0, min(p.top, len(body)-room))
	lines := append(s.lines[:head:head], body[min(p.top, len(body)):]...)
	if f.Stale {
		for i := range lines {
			lines[i] = f.Theme.Over(theme.Stale, lines[i])
		}
	}
	return f.Page(lines)
}

// head is the unit in one line, what is the matter with it, and the tabs.
func (p *Pane) head(s *sheet, u *board.Unit) {
	t := s.t
	row := []span{
		{theme.Strong, s.f.Board.NameOf(u) + "  "}, {t.LookTone(u.Look), t.Sign(u.Look) + " " + u.Look},
	}
	also := func(tone theme.Tone, text string) { row = append(row, span{tone, "  " + text}) }
	if u.Health == "healthy" {
		also(theme.Good, "healthy")
	}
	if u.PID > 0 {
		also(theme.Normal, "pid "+number(u.PID))
		also(theme.Normal, "up "+widget.Age(u.StartedAt, s.f.Now))
	}
	if u.Restarts > 0 {
		also(theme.Warn, widget.Count(u.Restarts, "restart"))
	}
	if u.Run > 0 {
		also(theme.Faint, "run "+number(int(u.Run)))
	}
	also(theme.Faint, u.Kind)
	right := p.tabLine(s)
	if spanWidth(row)+2+spanWidth(right) <= s.w {
		s.both(row, right)
	} else {
		s.row(row)
		s.row(right)
	}
	if note := pane.Note(u, s.f.Now); note != "" {
		s.put(t.LookTone(u.Look), note)
	}
}

// tabLine is the tabs; where there is no room for all, only the one shown.
func (p *Pane) tabLine(s *sheet) []span {
	var row []span
	for i := range tabs {
		if i == p.tab {
			row = append(row, span{theme.Accent, "[" + tabNames[i] + "]"})
		} else {
			row = append(row, span{theme.Faint, " " + tabNames[i] + " "})
		}
	}
	if spanWidth(row) > s.w {
		return []span{{theme.Accent, "[" + tabNames[p.tab] + "]"}, {theme.Faint, " ] next tab"}}
	}
	return row
}
