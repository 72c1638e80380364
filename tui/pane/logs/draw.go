package logs

import (
	"strings"
	"time"

	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// cache is the last picture, and what it was drawn for.
type cache struct {
	version       uint64
	width, height int
	focus, stale  bool
	theme         *theme.Theme
	lines         []string
}

// Lines draws the pane.
func (p *Pane) Lines(f pane.Frame) []string {
	c := &p.cache
	if c.lines != nil && c.version == p.version && c.width == f.Width && c.height == f.Height &&
		c.focus == f.Focus && c.stale == f.Stale && c.theme == f.Theme {
		return c.lines
	}
	*c = cache{
		version: p.version, width: f.Width, height: f.Height, focus: f.Focus, stale: f.Stale, theme: f.Theme,
		lines: p.draw(f),
	}
	return c.lines
}

func (p *Pane) draw(f pane.Frame) []string {
	if f.Height <= 0 || f.Width <= 0 {
		return f.Page(nil)
	}
	m := p.metrics(f)
	lines := make([]string, 0, f.Height)
	if !p.Zoomed {
		lines = append(lines, p.title(f))
	}
	at, row := p.position(m)
	for ; at < p.count() && len(lines) < f.Height; at++ {
		for _, text := range p.rowsFrom(at, row, m, f) {
			if len(lines) < f.Height {
				lines = append(lines, text)
			}
		}
		row = 0
	}
	if p.count() == 0 && len(lines) < f.Height {
		lines = append(lines, f.Theme.Paint(theme.Faint, widget.Cut(p.nothing(), f.Width, f.Theme.Ellipsis)))
	}
	if f.Stale {
		for i := range lines {
			lines[i] = f.Theme.Over(theme.Stale, lines[i])
		}
	}
	return f.Page(lines)
}

// nothing says why there are no lines.
func (p *Pane) nothing() string {
	switch {
	case p.ended != "":
		return p.ended
	case len(p.Units) == 0:
		return "no unit is selected"
	case p.filter != nil && len(p.buf.lines) > 0:
		return "no line matches " + p.filter.typed
	}
	return "nothing was written yet"
}

// rowsFrom are the rows of the i-th line from one of them on.
func (p *Pane) rowsFrom(i, row int, m metrics, f pane.Frame) []string {
	l := p.line(i)
	before, after := "", ""
	if p.selecting {
		before = "  "
		if l.Seq >= min(p.from, p.to) && l.Seq <= max(p.from, p.to) {
			before = f.Theme.Paint(theme.Accent, f.Theme.Cursor) + " "
		}
	}
	if l.Mark != None {
		return []string{before + p.mark(l, m, f)}
	}
	head := before + p.head(l, m, f)
	text := p.hits(l, f)
	if !p.Wrap {
		if p.offset > 0 {
			return []string{head + widget.Slice(text, p.offset, m.text)}
		}
		return []string{head + widget.Cut(text, m.text, f.Theme.Ellipsis) + after}
	}
	rows := widget.Wrap(text, m.text)
	indent := before + widget.Spaces(m.stamp+m.name)
	for j := range rows {
		if j == 0 {
			rows[j] = head + rows[j]
		} else {
			rows[j] = indent + rows[j]
		}
	}
	return rows[min(row, len(rows)-1):]
}

// head is what stands before the text: the time, and the unit where there are
// several.
func (p *Pane) head(l *Line, m metrics, f pane.Frame) string {
	if m.stamp == 0 && m.name == 0 {
		return ""
	}
	var b strings.Builder
	if m.stamp > 0 {
		var room [fullWidth + 1]byte
		s := stamp(room[:0], l.Time, m.stamp == fullWidth, p.Zone)
		b.WriteString(f.Theme.Paint(theme.Faint, string(s[:min(m.stamp-1, len(s))])))
		b.WriteByte(' ')
	}
	if m.name > 0 {
		name := widget.Fit(f.Board.Name(l.Unit), m.name-1, f.Theme.Ellipsis)
		b.WriteString(f.Theme.Hue(p.hue(l.Unit), name))
		b.WriteByte(' ')
	}
	return b.String()
}

// hue is the place of a unit among those of the pane.
func (p *Pane) hue(unit string) int {
	for i, id := range p.Units {
		if id == unit {
			return i
		}
	}
	return len(p.Units)
}

// hits is a line's text with what is searched made visible.
func (p *Pane) hits(l *Line, f pane.Frame) string {
	if f.Theme.Level == theme.None {
		// Who wants no colours wants none of the services' either.
		return plain(l.Text)
	}
	find := p.search
	if find == nil {
		find = p.filter
	}
	if find == nil || find.inverse {
		return l.Text
	}
	bare := plain(l.Text)
	spans := find.re.FindAllStringIndex(bare, 32)
	if len(spans) == 0 {
		return l.Text
	}
	ranges := make([][2]int, len(spans))
	for i, s := range spans {
		ranges[i] = [2]int{s[0], s[1]}
	}
	return widget.Highlight(l.Text, ranges, f.Theme.Prefix(theme.Match), f.Theme.Suffix(theme.Match))
}

// mark is a line that no service wrote.
func (p *Pane) mark(l *Line, m metrics, f pane.Frame) string {
	t := f.Theme
	text, tone, edge := l.Text, theme.Rule, strings.Repeat(t.HLine, 2)
	switch l.Mark {
	case Restart:
		text = p.unitName(l, f) + text + " " + p.clock(l.Time)
	case Skipped:
		tone, edge = theme.Warn, t.Gap+t.Gap
		text = p.unitName(l, f) + text + " " + t.Dot + " o opens the full log"
	case Gap:
		tone = theme.Warn
		text += " " + p.clock(l.Time)
	case Origin:
		text = "beginning of the log"
	case Drawn:
		if text == "" {
			return t.Rule(m.width)
		}
	case None:
	}
	text = widget.Cut(text, max(m.width-6, 0), t.Ellipsis)
	line := edge + " " + text + " " + edge
	if l.Mark != Skipped {
		line = t.Paint(tone, edge) + " " + t.Paint(theme.Faint, text) + " " + t.Paint(tone, edge)
	} else {
		line = t.Paint(tone, line)
	}
	return widget.Cut(line, m.width, "")
}

// unitName names the unit of a mark where there are several.
func (p *Pane) unitName(l *Line, f pane.Frame) string {
	if len(p.Units) == 1 || l.Unit == "" {
		return ""
	}
	return f.Board.Name(l.Unit) + ": "
}

func (p *Pane) clock(nanos int64) string {
	if nanos == 0 {
		return ""
	}
	return time.Unix(0, nanos).In(p.Zone).Format("15:04:05")
}
