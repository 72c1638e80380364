package view

import "systemg/ipc"

// # Rails
//
// The text form of a graph has one row per unit, dependencies above their
// dependents. Every unit that has dependents further down keeps a rail, a
// column of its own, from its glyph to the row of the last of them:
//
//	●        postgres
//	│ ●      redis
//	├─┼─●    api      needs both
//	│ │ └─●  web      the last that needs api: its rail ends
//	└─┴─●    worker
//
// A horizontal line joins the rails it meets with a tee or a cross; rails it
// only passes stay whole (│). It is dashed (╌) where what comes along it is
// still waited for.

// rails is a graph laid out.
type rails struct {
	rows []railRow
	// columns is how many columns the widest row has.
	columns int
}

// railRow is one unit: what stands in each column, the unit's own included.
type railRow struct {
	unit  int
	own   int
	cells []railCell
}

// railCell is one column of a row.
type railCell struct {
	// up and down say whether a rail comes from above and goes on below.
	up, down bool
	// joins is whether the rail is one of the unit's dependencies.
	joins bool
	// over is whether a horizontal line runs through to the right;
	// dashed whether something along it is not as it has to be.
	over, dashed bool
}

// arc is an edge by index, from a unit to its dependency.
type arc struct {
	to        int
	satisfied bool
}

// adjacency gives each unit's dependencies, and how many dependents each
// has. Edges to units that are not there, or to the unit itself, are left
// out, doubles too.
func adjacency(g ipc.GraphResult) (needs [][]arc, dependents []int) {
	index := make(map[string]int, len(g.Units))
	for i, u := range g.Units {
		index[u.ID] = i
	}
	needs, dependents = make([][]arc, len(g.Units)), make([]int, len(g.Units))
	seen := map[[2]int]bool{}
	for _, e := range g.Edges {
		from, ok1 := index[e.From]
		to, ok2 := index[e.To]
		if !ok1 || !ok2 || from == to || seen[[2]int{from, to}] {
			continue
		}
		seen[[2]int{from, to}] = true
		needs[from] = append(needs[from], arc{to: to, satisfied: e.Satisfied})
		dependents[to]++
	}
	return needs, dependents
}

// railOrder puts each unit right below the last of its dependencies, as far
// as the order of the graph allows: depth first from the units nobody needs.
// Units without edges are not in it. A cycle, which no valid graph has, is
// cut where it is met.
func railOrder(needs [][]arc, dependents []int) []int {
	var order []int
	seen := make([]bool, len(needs))
	var visit func(int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, a := range needs[i] {
			visit(a.to)
		}
		order = append(order, i)
	}
	for i := range needs {
		if dependents[i] == 0 && len(needs[i]) > 0 {
			visit(i)
		}
	}
	for i := range needs {
		if dependents[i] > 0 {
			visit(i)
		}
	}
	return order
}

// layRails gives each unit of the order a row and a column.
func layRails(order []int, needs [][]arc, dependents []int) rails {
	out := rails{}
	left := append([]int(nil), dependents...)
	column := map[int]int{}
	// open has the unit whose rail runs in each column, or -1.
	var open []int
	for _, unit := range order {
		row := railRow{unit: unit}
		joins := map[int]bool{} // columns of the dependencies: satisfied
		last := -1
		for _, a := range needs[unit] {
			if c, placed := column[a.to]; placed {
				joins[c] = a.satisfied
				last = max(last, c)
			}
		}
		row.own = freeColumn(open, last+1)
		for len(open) <= row.own {
			open = append(open, -1)
		}
		line, dashed := false, false
		row.cells = make([]railCell, len(open))
		for c := range open {
			cell := &row.cells[c]
			cell.up = open[c] >= 0
			if satisfied, ok := joins[c]; ok {
				cell.joins, line = true, true
				dashed = dashed || !satisfied
				if left[open[c]]--; left[open[c]] == 0 {
					delete(column, open[c])
					open[c] = -1
				}
			}
			cell.down = open[c] >= 0
			cell.over, cell.dashed = line && c < row.own, dashed
		}
		if left[unit] > 0 {
			open[row.own] = unit
			column[unit] = row.own
			row.cells[row.own].down = true
		}
		for len(open) > 0 && open[len(open)-1] < 0 {
			open = open[:len(open)-1]
		}
		out.columns = max(out.columns, len(row.cells))
		out.rows = append(out.rows, row)
	}
	return out
}

// freeColumn is the first column without a rail, from at on.
func freeColumn(open []int, at int) int {
	for c := at; c < len(open); c++ {
		if open[c] < 0 {
			return c
		}
	}
	return max(at, len(open))
}

// draw is the row as text, two columns of the terminal for each rail.
func (r railRow) draw(st Style, sign span, columns int) line {
	var l line
	for c := range columns {
		if c == r.own {
			l = append(l, sign, span{text: " "})
			continue
		}
		if c >= len(r.cells) {
			l = append(l, span{text: "  "})
			continue
		}
		cell := r.cells[c]
		l = append(l, span{tone: faint, text: cell.glyph(st, r.first(c)) + cell.link(st)})
	}
	return l
}

// first is whether no line comes into column c from the left.
func (r railRow) first(c int) bool { return c == 0 || !r.cells[c-1].over }

func (c railCell) glyph(st Style, first bool) string {
	switch {
	case c.joins && c.down && first:
		return st.pick("├", "+")
	case c.joins && c.down:
		return st.pick("┼", "+")
	case c.joins && first:
		return st.pick("└", "`")
	case c.joins:
		return st.pick("┴", "+")
	case c.up && c.down:
		return st.pick("│", "|")
	case c.over:
		return c.link(st)
	}
	return " "
}

// link is what stands between two columns.
func (c railCell) link(st Style) string {
	switch {
	case c.over && c.dashed:
		return st.pick("╌", ".")
	case c.over:
		return st.pick("─", "-")
	}
	return " "
}
