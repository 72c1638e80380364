package widget

import (
	"math"
	"strings"
)

// The levels of a sparkline, the lowest first, and what stands for a value that
// is not known.
var (
	sparkLevels = []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
	sparkASCII  = []string{"_", ".", ":", "-", "=", "+", "*", "#"}
)

const (
	sparkGap      = "·"
	sparkGapASCII = " "
)

// Spark is a row of w columns with a bar for each of the last w values, the
// newest on the right, between 0 and top; top 0 means their maximum. NaN, and
// what is missing on the left, is a gap. Every value above 0 can be told from 0.
func Spark(values []float64, w int, top float64, ascii bool) string {
	if w <= 0 {
		return ""
	}
	levels, gap := sparkLevels, sparkGap
	if ascii {
		levels, gap = sparkASCII, sparkGapASCII
	}
	values = values[max(0, len(values)-w):]
	if !(top > 0) {
		top = highest(values)
	}
	var b strings.Builder
	b.Grow(3 * w)
	for range w - len(values) {
		b.WriteString(gap)
	}
	for _, v := range values {
		if math.IsNaN(v) {
			b.WriteString(gap)
			continue
		}
		b.WriteString(levels[level(v, top, len(levels))])
	}
	return b.String()
}

// level is which of n levels v has.
func level(v, top float64, n int) int {
	switch {
	case !(v > 0) || !(top > 0):
		return 0
	case v >= top:
		return n - 1
	}
	return 1 + int(v/top*float64(n-1))
}

// highest is the greatest of the values, 0 where none is greater.
func highest(values []float64) float64 {
	top := 0.0
	for _, v := range values {
		if v > top && !math.IsInf(v, 0) {
			top = v
		}
	}
	return top
}

// Resample is values as n values, each the greatest of its share, so that a
// short peak stays visible. Where there are fewer than n they are repeated.
func Resample(values []float64, n int) []float64 {
	if n <= 0 || len(values) == 0 {
		return nil
	}
	out := make([]float64, n)
	for i := range out {
		from := i * len(values) / n
		to := max(from+1, (i+1)*len(values)/n)
		out[i] = math.NaN()
		for _, v := range values[from:to] {
			if !math.IsNaN(v) && !(out[i] >= v) {
				out[i] = v
			}
		}
	}
	return out
}

// Bar is how much of total is done, in w columns: [████████░░░░]. It is full
// only when everything is done. Total 0 counts as nothing done.
func Bar(done, total, w int, ascii bool) string {
	if w < 3 {
		return Spaces(w)
	}
	full, empty := "█", "░"
	if ascii {
		full, empty = "#", "."
	}
	room := w - 2
	n := 0
	if total > 0 {
		n = min(max(done, 0), total) * room / total
	}
	return "[" + strings.Repeat(full, n) + strings.Repeat(empty, room-n) + "]"
}
