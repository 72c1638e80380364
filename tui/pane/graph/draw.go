package graph

import (
	"cmp"
	"slices"
	"strings"

	"systemg/tui/board"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// title is the first line: what there is, and which way a failure goes.
func (p *Pane) title(f pane.Frame, h health) string {
	t := f.Theme
	name := theme.Title
	if f.Focus {
		name = theme.Accent
	}
	edges := 0
	if p.focus == "" {
		edges = len(p.topo.edges)
	} else {
		edges = len(p.topo.arcs)
	}
	form := "layers"
	if p.pic.form == Rail {
		form = "rails"
	}
	about := widget.Count(len(p.topo.ids), "unit") + "  " + widget.Count(edges, "edge") + "  " + form
	if p.focus != "" {
		about = "around " + f.Board.Name(p.focus) + "  " + about
	}
	head := t.Rule(2) + " " + t.Paint(name, "Graph") + "  " + about + " "
	used := widget.Width(head)
	tail := h.told(p.topo, t.Arrow)
	if tail == "" {
		return widget.Cut(head+t.Rule(f.Width-used), f.Width, t.Ellipsis)
	}
	room := f.Width - used - 1 - len(" failing path:  ") - 2
	if room < 8 {
		return widget.Cut(head+t.Rule(f.Width-used), f.Width, t.Ellipsis)
	}
	tail = widget.Cut(tail, room, t.Ellipsis)
	tail = " " + t.Paint(theme.Bad, "failing path:") + " " + tail + " " + t.Rule(2)
	return head + t.Rule(f.Width-used-widget.Width(tail)) + tail
}

// legend is the last line: what lines mean, and what is out of view.
func (p *Pane) legend(f pane.Frame) string {
	t := f.Theme
	sample := func(k kind) string {
		c := cell{bits: east | west, kind: k}
		return t.Paint(k.tone(false), strings.Repeat(c.glyph(t.ASCII), 2))
	}
	left := " " + sample(satisfied) + " satisfied  " + sample(waiting) + " waiting  " + sample(broken) + " broken"
	if len(p.topo.looped) > 0 {
		left += "  " + t.Paint(theme.Bad, "(cycle)") + " needs itself"
	}
	var out []string
	room := p.room(f)
	if p.top > 0 {
		out = append(out, t.Up)
	}
	if p.top+room < p.pic.height {
		out = append(out, t.Down)
	}
	wide, shown := p.pic.width, f.Width
	if p.pic.form == Rail {
		wide, shown = p.pic.rails, p.railWidth(f)
	}
	if p.pan > 0 {
		out = append(out, t.Left)
	}
	if p.pan+shown < wide {
		out = append(out, t.Right)
	}
	if len(out) == 0 {
		return widget.Cut(left, f.Width, t.Ellipsis)
	}
	right := " more " + strings.Join(out, " ") + " "
	left = widget.Fit(left, max(f.Width-widget.Width(right), 0), t.Ellipsis)
	return widget.Cut(left+t.Paint(theme.Faint, right), f.Width, "")
}

// addLonely puts the units without edges below the layers, in columns.
func (p *picture) addLonely(t *topology, w int) {
	var list []int
	widest := 0
	for n := range t.ids {
		if t.lonely(n) {
			list = append(list, n)
			widest = max(widest, widget.Width(t.names[n]))
		}
	}
	if len(list) == 0 {
		return
	}
	p.lonely = p.height + 1
	if p.height == 0 {
		p.lonely = 0
	}
	cell := min(widest, mostName) + 3 + 2 + t.aloneWidth() + 1
	across := max(w/cell, 1)
	for i, n := range list {
		p.places[n] = place{x: i % across * cell, y: p.lonely + 1 + i/across, words: min(widest, mostName)}
		p.height = max(p.height, p.places[n].y+1)
	}
	p.width = max(p.width, min(across, len(list))*cell)
	p.rows = append(p.rows, list...)
}

// stateWidth is the longest word for a state.
const stateWidth = 11

// inCycle is said of units that need themselves.
const inCycle = " (cycle)"

// aloneWidth is how many columns the state of a unit without edges has.
func (t *topology) aloneWidth() int {
	if len(t.looped) > 0 {
		return stateWidth + len(inCycle)
	}
	return stateWidth
}

// layeredLines are the lines of the layered form that are in view.
func (p *Pane) layeredLines(f pane.Frame, h health) []string {
	room := p.room(f)
	c := trace(p.pic, p.topo, h, p.pic.width, p.top, min(room, p.pic.height-p.top))
	texts := make([][]text, room+1)
	for n, s := range p.pic.places {
		y := s.y - p.top
		if y < -1 || y >= room {
			continue
		}
		u := f.Board.Unit(p.topo.ids[n])
		if u == nil {
			continue
		}
		if p.topo.lonely(n) {
			if y >= 0 {
				texts[y] = append(texts[y], p.alone(f, u, n, s))
			}
			continue
		}
		if y >= 0 {
			texts[y] = append(texts[y], p.name(f, u, n, s))
		}
		if y+1 < room && y+1 >= 0 {
			texts[y+1] = append(texts[y+1], p.state(f, u, n, s))
		}
	}
	lines := make([]string, 0, room)
	for i := range min(room, p.pic.height-p.top) {
		if p.top+i == p.pic.lonely {
			lines = append(lines, f.Theme.Paint(theme.Faint, widget.Cut(" no edges", f.Width, f.Theme.Ellipsis)))
			continue
		}
		slices.SortFunc(texts[i], func(a, b text) int { return cmp.Compare(a.x, b.x) })
		row := c.row(f.Theme, p.top+i, p.pan, p.pan+f.Width, texts[i])
		lines = append(lines, strings.TrimRight(row, " "))
	}
	return lines
}

// name is glyph and name of a unit.
func (p *Pane) name(f pane.Frame, u *board.Unit, n int, s place) text {
	t := f.Theme
	label := widget.Cut(p.topo.names[n], s.words, t.Ellipsis)
	w := widget.Width(label) + 3
	if u.ID == f.Selected {
		return text{x: s.x, w: w, painted: t.Cursor + t.PaintOn(t.LookTone(u.Look), t.Sign(u.Look)+" "+label)}
	}
	return text{x: s.x, w: w, painted: " " + t.Paint(t.LookTone(u.Look), t.Sign(u.Look)) + " " + t.Paint(nameTone(u), label)}
}

func nameTone(u *board.Unit) theme.Tone {
	if board.Ill(u.Look) {
		return theme.Bad
	}
	return theme.Normal
}

// state is how a unit is, below its name.
func (p *Pane) state(f pane.Frame, u *board.Unit, n int, s place) text {
	words := widget.Cut(p.words(f, u, n), s.words, f.Theme.Ellipsis)
	return text{x: s.x + 3, w: widget.Width(words), painted: f.Theme.Paint(stateTone(f.Theme, u), words)}
}

func stateTone(t *theme.Theme, u *board.Unit) theme.Tone {
	if tone := t.LookTone(u.Look); tone != theme.Good {
		return tone
	}
	return theme.Faint
}

// words say how a unit is.
func (p *Pane) words(f pane.Frame, u *board.Unit, n int) string {
	text := stateWord(u)
	if p.topo.looped[n] {
		text += inCycle
	}
	note := pane.Note(u, f.Now)
	switch {
	case strings.HasPrefix(note, u.Look):
		return note // "unhealthy after 3 failures" says it all
	case note != "":
		text += ", " + note
	}
	return text
}

// stateWord is the state, with the health where that says more.
func stateWord(u *board.Unit) string {
	if u.Look == "running" && u.Health == "healthy" {
		return "running ok"
	}
	return u.Look
}

// alone is a unit without edges: glyph, name and state in one line.
func (p *Pane) alone(f pane.Frame, u *board.Unit, n int, s place) text {
	at, w := p.name(f, u, n, s), p.topo.aloneWidth()
	word := stateWord(u)
	if p.topo.looped[n] {
		word += inCycle
	}
	at.painted += widget.Spaces(s.words+5-at.w) + f.Theme.Paint(stateTone(f.Theme, u), widget.Fit(word, w, f.Theme.Ellipsis))
	at.w += max(s.words+5-at.w, 0) + w
	return at
}

// railWidth is how many columns rails get: all they need, but not more than
// half of the screen.
func (p *Pane) railWidth(f pane.Frame) int { return min(p.pic.rails, max(f.Width/2, 1)) }

// railLines are the lines of the rail form that are in view: cursor, rails, name,
// state, note.
func (p *Pane) railLines(f pane.Frame, h health) []string {
	t := f.Theme
	room := min(p.room(f), p.pic.height-p.top)
	c := trace(p.pic, p.topo, h, p.pic.rails, p.top, room)
	rails, names := p.railWidth(f), 0
	for _, n := range p.topo.names {
		names = max(names, widget.Width(n))
	}
	names = min(names, mostName, max(f.Width-rails-2-stateWidth, 4))
	lines := make([]string, 0, room)
	for i := range room {
		n := p.pic.rows[p.top+i]
		u := f.Board.Unit(p.topo.ids[n])
		if u == nil {
			lines = append(lines, "")
			continue
		}
		sign := text{x: p.pic.places[n].x, w: 1, painted: t.Paint(t.LookTone(u.Look), t.Sign(u.Look))}
		row := widget.Fit(c.row(t, p.top+i, p.pan, p.pan+rails, []text{sign}), rails, "")
		line := " " + row + "  "
		label := widget.Fit(p.topo.names[n], names, t.Ellipsis)
		word := widget.Fit(stateWord(u), stateWidth, t.Ellipsis)
		if u.ID == f.Selected {
			line = t.Cursor + row + "  " + t.PaintOn(t.LookTone(u.Look), label+"  "+word)
		} else {
			line += t.Paint(nameTone(u), label) + "  " + t.Paint(stateTone(t, u), word)
		}
		note := pane.Note(u, f.Now)
		if p.topo.looped[n] {
			note = strings.TrimSuffix("(cycle) "+note, " ")
		}
		if left := f.Width - widget.Width(line) - 2; left >= 4 && note != "" {
			line += "  " + t.Paint(theme.Faint, widget.Cut(note, left, t.Ellipsis))
		}
		lines = append(lines, widget.Cut(line, f.Width, t.Ellipsis))
	}
	return lines
}
