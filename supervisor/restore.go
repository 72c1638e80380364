package supervisor

import (
	"bytes"
	"context"
	"fmt"
	"slices"
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
// their restart policy, with the exit that the diary or the guardian knows, or
// one that nobody saw. Call it before any command.
func (s *Supervisor) Restore(ctx context.Context, state store.State, past Past) error {
	_, err := ask(ctx, s, func(l *loop) (struct{}, error) {
		l.change = state.Change
		r := l.look(state, past)
		for id, p := range state.Projects {
			l.projects[id] = Project{ID: id, Manifest: p.Manifest, Env: p.Env, Digest: p.Digest}
		}
		state.Units = slices.Clone(state.Units)
		for i, u := range state.Units {
			if state.BootID != l.o.BootID {
				l.enroll(u)
				continue
			}
			state.Units[i] = takenOver(u)
			l.enroll(state.Units[i]).recall(u)
		}
		l.reshape()
		if state.BootID == l.o.BootID {
			l.recallOperations(state.Operations)
			r.tellEnds()
		}
		for _, u := range state.Units {
			e := l.entries[u.Project+"/"+u.Name]
			l.fireOwed(e, u.Owed)
			var runs []uint64
			l.adopt(e, u, state.BootID, r)
			if u.Run != 0 && state.BootID == l.o.BootID {
				// Also what one that has ended wrote last is in its pipes.
				runs = append(runs, u.Run)
			}
			l.resume(e, u)
			for _, other := range u.Beside {
				if l.adoptStray(e, other, state.BootID, deploy.Phase(u.Rollout), r) {
					runs = append(runs, other.Run)
				}
			}
			if len(runs) > 0 {
				l.o.Outputs.Attach(e.def, runs)
			}
			if state.BootID == l.o.BootID {
				l.goOn(e, u)
			}
			l.oversee(e)
		}
		l.endStrays(r)
		return struct{}{}, nil
	})
	return err
}

// takenOver is a unit whose rollout had come so far that both instances worked
// and the traffic had been switched: the new one takes over.
func takenOver(s store.UnitState) store.UnitState {
	if s.Rollout != string(deploy.Grace) || len(s.Beside) != 1 || s.Desired != string(unit.Up) {
		return s
	}
	b := s.Beside[0]
	if def, ok := readDefinition(b.Definition); !ok || !rolloutPlan(def).Switch {
		return s
	}
	old := store.BesideState{
		Run: s.Run, PID: s.PID, StartTicks: s.StartTicks, Handle: s.Handle, Mark: s.Mark, Cgroup: s.Cgroup,
		Containment: s.Containment, StartedAt: s.StartedAt, Slot: s.Slot, Definition: s.Definition,
	}
	if s.Proven && !bytes.Equal(s.Definition, b.Definition) {
		s.Good = append(slices.Clone(s.Good), s.Definition)
	}
	s.Run, s.PID, s.StartTicks, s.Handle, s.Mark, s.Cgroup = b.Run, b.PID, b.StartTicks, b.Handle, b.Mark, b.Cgroup
	s.Containment, s.StartedAt, s.Slot, s.Definition = b.Containment, b.StartedAt, b.Slot, b.Definition
	s.State, s.Reason, s.Ready, s.Proven, s.Restarts, s.Health, s.Then = string(unit.Running), "", true, true, 0, "", ""
	s.Rollout, s.Beside = string(deploy.Draining), nil
	if old.PID != 0 {
		s.Beside = []store.BesideState{old}
	}
	return s
}

// enroll makes an entry of a saved unit, at rest.
func (l *loop) enroll(s store.UnitState) *entry {
	def, readable := readDefinition(s.Definition)
	if !readable {
		def = DefinitionOf(s)
	}
	e := newEntry(def, l.nextPlace(), &l.o)
	if readable {
		e.encoded, e.encodedFrom = s.Definition, def
	}
	saved := viewOf(def, s)
	e.u.Run, e.u.Runs, e.u.Restarts, e.u.Failures, e.u.Attempts = s.Run, max(s.Run, s.Runs), s.Restarts, s.Failures, s.Attempts
	e.u.LastExit, e.u.Since = saved.Unit.LastExit, s.Since
	e.adhoc, e.found, e.orphan, e.expires = s.Adhoc, s.Found, s.Orphaned, s.Expires
	if s.Parent != "" {
		l.relate(e, s.Parent, s.ParentRun)
	}
	e.slot, e.proven = s.Slot, s.Proven
	e.base, e.leash = s.Base, Leash{PID: s.ParentPID, Ticks: s.ParentTicks}
	e.good, e.last, e.rollouts = saved.Good, saved.Last, s.Rollouts
	if saved.Unit.Settled() && s.PID == 0 {
		e.u.State, e.u.Reason, e.u.Desired = saved.Unit.State, s.Reason, saved.Unit.Desired
		e.u.Ready = e.u.State == unit.Completed && s.Ready
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
	if s.Removed {
		l.remove(e)
	}
	return e
}

// recall takes note of what the diary, or the state that it begins with, has of
// a unit: its definition need not be put into words again.
func (e *entry) recall(written store.UnitState) {
	if e.encodedFrom == e.def && bytes.Equal(e.encoded, written.Definition) && len(e.good) == len(written.Good) {
		e.notedDef, e.notedGood = e.def, len(e.good)
	}
}

// adopt takes a saved process back, where it still lives.
func (l *loop) adopt(e *entry, s store.UnitState, bootID string, r *relics) {
	if bootID != l.o.BootID {
		if s.PID != 0 || s.Exited {
			e.u.Desired, e.u.Reason = unit.Down, "the machine was restarted"
		}
		return
	}
	id := treeID(e.def, unit.NoStep, s.Run)
	s = r.known(s, id)
	if s.PID == 0 {
		switch {
		case s.Exited:
			l.regainRest(e, s, id, r)
		case s.Step != "" && l.regainStep(e, s, r):
		default:
			l.revive(e, s)
		}
		return
	}
	p := processOf(s, bootID)
	e.u = adopted(e.u, s, time.Now())
	if !e.u.Deadline.IsZero() {
		l.deadlines.add(e.u.Deadline, e.def.ID())
	}
	e.process, e.startedAt = p, s.StartedAt
	e.trees[id] = &tree{run: s.Run, started: true}
	if regained := s.Step != "" && l.regainStep(e, s, r); !regained && e.u.State == unit.Stopping {
		l.effects = append(l.effects, pending{entry: e, effect: unit.Ask{Run: s.Run}})
	}
	e.thread = hooks.Recall(e.u)
	if err := l.o.Host.Adopt(id, p); err != nil {
		l.vanished(e, id, p, err, r)
		return
	}
	l.o.Log.Info("adopted", "unit", e.def.ID(), "pid", s.PID, "run", s.Run)
	l.adoptSockets(e, s.PID)
	l.attend(e, &e.instance)
	l.listen(e)
	l.touch(e)
}

// adopted is the machine of a run whose main process lives, as an earlier
// supervisor left it. One that was on its way up has its time again, for nobody
// has looked at it meanwhile; one that was being stopped is asked again.
func adopted(u unit.Unit, s store.UnitState, now time.Time) unit.Unit {
	u.Desired = unit.Desired(s.Desired)
	u.State, u.Reason, u.Since = unit.Running, s.Reason, s.Since
	u.Main, u.Spawned, u.Fault = true, true, s.Fault
	service := !u.Policy.Oneshot && !u.Policy.Cron
	switch {
	case s.State == string(unit.Stopping):
		u.State, u.Then, u.Deadline = unit.Stopping, unit.Next(s.Then), now.Add(u.Policy.StopTimeout)
		switch {
		case u.Desired == unit.Down:
			u.Then = unit.Rest
		case u.Then != unit.Await:
			// An operator's restart, or a run that was condemned: how it
			// exits says nothing.
			u.Then = unit.Again
		}
	case !service:
	case s.Ready:
		u.Ready, u.ReadyAt = true, s.StartedAt
		switch {
		case s.Health != "":
			u.Health = unit.Health(s.Health)
		case u.Policy.Health:
			u.Health = unit.Waiting
		}
	case s.State == string(unit.Running):
		u.Health = unit.Ill
	case u.Policy.Health:
		u.State, u.Health, u.Deadline = unit.Starting, unit.Waiting, now.Add(u.Policy.HealthTimeout)
	default:
		u.State, u.Deadline = unit.Starting, now.Add(u.Policy.Stability)
	}
	if u.Ready && u.Failures+u.Attempts > 0 && u.State == unit.Running {
		u.Deadline = now.Add(u.Policy.RestartReset)
	}
	return u
}

// revive takes a unit up again that was wanted and had no process: it waited,
// or was being started, or its run had ended and nobody had judged that.
func (l *loop) revive(e *entry, s store.UnitState) {
	state := unit.State(s.State)
	settled := state != unit.Blocked && state != unit.Running && unit.Unit{State: state}.Settled()
	if s.Desired != string(unit.Up) || e.orphan || settled || e.def.Kind == config.CronJob {
		return
	}
	e.u.Desired, e.u.State, e.u.Reason = unit.Up, unit.Pending, "the supervisor ended"
	e.thread = hooks.Recall(e.u)
	if state == unit.Backoff && !s.Deadline.IsZero() {
		e.u.State, e.u.Reason, e.u.Deadline = state, s.Reason, s.Deadline
		l.deadlines.add(s.Deadline, e.def.ID())
	}
	l.touch(e)
}

// adoptStray ends what an interrupted rollout left beside the unit's own
// instance: the candidate that was not ready, or the one it replaced. It says
// whether that still lives.
func (l *loop) adoptStray(e *entry, s store.BesideState, bootID string, phase deploy.Phase, r *relics) bool {
	if bootID != l.o.BootID || e.old != nil {
		return false
	}
	p := proc.Process{
		PID: s.PID, StartTicks: s.StartTicks, Handle: s.Handle, BootID: bootID, Mark: s.Mark,
		Cgroup: s.Cgroup, Containment: s.Containment,
	}
	id := treeID(e.def, unit.NoStep, s.Run)
	why := l.o.Host.Adopt(id, p)
	gone := why != nil
	if gone && s.PID != 0 {
		exit, status := l.unseen(e, id, p, why, r)
		r.tellUnwatched(e, id, p, exit, status)
	}
	def, ok := readDefinition(s.Definition)
	if !ok {
		def = e.def
	}
	switched := def.Deployment.BlueGreen != nil && (phase == deploy.Switching || phase == deploy.Verifying || phase == deploy.Undoing)
	if gone && !switched {
		return false
	}
	u := unit.New(l.onceOnly(def), time.Now())
	u.Desired, u.State, u.Run, u.Runs = unit.Up, unit.Running, s.Run, s.Run
	if !gone {
		u.Main, u.Spawned, u.Ready, u.ReadyAt = true, true, true, s.StartedAt
		e.trees[id] = &tree{run: s.Run, started: true}
		l.adoptSockets(e, s.PID)
	}
	in := &instance{def: def, u: u, process: p, startedAt: s.StartedAt, slot: s.Slot}
	if switched {
		l.switchBack(e, in, gone)
		return !gone
	}
	e.old = in
	e.roll = &rollout{r: deploy.Rollout{Phase: deploy.Draining, Since: time.Now()}, began: time.Now(), stray: true}
	if s.Run < e.u.Run {
		e.held = hooks.TakenOver(e.u.Run, "")
	}
	l.stepIn(e, e.old, unit.Stop{Reason: "the supervisor ended during a rollout"})
	return true
}

// switchBack undoes a rollout that was interrupted when the traffic may have
// moved already: back first, then the new instance is ended.
func (l *loop) switchBack(e *entry, in *instance, gone bool) {
	now := time.Now()
	e.candidate = in
	e.roll = &rollout{r: deploy.Rollout{Plan: rolloutPlan(in.def), Phase: deploy.Switching, Since: now}, began: now, stray: true}
	reason := "the supervisor ended during a rollout"
	if gone {
		l.rollOn(e, deploy.Unfit{Reason: reason, Gone: true})
	} else {
		l.rollOn(e, deploy.Abort{Reason: reason})
	}
	l.rollOn(e, deploy.Ran{Command: deploy.Switch})
}

// vanished judges a run that ended while no supervisor watched.
func (l *loop) vanished(e *entry, id proc.TreeID, p proc.Process, why error, r *relics) {
	exit, status := l.unseen(e, id, p, why, r)
	r.tellUnwatched(e, id, p, exit, status)
	e.ends++
	l.leftBehind(e, id, p, exit)
}

// unseen is how a process ended that no supervisor watched, as far as anybody knows.
func (l *loop) unseen(e *entry, id proc.TreeID, p proc.Process, why error, r *relics) (unit.Exit, proc.Status) {
	status, at, ok := r.fate(id, p)
	if !ok {
		return unit.Exit{
			Run: id.Run, Code: -1, Time: time.Now(),
			Text: fmt.Sprintf("ended while no supervisor ran (%v)", why),
		}, status
	}
	return exitOf(e.def, l.base(e), shellLine(e.def, unit.NoStep), id.Run, proc.Exited{Status: status, Time: at}), status
}

func processOf(s store.UnitState, bootID string) proc.Process {
	return proc.Process{
		PID: s.PID, StartTicks: s.StartTicks, Handle: s.Handle, BootID: bootID, Mark: s.Mark,
		Cgroup: s.Cgroup, Containment: s.Containment,
	}
}

// TreeOf is the process tree of a unit's present run.
func TreeOf(v *View) proc.TreeID { return treeID(v.Def, unit.NoStep, v.Unit.Run) }
