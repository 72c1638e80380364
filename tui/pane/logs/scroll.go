package logs

import (
	"systemg/tui/pane"
	"systemg/tui/widget"
)

// metrics are the sizes of a pane's parts.
type metrics struct {
	// rows is how many rows of lines there are, width the whole width, text
	// what is left of it for the text of a line.
	rows, width, text int
	// stamp and name are the widths of the columns before the text, with the
	// blank behind them; 0 for none.
	stamp, name int
}

// nameAtMost is how wide the column of units is at most, the blank included.
const nameAtMost = 17

func (p *Pane) metrics(f pane.Frame) metrics {
	m := metrics{rows: max(f.Height-1, 0), width: max(f.Width, 0)}
	if p.Zoomed {
		m.rows = max(f.Height, 0)
	}
	if p.selecting {
		m.width = max(m.width-2, 0)
	}
	m.stamp = p.stampWidth(m.width)
	if len(p.Units) != 1 {
		for _, id := range p.Units {
			m.name = max(m.name, widget.Width(f.Board.Name(id))+1)
		}
		m.name = min(m.name, nameAtMost, m.width/4)
	}
	m.text = max(m.width-m.stamp-m.name, 1)
	return m
}

// The widths of times: "14:22:05.118 ", "14:22:05 ", "2026-11-25 14:22:05.118 ".
const (
	clockWidth = 13
	shortWidth = 9
	fullWidth  = 24
	// roomForMillis is the width from which on there is room for
	// milliseconds, roomForClock for any time at all.
	roomForMillis = 56
	roomForClock  = 26
)

func (p *Pane) stampWidth(width int) int {
	switch {
	case p.Stamps == Hidden || width < roomForClock:
		return 0
	case p.Stamps == Full && width >= roomForMillis:
		return fullWidth
	case width < roomForMillis:
		return shortWidth
	}
	return clockWidth
}

// rowsOf is how many rows the i-th line takes.
func (p *Pane) rowsOf(i int, m metrics) int {
	l := p.line(i)
	if !p.Wrap || l.Mark != None {
		return 1
	}
	return widget.Rows(l.Text, m.text)
}

// position is the index of the first line shown, and how many of its rows are
// above.
func (p *Pane) position(m metrics) (at, row int) {
	if !p.follow {
		end, last := p.tail(m) // a filter may have left no lines below
		if at = p.find(p.top); at < end {
			return at, min(p.row, p.rowsOf(at, m)-1)
		}
		if at == end {
			return at, min(p.row, last)
		}
		return end, last
	}
	return p.tail(m)
}

// tail is the position at which the last row is at the bottom.
func (p *Pane) tail(m metrics) (at, row int) {
	left := m.rows
	for at = p.count(); at > 0 && left > 0; {
		at--
		left -= p.rowsOf(at, m)
	}
	if left < 0 {
		return at, -left
	}
	return at, 0
}

// settleAt stops following; what is shown stays.
func (p *Pane) settleAt(m metrics) {
	at, row := p.position(m)
	p.rest()
	p.set(at, row)
}

func (p *Pane) set(at, row int) {
	if p.count() == 0 {
		return
	}
	p.top, p.row = p.line(min(at, p.count()-1)).Seq, row
}

// scroll moves by rows, downwards where n is positive.
func (p *Pane) scroll(m metrics, n int) pane.Intent {
	if p.follow && n > 0 || p.count() == 0 {
		return nil
	}
	at, row := p.position(m)
	above := at == 0 && row == 0
	for ; n < 0; n++ {
		if row > 0 {
			row--
			continue
		}
		if at == 0 {
			break
		}
		at--
		row = p.rowsOf(at, m) - 1
	}
	endAt, endRow := p.tail(m)
	for ; n > 0 && (at < endAt || at == endAt && row < endRow); n-- {
		if row++; row >= p.rowsOf(at, m) {
			at, row = at+1, 0
		}
	}
	p.rest()
	p.set(at, row)
	switch {
	case above && !p.origin && !p.loading:
		p.loading = true
		return pane.Older{Pane: p.Number}
	case n >= 0 && at >= endAt && row >= endRow && n > 0 || n == 0 && at == endAt && row == endRow:
		return p.atEnd()
	}
	return nil
}

// atEnd is what follows when the last line came into sight.
func (p *Pane) atEnd() pane.Intent {
	if p.buf.missed == 0 {
		return nil
	}
	if p.loading {
		return nil
	}
	p.loading = true
	return pane.Newer{Pane: p.Number}
}

// jump goes to the next line that matches, downwards where by is 1. With here
// a line that is on the screen counts.
func (p *Pane) jump(f pane.Frame, by int, here bool) pane.Intent {
	if p.search == nil {
		return pane.Say{Text: "nothing is searched: / begins"}
	}
	m := p.metrics(f)
	first, _ := p.position(m)
	last := min(first+m.rows, p.count()) - 1
	at := p.atHit(first, last)
	switch {
	case here:
		at = last
	case at >= 0:
		at += by
	case by > 0:
		at = first
	default:
		at = last
	}
	for ; at >= 0 && at < p.count(); at += by {
		if l := p.line(at); l.Mark == None && p.search.matches(l) {
			p.show(at, first, last, m)
			return nil
		}
	}
	p.version++
	if by > 0 {
		return pane.Say{Text: "nothing below matches " + p.search.typed}
	}
	if !p.origin && !p.loading && !here {
		p.loading = true
		p.rest()
		p.set(0, 0)
		return pane.Older{Pane: p.Number}
	}
	return pane.Say{Text: "nothing above matches " + p.search.typed}
}

// atHit is the index of the line that the last jump went to, -1 where it is
// not on the screen.
func (p *Pane) atHit(first, last int) int {
	if !p.search.been {
		return -1
	}
	at := p.find(p.search.at)
	if at >= first && at <= last {
		return at
	}
	return -1
}

// show brings a line into sight, in the middle where it was not.
func (p *Pane) show(at, first, last int, m metrics) {
	p.search.at, p.search.been = p.line(at).Seq, true
	p.version++
	if at < first || at > last {
		p.rest()
		p.set(max(at-m.rows/2, 0), 0)
		return
	}
	p.settleAt(m)
}
