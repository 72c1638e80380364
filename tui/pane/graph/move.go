package graph

// The moves go by where units stand: up and down within a layer and then into
// the units without edges, left to what a unit needs, right to what needs it.

func (p *Pane) down(at int) int {
	if p.pic.form == Rail {
		return p.inRows(at, 1)
	}
	here := p.pic.places[at]
	return p.nearest(at, func(n int, s place) (int, bool) {
		if s.y <= here.y {
			return 0, false
		}
		if !p.topo.lonely(at) && !p.topo.lonely(n) && s.x != here.x {
			return 0, false
		}
		return (s.y-here.y)*1000 + abs(s.x-here.x), true
	})
}

func (p *Pane) up(at int) int {
	if p.pic.form == Rail {
		return p.inRows(at, -1)
	}
	here := p.pic.places[at]
	return p.nearest(at, func(n int, s place) (int, bool) {
		if s.y >= here.y {
			return 0, false
		}
		switch lonely := p.topo.lonely(n); {
		case !p.topo.lonely(at) && (lonely || s.x != here.x):
			return 0, false
		case p.topo.lonely(at) && !lonely:
			// Out of the units without edges: the nearest layer first.
			return 1<<30 + abs(s.x-here.x)*1000 + here.y - s.y, true
		}
		return (here.y-s.y)*1000 + abs(s.x-here.x), true
	})
}

func (p *Pane) left(at int) int {
	var near []int
	for _, i := range p.topo.in[at] {
		near = append(near, p.topo.arcs[i].dep)
	}
	return p.aside(at, near, -1)
}

func (p *Pane) right(at int) int {
	var near []int
	for _, i := range p.topo.out[at] {
		near = append(near, p.topo.arcs[i].user)
	}
	return p.aside(at, near, 1)
}

// aside is the nearest of the units that an edge leads to, else the nearest unit
// on that side.
func (p *Pane) aside(at int, near []int, side int) int {
	here := p.pic.places[at]
	best, least := at, 1<<62
	for _, n := range near {
		s := p.pic.places[n]
		if d := abs(s.x-here.x) + 4*abs(s.y-here.y); d < least {
			best, least = n, d
		}
	}
	if best != at || p.pic.form == Rail {
		return best
	}
	return p.nearest(at, func(n int, s place) (int, bool) {
		if (s.x-here.x)*side <= 0 || p.topo.lonely(n) != p.topo.lonely(at) || p.topo.lonely(at) && s.y != here.y {
			return 0, false
		}
		return abs(s.x-here.x)*1000 + abs(s.y-here.y), true
	})
}

// nearest is the unit with the least distance of those that count, at itself
// where none does.
func (p *Pane) nearest(at int, distance func(n int, s place) (int, bool)) int {
	best, least := at, 1<<62
	for n, s := range p.pic.places {
		if d, counts := distance(n, s); counts && n != at && d < least {
			best, least = n, d
		}
	}
	return best
}

// inRows is the unit so many lines on in the rail form.
func (p *Pane) inRows(at, n int) int {
	y := min(max(p.pic.places[at].y+n, 0), len(p.pic.rows)-1)
	return p.pic.rows[y]
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
