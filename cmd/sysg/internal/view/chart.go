package view

import (
	"math"
	"time"
)

// gauge is a history ready to be drawn: one value per cell, NaN where nobody
// knows, and the figures of the whole window.
type gauge struct {
	values         []float64
	now, mean, top float64
	known          int
}

// sampled spreads points of an even step, beginning at from, over n cells
// that span window up to end. A cell that several points fall into shows the
// largest, so that a short peak is never hidden; a point that is longer than
// a cell fills all it covers.
func sampled(points []*float64, from time.Time, step float64, end time.Time, window time.Duration, n int) gauge {
	g := gauge{values: make([]float64, max(n, 0)), now: math.NaN(), mean: math.NaN(), top: math.NaN()}
	for i := range g.values {
		g.values[i] = math.NaN()
	}
	begin, sum := end.Add(-window), 0.0
	for i, v := range points {
		if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) || *v < 0 {
			continue
		}
		at := from.Sub(begin).Seconds() + float64(i)*step
		if at+step <= 0 || at >= window.Seconds() {
			continue
		}
		g.known++
		sum += *v
		if i == len(points)-1 {
			g.now = *v
		}
		if !(*v <= g.top) {
			g.top = *v
		}
		cell := window.Seconds() / float64(max(n, 1))
		for c := max(int(at/cell), 0); c < n && float64(c)*cell < at+step; c++ {
			if !(*v <= g.values[c]) {
				g.values[c] = *v
			}
		}
	}
	if g.known > 0 {
		g.mean = sum / float64(g.known)
	}
	return g
}

// ceiling is the smallest of 1, 2 and 5 times a power of ten of unit that is
// at least v.
func ceiling(v, unit float64) float64 {
	if !(v > unit) || math.IsInf(v, 0) {
		return unit
	}
	for scale := unit; ; scale *= 10 {
		for _, f := range []float64{1, 2, 5} {
			if v <= f*scale {
				return f * scale
			}
		}
	}
}

// byteCeiling is a round size at least v.
func byteCeiling(v float64) float64 {
	unit := 1024.0
	for v > 500*unit && unit < 1<<60 {
		unit *= 1024
	}
	return ceiling(v, unit)
}

// Dots of a braille cell from the bottom up, left and right (Unicode 16,
// chapter 21.1): U+2800 plus the sum of the dots that are set.
var (
	leftDots  = [4]rune{0x40, 0x04, 0x02, 0x01}
	rightDots = [4]rune{0x80, 0x20, 0x10, 0x08}
)

// braille draws values as filled columns, two values to a character and four
// levels to a row, top being the upper edge. A known value shows at least
// one dot, an unknown one none.
func braille(values []float64, rows int, top float64) []string {
	out := make([]string, 0, rows)
	for row := rows - 1; row >= 0; row-- {
		text := make([]rune, 0, len(values)/2)
		for i := 0; i+1 < len(values); i += 2 {
			r := rune(0x2800)
			for dot := range 4 {
				if level(values[i], top, rows*4) > row*4+dot {
					r += leftDots[dot]
				}
				if level(values[i+1], top, rows*4) > row*4+dot {
					r += rightDots[dot]
				}
			}
			if r == 0x2800 {
				r = ' '
			}
			text = append(text, r)
		}
		out = append(out, string(text))
	}
	return out
}

// blocks is braille in ASCII: one value to a character, three levels to a row.
func blocks(values []float64, rows int, top float64) []string {
	const steps = " .:#"
	out := make([]string, 0, rows)
	for row := rows - 1; row >= 0; row-- {
		text := make([]byte, 0, len(values))
		for _, v := range values {
			n := min(max(level(v, top, rows*3)-row*3, 0), 3)
			text = append(text, steps[n])
		}
		out = append(out, string(text))
	}
	return out
}

// level is how many of steps a value reaches.
func level(v, top float64, steps int) int {
	if math.IsNaN(v) || !(top > 0) {
		return 0
	}
	return max(1, min(int(math.Round(v/top*float64(steps))), steps))
}
