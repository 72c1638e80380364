package graph

import "systemg/config"

// Edge is one dependency of a unit. Units are named by ID (project/name).
type Edge struct {
	Unit      string
	Condition config.Condition
	// Log is the regular expression of a condition log.
	Log     string
	Cascade bool
}

// Node is a unit and what it depends on.
type Node struct {
	ID    string
	Needs []Edge
}

// Graph holds the edges in both directions and a dependency order.
type Graph struct {
	needs      map[string][]Edge
	dependents map[string][]Edge
	order      []string
	rank       map[string]int
}

// New builds the graph of the nodes. The order puts dependencies first and
// otherwise keeps the nodes' own order. Cycles were refused with the
// manifest; should one come through, its units keep the nodes' order.
func New(nodes []Node) *Graph {
	g := &Graph{
		needs:      make(map[string][]Edge, len(nodes)),
		dependents: make(map[string][]Edge, len(nodes)),
		order:      make([]string, 0, len(nodes)),
		rank:       make(map[string]int, len(nodes)),
	}
	for _, n := range nodes {
		g.needs[n.ID] = n.Needs
		for _, e := range n.Needs {
			back := e
			back.Unit = n.ID
			g.dependents[e.Unit] = append(g.dependents[e.Unit], back)
		}
	}
	seen := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		g.visit(n.ID, seen)
	}
	for i, id := range g.order {
		g.rank[id] = i
	}
	return g
}

func (g *Graph) visit(id string, seen map[string]bool) {
	needs, known := g.needs[id]
	if seen[id] || !known {
		return
	}
	seen[id] = true
	for _, e := range needs {
		g.visit(e.Unit, seen)
	}
	g.order = append(g.order, id)
}

// Order is every unit, dependencies before dependents.
func (g *Graph) Order() []string { return g.order }

// Rank is the unit's place in Order, -1 for a stranger.
func (g *Graph) Rank(id string) int {
	if r, ok := g.rank[id]; ok {
		return r
	}
	return -1
}

// Needs are the edges to what the unit depends on.
func (g *Graph) Needs(id string) []Edge { return g.needs[id] }

// Dependents are the edges from the units that depend on this one; Edge.Unit
// is the dependent.
func (g *Graph) Dependents(id string) []Edge { return g.dependents[id] }

// Closure is the given units and everything they depend on.
func (g *Graph) Closure(ids []string) map[string]bool {
	all := make(map[string]bool, len(ids))
	var add func(string)
	add = func(id string) {
		if _, known := g.needs[id]; all[id] || !known {
			return
		}
		all[id] = true
		for _, e := range g.needs[id] {
			add(e.Unit)
		}
	}
	for _, id := range ids {
		add(id)
	}
	return all
}
