package supervisor

import (
	"context"
	"encoding/json"
	"time"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// persist hands the state to the saver, which never blocks.
func (l *loop) persist() {
	l.unsaved = time.Time{}
	state := store.State{
		BootID: l.o.BootID, Generation: l.o.Generation, Diary: l.turnDiary(), Change: l.change,
		Projects: make(map[string]store.Project, len(l.projects)),
		Units:    make([]store.UnitState, 0, len(l.entries)), Operations: l.operationList(),
	}
	for id, p := range l.projects {
		state.Projects[id] = store.Project{Manifest: p.Manifest, Env: p.Env, Digest: p.Digest}
	}
	for _, e := range l.sorted() {
		state.Units = append(state.Units, e.state())
	}
	l.o.Saver.Save(state)
}

// flusher is a Saver that can say when what it was given is on disk.
type flusher interface {
	Flush(context.Context) error
}

// flushWait is how long a step waits for the disk that must not be taken before
// it is known there. A disk that takes no more keeps nobody from a rollout.
const flushWait = 2 * time.Second

// onceSaved does something once the present state is on disk, so that whoever
// comes after a crash knows of what went before.
func (l *loop) onceSaved(then func(*loop)) {
	f, ok := l.o.Saver.(flusher)
	if !ok {
		then(l)
		return
	}
	l.persist()
	s := l.s
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), flushWait)
		defer cancel()
		_ = f.Flush(ctx)
		s.send(then)
	}()
}

// state is the entry as it is kept on disk.
func (e *entry) state() store.UnitState {
	s := store.UnitState{
		Project: e.def.Project, Name: e.def.Name, Kind: string(e.def.Kind),
		Desired: string(e.u.Desired), State: string(e.u.State), Reason: e.u.Reason, Since: e.u.Since,
		Run: e.u.Run, Restarts: e.u.Restarts, Failures: e.u.Failures, Attempts: e.u.Attempts,
		LastExit: storeExit(e.u.LastExit), Adhoc: e.adhoc, Found: e.found, Orphaned: e.orphan, Removed: e.removed, Expires: e.expires,
		Definition: e.definition(), Runs: e.u.Runs, Slot: e.slot, Proven: e.proven, Good: e.goodDefinitions(),
		Parent: e.parent, ParentRun: e.parentRun, Rollouts: e.rollouts, Ahead: e.ahead(), Owed: e.owed,
	}
	if e.last != nil {
		last := store.Rolled(*e.last)
		s.Last = &last
	}
	if e.u.Alive() {
		s.Ready, s.Health, s.Then = e.u.Ready, string(e.u.Health), string(e.u.Then)
		s.Step, s.Fault = string(e.u.Step), e.u.Fault
	}
	// What depends on a unit that has completed may ask whether it was well.
	s.Ready = s.Ready || e.u.State == unit.Completed && e.u.Ready
	if e.u.State == unit.Backoff {
		s.Deadline = e.u.Deadline
	}
	s.Trees, s.Base = e.ordered(), encodeBase(e)
	s.ParentPID, s.ParentTicks = e.leash.PID, e.leash.Ticks
	if e.roll != nil {
		s.Rollout = string(e.roll.r.Phase)
	}
	for _, in := range e.instances()[1:] {
		p := in.process
		lives := in.u.Main && in.u.Spawned && !in.u.Exited
		if !lives {
			p = proc.Process{}
		}
		// Where the traffic may have moved, also one that has ended matters.
		if lives || in == e.candidate && e.moved() {
			s.Beside = append(s.Beside, store.BesideState{
				Slot: in.slot, Definition: encodeDefinition(in.def), Run: in.u.Run, PID: p.PID, StartTicks: p.StartTicks, Handle: p.Handle, Mark: p.Mark,
				Cgroup: p.Cgroup, Containment: p.Containment, StartedAt: in.startedAt,
			})
		}
	}
	if e.u.Main && e.u.Spawned {
		s.PID, s.StartTicks, s.Handle, s.Mark = e.process.PID, e.process.StartTicks, e.process.Handle, e.process.Mark
		s.Cgroup, s.Containment, s.StartedAt = e.process.Cgroup, e.process.Containment, e.startedAt
		if s.Exited = e.u.Exited; s.Exited {
			s.PID, s.StartTicks, s.Handle = 0, 0, 0
		}
	}
	return s
}

// moved is whether the traffic may have moved to the candidate.
func (e *entry) moved() bool {
	switch e.roll.r.Phase {
	case deploy.Switching, deploy.Verifying, deploy.Undoing:
		return true
	case deploy.Starting, deploy.Grace, deploy.Draining, deploy.Aborting, deploy.Done, deploy.Failed:
		return false
	}
	return false
}

// definition is the definition as JSON, encoded once.
func (e *entry) definition() json.RawMessage {
	if e.encoded == nil || e.encodedFrom != e.def {
		e.encoded, e.encodedFrom = encodeDefinition(e.def), e.def
	}
	return e.encoded
}

// encodeDefinition is a definition as JSON, nil where it cannot be written.
func encodeDefinition(def *config.Unit) json.RawMessage {
	data, err := json.Marshal(def)
	if err != nil {
		return nil
	}
	return data
}

// DefinitionOf reads a definition that was kept on disk. One that cannot be
// read gives a unit with nothing but its names.
func DefinitionOf(s store.UnitState) *config.Unit {
	if def, ok := readDefinition(s.Definition); ok {
		return def
	}
	return &config.Unit{Project: s.Project, Name: s.Name, Base: s.Name, Kind: config.Kind(s.Kind)}
}

func readDefinition(data json.RawMessage) (*config.Unit, bool) {
	def := &config.Unit{}
	err := json.Unmarshal(data, def)
	return def, err == nil && def.Name != ""
}

// goodDefinitions are the earlier good definitions as JSON. They change with a
// deployment only, and most units have none.
func (e *entry) goodDefinitions() []json.RawMessage {
	var list []json.RawMessage
	for _, def := range e.good {
		if data, err := json.Marshal(def); err == nil {
			list = append(list, data)
		}
	}
	return list
}

// readDefinitions are those that can be read.
func readDefinitions(list []json.RawMessage) []*config.Unit {
	var good []*config.Unit
	for _, data := range list {
		if def, ok := readDefinition(data); ok {
			good = append(good, def)
		}
	}
	return good
}

// ViewOf is a unit as it was when it was last saved.
func ViewOf(s store.UnitState) *View { return viewOf(DefinitionOf(s), s) }

// viewOf is ViewOf with the unit's definition.
func viewOf(def *config.Unit, s store.UnitState) *View {
	u := unit.New(policy(def, &Options{}), s.Since)
	u.Desired, u.State, u.Reason, u.Since = unit.Desired(s.Desired), unit.State(s.State), s.Reason, s.Since
	u.Run, u.Restarts, u.Failures, u.Attempts = s.Run, s.Restarts, s.Failures, s.Attempts
	u.LastExit = unitExit(s.LastExit)
	v := &View{
		Slot: s.Slot,
		ID:   def.ID(), Hash: Hash(def.ID()), Def: def, Unit: u,
		Adhoc: s.Adhoc, Found: s.Found, Orphaned: s.Orphaned, Expires: s.Expires, Parent: s.Parent,
	}
	v.Good = readDefinitions(s.Good)
	if s.Last != nil {
		last := Rolled(*s.Last)
		v.Last = &last
	}
	if s.PID != 0 {
		v.Unit.Main, v.Unit.Spawned = true, true
		v.Process, v.StartedAt = processOf(s, ""), s.StartedAt
	}
	return v
}
