package control

import (
	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/graph"
)

// edges are the unit's dependencies with how they stand.
func edges(snap *supervisor.Snapshot, v *supervisor.View) []ipc.Edge {
	list := []ipc.Edge{}
	for _, e := range snap.Graph.Needs(v.ID) {
		list = append(list, edgeOf(snap, e.Unit, e.Unit, e))
	}
	return list
}

// dependents are the units that depend on this one, and whether this one is
// as each of them needs it.
func dependents(snap *supervisor.Snapshot, v *supervisor.View) []ipc.Edge {
	list := []ipc.Edge{}
	for _, e := range snap.Graph.Dependents(v.ID) {
		list = append(list, edgeOf(snap, e.Unit, v.ID, e))
	}
	return list
}

// edgeOf describes an edge by the unit at its far end, judging the condition
// on the dependency.
func edgeOf(snap *supervisor.Snapshot, shown, dependency string, e graph.Edge) ipc.Edge {
	fact, known := snap.Fact(dependency)
	name := dependency
	if d, ok := snap.Find(dependency); ok {
		name = d.Def.Name
	}
	verdict, reason := graph.Judge(e, name, fact, known)
	edge := ipc.Edge{
		Unit: shown, Condition: conditionText(e.Condition), Cascade: e.Cascade,
		Satisfied: verdict == graph.Satisfied, Reason: reason,
	}
	if d, ok := snap.Find(shown); ok {
		edge.State = string(d.Unit.State)
	}
	return edge
}

func conditionText(c config.Condition) string { return string(c) }
