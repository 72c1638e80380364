package graph

import (
	"cmp"
	"slices"
)

// slot is a place in a layer: of a unit, or of the lines of one dependency that
// pass through.
type slot struct {
	node     int // -1 where lines pass
	source   int // the dependency whose lines they are
	layer, y int
	up, down []int // slots of the neighbouring layers it has lines to
	// wide is whether lines that pass have a second line to leave by.
	wide bool
}

func (s slot) height(tall int) int {
	switch {
	case s.node >= 0:
		return tall
	case s.wide:
		return 2
	}
	return 1
}

// layering is the units in layers, in order.
type layering struct {
	slots []slot
	order [][]int // slots by layer
	of    []int   // the slot of a unit, -1 for lonely ones

	// What sweep reckons with.
	place, near []int
	means       []float64
}

// sweeps is how often the layers are gone through; after about a dozen hardly a
// graph gets better.
const sweeps = 12

// manySlots is from where on fewer sweeps have to do.
const manySlots = 2500

// newLayering lays the units that have edges into layers. seed is where units
// stood before, by ID; a unit that is not in it goes behind.
func newLayering(t *topology, seed map[string]int) *layering {
	l := &layering{of: make([]int, len(t.ids))}
	depth := layersOf(t)
	layers := 0
	for n := range t.ids {
		l.of[n] = -1
		if t.lonely(n) {
			continue
		}
		l.of[n] = len(l.slots)
		l.slots = append(l.slots, slot{node: n, source: n, layer: depth[n]})
		layers = max(layers, depth[n]+1)
	}
	l.order = make([][]int, layers)
	for n := range t.ids {
		if l.of[n] >= 0 {
			l.connect(t, n)
		}
	}
	for i, s := range l.slots {
		l.order[s.layer] = append(l.order[s.layer], i)
	}
	l.plant(t, seed)
	l.sweep()
	return l
}

// layersOf is the layer of each unit: one behind the last of what it needs. One
// that needs nothing stands right before the first that needs it.
func layersOf(t *topology) []int {
	depth := make([]int, len(t.ids))
	waits := make([]int, len(t.ids))
	var ready []int
	for n := range t.ids {
		if waits[n] = len(t.in[n]); waits[n] == 0 {
			ready = append(ready, n)
		}
	}
	for len(ready) > 0 {
		n := ready[0]
		ready = ready[1:]
		for _, i := range t.out[n] {
			user := t.arcs[i].user
			depth[user] = max(depth[user], depth[n]+1)
			if waits[user]--; waits[user] == 0 {
				ready = append(ready, user)
			}
		}
	}
	for n := range t.ids {
		if len(t.in[n]) > 0 || len(t.out[n]) == 0 {
			continue
		}
		first := depth[t.arcs[t.out[n][0]].user]
		for _, i := range t.out[n] {
			first = min(first, depth[t.arcs[i].user])
		}
		depth[n] = first - 1
	}
	return depth
}

// connect makes the lines from a unit to those that need it, through one slot in
// each layer between.
func (l *layering) connect(t *topology, n int) {
	from := l.of[n]
	last := l.slots[from].layer
	for _, i := range t.out[n] {
		last = max(last, l.slots[l.of[t.arcs[i].user]].layer-1)
	}
	passing := map[int]int{l.slots[from].layer: from}
	for layer := l.slots[from].layer + 1; layer <= last; layer++ {
		id := len(l.slots)
		l.slots = append(l.slots, slot{node: -1, source: n, layer: layer})
		l.join(passing[layer-1], id)
		passing[layer] = id
	}
	for _, i := range t.out[n] {
		to := l.of[t.arcs[i].user]
		l.join(passing[l.slots[to].layer-1], to)
	}
}

func (l *layering) join(up, down int) {
	l.slots[up].down = append(l.slots[up].down, down)
	l.slots[down].up = append(l.slots[down].up, up)
}

// plant puts the slots in the order they had before.
func (l *layering) plant(t *topology, seed map[string]int) {
	if len(seed) == 0 {
		return
	}
	place := func(i int) int {
		s := l.slots[i]
		if at, ok := seed[key(t, s)]; ok {
			return at
		}
		if at, ok := seed[t.ids[s.source]]; ok {
			return at
		}
		return 1 << 30
	}
	for _, order := range l.order {
		slices.SortStableFunc(order, func(a, b int) int { return place(a) - place(b) })
	}
}

// key names a slot from one layering to the next.
func key(t *topology, s slot) string {
	if s.node >= 0 {
		return t.ids[s.node]
	}
	return t.ids[s.source] + "\x00" + string(rune('0'+s.layer))
}

// seeds are the places of all slots, for the next layering.
func (l *layering) seeds(t *topology) map[string]int {
	m := make(map[string]int, len(l.slots))
	for _, order := range l.order {
		for i, s := range order {
			m[key(t, l.slots[s])] = i
		}
	}
	return m
}

// sweep orders the layers so that few lines cross.
func (l *layering) sweep() {
	best := l.crossings()
	kept := l.copyOrder()
	rounds := sweeps
	if len(l.slots) > manySlots {
		rounds = 3
	}
	for round, better := 0, 0; round < rounds && best > 0 && round-better < 4; round++ {
		if round%2 == 0 {
			for i := 1; i < len(l.order); i++ {
				l.byNeighbours(i, i-1)
			}
		} else {
			for i := len(l.order) - 2; i >= 0; i-- {
				l.byNeighbours(i, i+1)
			}
		}
		if n := l.crossings(); n < best {
			best, kept, better = n, l.copyOrder(), round
		}
	}
	l.order = kept
}

func (l *layering) copyOrder() [][]int {
	out := make([][]int, len(l.order))
	for i, o := range l.order {
		out[i] = slices.Clone(o)
	}
	return out
}

// byNeighbours orders a layer by the mean place of the neighbours in another.
func (l *layering) byNeighbours(layer, other int) {
	place := l.places(other)
	order := l.order[layer]
	if len(l.means) < len(l.slots) {
		l.means = make([]float64, len(l.slots))
	}
	for i, id := range order {
		near := l.slots[id].up
		if other > layer {
			near = l.slots[id].down
		}
		l.means[id] = float64(i)
		if len(near) > 0 {
			sum := 0
			for _, n := range near {
				sum += place[n]
			}
			l.means[id] = float64(sum) / float64(len(near))
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(l.means[a], l.means[b]) })
}

// places are the places of the slots of a layer, until the next call.
func (l *layering) places(layer int) []int {
	if len(l.place) < len(l.slots) {
		l.place = make([]int, len(l.slots))
	}
	for i, id := range l.order[layer] {
		l.place[id] = i
	}
	return l.place
}

// crossings counts the pairs of lines that cross, in n log n by a tree of sums
// (Barth, Jünger and Mutzel 2002).
func (l *layering) crossings() int {
	total := 0
	for layer := 0; layer+1 < len(l.order); layer++ {
		place := l.places(layer + 1)
		sums := make([]int, len(l.order[layer+1])+1)
		seen := 0
		for _, id := range l.order[layer] {
			near := l.near[:0]
			for _, d := range l.slots[id].down {
				near = append(near, place[d])
			}
			l.near = near
			for _, at := range near {
				before := 0
				for i := at + 1; i > 0; i -= i & -i {
					before += sums[i]
				}
				total += seen - before
			}
			for _, at := range near {
				for i := at + 1; i < len(sums); i += i & -i {
					sums[i]++
				}
			}
			seen += len(near)
		}
	}
	return total
}

// settle gives every slot its height, units being tall lines high.
func (l *layering) settle(tall int) {
	for _, order := range l.order {
		y := 0
		for _, id := range order {
			l.slots[id].y = y
			y += l.slots[id].height(tall)
		}
	}
	for round := range 6 {
		if round%2 == 0 {
			for i := range l.order {
				l.level(i, tall, func(s slot) []int { return s.up })
			}
		} else {
			for i := len(l.order) - 1; i >= 0; i-- {
				l.level(i, tall, func(s slot) []int { return s.down })
			}
		}
	}
	least := 1 << 30
	for _, s := range l.slots {
		least = min(least, s.y)
	}
	for i := range l.slots {
		l.slots[i].y -= least
	}
}

// level brings the slots of one layer as near to the height of their neighbours
// as their order allows: the weighted least squares under that condition. Passing
// lines weigh more, so that they are straight.
func (l *layering) level(layer, tall int, near func(slot) []int) {
	type block struct {
		sum, weight float64
		n           int
	}
	var blocks []block
	order := l.order[layer]
	above := 0
	for _, id := range order {
		s := l.slots[id]
		wish, weight := float64(s.y), 0.25
		if list := near(s); len(list) > 0 {
			sum := 0
			for _, n := range list {
				sum += l.slots[n].y
			}
			wish, weight = float64(sum)/float64(len(list)), 1
			if s.node < 0 {
				weight = 4
			}
		}
		b := block{sum: (wish - float64(above)) * weight, weight: weight, n: 1}
		for len(blocks) > 0 && blocks[len(blocks)-1].sum/blocks[len(blocks)-1].weight > b.sum/b.weight {
			last := blocks[len(blocks)-1]
			b.sum, b.weight, b.n = b.sum+last.sum, b.weight+last.weight, b.n+last.n
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
		above += s.height(tall)
	}
	i, above := 0, 0
	for _, b := range blocks {
		at := int(b.sum/b.weight+1e6+0.5) - 1e6
		for range b.n {
			l.slots[order[i]].y = at + above
			above += l.slots[order[i]].height(tall)
			i++
		}
	}
}
