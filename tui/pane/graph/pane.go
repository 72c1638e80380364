package graph

import (
	"slices"

	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// Pane is the view of the graph. Its zero value is ready.
type Pane struct {
	// form is what was asked for, focus the unit whose family is shown.
	form  Form
	focus string

	top, pan int
	shown    string // the selection that has been brought into view

	topo  *topology
	pic   *picture
	seeds map[string]int
	built build
}

// build is what a picture was made of.
type build struct {
	signature     uint64
	board         *board.Board
	topology      uint64
	units         int
	form          Form
	focus         string
	width, height int
}

// prepare makes the picture where the topology or the size is another one.
func (p *Pane) prepare(f pane.Frame) {
	b := f.Board
	if p.focus != "" && b.Unit(p.focus) == nil {
		p.focus = ""
	}
	want := build{
		board: b, topology: b.Topology, units: len(b.Units), signature: p.built.signature,
		form: p.form, focus: p.focus, width: f.Width, height: f.Height,
	}
	if p.pic != nil && want == p.built {
		return
	}
	same := p.built
	same.board, same.topology, same.units = want.board, want.topology, want.units
	want.signature = signature(b)
	if p.pic != nil && want == same {
		p.built = want
		return
	}
	if p.topo == nil || want.signature != p.built.signature || want.focus != p.built.focus {
		var keep map[string]bool
		if p.focus != "" {
			keep = family(b, p.focus)
		}
		p.topo = newTopology(b, keep)
	}
	p.built, p.pic = want, nil
	if p.form != Rail {
		p.pic, p.seeds = layered(p.topo, p.seeds, f.Width, p.room(f), p.form == Layered)
		if p.pic != nil {
			p.pic.addLonely(p.topo, f.Width)
		}
	}
	if p.pic == nil {
		p.pic = rail(p.topo)
	}
	p.shown = ""
}

// Act takes an action.
func (p *Pane) Act(a keys.Action, f pane.Frame) pane.Intent {
	p.prepare(f)
	switch a {
	case keys.GraphForm:
		return p.otherForm()
	case keys.GraphFocus:
		return p.toggleFocus(f)
	case keys.PanLeft:
		p.pan = max(0, p.pan-max(f.Width/2, 1))
		return nil
	case keys.PanRight:
		p.pan += max(f.Width/2, 1)
		return nil
	}
	return p.move(a, f)
}

func (p *Pane) otherForm() pane.Intent {
	if p.pic.form == Layered {
		p.form = Rail
		return nil
	}
	if len(p.topo.arcs) == 0 {
		return pane.Say{Text: "there are no edges to lay out in layers"}
	}
	p.form, p.pan = Layered, 0
	return nil
}

func (p *Pane) toggleFocus(f pane.Frame) pane.Intent {
	if p.focus != "" {
		p.focus = ""
		return nil
	}
	if f.Unit() == nil {
		return pane.Say{Text: "no unit is selected"}
	}
	p.focus = f.Selected
	return nil
}

// move selects another unit.
func (p *Pane) move(a keys.Action, f pane.Frame) pane.Intent {
	if len(p.topo.ids) == 0 {
		return nil
	}
	at := slices.Index(p.topo.ids, f.Selected)
	if at < 0 {
		return pane.Select{Unit: p.topo.ids[p.pic.rows[0]]}
	}
	page := max(p.room(f)/p.lineStep(), 1)
	to := at
	switch a {
	case keys.Down:
		to = p.down(at)
	case keys.Up:
		to = p.up(at)
	case keys.Left:
		to = p.left(at)
	case keys.Right:
		to = p.right(at)
	case keys.First:
		to = p.pic.rows[0]
	case keys.Last:
		to = p.pic.rows[len(p.pic.rows)-1]
	case keys.HalfDown, keys.PageDown:
		to = repeat(p.down, at, pages(a, page))
	case keys.HalfUp, keys.PageUp:
		to = repeat(p.up, at, pages(a, page))
	}
	if to == at {
		return nil
	}
	return pane.Select{Unit: p.topo.ids[to]}
}

func pages(a keys.Action, page int) int {
	if a == keys.HalfDown || a == keys.HalfUp {
		return max(page/2, 1)
	}
	return page
}

func repeat(step func(int) int, at, n int) int {
	for range n {
		at = step(at)
	}
	return at
}

// lineStep is how many lines lie between a unit and the next.
func (p *Pane) lineStep() int {
	if p.pic.form == Rail {
		return 1
	}
	return 2
}

// room is how many lines there are for the picture itself.
func (p *Pane) room(f pane.Frame) int {
	return max(f.Height-headLines-footLines(f.Height), 0)
}

// headLines is the title, footLines the legend where there is room for one.
const headLines = 1

func footLines(height int) int {
	if height >= 10 {
		return 1
	}
	return 0
}

// Lines draws the view.
func (p *Pane) Lines(f pane.Frame) []string {
	if f.Width <= 0 || f.Height <= 0 {
		return f.Page(nil)
	}
	p.prepare(f)
	// The edges of the topology, as they are now.
	h := examine(p.topo, f.Board, edgesOf(f.Board))
	lines := []string{p.title(f, h)}
	if len(p.topo.ids) == 0 {
		lines = append(lines, f.Theme.Paint(theme.Faint, widget.Cut(" no units", f.Width, f.Theme.Ellipsis)))
		return f.Page(lines)
	}
	p.scroll(f)
	if p.pic.form == Rail {
		lines = append(lines, p.railLines(f, h)...)
	} else {
		lines = append(lines, p.layeredLines(f, h)...)
	}
	if footLines(f.Height) > 0 {
		for len(lines) < f.Height-1 {
			lines = append(lines, "")
		}
		lines = append(lines, p.legend(f))
	}
	if f.Stale {
		for i := range lines {
			lines[i] = f.Theme.Over(theme.Stale, lines[i])
		}
	}
	return f.Page(lines)
}

// scroll brings the selection into view where it has changed, and keeps the
// window within the picture.
func (p *Pane) scroll(f pane.Frame) {
	room := p.room(f)
	if at := slices.Index(p.topo.ids, f.Selected); at >= 0 && p.shown != f.Selected {
		p.shown = f.Selected
		s := p.pic.places[at]
		p.top = min(p.top, max(s.y-1, 0))
		p.top = max(p.top, s.y+p.lineStep()-room)
		if p.pic.form == Layered {
			p.pan = min(p.pan, max(s.x-2, 0))
			p.pan = max(p.pan, s.x+3+min(s.words, 20)-f.Width)
		} else if show := p.railWidth(f); p.pic.rails > show {
			p.pan = min(p.pan, s.x)
			p.pan = max(p.pan, s.x+1-show)
		}
	}
	p.top = max(0, min(p.top, p.pic.height-room))
	widest := p.pic.width - f.Width
	if p.pic.form == Rail {
		widest = p.pic.rails - p.railWidth(f)
	}
	p.pan = max(0, min(p.pan, widest))
}
