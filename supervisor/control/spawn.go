package control

import (
	"context"
	"fmt"
	"strings"
	"time"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/proc"
)

// spawn starts a child of the unit that asks. Which one that is says the
// kernel: by the process that connected, or by one that it names.
func (s *server) spawn(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.SpawnParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	defer s.sup.Answered(p.Operation)
	b, err := s.operation(ctx, p.Operation, func(ctx context.Context) (supervisor.Baseline, error) { return s.beginSpawn(ctx, r, p) })
	if err != nil {
		return nil, err
	}
	return s.await(ctx, r, b, supervisor.RestartPatience, p.TimeoutSecs)
}

func (s *server) beginSpawn(ctx context.Context, r *ipc.Request, p ipc.SpawnParams) (b supervisor.Baseline, err error) {
	if err := config.CheckName(p.Name); err != nil {
		return b, ipc.Errorf(ipc.CodeUsage, "%s", err.Error())
	}
	tree, err := s.parentTree(r.Peer.PID, p.ParentPID)
	if err != nil {
		return b, err
	}
	if err := s.maySpawn(r, tree); err != nil {
		return b, err
	}
	s.note(r, fmt.Sprintf("spawn %s -- %s", p.Name, strings.Join(p.Exec, " ")))
	b, err = s.sup.Spawn(ctx, supervisor.Child{
		Tree: tree, Name: p.Name, Exec: p.Exec, Dir: p.Dir, TTL: time.Duration(p.TTLSecs * float64(time.Second)),
	})
	s.forgetUnits(b.Forgotten)
	return b, err
}

// parentTree is the tree of the client, or of the process that it names; a
// client inside of a unit cannot speak for another one.
func (s *server) parentTree(client, named int) (proc.TreeID, error) {
	own, inside := s.host.Owner(client)
	if named == 0 {
		if !inside {
			return own, &supervisor.SpawnError{
				Reason: supervisor.SpawnOutside,
				Text:   "the caller is in no unit's process tree",
				Try:    "run it from inside of a unit, or name a process of one with --parent-pid",
			}
		}
		return own, nil
	}
	tree, ok := s.host.Owner(named)
	switch {
	case !ok:
		return tree, &supervisor.SpawnError{
			Reason: supervisor.SpawnOutside, Text: fmt.Sprintf("process %d is in no unit's process tree", named),
			Try: "sysg inspect UNIT lists the processes of a unit",
		}
	case inside && tree.Unit != own.Unit:
		return tree, &supervisor.SpawnError{
			Reason: supervisor.SpawnOther, Parent: own.Unit,
			Text: fmt.Sprintf("a process of %s cannot start children of %s", own.Unit, tree.Unit),
			Try:  "leave --parent-pid out",
		}
	}
	return tree, nil
}

// children are the units that this one spawned, and those that they spawned:
// each after its parent, the generations in the order in which they came.
func (s *server) children(snap *supervisor.Snapshot, v *supervisor.View) []ipc.Unit {
	below := map[string][]*supervisor.View{}
	for _, c := range snap.Units {
		if c.Parent != "" {
			below[c.Parent] = append(below[c.Parent], c)
		}
	}
	var list []ipc.Unit
	next := below[v.ID]
	for len(next) > 0 {
		c := next[0]
		next = append(next[1:len(next):len(next)], below[c.ID]...)
		list = append(list, s.unit(c))
	}
	return list
}
