package tui

import (
	"strings"

	"systemg/tui/board"
	"systemg/tui/overlay"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// View draws the screen. Bubble Tea asks for it after every message and writes
// only the lines that differ.
func (m *Model) View() string {
	if m.quit {
		return ""
	}
	lines := m.screen()
	if m.above != nil {
		for i := range lines {
			lines[i] = m.theme.Over(theme.Faint, lines[i])
		}
		lines = overlay.Center(lines, m.above.Lines(m.width, m.height, m.theme), m.width)
	}
	return strings.Join(lines, "\n")
}

// arranged is how the screen is given out now.
func (m *Model) arranged() layout {
	needs := len(m.units.Shown(m.shown())) + 1
	if m.width < 60 {
		needs--
	}
	tail := m.view == pane.Units && !m.absent() && len(m.shown().Units) > 0
	return arrange(m.width, m.height, max(needs, 2), tail, m.share)
}

// screen is every line of the screen.
func (m *Model) screen() []string {
	l := m.arranged()
	lines := make([]string, 0, m.height)
	if m.zoomed && m.view == pane.Logs {
		size := m.sizes()[m.at]
		lines = append(lines, m.grid[m.at].Lines(m.frame(size.width, size.height))...)
		return m.fill(append(lines, m.footer()))
	}
	if l.header > 0 {
		lines = append(lines, m.header(l.tiny))
	}
	if l.tabs > 0 {
		lines = append(lines, m.tabs())
	}
	lines = append(lines, m.main(l)...)
	if l.tail > 0 {
		f := m.frame(m.width, l.tail)
		f.Focus = m.onTail
		lines = append(lines, m.tail.Lines(f)...)
	}
	if l.footer > 0 {
		lines = append(lines, m.footer())
	}
	return m.fill(lines)
}

// fill makes lines as many as the screen has.
func (m *Model) fill(lines []string) []string {
	for len(lines) < m.height {
		lines = append(lines, "")
	}
	return lines[:m.height]
}

// main draws the main part.
func (m *Model) main(l layout) []string {
	f := m.frame(m.width, l.main)
	switch {
	case m.absent() || m.board.Link.State == board.Connecting && len(m.board.Units) == 0:
		return m.nobody(f)
	case l.tiny:
		return m.units.IllLines(f)
	case m.view == pane.Units:
		f.Focus = !m.onTail
		return m.units.Lines(f)
	case m.view == pane.Logs:
		return m.gridLines(l.main)
	}
	return m.views.lines(m.view, f)
}

// sizes are those of the log panes.
func (m *Model) sizes() []rect {
	height := m.arranged().main
	if m.zoomed {
		list := make([]rect, len(m.grid))
		for i := range list {
			list[i] = rect{width: m.width, height: max(m.height-1, 1)}
		}
		return list
	}
	list, _ := grid(m.width, height, len(m.grid))
	return list
}

// gridLines draws the log panes.
func (m *Model) gridLines(height int) []string {
	f := m.frame(m.width, height)
	if len(m.grid) == 0 {
		return f.Page(nil)
	}
	sizes, stacked := grid(m.width, height, len(m.grid))
	parts := make([][]string, len(m.grid))
	for i, p := range m.grid {
		one := m.frame(sizes[i].width, sizes[i].height)
		one.Focus = i == m.at
		parts[i] = p.Lines(one)
	}
	if stacked {
		var lines []string
		for _, part := range parts {
			lines = append(lines, part...)
		}
		return f.Page(lines)
	}
	return f.Page(m.beside(parts, sizes, height))
}

// beside puts panes next to each other with a line between them.
func (m *Model) beside(parts [][]string, sizes []rect, height int) []string {
	t := m.theme
	bar, tee := t.Paint(theme.Rule, t.VLine), t.Paint(theme.Rule, t.TeeDown)
	lines := make([]string, height)
	var b strings.Builder
	for y := range height {
		b.Reset()
		for i, part := range parts {
			if i > 0 {
				if y == 0 {
					b.WriteString(tee)
				} else {
					b.WriteString(bar)
				}
			}
			b.WriteString(part[y])
			if i < len(parts)-1 {
				b.WriteString(widget.Spaces(sizes[i].width - widget.Width(part[y])))
			}
		}
		lines[y] = b.String()
	}
	return lines
}

// nobody is the page of a system that has no supervisor.
func (m *Model) nobody(f pane.Frame) []string {
	t := f.Theme
	l := m.board.Link
	var lines []string
	put := func(tone theme.Tone, text string) {
		for _, row := range widget.WrapWords(widget.Words(text), max(f.Width-4, 8)) {
			lines = append(lines, "  "+t.Paint(tone, row))
		}
	}
	lines = append(lines, "")
	switch l.State {
	case board.Connecting:
		put(theme.Faint, "connecting to "+l.Socket)
		return f.Page(lines)
	case board.Absent:
		put(theme.Strong, "No supervisor runs.")
		put(theme.Normal, "Looked for "+l.Socket+".")
	case board.Refused:
		put(theme.Bad, "The supervisor does not show this dashboard what it asks for.")
		put(theme.Normal, l.Text)
	case board.Lost, board.Live:
		put(theme.Bad, "The supervisor ended.")
		put(theme.Normal, l.Text)
	}
	if l.Cure != "" && l.State != board.Absent {
		put(theme.Normal, "Try: "+l.Cure)
	}
	lines = append(lines, "")
	switch {
	case l.State == board.Refused:
		put(theme.Faint, "The dashboard tries again by itself.")
	case m.launching():
		put(theme.Busy, "Starting "+l.Manifest+t.Ellipsis)
	case l.Manifest != "" && !m.o.ReadOnly:
		put(theme.Normal, "Press enter to start "+l.Manifest+".")
		put(theme.Faint, "The dashboard also attaches by itself when a supervisor appears.")
	default:
		if l.Manifest == "" {
			put(theme.Normal, "There is no systemg.yaml in this folder to start.")
		}
		put(theme.Faint, "The dashboard attaches by itself when a supervisor appears. q leaves.")
	}
	if m.output != "" {
		lines = append(lines, "")
		for _, row := range strings.Split(m.output, "\n") {
			put(theme.Bad, row)
		}
	}
	return f.Page(lines)
}
