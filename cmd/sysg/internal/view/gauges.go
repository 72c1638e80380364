package view

import (
	"math"
	"strings"
	"time"

	"systemg/ipc"
)

// chartRows is the height of a chart, chartMost its greatest width.
const (
	chartRows  = 4
	chartMost  = 60
	chartLeast = 10
)

// chart is one history with how its figures are written.
type chart struct {
	title  string
	points []*float64
	figure func(float64) string
	round  func(float64) float64
}

// charts draws CPU and memory over the window: side by side where there is
// room, else one below the other; in words alone where there is none.
func charts(p *page, s ipc.Series, window time.Duration) {
	window = windowOf(s, window)
	list := []chart{
		{title: "CPU %", points: s.CPUPercent, figure: percent, round: func(v float64) float64 { return ceiling(v, 1) }},
		{title: "memory", points: s.MemoryBytes, figure: byteFigure, round: byteCeiling},
	}
	limit, beside := p.st.limit(), false
	room := chartMost
	if limit > 0 {
		beside = limit >= 2*(axis+3*chartLeast)+2
		if beside {
			room = min(room, (limit-4)/2-axis)
		} else {
			room = min(room, limit-axis)
		}
	}
	var drawn [][]line
	for _, c := range list {
		drawn = append(drawn, c.lines(p.st, s, window, room))
	}
	p.blank()
	if beside && len(drawn[0]) == len(drawn[1]) {
		for i, l := range drawn[0] {
			p.put(append(l.pad(axis+room+4), drawn[1][i]...)...)
		}
		return
	}
	for _, lines := range drawn {
		for _, l := range lines {
			p.put(l...)
		}
	}
}

// axis is the width of the labels left of a chart and the rule beside them.
const axis = 6

// windowOf is the window, or as much as the series covers where none was named.
func windowOf(s ipc.Series, window time.Duration) time.Duration {
	if window > 0 {
		return window
	}
	covered := s.StepSecs * float64(max(len(s.CPUPercent), len(s.MemoryBytes)))
	return max(seconds(covered), time.Second)
}

// lines is the chart: figures, rows with an axis, times.
func (c chart) lines(st Style, s ipc.Series, window time.Duration, cols int) []line {
	cells := cols
	if !st.ASCII {
		cells *= 2
	}
	end := st.Now
	if end.IsZero() || s.From.IsZero() {
		end = s.From.Add(seconds(s.StepSecs * float64(len(c.points))))
	}
	step := s.StepSecs
	if !(step > 0) {
		step = 1
	}
	g := sampled(c.points, s.From, step, end, window, cells)
	head := line{{tone: strong, text: c.title}}
	if g.known == 0 {
		return []line{append(head, span{tone: faint, text: "  no samples in the last " + Duration(window)})}
	}
	head = append(head, span{text: "  now " + c.figure(g.now) + "  mean " + c.figure(g.mean) + "  max " + c.figure(g.top)})
	if st.Plain || cols < chartLeast {
		return []line{head}
	}
	top := c.round(g.top)
	rows := braille(g.values, chartRows, top)
	if st.ASCII {
		rows = blocks(g.values, chartRows, top)
	}
	out := []line{head}
	for i, row := range rows {
		label, rule := "", st.pick("│", "|")
		switch i {
		case 0:
			label, rule = c.figure(top), st.pick("┤", "+")
		case len(rows) - 1:
			label, rule = "0", st.pick("┤", "+")
		}
		label = strings.TrimSuffix(label, ".0")
		label = spaces(axis-1-len(label)) + label
		out = append(out, line{{tone: faint, text: label + rule}, {tone: good, text: row}})
	}
	return append(out, line{{text: spaces(axis)}, {tone: faint, text: times(window, cols)}})
}

// times are the labels below a chart of cols columns.
func times(window time.Duration, cols int) string {
	left, right := "-"+Duration(window), "now"
	middle := "-" + Duration(window/2)
	gap := cols - len(left) - len(right)
	if gap < len(middle)+4 {
		return left + spaces(max(gap, 1)) + right
	}
	before := max(cols/2-len(left)-len(middle)/2, 2)
	return left + spaces(before) + middle + spaces(gap-before-len(middle)) + right
}

// byteFigure is a size of a chart, "-" for what is no number.
func byteFigure(v float64) string {
	if math.IsNaN(v) || v < 0 || v >= math.MaxUint64 {
		return none
	}
	return Bytes(uint64(v))
}
