package supervisor

import (
	"slices"

	"systemg/supervisor/graph"
	"systemg/supervisor/store"
)

// SnapshotOf is the state on disk as a snapshot, for when no supervisor runs:
// units in dependency order, orphans last.
func SnapshotOf(state store.State) *Snapshot {
	s := &Snapshot{Projects: map[string]Project{}, places: map[string]int{}}
	for id, p := range state.Projects {
		s.Projects[id] = Project{ID: id, Manifest: p.Manifest, Env: p.Env, Digest: p.Digest}
	}
	views := map[string]*View{}
	var nodes []graph.Node
	var orphans []string
	for _, u := range state.Units {
		v := ViewOf(u)
		views[v.ID] = v
		if v.Orphaned {
			orphans = append(orphans, v.ID)
			continue
		}
		nodes = append(nodes, nodeOf(v.Def))
	}
	s.Graph = graph.New(nodes)
	for i, id := range slices.Concat(s.Graph.Order(), orphans) {
		s.Units = append(s.Units, views[id])
		s.places[id] = i
	}
	for _, v := range s.Units {
		if _, ok := s.Projects[v.Def.Project]; !ok {
			s.Projects[v.Def.Project] = Project{ID: v.Def.Project}
		}
	}
	return s
}
