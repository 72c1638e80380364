package graph

import "slices"

// rail is the picture of the rail form: a unit in each line, below everything it
// needs, and units without edges at the end.
func rail(t *topology) *picture {
	p := &picture{form: Rail, places: make([]place, len(t.ids)), lines: make([][]step, len(t.arcs)), lonely: -1}
	p.rows = railOrder(t)
	row := make([]int, len(t.ids))
	for i, n := range p.rows {
		row[n] = i
	}
	column := railColumns(t, p.rows, row)
	for n, c := range column {
		p.places[n] = place{x: 2 * c, y: row[n]}
		p.rails = max(p.rails, 2*c+1)
	}
	for i, a := range t.arcs {
		x := int32(2 * column[a.dep])
		end := int32(row[a.user])
		for y := int32(row[a.dep]) + 1; y < end; y++ {
			p.lines[i] = append(p.lines[i], step{x: x, y: y, bits: north | south})
		}
		p.lines[i] = append(p.lines[i], step{x: x, y: end, bits: north | east})
		for x++; x < int32(2*column[a.user]); x++ {
			p.lines[i] = append(p.lines[i], step{x: x, y: end, bits: east | west})
		}
	}
	p.height = len(p.rows)
	p.columns = [][]int{p.rows}
	return p
}

// railOrder has every unit below what it needs, and near to it: of those that
// could come next the one that has become free last. Units without edges come at
// the end.
func railOrder(t *topology) []int {
	waits := make([]int, len(t.ids))
	var free, order, lonely []int
	for n := len(t.ids) - 1; n >= 0; n-- {
		waits[n] = len(t.in[n])
		if t.lonely(n) {
			lonely = append(lonely, n)
		} else if waits[n] == 0 {
			free = append(free, n)
		}
	}
	// What needs nothing is taken when something that needs it as well is
	// about to become free: roots first that are needed soonest.
	for len(free) > 0 {
		n := free[len(free)-1]
		free = free[:len(free)-1]
		order = append(order, n)
		for _, i := range slices.Backward(t.out[n]) {
			user := t.arcs[i].user
			if waits[user]--; waits[user] == 0 {
				free = append(free, user)
			}
		}
	}
	slices.Reverse(lonely)
	return append(order, lonely...)
}

// railColumns gives every unit a column: right of the rails that come into its
// line, the first that no rail runs in.
func railColumns(t *topology, order, row []int) []int {
	column := make([]int, len(t.ids))
	var until []int // the last line of the rail in each column, -1 for none
	for y, n := range order {
		least := 0
		for _, i := range t.in[n] {
			least = max(least, column[t.arcs[i].dep]+1)
		}
		c := least
		for c < len(until) && until[c] >= y {
			c++
		}
		for len(until) <= c {
			until = append(until, -1)
		}
		column[n] = c
		for _, i := range t.out[n] {
			until[c] = max(until[c], row[t.arcs[i].user])
		}
	}
	return column
}
