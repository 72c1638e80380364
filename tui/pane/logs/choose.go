package logs

import (
	"strings"

	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/widget"
)

// beginChoice selects the last line on the screen.
func (p *Pane) beginChoice(m metrics) pane.Intent {
	if p.count() == 0 {
		return pane.Say{Text: "there is nothing to select"}
	}
	p.settleAt(m)
	first, _ := p.position(m)
	at := min(first+max(m.rows-1, 0), p.count()-1)
	p.selecting = true
	p.from, p.to = p.line(at).Seq, p.line(at).Seq
	return nil
}

// choose moves the end of the selection, copies it, or gives it up; done is
// false for what has nothing to do with it.
func (p *Pane) choose(a keys.Action, f pane.Frame) (in pane.Intent, done bool) {
	m := p.metrics(f)
	by := map[keys.Action]int{
		keys.Down: 1, keys.Up: -1, keys.HalfDown: m.rows / 2, keys.HalfUp: -m.rows / 2,
		keys.PageDown: m.rows - 1, keys.PageUp: 1 - m.rows, keys.First: -p.count(), keys.Last: p.count(),
	}
	p.version++
	switch a {
	case keys.Back, keys.Quit, keys.Select:
		p.selecting = false
		return nil, true
	case keys.Copy, keys.Enter:
		p.selecting = false
		return p.copyLines(p.find(min(p.from, p.to)), p.find(max(p.from, p.to))), true
	}
	n, moves := by[a]
	if !moves {
		return nil, false
	}
	at := min(max(p.find(p.to)+n, 0), p.count()-1)
	p.to = p.line(at).Seq
	p.follows(at, m)
	return nil, true
}

// Selecting is whether lines are being selected.
func (p *Pane) Selecting() bool { return p.selecting }

// follows scrolls so that a line is on the screen.
func (p *Pane) follows(at int, m metrics) {
	first, _ := p.position(m)
	if at < first {
		p.set(at, 0)
		return
	}
	used := 0
	for i := at; i >= first; i-- {
		if used += p.rowsOf(i, m); used > m.rows {
			p.set(i+1, 0)
			return
		}
	}
}

// copyShown copies what is on the screen.
func (p *Pane) copyShown(m metrics) pane.Intent {
	first, _ := p.position(m)
	last, used := first, 0
	for ; last < p.count() && used < m.rows; last++ {
		used += p.rowsOf(last, m)
	}
	return p.copyLines(first, last-1)
}

// copyLines is the text of lines, without what the pane puts around it.
func (p *Pane) copyLines(from, to int) pane.Intent {
	var b strings.Builder
	n := 0
	for i := from; i <= to && i < p.count(); i++ {
		if l := p.line(i); l.Mark == None {
			b.WriteString(plain(l.Text))
			b.WriteByte('\n')
			n++
		}
	}
	if n == 0 {
		return pane.Say{Text: "there is nothing to copy"}
	}
	return pane.Copy{Text: b.String(), Lines: n}
}

func plain(s string) string { return widget.Strip(s) }
