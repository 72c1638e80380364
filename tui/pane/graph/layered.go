package graph

import (
	"slices"

	"systemg/tui/widget"
)

// Bounds of the layered form, in columns.
const (
	leastName = 8  // what a name is cut to where there is no room
	mostName  = 26 // what a name and its state are given where there is
	mostGap   = 12 // blanks that are added between two layers
)

// layered is the picture of the layered form for a screen of w columns and h
// lines, and where the slots are, for the next time. It is nil where there are no
// edges, or where the layers do not fit, unless forced.
func layered(t *topology, seed map[string]int, w, h int, forced bool) (*picture, map[string]int) {
	depth := layersOf(t)
	layers := 0
	for n := range t.ids {
		if !t.lonely(n) {
			layers = max(layers, depth[n]+1)
		}
	}
	if layers == 0 || !forced && layers*fits > w {
		return nil, seed
	}
	l := newLayering(t, seed)
	channels := l.channels(tallness(l, h))
	p := &picture{form: Layered, places: make([]place, len(t.ids)), lines: make([][]step, len(t.arcs)), lonely: -1}
	starts, names, gaps := columns(t, l, channels, w)
	for n, id := range l.of {
		if id >= 0 {
			s := l.slots[id]
			p.places[n] = place{x: starts[s.layer], y: s.y, words: names[s.layer]}
			p.height = max(p.height, s.y+2)
		}
	}
	p.width = starts[layers-1] + 3 + names[layers-1]
	route(t, l, p, channels, starts, gaps)
	for _, path := range p.lines {
		for _, s := range path {
			p.height = max(p.height, int(s.y)+1) // lines may pass below the last unit
		}
	}
	for _, order := range l.order {
		var units []int
		for _, id := range order {
			if n := l.slots[id].node; n >= 0 {
				units = append(units, n)
			}
		}
		p.columns = append(p.columns, units)
		p.rows = append(p.rows, units...)
	}
	return p, l.seeds(t)
}

// attempts is how often that is done before lines of a graph may run over each
// other: it was enough for each of 1000 random graphs.
const attempts = 12

// channels settles the slots and routes the lines between the layers. Slots that
// turn out to be tight get a second line, and where they have one units stand
// further apart; then all is done anew.
func (l *layering) channels(tall int) []channel {
	list := make([]channel, len(l.order))
	for range attempts {
		l.settle(tall)
		again := false
		for i := range list {
			list[i] = newChannel(l, i)
			if n := list[i].tight; n >= 0 {
				again = true
				if l.slots[n].height(tall) > 1 {
					tall++
					break
				}
				l.slots[n].wide = true
			}
		}
		if !again {
			break
		}
	}
	return list
}

// tallness is how many lines a unit gets: name, state, and a blank one where the
// screen has the room.
func tallness(l *layering, h int) int {
	most := 0
	for _, order := range l.order {
		most = max(most, len(order))
	}
	if 3*most <= h {
		return 3
	}
	return 2
}

// columns is where the layers begin, how long names are in each, and how wide the
// room for lines behind each is.
func columns(t *topology, l *layering, channels []channel, w int) (starts, names, gaps []int) {
	layers := len(l.order)
	names, gaps = make([]int, layers), make([]int, layers)
	used := 0
	for i, order := range l.order {
		names[i] = leastName
		for _, id := range order {
			if n := l.slots[id].node; n >= 0 {
				names[i] = max(names[i], min(widget.Width(t.names[n]), mostName))
			}
		}
		if i+1 < layers {
			gaps[i] = 2 + max(2*len(channels[i].columns), 2)
		}
		used += 3 + names[i] + 1 + gaps[i]
	}
	for used > w {
		widest := slices.Max(names)
		if widest <= leastName {
			break
		}
		names[slices.Index(names, widest)]--
		used--
	}
	for i := range names {
		more := min(max(w-used, 0)/(layers-i), max(mostName-names[i], 0))
		names[i] += more
		used += more
	}
	for i := range layers - 1 {
		more := min(max(w-used, 0)/(layers-1-i), mostGap)
		gaps[i] += more
		used += more
	}
	if w > used {
		names[layers-1] += w - used // the last column has what is left
	}
	starts = make([]int, layers)
	for i := 1; i < layers; i++ {
		starts[i] = starts[i-1] + 3 + names[i-1] + 1 + gaps[i-1]
	}
	return starts, names, gaps
}

// route makes the lines of every arc.
func route(t *topology, l *layering, p *picture, channels []channel, starts, gaps []int) {
	for i, a := range t.arcs {
		at, to := l.of[a.dep], l.of[a.user]
		for at != to {
			layer := l.slots[at].layer
			next := -1
			for _, d := range l.slots[at].down {
				if d == to || l.slots[d].node < 0 && l.slots[to].layer > layer+1 {
					next = d
				}
			}
			if next < 0 {
				break
			}
			part := hop(t, l, channels[layer], at, next, starts, gaps)
			if len(p.lines[i]) == 0 {
				p.lines[i] = part // most have one part
			} else {
				p.lines[i] = append(p.lines[i], part...)
			}
			at = next
		}
	}
}

// hop is the line from one slot to one in the next layer.
func hop(t *topology, l *layering, c channel, from, to int, starts, gaps []int) []step {
	s, d := l.slots[from], l.slots[to]
	k := c.strokes[from]
	end := starts[d.layer] - 1     // the column before the unit
	gap := end - gaps[s.layer] + 1 // the column behind names and a blank
	// A line begins behind the name of its unit.
	x := starts[s.layer]
	path := make([]step, 0, end-x+1+max(d.y-s.y, s.y-d.y)+2)
	switch {
	case s.node >= 0 && k.below:
		x = gap
	case k.below:
		path = append(path, step{x: int32(x), y: int32(s.y), bits: west | south}, step{x: int32(x), y: int32(s.y + 1), bits: north | east})
		x++
	case s.node >= 0:
		x = starts[s.layer] + 3 + min(widget.Width(t.names[s.node]), gap-starts[s.layer]-4) + 1
	}
	add := func(x, y, bits int) { path = append(path, step{x: int32(x), y: int32(y), bits: uint8(bits)}) }
	across := func(to, y int) {
		for ; x < to; x++ {
			add(x, y, east|west)
		}
	}
	y := k.leaves()
	if !k.straight {
		// The strokes stand at the right end of the gap, so that long
		// lines are those of the dependency.
		across(end-1-2*(len(c.columns)-k.column), y)
	}
	if d.y != y {
		turn, back, upright := south, north, 1
		if d.y < y {
			turn, back, upright = north, south, -1
		}
		add(x, y, west|turn)
		for at := y + upright; at != d.y; at += upright {
			add(x, at, north|south)
		}
		add(x, d.y, back|east)
		x++
	}
	across(end, d.y)
	if d.node >= 0 {
		add(x, d.y, west|head)
	} else {
		add(x, d.y, east|west)
	}
	return path
}
