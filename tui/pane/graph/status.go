package graph

import (
	"slices"
	"strings"

	"systemg/tui/board"
	"systemg/tui/theme"
)

// kind is how an arc is, the weakest first: where lines share a cell the
// strongest is shown.
type kind uint8

const (
	broken    kind = iota + 1 // what is needed will not come by itself
	waiting                   // it may
	satisfied                 // it is there
)

// health is how the units and arcs of a topology are now.
type health struct {
	kinds []kind // by arc
	// path are the arcs a failure goes along, roots the units it comes from,
	// hit those it has reached.
	path  []bool
	roots []int
	hit   []bool
}

// examine looks up how everything is.
func examine(t *topology, b *board.Board, edges []board.Edge) health {
	h := health{kinds: make([]kind, len(t.arcs)), path: make([]bool, len(t.arcs)), hit: make([]bool, len(t.ids))}
	ill := make([]bool, len(t.ids))
	for n, id := range t.ids {
		u := b.Unit(id)
		ill[n] = u != nil && board.Ill(u.Look)
	}
	caused := make([]bool, len(t.ids))
	for i, a := range t.arcs {
		h.kinds[i] = kindOf(edges[a.edge], b.Unit(t.ids[a.dep]))
	}
	var list []int
	for n := range t.ids {
		if ill[n] {
			list = append(list, n)
		}
	}
	for len(list) > 0 {
		n := list[len(list)-1]
		list = list[:len(list)-1]
		for _, i := range t.out[n] {
			user := t.arcs[i].user
			if h.kinds[i] == satisfied {
				continue
			}
			h.path[i], caused[user] = true, true
			if !h.hit[user] && !ill[user] {
				list = append(list, user)
			}
			h.hit[user] = true
		}
	}
	for n := range t.ids {
		if ill[n] && !caused[n] {
			h.roots = append(h.roots, n)
		}
	}
	return h
}

// kindOf is how an edge is, by its dependency.
func kindOf(e board.Edge, dep *board.Unit) kind {
	if e.Satisfied {
		return satisfied
	}
	if dep == nil {
		return broken
	}
	switch dep.Look {
	case "failed", "blocked", "stopped":
		return broken
	}
	return waiting
}

// told says in words which way a failure goes: "search > ml-embed", the one that
// reaches most units first.
func (h health) told(t *topology, arrow string) string {
	if len(h.roots) == 0 {
		return ""
	}
	reached := func(n int) (list []string) {
		for _, i := range t.out[n] {
			if h.path[i] {
				list = append(list, t.names[t.arcs[i].user])
			}
		}
		return list
	}
	roots := slices.Clone(h.roots)
	slices.SortStableFunc(roots, func(a, b int) int { return len(reached(b)) - len(reached(a)) })
	var parts []string
	for _, n := range roots {
		text := t.names[n]
		if list := reached(n); len(list) > 0 {
			text += " " + arrow + " " + strings.Join(list, " ")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// tone is the tone of a line.
func (k kind) tone(failing bool) theme.Tone {
	switch {
	case failing || k == broken:
		return theme.Bad
	case k == waiting:
		return theme.Busy
	}
	return theme.Rule
}
