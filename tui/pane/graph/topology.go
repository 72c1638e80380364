package graph

import (
	"hash/maphash"
	"slices"

	"systemg/tui/board"
)

// arc goes from a dependency to the unit that needs it, both by index; edge is
// its index in the list of edges.
type arc struct{ dep, user, edge int }

// topology is what there is to draw, without how it is.
type topology struct {
	ids, names []string
	edges      []board.Edge
	// arcs are those that make no cycle, each pair once.
	arcs []arc
	// in and out are the arcs of a unit: to what it needs, and to what needs it.
	in, out [][]int
	// looped are the units that are part of a cycle.
	looped map[int]bool
}

// newTopology takes the units and edges of a board; where keep is not nil only
// the units in it.
func newTopology(b *board.Board, keep map[string]bool) *topology {
	t := &topology{looped: map[int]bool{}}
	index := map[string]int{}
	for _, u := range b.Units {
		if keep != nil && !keep[u.ID] {
			continue
		}
		index[u.ID] = len(t.ids)
		t.ids = append(t.ids, u.ID)
		t.names = append(t.names, b.NameOf(u))
	}
	seen := map[[2]int]bool{}
	for i, e := range edgesOf(b) {
		t.edges = append(t.edges, e)
		user, ok1 := index[e.From]
		dep, ok2 := index[e.To]
		if !ok1 || !ok2 || user == dep || seen[[2]int{dep, user}] {
			continue
		}
		seen[[2]int{dep, user}] = true
		t.arcs = append(t.arcs, arc{dep: dep, user: user, edge: i})
	}
	t.link()
	if t.cut() {
		t.link()
	}
	return t
}

// edgesOf are the edges of a board; before the graph is known they are what the
// units say they wait for.
func edgesOf(b *board.Board) []board.Edge {
	if b.Edges != nil {
		return b.Edges
	}
	byName := map[string][]*board.Unit{}
	for _, u := range b.Units {
		byName[u.Project+"/"+u.Name] = append(byName[u.Project+"/"+u.Name], u)
		if u.Base != "" && u.Base != u.Name {
			byName[u.Project+"/"+u.Base] = append(byName[u.Project+"/"+u.Base], u)
		}
	}
	var list []board.Edge
	for _, u := range b.Units {
		for _, name := range u.Depends {
			found := byName[u.Project+"/"+name]
			if d := b.Unit(name); d != nil {
				found = []*board.Unit{d}
			}
			for _, d := range found {
				list = append(list, board.Edge{From: u.ID, To: d.ID, Satisfied: !board.Ill(d.Look)})
			}
		}
	}
	return list
}

// link fills in and out.
func (t *topology) link() {
	t.in, t.out = make([][]int, len(t.ids)), make([][]int, len(t.ids))
	for i, a := range t.arcs {
		t.in[a.user] = append(t.in[a.user], i)
		t.out[a.dep] = append(t.out[a.dep], i)
	}
}

// cut takes out the arcs inside cycles, and says whether there were any.
func (t *topology) cut() bool {
	component := t.components()
	size := map[int]int{}
	for _, c := range component {
		size[c]++
	}
	for n, c := range component {
		if size[c] > 1 {
			t.looped[n] = true
		}
	}
	before := len(t.arcs)
	t.arcs = slices.DeleteFunc(t.arcs, func(a arc) bool { return component[a.dep] == component[a.user] })
	return len(t.arcs) != before
}

// components numbers the strongly connected components (Tarjan 1972).
func (t *topology) components() []int {
	n := len(t.ids)
	w := walk{t: t, component: make([]int, n), low: make([]int, n), number: make([]int, n), open: make([]bool, n)}
	for start := range n {
		if w.number[start] == 0 {
			w.from(start)
		}
	}
	return w.component
}

// walk is one search for components, without recursion: graphs may be deep.
type walk struct {
	t                      *topology
	component, low, number []int
	open                   []bool // is among stack
	stack                  []int
	seen, count            int
}

// visit is a unit the walk is at, and how many of its arcs it has followed.
type visit struct{ node, followed int }

// from walks everything that can be reached from a unit.
func (w *walk) from(start int) {
	work := []visit{{node: start}}
	for len(work) > 0 {
		at := &work[len(work)-1]
		v := at.node
		if w.number[v] == 0 {
			w.seen++
			w.number[v], w.low[v] = w.seen, w.seen
			w.stack, w.open[v] = append(w.stack, v), true
		}
		if at.followed < len(w.t.out[v]) {
			next := w.t.arcs[w.t.out[v][at.followed]].user
			at.followed++
			if w.number[next] == 0 {
				work = append(work, visit{node: next})
			} else if w.open[next] {
				w.low[v] = min(w.low[v], w.number[next])
			}
			continue
		}
		w.close(v)
		work = work[:len(work)-1]
		if len(work) > 0 {
			above := work[len(work)-1].node
			w.low[above] = min(w.low[above], w.low[v])
		}
	}
}

// close takes the component that v is the first of off the stack, if it is one.
func (w *walk) close(v int) {
	if w.low[v] != w.number[v] {
		return
	}
	for {
		u := w.stack[len(w.stack)-1]
		w.stack, w.open[u] = w.stack[:len(w.stack)-1], false
		w.component[u] = w.count
		if u == v {
			w.count++
			return
		}
	}
}

// lonely is whether a unit has no edges.
func (t *topology) lonely(n int) bool { return len(t.in[n]) == 0 && len(t.out[n]) == 0 }

// family are the units that one needs, that need it, also through others, and
// itself, by ID.
func family(b *board.Board, id string) map[string]bool {
	edges := edgesOf(b)
	keep := map[string]bool{id: true}
	for _, upwards := range []bool{true, false} {
		next := map[string][]string{}
		for _, e := range edges {
			if upwards {
				next[e.From] = append(next[e.From], e.To)
			} else {
				next[e.To] = append(next[e.To], e.From)
			}
		}
		seen := map[string]bool{id: true}
		for list := []string{id}; len(list) > 0; {
			at := list[len(list)-1]
			list = list[:len(list)-1]
			keep[at] = true
			for _, n := range next[at] {
				if !seen[n] {
					seen[n] = true
					list = append(list, n)
				}
			}
		}
	}
	return keep
}

var seed = maphash.MakeSeed()

// signature is a number that changes when units or edges come or go.
func signature(b *board.Board) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, u := range b.Units {
		h.WriteString(u.ID)
		h.WriteByte(0)
	}
	for _, e := range edgesOf(b) {
		h.WriteString(e.From)
		h.WriteByte(1)
		h.WriteString(e.To)
		h.WriteByte(2)
	}
	return h.Sum64()
}
