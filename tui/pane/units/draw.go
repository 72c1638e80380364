package units

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"systemg/tui/board"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// cell is a text in a tone.
type cell struct {
	tone theme.Tone
	text string
}

// column is one column of the table.
type column struct {
	name, title string
	right       bool
	// min and drop are those of widget.Column.
	min, drop int
	grow      bool
	// chart is how many bars it has, 0 for text.
	chart int
	// text gives the cell of a unit.
	text func(*board.Unit, pane.Frame) cell
}

// The numbers of drop: what goes first has the highest.
var columns = []column{
	{name: "unit", title: "UNIT", min: 8, text: nil},
	{name: "state", title: "STATE", min: 9, text: stateCell},
	{name: "health", title: "HEALTH", min: 9, drop: 7, text: healthCell},
	{name: "pid", title: "PID", right: true, min: 5, drop: 11, text: pidCell},
	{name: "uptime", title: "UPTIME", right: true, min: 6, drop: 5, text: uptimeCell},
	{name: "restarts", title: "RST", right: true, min: 3, drop: 6, text: restartsCell},
	{name: "cpu", title: "CPU%", right: true, min: 5, drop: 2, text: cpuCell},
	{name: "cpu-chart", title: "CPU 60s", min: bars, drop: 9, chart: bars, text: cpuChart},
	{name: "memory", title: "MEM", right: true, min: 5, drop: 4, text: memoryCell},
	{name: "memory-chart", title: "MEM 60s", min: bars, drop: 10, chart: bars, text: memoryChart},
	{name: "note", title: "NOTE / NEXT RUN", min: 20, grow: true, drop: 1, text: noteCell},
}

// bars is how many bars a chart has, barSeconds what one stands for.
const (
	bars       = 12
	barSeconds = board.Seconds / bars
)

// ColumnNames are the columns that settings may name.
func ColumnNames() []string {
	var list []string
	for _, c := range columns {
		list = append(list, c.name)
	}
	return list
}

// merged is the width below which health stands in place of the state, and
// there are no headings.
const merged = 60

// Lines draws the table.
func (p *Pane) Lines(f pane.Frame) []string {
	if f.Height <= 0 || f.Width <= 0 {
		return f.Page(nil)
	}
	return p.table(f, p.choose(f.Board, false))
}

// IllLines draws only the units with which something is wrong, for screens that
// have room for no more.
func (p *Pane) IllLines(f pane.Frame) []string {
	if f.Height <= 0 || f.Width <= 0 {
		return f.Page(nil)
	}
	rows := p.choose(f.Board, true)
	if len(rows) == 0 {
		return f.Page([]string{f.Theme.Paint(theme.Good, widget.Cut("all is well", f.Width, ""))})
	}
	return p.table(f, rows)
}

func (p *Pane) table(f pane.Frame, rows []*board.Unit) []string {
	t := f.Theme
	if len(rows) == 0 {
		text := "there are no units"
		if p.filter != nil {
			text = "no unit matches " + p.typed
		}
		return f.Page([]string{t.Paint(theme.Faint, widget.Cut(text, f.Width, t.Ellipsis))})
	}
	shown, widths := p.layout(f, rows)
	lines := make([]string, 0, f.Height)
	room := f.Height
	if f.Width >= merged && (room >= 4 || room > len(rows)) {
		lines = append(lines, p.headings(f, shown, widths))
		room--
	}
	selected := p.index(f, rows)
	more := 0
	if len(rows) > room && room >= 3 {
		more = 1
	}
	p.top = scrolled(p.top, selected, room-more, len(rows))
	end := min(p.top+room-more, len(rows))
	for i := p.top; i < end; i++ {
		lines = append(lines, p.row(f, rows[i], rows[i].ID == f.Selected || i == selected && f.Selected == "", shown, widths))
	}
	if more > 0 {
		lines = append(lines, t.Paint(theme.Faint, widget.Cut(hidden(p.top, len(rows)-end, t), f.Width, t.Ellipsis)))
	}
	if f.Stale {
		for i := range lines {
			lines[i] = t.Over(theme.Stale, lines[i])
		}
	}
	return f.Page(lines)
}

// scrolled moves the first row so that the selected one can be seen.
func scrolled(top, selected, room, n int) int {
	room = max(room, 1)
	top = min(top, selected)
	top = max(top, selected-room+1)
	return max(0, min(top, n-room))
}

// hidden says how many rows are not shown.
func hidden(above, below int, t *theme.Theme) string {
	switch {
	case above == 0:
		return fmt.Sprintf("   %s %d more below", t.Ellipsis, below)
	case below == 0:
		return fmt.Sprintf("   %s %d more above", t.Ellipsis, above)
	}
	return fmt.Sprintf("   %s %d more above, %d below", t.Ellipsis, above, below)
}

// layout chooses the columns there is room for, and their widths. The first two
// cells of a row are the cursor and the sign, with a blank behind.
func (p *Pane) layout(f pane.Frame, rows []*board.Unit) ([]column, []int) {
	names := 4
	for _, u := range rows {
		names = max(names, widget.Width(f.Board.NameOf(u)))
	}
	narrow := f.Width < merged
	var shown []column
	var list []widget.Column
	for _, c := range columns {
		if c.name != "unit" && len(p.Columns) > 0 && !slices.Contains(p.Columns, c.name) {
			continue
		}
		if narrow && c.name != "unit" && c.name != "state" && c.name != "cpu" && c.name != "note" {
			continue
		}
		w := widget.Column{Min: c.min, Want: c.min, Grow: c.grow, Drop: c.drop}
		switch c.name {
		case "unit":
			w.Min, w.Want = min(names, max(f.Width/4, 8)), min(names, 32)
		case "state":
			w.Want = 11
		}
		shown, list = append(shown, c), append(list, w)
	}
	return shown, widget.Columns(list, f.Width-3, 1)
}

func (p *Pane) headings(f pane.Frame, shown []column, widths []int) string {
	var b strings.Builder
	b.WriteString("  ")
	for i, c := range shown {
		if widths[i] == 0 {
			continue
		}
		b.WriteByte(' ')
		if c.right {
			b.WriteString(widget.FitLeft(c.title, widths[i], ""))
		} else {
			b.WriteString(widget.Fit(c.title, widths[i], ""))
		}
	}
	return f.Theme.Paint(theme.Faint, strings.TrimRight(b.String(), " "))
}

// row draws one unit.
func (p *Pane) row(f pane.Frame, u *board.Unit, selected bool, shown []column, widths []int) string {
	t := f.Theme
	paint := t.Paint
	if selected && f.Focus {
		paint = t.PaintOn
	}
	var b strings.Builder
	switch {
	case selected:
		b.WriteString(paint(theme.Accent, t.Cursor))
	case f.Marked[u.ID]:
		b.WriteString(paint(theme.Mark, t.Marked))
	default:
		b.WriteString(paint(theme.Normal, " "))
	}
	b.WriteString(paint(t.LookTone(u.Look), t.Sign(u.Look)))
	for i, c := range shown {
		if widths[i] == 0 {
			continue
		}
		cl := cell{text: f.Board.NameOf(u)}
		switch {
		case c.name == "unit" && f.Marked[u.ID]:
			cl.tone = theme.Mark
		case c.name == "unit" && board.Ill(u.Look):
			cl.tone = theme.Strong
		case c.text != nil:
			cl = c.text(u, f)
		}
		if c.name == "state" && f.Width < merged && u.Look == "running" && u.Health == "waiting" {
			cl.text = "probing"
		}
		text := widget.Cut(cl.text, widths[i], t.Ellipsis)
		if selected || i < len(shown)-1 {
			text = widget.Fit(text, widths[i], "")
		}
		if c.right {
			text = widget.FitLeft(cl.text, widths[i], t.Ellipsis)
		}
		b.WriteString(paint(theme.Normal, " ") + paint(cl.tone, text))
	}
	return b.String()
}

func stateCell(u *board.Unit, f pane.Frame) cell {
	text := u.Look
	switch {
	case u.Look == "unhealthy" && f.Width >= merged:
		text = "running"
	case u.Look == "backoff" && u.RetryAt.Sub(f.Now) >= time.Second/2:
		text += " " + widget.Duration(u.RetryAt.Sub(f.Now).Round(time.Second))
	case u.Look == "cron run":
		text = "running"
	}
	return cell{f.Theme.LookTone(u.Look), text}
}

func healthCell(u *board.Unit, _ pane.Frame) cell {
	switch u.Health {
	case "healthy":
		return cell{theme.Good, "ok"}
	case "unhealthy":
		return cell{theme.Bad, "unhealthy"}
	case "waiting":
		return cell{theme.Busy, "waiting"}
	}
	return cell{theme.Faint, "-"}
}

func pidCell(u *board.Unit, _ pane.Frame) cell {
	if u.PID == 0 {
		return cell{theme.Faint, "-"}
	}
	return cell{theme.Normal, strconv.Itoa(u.PID)}
}

func uptimeCell(u *board.Unit, f pane.Frame) cell {
	if u.PID == 0 || u.StartedAt.IsZero() {
		return cell{theme.Faint, "-"}
	}
	return cell{theme.Normal, widget.Age(u.StartedAt, f.Now)}
}

func restartsCell(u *board.Unit, _ pane.Frame) cell {
	if u.Restarts > 0 {
		return cell{theme.Warn, strconv.Itoa(u.Restarts)}
	}
	return cell{theme.Faint, "0"}
}

func cpuCell(u *board.Unit, _ pane.Frame) cell {
	if u.PID == 0 {
		return cell{theme.Faint, "-"}
	}
	return cell{theme.Normal, widget.Percent(u.CPUPercent)}
}

func memoryCell(u *board.Unit, _ pane.Frame) cell {
	if u.PID == 0 || u.MemoryBytes == 0 {
		return cell{theme.Faint, "-"}
	}
	return cell{theme.Normal, widget.Bytes(u.MemoryBytes)}
}

// leastTop is the least that the top of a CPU chart stands for, in percent: a
// unit that does next to nothing is to look like it.
const leastTop = 10

func cpuChart(u *board.Unit, f pane.Frame) cell {
	list := f.Board.Figures(u.ID).Bars(bars, barSeconds, false)
	return cell{theme.Good, widget.Spark(list, bars, max(highest(list), leastTop), f.Theme.ASCII)}
}

func memoryChart(u *board.Unit, f pane.Frame) cell {
	list := f.Board.Figures(u.ID).Bars(bars, barSeconds, true)
	return cell{theme.Good, widget.Spark(list, bars, 0, f.Theme.ASCII)}
}

func highest(list []float64) float64 {
	top := 0.0
	for _, v := range list {
		if v > top {
			top = v
		}
	}
	return top
}

// noteCell is what else there is to say about a unit.
func noteCell(u *board.Unit, f pane.Frame) cell {
	return cell{noteTone(u), pane.Note(u, f.Now)}
}

func noteTone(u *board.Unit) theme.Tone {
	if board.Ill(u.Look) {
		return theme.Normal
	}
	return theme.Faint
}
