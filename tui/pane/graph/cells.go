package graph

import (
	"strings"

	"systemg/tui/theme"
	"systemg/tui/widget"
)

// cell is what lines make of one place of the screen.
type cell struct {
	bits uint8
	kind kind
	bad  bool
	// stroke is 1 more than the dependency of which a line turns here, 0 where
	// lines only go straight on.
	stroke int32
	// over is whether it covers the line of another dependency.
	over bool
}

// cells are the lines of the picture from line top on, h lines of them.
type cells struct {
	w, top int
	rows   [][]cell
}

// trace draws the lines of all arcs that are in the window. Where the line of one
// dependency turns to a unit, those of others that come to it from further left
// pass below: what is or-ed together is of one dependency.
func trace(p *picture, t *topology, h health, w, top, height int) cells {
	c := cells{w: w, top: top, rows: make([][]cell, height)}
	all := make([]cell, w*height)
	for i := range c.rows {
		c.rows[i] = all[i*w : (i+1)*w]
	}
	c.each(p, func(i int, s step, at *cell) {
		if s.turns() {
			at.stroke = int32(t.arcs[i].dep) + 1
		}
	})
	c.each(p, func(i int, s step, at *cell) {
		if at.stroke != 0 && at.stroke != int32(t.arcs[i].dep)+1 {
			at.over = true
			return
		}
		at.bits |= s.bits
		at.kind = max(at.kind, h.kinds[i])
		at.bad = at.bad || h.path[i]
	})
	return c
}

// each goes through the steps of all arcs that are in the window.
func (c cells) each(p *picture, do func(arc int, s step, at *cell)) {
	for i, path := range p.lines {
		for _, s := range path {
			if y := int(s.y) - c.top; y >= 0 && y < len(c.rows) && s.x >= 0 && int(s.x) < c.w {
				do(i, s, &c.rows[y][s.x])
			}
		}
	}
}

// The glyphs of lines by their bits: north 1, east 2, south 4, west 8.
var (
	solidGlyphs = [16]string{" ", "│", "─", "└", "│", "│", "┌", "├", "─", "┘", "─", "┴", "┐", "┤", "┬", "┼"}
	solidASCII  = [16]string{" ", "|", "-", "`", "|", "|", ".", "+", "-", "'", "-", "+", ".", "+", "+", "+"}
)

// sides are those by which what is drawn leaves a cell. Where lines only cross,
// the upright one covers the other.
func (c cell) sides() uint8 {
	if c.stroke == 0 && c.bits&(north|south) != 0 {
		return c.bits & (north | south)
	}
	return c.bits
}

// glyph is how a cell looks.
func (c cell) glyph(ascii bool) string {
	if c.bits&head != 0 {
		if ascii {
			return ">"
		}
		return "▶"
	}
	bits := c.sides()
	upright := bits&(east|west) == 0
	if straight := upright || bits&(north|south) == 0; straight && bits != 0 {
		switch c.kind {
		case broken:
			return "x"
		case waiting:
			return dashed(upright, ascii)
		case satisfied:
		}
	}
	switch {
	case ascii && c.over && bits == north|east|south:
		return "[" // the same as "├": no line from the left joins it
	case ascii:
		return solidASCII[bits]
	}
	return solidGlyphs[bits]
}

func dashed(upright, ascii bool) string {
	switch {
	case upright && ascii:
		return ":"
	case upright:
		return "╎"
	case ascii:
		return "."
	}
	return "╌"
}

// text is something written at a column: how wide it is, and painted.
type text struct {
	x, w    int
	painted string
}

// row is line y of the picture from one column to another, with texts, which are
// in the order of their columns, over the lines.
func (c cells) row(t *theme.Theme, y, from, to int, texts []text) string {
	var b strings.Builder
	x := from
	for _, s := range texts {
		end := s.x + s.w
		if s.x >= to {
			break
		}
		if s.x < x && end <= x || s.x < x && x > from {
			continue
		}
		painted, at := s.painted, max(s.x, from)
		if s.x < from || end > to {
			painted = widget.Slice(painted, at-s.x, to-at)
			end = min(end, to)
		}
		c.run(&b, t, y, x, at)
		b.WriteString(painted)
		x = end
	}
	c.run(&b, t, y, x, min(c.w, to))
	return b.String()
}

// run writes the lines between two columns, cells of one tone at a time.
func (c cells) run(b *strings.Builder, t *theme.Theme, y, from, to int) {
	var row []cell
	if i := y - c.top; i >= 0 && i < len(c.rows) {
		row = c.rows[i]
	}
	for x := from; x < to; {
		if x >= len(row) || row[x].bits == 0 {
			end := x
			for end < to && (end >= len(row) || row[end].bits == 0) {
				end++
			}
			b.WriteString(widget.Spaces(end - x))
			x = end
			continue
		}
		tone := row[x].kind.tone(row[x].bad)
		var run strings.Builder
		for x < to && x < len(row) && row[x].bits != 0 && row[x].kind.tone(row[x].bad) == tone {
			run.WriteString(row[x].glyph(t.ASCII))
			x++
		}
		b.WriteString(t.Paint(tone, run.String()))
	}
}
