package control

import (
	"context"

	"systemg/ipc"
	"systemg/supervisor"
)

// status answers with the state of the selected units. It counts as somebody
// looking: the figures are sampled anew for whoever looks again.
func (s *server) status(_ context.Context, r *ipc.Request) (any, error) {
	var p ipc.StatusParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	snap, views, err := s.views(p.Selection, p.All || len(p.Units) > 0)
	if err != nil {
		return nil, err
	}
	return s.report(r, snap, views)
}

// report is a status answer; more units than fit in one message go ahead of
// it in pages.
func (s *server) report(r *ipc.Request, snap *supervisor.Snapshot, views []*supervisor.View) (ipc.StatusResult, error) {
	rest, err := ipc.SendUnits(r, s.units(views))
	if err != nil {
		return ipc.StatusResult{}, err
	}
	return ipc.StatusResult{Supervisor: s.self(), Units: rest, Problems: snap.Problems}, nil
}

func (s *server) self() ipc.Supervisor {
	mode := "user"
	if s.o.System {
		mode = "system"
	}
	return ipc.Supervisor{
		Guardian: s.link.Guardian(), Starts: s.starts(), Upgrade: s.upgraded(),
		Running: true, Version: s.o.Version, PID: pid(), Since: s.since,
		StateDir: s.paths.State, Privilege: mode,
	}
}

// graph answers with the units and the edges between them.
func (s *server) graph(_ context.Context, r *ipc.Request) (any, error) {
	var p ipc.GraphParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	snap, views, err := s.views(ipc.Selection{Project: p.Project}, false)
	if err != nil {
		return nil, err
	}
	result := ipc.GraphResult{Edges: []ipc.GraphArc{}}
	for _, v := range views {
		for _, e := range edges(snap, v) {
			result.Edges = append(result.Edges, ipc.GraphArc{
				From: v.ID, To: e.Unit, Condition: e.Condition, Cascade: e.Cascade, Satisfied: e.Satisfied,
			})
		}
		if v.Parent != "" {
			result.Edges = append(result.Edges, ipc.GraphArc{From: v.ID, To: v.Parent, Condition: "spawned", Satisfied: true})
		}
	}
	if result.Units, err = ipc.SendUnits(r, s.units(views)); err != nil {
		return nil, err
	}
	return result, nil
}
