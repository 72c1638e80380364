// Package events is the journal: what happened, the newest at the bottom.
package events

import (
	"fmt"
	"regexp"
	"strings"

	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// Pane shows the journal.
type Pane struct {
	filter *regexp.Regexp
	typed  string
	not    bool

	// at is the number in the journal of the selected event; 0 follows the
	// newest.
	at  uint64
	top int

	list []board.Event
	key  key
}

// key is what the list was chosen for.
type key struct {
	board   *board.Board
	changes uint64
	typed   string
}

// New is a pane that follows.
func New() *Pane { return &Pane{} }

// Filter shows only events whose text matches; "!" before the pattern for those
// that do not, "" for all.
func (p *Pane) Filter(text string) error {
	pattern, not := strings.CutPrefix(text, "!")
	if pattern == "" {
		p.filter, p.typed = nil, ""
		return nil
	}
	re, err := regexp.Compile("(?i)" + pattern)
	if err != nil {
		return fmt.Errorf("the pattern is no regular expression: %w", err)
	}
	p.filter, p.typed, p.not = re, text, not
	return nil
}

// Filtered is what is filtered, as it was typed.
func (p *Pane) Filtered() string { return p.typed }

// Events are those that are shown.
func (p *Pane) events(b *board.Board) []board.Event {
	if p.filter == nil {
		return b.Events
	}
	k := key{board: b, changes: b.Changes, typed: p.typed}
	if k == p.key {
		return p.list
	}
	p.key, p.list = k, p.list[:0:0]
	for _, e := range b.Events {
		if p.filter.MatchString(e.Unit+" "+e.Type+" "+pane.EventText(e)) != p.not {
			p.list = append(p.list, e)
		}
	}
	return p.list
}

// index is where the selected event is.
func (p *Pane) index(list []board.Event) int {
	if p.at != 0 {
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].Seq <= p.at {
				return i
			}
		}
	}
	return len(list) - 1
}

// Unit is the unit of the selected event, by ID, "" for none.
func (p *Pane) Unit(f pane.Frame) string {
	list := p.events(f.Board)
	if i := p.index(list); i >= 0 && list[i].Unit != "" {
		return list[i].Project + "/" + list[i].Unit
	}
	return ""
}

// Act moves, or shows the unit an event is about.
func (p *Pane) Act(a keys.Action, f pane.Frame) pane.Intent {
	list := p.events(f.Board)
	page := max(f.Height-1, 1)
	by := map[keys.Action]int{
		keys.Down: 1, keys.Up: -1, keys.HalfDown: max(page/2, 1), keys.HalfUp: -max(page/2, 1),
		keys.PageDown: page, keys.PageUp: -page, keys.First: -len(list), keys.Last: len(list), keys.Live: len(list),
	}
	if n, moves := by[a]; moves && len(list) > 0 {
		i := max(0, min(p.index(list)+n, len(list)-1))
		p.at = list[i].Seq
		if i == len(list)-1 {
			p.at = 0
		}
		if id := p.Unit(f); f.Board.Unit(id) != nil {
			return pane.Select{Unit: id}
		}
		return nil
	}
	if a == keys.Enter {
		if id := p.Unit(f); f.Board.Unit(id) != nil {
			return pane.Open{View: pane.Detail, Unit: id}
		}
		return pane.Say{Text: "the event is about no unit that there is now"}
	}
	return nil
}

// The widths of the columns before the text: the time, and the unit.
const (
	timeWidth   = 8
	unitAtMost  = 20
	narrowUnits = 12
	narrow      = 60
)

// Lines draws the journal.
func (p *Pane) Lines(f pane.Frame) []string {
	if f.Height <= 0 || f.Width <= 0 {
		return f.Page(nil)
	}
	t := f.Theme
	list := p.events(f.Board)
	if len(list) == 0 {
		text := "nothing happened yet"
		if p.filter != nil {
			text = "no event matches " + p.typed
		}
		return f.Page([]string{t.Paint(theme.Faint, widget.Cut(text, f.Width, t.Ellipsis))})
	}
	selected := p.index(list)
	if p.at == 0 {
		p.top = len(list) - f.Height
	}
	p.top = max(0, min(min(p.top, selected), len(list)-f.Height))
	p.top = max(p.top, selected-f.Height+1)
	names := p.names(f, list[p.top:min(p.top+f.Height, len(list))])
	lines := make([]string, 0, f.Height)
	for i := p.top; i < len(list) && len(lines) < f.Height; i++ {
		lines = append(lines, p.line(f, list[i], i == selected, names))
	}
	if f.Stale {
		for i := range lines {
			lines[i] = t.Over(theme.Stale, lines[i])
		}
	}
	return f.Page(lines)
}

// names is the width of the column of units.
func (p *Pane) names(f pane.Frame, list []board.Event) int {
	n := 4
	for _, e := range list {
		n = max(n, widget.Width(nameOf(f.Board, e)))
	}
	if f.Width < narrow {
		return min(n, narrowUnits)
	}
	return min(n, unitAtMost)
}

func nameOf(b *board.Board, e board.Event) string {
	if e.Unit == "" {
		return "sysg"
	}
	return b.Name(e.Project + "/" + e.Unit)
}

func (p *Pane) line(f pane.Frame, e board.Event, selected bool, names int) string {
	t := f.Theme
	paint, cursor := t.Paint, " "
	if selected {
		paint, cursor = t.PaintOn, t.Cursor
	}
	sign, tone := signOf(t, e)
	head := paint(theme.Accent, cursor) + paint(theme.Faint, widget.Fit(pane.Clock(e.Time, f.Now), timeWidth+1, "")) +
		paint(theme.Normal, " ") + paint(tone, sign) + paint(theme.Normal, " "+widget.Fit(nameOf(f.Board, e), names, t.Ellipsis)+"  ")
	room := f.Width - widget.Width(head)
	text := pane.EventText(e)
	if selected {
		return head + paint(theme.Normal, widget.Fit(text, room, t.Ellipsis))
	}
	return head + paint(textTone(e), widget.Cut(text, room, t.Ellipsis))
}

// signOf is the glyph of an event: that of the state it led to.
func signOf(t *theme.Theme, e board.Event) (string, theme.Tone) {
	switch {
	case e.Type == "state":
		return t.Sign(e.To), t.LookTone(e.To)
	case e.Type == "exit" && e.Exit != nil && e.Exit.Code != 0:
		return t.Cross, theme.Bad
	case e.Type == "exit":
		return t.Dot, theme.Faint
	case e.Type == "deploy":
		return t.Sign("deploying"), t.LookTone("deploying")
	case e.Type == "cron":
		return t.Sign("scheduled"), t.LookTone("scheduled")
	case e.Type == "problem" || e.Type == "hook":
		return "!", theme.Warn
	}
	return t.Dot, theme.Faint
}

func textTone(e board.Event) theme.Tone {
	switch e.Type {
	case "exit", "operation", "supervisor":
		return theme.Faint
	}
	return theme.Normal
}
