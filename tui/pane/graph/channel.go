package graph

import (
	"cmp"
	"slices"
)

// stroke is the upright part of the lines from one slot into the next layer.
type stroke struct {
	slot     int
	from     int // the line of the slot
	top, end int // the lines it reaches
	targets  []int
	straight bool // it has no upright part
	column   int
	tall     bool // the slot has a second line
	// below is whether it leaves in the second line, because the strokes would
	// run in a circle of demands else.
	below  bool
	ranked bool
	// meets are the strokes of slots at the lines it ends in.
	meets []meeting
}

// meeting is another stroke whose slot may be left by line y, in which one ends.
type meeting struct {
	*stroke
	y int
}

// channel are the strokes between a layer and the next, and the columns they
// stand in.
type channel struct {
	strokes map[int]*stroke // by slot
	columns [][]*stroke
	// tight is a slot that would need a second line, so that no two lines run
	// over each other; -1 where all is well.
	tight int
}

// newChannel routes the lines behind a layer.
func newChannel(l *layering, layer int) channel {
	c := channel{strokes: map[int]*stroke{}, tight: -1}
	var list []*stroke
	for _, id := range l.order[layer] {
		s := l.slots[id]
		if len(s.down) == 0 {
			continue
		}
		k := &stroke{slot: id, from: s.y, top: s.y, end: s.y, tall: s.height(2) > 1}
		for _, d := range s.down {
			y := l.slots[d].y
			k.targets = append(k.targets, y)
			k.top, k.end = min(k.top, y), max(k.end, y)
		}
		c.strokes[id] = k
		if k.top != k.end {
			list = append(list, k)
		} else {
			k.straight = true
		}
	}
	meet(list)
	list, c.tight = ranked(list)
	for _, k := range list {
		c.put(k)
	}
	return c
}

// leaves is the line a stroke's slot is left by.
func (k *stroke) leaves() int {
	if k.below {
		return k.from + 1
	}
	return k.from
}

// ranked puts strokes from left to right. One that begins in a line where
// another ends has to stand left of it, or they would run over each other; where
// that demands a circle, one leaves in the second line of its slot; tight is a slot
// that has none and would need it, or -1. Apart from that those that go down stand
// from the lowest slot to the highest, and those that go up the other way round,
// for then they cross each other least.
func ranked(list []*stroke) (out []*stroke, tight int) {
	tight = -1
	rest := slices.Clone(list)
	slices.SortStableFunc(rest, func(a, b *stroke) int { return cmp.Compare(a.rank(), b.rank()) })
	for len(rest) > 0 {
		at := slices.IndexFunc(rest, (*stroke).free)
		if at < 0 {
			if k := slices.IndexFunc(rest, func(k *stroke) bool { return k.tall && !k.below }); k >= 0 {
				// Those that have their places may end where it begins now.
				rest[k].below = true
				rest[k].end = max(rest[k].end, rest[k].leaves())
				for _, o := range out {
					o.ranked = false
				}
				return ranked(list)
			}
			at = max(slices.IndexFunc(rest, func(k *stroke) bool { return !k.tall }), 0)
			tight = rest[at].slot
		}
		rest[at].ranked = true
		out = append(out, rest[at])
		rest = slices.Delete(rest, at, at+1)
	}
	return out, tight
}

// meet looks up what each stroke meets. A slot may be left by its line and the
// next.
func meet(list []*stroke) {
	begins := map[int][]*stroke{}
	for _, k := range list {
		begins[k.from] = append(begins[k.from], k)
	}
	for _, k := range list {
		for _, y := range k.targets {
			for _, from := range []int{y, y - 1} {
				for _, o := range begins[from] {
					if o != k {
						k.meets = append(k.meets, meeting{o, y})
					}
				}
			}
		}
	}
}

// free is whether all have their places that have to stand left of a stroke:
// those that begin in lines in which it ends.
func (k *stroke) free() bool {
	return !slices.ContainsFunc(k.meets, func(m meeting) bool { return !m.ranked && m.leaves() == m.y })
}

// rank is where a stroke would best stand: the less, the further left.
func (k *stroke) rank() int {
	const middle = 1 << 20
	switch {
	case k.top >= k.from:
		return -k.from
	case k.end <= k.from:
		return k.from
	}
	return middle + k.from
}

// put gives a stroke, which comes after those it has to stand right of, the first
// column in which it touches no other.
func (c *channel) put(k *stroke) {
	for i, column := range c.columns {
		for _, o := range column {
			if slices.Contains(k.targets, o.leaves()) {
				k.column = max(k.column, i+1)
			}
		}
	}
	for k.column < len(c.columns) && slices.ContainsFunc(c.columns[k.column], func(o *stroke) bool {
		return o.top <= k.end && k.top <= o.end
	}) {
		k.column++
	}
	for k.column >= len(c.columns) {
		c.columns = append(c.columns, nil)
	}
	c.columns[k.column] = append(c.columns[k.column], k)
}
