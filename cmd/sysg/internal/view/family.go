package view

import (
	"slices"
	"strings"

	"systemg/ipc"
)

// family puts the units that were spawned right below the unit that did so, in
// the order in which they came, and gives each the rail before its name. A
// unit whose parent is not among them stands for itself. On a pipe there are
// no rails: a script reads the names.
func family(units []ipc.Unit, st Style) ([]ipc.Unit, []string) {
	if !slices.ContainsFunc(units, func(u ipc.Unit) bool { return u.Parent != "" }) {
		return units, make([]string, len(units))
	}
	here := make(map[string]bool, len(units))
	for _, u := range units {
		here[u.ID] = true
	}
	below := map[string][]ipc.Unit{}
	var roots []ipc.Unit
	for _, u := range units {
		if u.Parent != "" && u.Parent != u.ID && here[u.Parent] {
			below[u.Parent] = append(below[u.Parent], u)
		} else {
			roots = append(roots, u)
		}
	}
	if len(roots) == len(units) {
		return units, make([]string, len(units))
	}
	order, depths := make([]ipc.Unit, 0, len(units)), make([]int, 0, len(units))
	var visit func(list []ipc.Unit, depth int)
	visit = func(list []ipc.Unit, depth int) {
		for _, u := range list {
			children := below[u.ID]
			// Taken once, so that parents in a circle come to an end.
			delete(below, u.ID)
			order, depths = append(order, u), append(depths, depth)
			visit(children, depth+1)
		}
	}
	visit(roots, 0)
	if !st.terminal() {
		return order, make([]string, len(order))
	}
	return order, branches(depths, st)
}

// children are the units that this one spawned, and what became of them.
func children(p *page, list []ipc.Unit) {
	if len(list) == 0 {
		return
	}
	heading(p, "children")
	if p.st.Plain {
		for _, u := range list {
			p.put(say(normal, sentence(u, nameOf(u, false), p.st)))
		}
		return
	}
	t := &table{columns: []column{
		{},
		{title: "UNIT", min: 10},
		{title: "STATE"},
		{title: "PID", right: true, drop: 1},
		{title: "UPTIME", right: true, drop: 2},
		{title: "REASON", min: 20},
	}}
	list, rails := family(list, p.st)
	for i, u := range list {
		t.add(p.st.sign(stateOf(u)), say(normal, rails[i]+nameOf(u, false)), p.st.word(u, stateOf(u)),
			orNone(normal, positive(u.PID)), orNone(normal, uptime(u)), say(normal, reasonOf(u, p.st)))
	}
	t.write(p)
}

// deepestTree bounds the rails before a name.
const deepestTree = 12

// branches are the rails before what stands in a tree at these depths, parents
// first: a corner where it is the last child of its parent, a tee where more
// follow.
func branches(depths []int, st Style) []string {
	out := make([]string, len(depths))
	if st.Plain {
		return out
	}
	// more says for each depth whether a sibling follows below; filled from
	// the last one upwards.
	more := map[int]bool{}
	for i := len(depths) - 1; i >= 0; i-- {
		depth := min(depths[i], deepestTree)
		if depth <= 0 {
			clear(more)
			continue
		}
		var text strings.Builder
		for d := 1; d < depth; d++ {
			if more[d] {
				text.WriteString(st.pick("│ ", "| "))
			} else {
				text.WriteString("  ")
			}
		}
		if more[depth] {
			text.WriteString(st.pick("├ ", "+ "))
		} else {
			text.WriteString(st.pick("└ ", "` "))
		}
		out[i] = text.String()
		more[depth] = true
		for d := depth + 1; d <= deepestTree; d++ {
			delete(more, d)
		}
	}
	return out
}
