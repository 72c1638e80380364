package supervisor

import (
	"encoding/json"
	"time"

	"systemg/config"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// persist hands the state to the saver, which never blocks.
func (l *loop) persist() {
	l.saveAt = time.Time{}
	state := store.State{
		BootID: l.o.BootID, Generation: l.o.Generation,
		Projects: make(map[string]store.Project, len(l.projects)),
		Units:    make([]store.UnitState, 0, len(l.entries)),
	}
	for id, p := range l.projects {
		state.Projects[id] = store.Project{Manifest: p.Manifest, Env: p.Env, Digest: p.Digest}
	}
	for _, e := range l.sorted() {
		state.Units = append(state.Units, e.state())
	}
	l.o.Saver.Save(state)
}

// state is the entry as it is kept on disk.
func (e *entry) state() store.UnitState {
	s := store.UnitState{
		Project: e.def.Project, Name: e.def.Name, Kind: string(e.def.Kind),
		Desired: string(e.u.Desired), State: string(e.u.State), Reason: e.u.Reason, Since: e.u.Since,
		Run: e.u.Run, Restarts: e.u.Restarts, Failures: e.u.Failures, Attempts: e.u.Attempts,
		LastExit: storeExit(e.u.LastExit), Adhoc: e.adhoc, Orphaned: e.orphan, Expires: e.expires,
		Definition: e.definition(),
	}
	if e.u.Main && e.u.Spawned && !e.u.Exited {
		s.PID, s.StartTicks, s.Mark = e.process.PID, e.process.StartTicks, e.process.Mark
		s.Cgroup, s.Containment, s.StartedAt = e.process.Cgroup, e.process.Containment, e.startedAt
	}
	return s
}

// definition is the definition as JSON, encoded once.
func (e *entry) definition() json.RawMessage {
	if e.encoded == nil || e.encodedFrom != e.def {
		data, err := json.Marshal(e.def)
		if err != nil {
			return nil
		}
		e.encoded, e.encodedFrom = data, e.def
	}
	return e.encoded
}

// DefinitionOf reads a definition that was kept on disk. One that cannot be
// read gives a unit with nothing but its names.
func DefinitionOf(s store.UnitState) *config.Unit {
	def := &config.Unit{}
	if err := json.Unmarshal(s.Definition, def); err != nil || def.Name == "" {
		def = &config.Unit{Project: s.Project, Name: s.Name, Base: s.Name, Kind: config.Kind(s.Kind)}
	}
	return def
}

// ViewOf is a unit as it was when it was last saved.
func ViewOf(s store.UnitState) *View {
	def := DefinitionOf(s)
	u := unit.New(policy(def, 0), s.Since)
	u.Desired, u.State, u.Reason, u.Since = unit.Desired(s.Desired), unit.State(s.State), s.Reason, s.Since
	u.Run, u.Restarts, u.Failures, u.Attempts = s.Run, s.Restarts, s.Failures, s.Attempts
	u.LastExit = unitExit(s.LastExit)
	v := &View{
		ID: def.ID(), Hash: Hash(def.ID()), Def: def, Unit: u,
		Adhoc: s.Adhoc, Orphaned: s.Orphaned, Expires: s.Expires,
	}
	if s.PID != 0 {
		v.Unit.Main, v.Unit.Spawned = true, true
		v.Process, v.StartedAt = processOf(s, ""), s.StartedAt
	}
	return v
}
