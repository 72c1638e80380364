package widget

import (
	"math"
	"strings"
)

// ChartOptions say how a chart is drawn.
type ChartOptions struct {
	// Top is the value of the upper edge; 0 means a round number above the
	// values. The lower edge is 0.
	Top float64
	// Label spells a value of the axis; nil means as a short number.
	Label func(float64) string
	// From and To are written under the left and the right end of the line.
	From, To string
	ASCII    bool
}

// Chart is values as a line of w columns and h rows, with an axis on the left
// and, where From or To is given and there is room, a row below. The values are
// spread over the width; NaN leaves a gap. It is made of braille patterns, two by
// four points in a character, or of asterisks in ASCII.
func Chart(values []float64, w, h int, o ChartOptions) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	top := o.Top
	if !(top > 0) {
		top = RoundUp(highest(values))
	}
	foot := (o.From != "" || o.To != "") && h >= 3
	rows := h
	if foot {
		rows--
	}
	labels, margin := axis(top, rows, o)
	if w-margin < 4 {
		labels, margin = make([]string, rows), 0
	}
	plot := newPlot(w-margin, rows, o.ASCII)
	plot.line(values, top)
	lines := plot.rows()
	for i := range lines {
		if margin > 0 {
			lines[i] = FitLeft(labels[i], margin-1, "") + plot.edge() + lines[i]
		}
	}
	if foot {
		lines = append(lines, Spaces(margin)+between(o.From, o.To, w-margin))
	}
	return lines
}

// axis are the labels of the rows, and how many columns they and the axis take.
func axis(top float64, rows int, o ChartOptions) (labels []string, margin int) {
	spell := o.Label
	if spell == nil {
		spell = Rate
	}
	labels = make([]string, rows)
	labels[0] = spell(top)
	if rows >= 2 {
		labels[rows-1] = spell(0)
	}
	if rows >= 5 && rows%2 == 1 {
		labels[rows/2] = spell(top / 2)
	}
	for _, l := range labels {
		margin = max(margin, Width(l)+1)
	}
	return labels, margin
}

// between is two texts at the ends of w columns.
func between(left, right string, w int) string {
	if Width(left)+1+Width(right) > w {
		return Fit(left, w, "")
	}
	return left + Spaces(w-Width(left)-Width(right)) + right
}

// RoundUp is the smallest of 1, 2, 2.5, 5 and their multiples by ten that is not
// below v: the top of an axis. It is 1 for 0.
func RoundUp(v float64) float64 {
	if !(v > 0) || math.IsInf(v, 0) {
		return 1
	}
	ten := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*ten >= v {
			return m * ten
		}
	}
	return 10 * ten
}

// plot is a field of points, across and down from the upper left corner.
type plot struct {
	w, h   int // in characters
	dx, dy int // points of a character
	ascii  bool
	on     []bool
}

func newPlot(w, h int, ascii bool) *plot {
	p := &plot{w: w, h: h, dx: 2, dy: 4, ascii: ascii}
	if ascii {
		p.dx, p.dy = 1, 1
	}
	p.on = make([]bool, w*p.dx*h*p.dy)
	return p
}

func (p *plot) edge() string {
	if p.ascii {
		return "|"
	}
	return "┤"
}

func (p *plot) set(x, y int) { p.on[y*p.w*p.dx+x] = true }

// line draws the values, each joined to the one before by a stroke upwards or
// downwards.
func (p *plot) line(values []float64, top float64) {
	width, height := p.w*p.dx, p.h*p.dy
	if len(values) > width {
		values = Resample(values, width)
	}
	if len(values) == 0 {
		return
	}
	before := -1
	for x := range width {
		v := at(values, x, width)
		if math.IsNaN(v) {
			before = -1
			continue
		}
		share := min(max(v/top, 0), 1)
		y := height - 1 - int(math.Round(share*float64(height-1)))
		from, to := y, y
		if before >= 0 && before < y {
			from = before + 1
		} else if before > y {
			to = before - 1
		}
		for at := from; at <= to; at++ {
			p.set(x, at)
		}
		before = y
	}
}

// at is the value at point x of width points, on the straight line between its
// neighbours where both are known, and else that of the nearer one.
func at(values []float64, x, width int) float64 {
	if len(values) == 1 || width == 1 {
		return values[0]
	}
	place := float64(x*(len(values)-1)) / float64(width-1)
	i := int(place)
	share := place - float64(i)
	if i+1 >= len(values) {
		return values[i]
	}
	a, b := values[i], values[i+1]
	switch {
	case !math.IsNaN(a) && !math.IsNaN(b):
		return a + (b-a)*share
	case share < 0.5:
		return a
	}
	return b
}

// brailleBits are the dots of a braille pattern (Unicode block U+2800), by row
// and column.
var brailleBits = [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

func (p *plot) rows() []string {
	out := make([]string, p.h)
	for row := range out {
		var b strings.Builder
		b.Grow(3 * p.w)
		for col := range p.w {
			b.WriteRune(p.char(col, row))
		}
		out[row] = b.String()
	}
	return out
}

func (p *plot) char(col, row int) rune {
	if p.ascii {
		if p.on[row*p.w+col] {
			return '*'
		}
		return ' '
	}
	bits := rune(0)
	for y := range p.dy {
		for x := range p.dx {
			if p.on[(row*p.dy+y)*p.w*p.dx+col*p.dx+x] {
				bits |= brailleBits[y][x]
			}
		}
	}
	if bits == 0 {
		return ' '
	}
	return 0x2800 + bits
}
