package logs

import (
	"time"

	"systemg/tui/keys"
	"systemg/tui/pane"
)

// Act does what a key asks for.
func (p *Pane) Act(a keys.Action, f pane.Frame) pane.Intent {
	if p.selecting {
		if in, done := p.choose(a, f); done {
			return in
		}
	}
	m := p.metrics(f)
	switch a {
	case keys.Down:
		return p.scroll(m, 1)
	case keys.Up:
		return p.scroll(m, -1)
	case keys.HalfDown:
		return p.scroll(m, max(m.rows/2, 1))
	case keys.HalfUp:
		return p.scroll(m, -max(m.rows/2, 1))
	case keys.PageDown:
		return p.scroll(m, max(m.rows-1, 1))
	case keys.PageUp:
		return p.scroll(m, -max(m.rows-1, 1))
	case keys.First:
		return p.toOrigin()
	case keys.Last, keys.Live:
		return p.resume()
	case keys.Follow:
		if p.follow {
			p.settleAt(m)
			return nil
		}
		return p.resume()
	case keys.NextHit:
		return p.jump(f, 1, false)
	case keys.BeforeHit:
		return p.jump(f, -1, false)
	}
	return p.arrange(a, m)
}

// arrange does what changes how lines are shown.
func (p *Pane) arrange(a keys.Action, m metrics) pane.Intent {
	p.version++
	switch a {
	case keys.Left:
		p.offset = max(0, p.offset-max(m.text/2, 8))
	case keys.Right:
		if !p.Wrap {
			p.offset += max(m.text/2, 8)
		}
	case keys.Wrap:
		p.Wrap, p.offset = !p.Wrap, 0
	case keys.Times:
		p.Stamps = (p.Stamps + 1) % (Hidden + 1)
	case keys.MarkLine:
		p.buf.add([]Line{{Mark: Drawn}})
		p.refilter(p.buf.next() - 1)
	case keys.Clear:
		p.buf.clear()
		p.shown = nil
		p.refilter(p.buf.first())
		return p.resume()
	case keys.Select:
		return p.beginChoice(m)
	case keys.Copy:
		return p.copyShown(m)
	case keys.Pager:
		return p.page(m)
	}
	return nil
}

// toOrigin goes to the beginning of the log.
func (p *Pane) toOrigin() pane.Intent {
	p.rest()
	p.top, p.row = p.buf.first(), 0
	if p.origin || p.loading {
		return nil
	}
	p.loading = true
	return pane.Oldest{Pane: p.Number}
}

// page asks for the pager, at what is shown.
func (p *Pane) page(m metrics) pane.Intent {
	in := pane.Page{Units: p.Units, Kinds: p.Kinds}
	if at, _ := p.position(m); at < p.count() && p.line(at).Time > 0 {
		in.At = time.Unix(0, p.line(at).Time)
	}
	return in
}
