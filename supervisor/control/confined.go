package control

import (
	"slices"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
)

// looking are the methods by which nothing is changed and no file is read that
// the client names: what a unit that is held to something may call. Spawn is
// beside them: its children can do no more than their parent.
var looking = []string{
	ipc.MethodStatus, ipc.MethodInspect, ipc.MethodSubscribe, ipc.MethodLogs, ipc.MethodEvents, ipc.MethodWhy, ipc.MethodGraph, ipc.MethodWait,
	ipc.MethodSpawn,
}

// mayCommand refuses commands of a unit that is held to less than the supervisor
// can do: by a command it would get at what it is kept from. That it is the
// supervisor's user, and so may use the socket, is no licence.
func (s *server) mayCommand(r *ipc.Request) error {
	if r.Confined == "" || slices.Contains(looking, r.Method) {
		return nil
	}
	s.log.Warn("refused a unit", "unit", r.Confined, "method", r.Method, "pid", r.Peer.PID)
	e := ipc.Errorf(ipc.CodeRefused, "%s is held to less than this supervisor can do, and may not %s", r.Confined, r.Method)
	e.Try = "give the command to somebody who is no unit, or take capabilities and isolation away from it"
	e.Data = map[string]any{"reason": "confined", "unit": r.Confined}
	return e
}

// ended is who a process is that has ended by the time its connection is
// accepted: nobody can tell any more whose it was.
const ended = "a process that has ended"

// confinedUnit is the unit that a process belongs to where that is kept from
// anything; empty for others. A unit of the supervisor's user can put another's
// marker on, move to another's cgroup and leave its parent, so that is not
// all: who shows the restraints of such a unit, which cannot be shaken off, is
// taken for it.
func (s *server) confinedUnit(pid int) string {
	if pid <= 0 {
		return ""
	}
	tree, ok := s.host.Owner(pid)
	if _, err := proc.StartedAt(pid); err != nil && !ok {
		return ended
	}
	snap := s.sup.Snapshot()
	if v, found := snap.Find(supervisor.UnitOf(tree)); ok && found && confined(&v.Def.Privileges) {
		return v.ID
	}
	if units := s.resembled(snap, pid); len(units) > 0 {
		return units[0].ID
	}
	return ""
}

// resembled are the confined units of the supervisor's user whose restraints a
// process shows, so that it may be one of theirs.
func (s *server) resembled(snap *supervisor.Snapshot, peer int) []*supervisor.View {
	if !slices.ContainsFunc(snap.Units, func(v *supervisor.View) bool { return confined(&v.Def.Privileges) }) {
		return nil
	}
	own, errOwn := privilege.RestraintsOn(pid(), s.facts)
	its, err := privilege.RestraintsOn(peer, s.facts)
	if err != nil || errOwn != nil || its.Beyond(own).None() {
		return nil
	}
	var list []*supervisor.View
	for _, v := range snap.Units {
		if !confined(&v.Def.Privileges) {
			continue
		}
		r, ok := privilege.RestraintsOf(&v.Def.Privileges, s.facts)
		if r = r.Beyond(own); ok && !r.None() && its.Include(r) {
			list = append(list, v)
		}
	}
	return list
}

// maySpawn refuses to start a child of a unit for a process that may belong to
// one that is held to more: the child would be what it may not be itself.
func (s *server) maySpawn(r *ipc.Request, parent proc.TreeID) error {
	snap := s.sup.Snapshot()
	id := supervisor.UnitOf(parent)
	refused := r.Confined == ended
	for _, v := range s.resembled(snap, r.Peer.PID) {
		refused = refused || v.ID != id && !s.heldToAsMuch(snap, id, v)
	}
	if !refused {
		return nil
	}
	s.log.Warn("refused a unit", "unit", r.Confined, "method", r.Method, "pid", r.Peer.PID)
	e := ipc.Errorf(ipc.CodeRefused, "the caller is held to more than %s, and may not start children of it", id)
	e.Data = map[string]any{"reason": "confined", "unit": r.Confined}
	return e
}

// heldToAsMuch is whether a unit is held to all that another is held to.
func (s *server) heldToAsMuch(snap *supervisor.Snapshot, id string, other *supervisor.View) bool {
	v, ok := snap.Find(id)
	if !ok {
		return false
	}
	its, own := privilege.RestraintsOf(&v.Def.Privileges, s.facts)
	others, okOther := privilege.RestraintsOf(&other.Def.Privileges, s.facts)
	return own && okOther && its.Include(others)
}

// confined is whether a unit is kept from anything: limits and priorities keep
// it from nothing.
func confined(p *config.Privileges) bool {
	only := config.Privileges{
		User: p.User, Group: p.Group, SupplementaryGroups: p.SupplementaryGroups,
		Capabilities: p.Capabilities, Isolation: p.Isolation, Landlock: p.Landlock,
	}
	return privilege.Asks(&only)
}
