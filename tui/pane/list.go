package pane

import (
	"slices"
	"strings"

	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// List is a table of units of which one is selected, for views that show some of
// them. It has no state but where it is scrolled to.
type List struct {
	top int
}

// Cell is a text in a tone.
type Cell struct {
	Tone theme.Tone
	Text string
}

// Column is a column of a list: a title, and what widget.Columns needs to know.
// Want 0 is as wide as its cells.
type Column struct {
	Title string
	Right bool
	widget.Column
}

// Move is the intent of an action that moves the selection, nil for others.
func (l *List) Move(a keys.Action, f Frame, rows []*board.Unit, height int) Intent {
	page := max(height-1, 1)
	by := map[keys.Action]int{
		keys.Down: 1, keys.Up: -1, keys.HalfDown: max(page/2, 1), keys.HalfUp: -max(page/2, 1),
		keys.PageDown: page, keys.PageUp: -page, keys.First: -len(rows), keys.Last: len(rows),
	}
	n, moves := by[a]
	if !moves || len(rows) == 0 {
		return nil
	}
	at := Index(rows, f.Selected)
	if at < 0 {
		at, n = 0, 0
	}
	return Select{Unit: rows[max(0, min(at+n, len(rows)-1))].ID}
}

// Index is where a unit is among others, -1 for nowhere.
func Index(rows []*board.Unit, id string) int {
	return slices.IndexFunc(rows, func(u *board.Unit) bool { return u.ID == id })
}

// Draw draws the list: headings, and as many rows as there is room for. The
// first cell of a row is a unit's sign.
func (l *List) Draw(f Frame, columns []Column, rows []*board.Unit, cells func(*board.Unit) []Cell) []string {
	if f.Height <= 0 || f.Width <= 0 {
		return nil
	}
	t := f.Theme
	all := make([][]Cell, len(rows))
	list := make([]widget.Column, len(columns))
	for i, c := range columns {
		list[i] = c.Column
		list[i].Want = max(list[i].Want, widget.Width(c.Title))
	}
	for y, u := range rows {
		all[y] = cells(u)
		for i := range columns {
			if columns[i].Want == 0 {
				list[i].Want = max(list[i].Want, widget.Width(all[y][i].Text))
			}
		}
	}
	widths := widget.Columns(list, f.Width-3, 2)
	lines := make([]string, 0, f.Height)
	if f.Height >= 3 {
		titles := make([]Cell, len(columns))
		for i, c := range columns {
			titles[i] = Cell{theme.Faint, c.Title}
		}
		lines = append(lines, strings.TrimRight("   "+joinCells(t.Paint, t, columns, titles, widths), " "))
	}
	room := f.Height - len(lines)
	at := Index(rows, f.Selected)
	l.top = max(0, min(max(min(l.top, max(at, 0)), at-room+1), len(rows)-room))
	for y := l.top; y < len(rows) && len(lines) < f.Height; y++ {
		paint, cursor := t.Paint, " "
		if y == at {
			cursor = t.Cursor
			if f.Focus {
				paint = t.PaintOn
			}
		}
		u := rows[y]
		head := paint(theme.Accent, cursor) + paint(t.LookTone(u.Look), t.Sign(u.Look)) + paint(theme.Normal, " ")
		lines = append(lines, head+joinCells(paint, t, columns, all[y], widths))
	}
	return lines
}

func joinCells(paint func(theme.Tone, string) string, t *theme.Theme, columns []Column, cells []Cell, widths []int) string {
	var b strings.Builder
	for i, c := range columns {
		if widths[i] == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(paint(theme.Normal, "  "))
		}
		text := widget.Fit(cells[i].Text, widths[i], t.Ellipsis)
		if c.Right {
			text = widget.FitLeft(cells[i].Text, widths[i], t.Ellipsis)
		}
		b.WriteString(paint(cells[i].Tone, text))
	}
	return b.String()
}
