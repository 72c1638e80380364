package supervisor

import (
	"fmt"
	"slices"
	"strings"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/unit"
)

// Effect is what applying a change does to a unit.
type Effect string

// The effects.
const (
	EffectStart   Effect = "start"
	EffectStop    Effect = "stop"
	EffectRestart Effect = "restart"
	EffectInPlace Effect = "update in place"
	EffectNothing Effect = "nothing"
)

// Change is the difference between a unit's definitions.
type Change struct {
	ID string
	// Action is "add", "remove", "change" or "none".
	Action string
	// Keys are the manifest keys that differ.
	Keys   []string
	Effect Effect
}

// inPlace are the keys a running unit takes over without a new run: they
// say what follows, not what runs.
var inPlace = []string{
	"restart_policy", "backoff", "max_restarts", "restart_reset",
	"stop_signal", "stop_timeout", "stop_command", "logs", "depends_on",
	"skip", "spawn", "hooks", "watch", "deployment.pre_start", "deployment.grace_period",
}

// Plan is what applying the source would change, without doing so.
func (s *Snapshot) Plan(src *config.Plan, project string) []Change {
	var changes []Change
	for _, p := range selectProjects(src, project) {
		for i := range p.Units {
			changes = append(changes, s.compare(&p.Units[i]))
		}
		for _, v := range s.Units {
			if v.Def.Project == p.ID && !v.Orphaned && !v.Adhoc && !names(p, v.Def.Name) {
				changes = append(changes, Change{ID: v.ID, Action: "remove", Effect: EffectStop})
			}
		}
	}
	return changes
}

func (s *Snapshot) compare(def *config.Unit) Change {
	v, ok := s.Find(def.ID())
	if !ok || v.Orphaned || v.Removed {
		return Change{ID: def.ID(), Action: "add", Effect: EffectStart}
	}
	if v.Found && v.Alive() {
		return Change{ID: v.ID, Action: "change", Effect: EffectInPlace}
	}
	keys := config.Diff(v.Def, def)
	if len(keys) == 0 {
		return Change{ID: v.ID, Action: "none", Effect: EffectNothing}
	}
	c := Change{ID: v.ID, Action: "change", Keys: keys, Effect: EffectRestart}
	switch {
	case v.Unit.Desired == unit.Down:
		c.Effect = EffectInPlace
	case !needsNewRun(v.Def, def) && v.Unit.State != unit.Failed:
		c.Effect = EffectInPlace
	}
	return c
}

// needsNewRun is whether what differs reaches a unit only with a new run. A
// job's schedule is not among it.
func needsNewRun(old, def *config.Unit) bool {
	return slices.ContainsFunc(config.Diff(old, def), func(key string) bool {
		return needsRun(key) && (key != "cron" || old.Kind != config.CronJob || def.Kind != config.CronJob)
	})
}

// needsRun is whether a change of the key reaches a unit only with a new run.
func needsRun(key string) bool {
	return !slices.ContainsFunc(inPlace, func(k string) bool {
		return key == k || strings.HasPrefix(key, k+".")
	})
}

// loading says how far load goes with definitions that exist already.
type loading int

const (
	// addOnly adds new units and redefines those that do not run.
	addOnly loading = iota
	// replaceAll redefines every unit and removes what is not named.
	replaceAll
)

// load takes over the projects of a source and says what changed.
func (l *loop) load(src *Source, only string, how loading) []Change {
	l.publish()
	seen := l.s.board.current.Load()
	changes := seen.Plan(src.Plan, only)
	for _, p := range selectProjects(src.Plan, only) {
		l.projects[p.ID] = Project{ID: p.ID, Manifest: src.Plan.File, Env: src.Env, Digest: src.Plan.Digest}
		for i := range p.Units {
			l.define(&p.Units[i], how)
		}
	}
	for _, c := range changes {
		switch e := l.entries[c.ID]; {
		case c.Action != "remove":
		case how == replaceAll:
			l.remove(e)
		case e.u.Settled() && !e.alive() && e.u.State != unit.Scheduled:
			// What runs, or will, is not touched by a start; what is at
			// rest and named by no manifest any more is only remembered.
			e.orphan = true
			l.oversee(e)
			l.touch(e)
		}
	}
	l.reshape()
	for id := range l.entries {
		l.dirty = append(l.dirty, id)
	}
	return changes
}

// define gives a unit its definition.
func (l *loop) define(def *config.Unit, how loading) {
	e, ok := l.entries[def.ID()]
	if !ok {
		e = newEntry(def, l.nextPlace(), &l.o)
		l.entries[def.ID()] = e
		l.setClock(e, 0)
		l.touch(e)
		return
	}
	if e.found && e.alive() {
		l.recognize(e, def)
		return
	}
	back := e.removed
	if how == addOnly && e.alive() && !e.orphan && !back {
		return
	}
	if back && e.wish == wishStop {
		l.want(e, noWish, "")
	}
	e.orphan, e.removed, e.adhoc, e.found, e.next = false, false, false, false, nil
	if l.steer(e, def) {
		return
	}
	if e.u.Alive() && needsNewRun(e.def, def) {
		// What runs goes on by its own definition until it is replaced.
		e.next = def
		if back {
			// It is about to end by the old one, and comes again by this.
			l.want(e, wishRestart, "it is in the manifest again")
		}
		return
	}
	l.redefine(e, def)
	l.touch(e)
}

// steer has a rollout that has not come to its promotion heed a definition: one
// that leads there takes it along, and the answer is whether that is all there
// is to do; one that leads elsewhere is given up where nothing else follows it.
func (l *loop) steer(e *entry, def *config.Unit) bool {
	c, renewed := e.candidate, e.u.Alive() && needsNewRun(e.def, def)
	switch {
	case c == nil:
	case !needsNewRun(c.def, def):
		c.def = def
		l.touch(e)
		return renewed
	case !renewed:
		l.rollOn(e, deploy.Abort{Reason: "its definition changed again"})
	}
	return false
}

// remove stops a unit that no manifest names any more.
func (l *loop) remove(e *entry) {
	e.removed = true
	l.want(e, wishStop, "removed from the manifest")
}

// abandon removes the units of a project that has been moved to a manifest
// which does not name it.
func (l *loop) abandon(project string, plan *config.Plan) {
	if project == "" || slices.ContainsFunc(plan.Projects, func(p config.Project) bool { return p.ID == project }) {
		return
	}
	for _, e := range l.sorted() {
		if e.def.Project == project && !e.orphan {
			l.remove(e)
		}
	}
	delete(l.projects, project)
	l.stale = true
}

// addAdhoc adds a unit that came from a command line. A name that is taken
// by something alive, or by a manifest, is refused.
func (l *loop) addAdhoc(def *config.Unit, env []string) (*entry, error) {
	if old, ok := l.entries[def.ID()]; ok && !old.orphan {
		if !old.adhoc || old.alive() {
			return nil, &TakenError{ID: def.ID(), State: string(old.u.State)}
		}
	}
	if _, ok := l.projects[def.Project]; !ok {
		l.projects[def.Project] = Project{ID: def.Project}
	}
	run := uint64(0)
	if old, ok := l.entries[def.ID()]; ok {
		run = max(old.u.Run, old.u.Runs)
		l.unrelate(old)
	}
	e := newEntry(def, l.nextPlace(), &l.o)
	e.adhoc, e.base = true, env
	e.u.Run, e.u.Runs = run, run
	l.entries[def.ID()] = e
	l.reshape()
	l.touch(e)
	return e, nil
}

// TakenError says that an ad-hoc unit's name belongs to another unit.
type TakenError struct{ ID, State string }

func (e *TakenError) Error() string {
	return fmt.Sprintf("there is a unit %s already (%s)", e.ID, e.State)
}

// forget forgets units that do not live; those that do are left and named.
func (l *loop) forget(entries []*entry) (forgotten []string, alive []string) {
	for _, e := range entries {
		if e.alive() {
			alive = append(alive, e.def.ID())
			continue
		}
		if err := l.o.Outputs.Remove(e.def); err != nil {
			l.o.Log.Warn("cannot remove logs", "unit", e.def.ID(), "error", err)
		}
		l.unrelate(e)
		if e.watching != nil {
			e.watching.stop()
		}
		delete(l.entries, e.def.ID())
		l.s.books.forget(e.def.ID())
		forgotten = append(forgotten, e.def.ID())
	}
	for id := range l.projects {
		if !slices.ContainsFunc(l.sorted(), func(e *entry) bool { return e.def.Project == id }) {
			delete(l.projects, id)
		}
	}
	l.reshape()
	l.unsave()
	return forgotten, alive
}

func (l *loop) nextPlace() int {
	l.place++
	return l.place
}

func selectProjects(plan *config.Plan, only string) []config.Project {
	if only == "" {
		return plan.Projects
	}
	var some []config.Project
	for _, p := range plan.Projects {
		if p.ID == only {
			some = append(some, p)
		}
	}
	return some
}

func names(p config.Project, unitName string) bool {
	return slices.ContainsFunc(p.Units, func(u config.Unit) bool { return u.Name == unitName })
}
