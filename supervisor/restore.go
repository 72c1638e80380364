package supervisor

import (
	"context"
	"fmt"
	"time"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/hooks"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// Restore takes over what an earlier supervisor left: processes that still
// live are adopted with their runs, those that ended meanwhile are judged by
// their restart policy with an exit nobody saw. Call it before any command.
func (s *Supervisor) Restore(ctx context.Context, state store.State) error {
	_, err := ask(ctx, s, func(l *loop) (struct{}, error) {
		for id, p := range state.Projects {
			l.projects[id] = Project{ID: id, Manifest: p.Manifest, Env: p.Env, Digest: p.Digest}
		}
		for _, u := range state.Units {
			l.enroll(u)
		}
		l.reshape()
		for _, u := range state.Units {
			e := l.entries[u.Project+"/"+u.Name]
			var runs []uint64
			if l.adopt(e, u, state.BootID) {
				runs = append(runs, u.Run)
			}
			l.resume(e, u)
			for _, other := range u.Beside {
				if l.adoptStray(e, other, state.BootID) {
					runs = append(runs, other.Run)
				}
			}
			l.reattach(e.def, runs)
			l.oversee(e)
		}
		return struct{}{}, nil
	})
	return err
}

// enroll makes an entry of a saved unit, at rest.
func (l *loop) enroll(s store.UnitState) {
	e := newEntry(DefinitionOf(s), l.nextPlace(), l.o.Stability)
	saved := ViewOf(s)
	e.u.Run, e.u.Runs, e.u.Restarts, e.u.Failures, e.u.Attempts = s.Run, max(s.Run, s.Runs), s.Restarts, s.Failures, s.Attempts
	e.u.LastExit, e.u.Since = saved.Unit.LastExit, s.Since
	e.adhoc, e.orphan, e.expires = s.Adhoc, s.Orphaned, s.Expires
	if s.Parent != "" {
		l.relate(e, s.Parent, s.ParentRun)
	}
	e.slot, e.proven = s.Slot, s.Proven
	e.good, e.last = saved.Good, saved.Last
	if saved.Unit.Settled() && s.PID == 0 {
		e.u.State, e.u.Reason, e.u.Desired = saved.Unit.State, s.Reason, saved.Unit.Desired
	} else {
		e.u.Reason = "the supervisor ended"
	}
	if e.u.State == unit.Running || e.u.State == unit.Blocked {
		e.u.State, e.u.Desired = unit.Stopped, unit.Down
	}
	if !e.expires.IsZero() {
		l.deadlines.add(e.expires, e.def.ID())
	}
	l.entries[e.def.ID()] = e
	l.touch(e)
}

// adopt takes a saved process back, and says whether it still lives.
func (l *loop) adopt(e *entry, s store.UnitState, bootID string) bool {
	if s.PID == 0 {
		return false
	}
	if bootID != l.o.BootID {
		e.u.Desired, e.u.Reason = unit.Down, "the machine was restarted"
		return false
	}
	id := treeID(e.def, unit.NoStep, s.Run)
	p := processOf(s, bootID)
	e.u.Desired = unit.Desired(s.Desired)
	e.u.State, e.u.Reason, e.u.Since = unit.Running, s.Reason, s.Since
	e.u.Main, e.u.Spawned, e.u.Ready, e.u.ReadyAt = true, true, true, s.StartedAt
	e.process, e.startedAt = p, s.StartedAt
	e.trees[id] = &tree{run: s.Run, started: true}
	if s.State == string(unit.Stopping) {
		e.u.State, e.u.Then, e.u.Deadline = unit.Stopping, unit.Rest, time.Now().Add(e.def.Stop.Timeout)
		l.deadlines.add(e.u.Deadline, e.def.ID())
		l.effects = append(l.effects, pending{entry: e, effect: unit.Ask{Run: s.Run}})
	}
	e.thread = hooks.Recall(e.u)
	if err := l.o.Host.Adopt(id, p); err != nil {
		l.vanished(e, id, s.Run, err)
		return false
	}
	l.o.Log.Info("adopted", "unit", e.def.ID(), "pid", s.PID, "run", s.Run)
	l.adoptSockets(e, s.PID)
	l.touch(e)
	return true
}

// adoptStray ends what an interrupted rollout left beside the unit's own
// instance: the candidate that was not ready, or the one it replaced. It says
// whether that still lives.
func (l *loop) adoptStray(e *entry, s store.BesideState, bootID string) bool {
	if bootID != l.o.BootID || e.old != nil {
		return false
	}
	p := proc.Process{
		PID: s.PID, StartTicks: s.StartTicks, BootID: bootID, Mark: s.Mark,
		Cgroup: s.Cgroup, Containment: s.Containment,
	}
	id := treeID(e.def, unit.NoStep, s.Run)
	if err := l.o.Host.Adopt(id, p); err != nil {
		return false
	}
	l.adoptSockets(e, s.PID)
	u := unit.New(policy(e.def, l.o.Stability), time.Now())
	u.Desired, u.State, u.Run, u.Runs = unit.Up, unit.Running, s.Run, s.Run
	u.Main, u.Spawned, u.Ready, u.ReadyAt = true, true, true, s.StartedAt
	e.old = &instance{def: e.def, u: u, process: p, startedAt: s.StartedAt}
	e.trees[id] = &tree{run: s.Run, started: true}
	e.roll = &rollout{r: deploy.Rollout{Phase: deploy.Draining, Since: time.Now()}, began: time.Now(), stray: true}
	if s.Run < e.u.Run {
		e.held = hooks.TakenOver(e.u.Run, "")
	}
	l.stepIn(e, e.old, unit.Stop{Reason: "the supervisor ended during a rollout"})
	return true
}

// vanished judges a run that ended while no supervisor watched.
func (l *loop) vanished(e *entry, id proc.TreeID, run uint64, why error) {
	delete(e.trees, id)
	exit := unit.Exit{
		Run: run, Code: -1, Time: time.Now(),
		Text: fmt.Sprintf("ended while no supervisor ran (%v)", why),
	}
	e.ends++
	l.step(e, unit.Exited{Run: run, Exit: exit})
	l.step(e, unit.Emptied{Run: run})
}

// reattach opens the outputs of adopted runs again: off the loop, but where two
// runs live, before one of them is followed by a third.
func (l *loop) reattach(def *config.Unit, runs []uint64) {
	attach := func() {
		if err := l.o.Outputs.Attach(def, runs); err != nil {
			l.o.Log.Error("cannot take its output back", "unit", def.ID(), "error", err)
		}
	}
	switch len(runs) {
	case 0:
	case 1:
		go attach()
	default:
		attach()
	}
}

func processOf(s store.UnitState, bootID string) proc.Process {
	return proc.Process{
		PID: s.PID, StartTicks: s.StartTicks, BootID: bootID, Mark: s.Mark,
		Cgroup: s.Cgroup, Containment: s.Containment,
	}
}

// TreeOf is the process tree of a unit's present run.
func TreeOf(v *View) proc.TreeID { return treeID(v.Def, unit.NoStep, v.Unit.Run) }
