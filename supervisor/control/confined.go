package control

import (
	"slices"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
)

// commands are the methods that change something, but for spawn, whose children
// can do no more than their parent.
var commands = []string{
	ipc.MethodStart, ipc.MethodStop, ipc.MethodRestart, ipc.MethodDeploy, ipc.MethodRollback, ipc.MethodApply,
	ipc.MethodSignal, ipc.MethodPurge, ipc.MethodTrigger,
}

// mayCommand refuses commands of a unit that is held to less than the supervisor
// can do: by a command it would get at what it is kept from. That it is the
// supervisor's user, and so may use the socket, is no licence.
func (s *server) mayCommand(r *ipc.Request) error {
	if r.Confined == "" || !slices.Contains(commands, r.Method) {
		return nil
	}
	s.log.Warn("refused a unit", "unit", r.Confined, "method", r.Method, "pid", r.Peer.PID)
	e := ipc.Errorf(ipc.CodeRefused, "%s is held to less than this supervisor can do, and may not %s", r.Confined, r.Method)
	e.Try = "give the command to somebody who is no unit, or take capabilities and isolation away from it"
	e.Data = map[string]any{"reason": "confined", "unit": r.Confined}
	return e
}

// confinedUnit is the unit that a process belongs to where that is kept from
// anything; empty for others. A process that has ended by the time its
// connection is accepted counts as one: nobody can tell any more whose it was.
func (s *server) confinedUnit(pid int) string {
	if pid <= 0 {
		return ""
	}
	tree, ok := s.host.Owner(pid)
	if !ok {
		if _, err := proc.StartedAt(pid); err != nil {
			return "a process that has ended"
		}
		return ""
	}
	v, ok := s.sup.Snapshot().Find(supervisor.UnitOf(tree))
	if !ok || !confined(&v.Def.Privileges) {
		return ""
	}
	return v.ID
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
