package supervisor

import (
	"context"
	"slices"
	"syscall"
	"time"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/unit"
)

// Baseline is what a command was about, and how the units stood just before
// it: Progress and Outcome compare with it.
type Baseline struct {
	// Units are in dependency order.
	Units []Mark
	// Changes is what an apply or a restart did to definitions.
	Changes []Change
	// Forgotten are units that gave way to a new one, with their logs.
	Forgotten []string
}

// Mark is one unit before a command.
type Mark struct {
	ID  string
	Run uint64
	// Rollouts is how many rollouts of the unit had ended.
	Rollouts int
	// Changed is whether the command does anything to the unit.
	Changed bool
	// Fresh is whether only a run newer than Run counts.
	Fresh bool
	// Down is whether the unit is to be brought down, not up.
	Down bool
}

// Source is a manifest that was read, with the environment it was read in.
type Source struct {
	Plan *config.Plan
	Env  []string
}

// Start wants the selected units, and what they depend on, up. With a source
// its new units are added first. Units that run are left alone; with no unit
// named, so are those that have completed or were skipped since the last stop.
func (s *Supervisor) Start(ctx context.Context, src *Source, sel Selection) (Baseline, error) {
	return begin(ctx, s, func(l *loop) (Baseline, error) {
		if l.closing {
			return Baseline{}, ErrClosing
		}
		if src != nil {
			l.load(src, sel.Project, addOnly)
		}
		chosen, err := l.choose(sel)
		if err != nil {
			return Baseline{}, err
		}
		if len(sel.Units) == 0 {
			chosen = slices.DeleteFunc(chosen, func(e *entry) bool { return e.passing() || e.removed })
		}
		for _, e := range chosen {
			if e.removed {
				return Baseline{}, &UnknownUnitError{Name: e.def.Name}
			}
		}
		return l.startAll(chosen, len(sel.Units) > 0), nil
	})
}

// startAll starts the chosen units after what they depend on. Named ones are
// started again even where they have completed. The first of many are under way
// before the last is looked at.
func (l *loop) startAll(chosen []*entry, named bool) Baseline {
	explicit := map[string]bool{}
	var ids []string
	for _, e := range chosen {
		explicit[e.def.ID()] = named
		ids = append(ids, e.def.ID())
	}
	all := l.graph.Closure(ids)
	var b Baseline
	for _, id := range l.graph.Order() {
		if !all[id] {
			continue
		}
		e := l.entries[id]
		m := e.mark()
		m.Changed = l.startOne(e, explicit[id])
		m.Fresh = m.Changed && e.u.Run == m.Run && !e.u.Alive()
		b.Units = append(b.Units, m)
		if len(b.Units)%stride == 0 {
			l.advance()
		}
	}
	return b
}

// startOne wants one unit up and says whether that changed anything.
func (l *loop) startOne(e *entry, explicit bool) bool {
	if e.removed {
		// Whatever depends on it, it is on its way out.
		return false
	}
	if e.wish == wishStop {
		l.want(e, noWish, "")
	}
	done := e.u.State == unit.Completed || e.u.State == unit.Skipped
	if done && !explicit && e.u.Desired == unit.Up {
		return false
	}
	up := e.u.State == unit.Running || e.u.State == unit.Starting
	l.step(e, unit.Start{Named: explicit})
	return !up
}

// Stop wants the selected units down, dependents first. With kill it neither
// asks nor waits for dependents.
func (s *Supervisor) Stop(ctx context.Context, sel Selection, kill bool, reason string) (Baseline, error) {
	return begin(ctx, s, func(l *loop) (Baseline, error) {
		chosen, err := l.choose(sel)
		if err != nil {
			return Baseline{}, err
		}
		return l.stopAll(chosen, kill, reason), nil
	})
}

func (l *loop) stopAll(chosen []*entry, kill bool, reason string) Baseline {
	var b Baseline
	for _, e := range chosen {
		m := e.mark()
		m.Down = true
		m.Changed = e.u.Desired == unit.Up && e.u.State != unit.Completed && e.u.State != unit.Skipped
		b.Units = append(b.Units, m)
		if kill {
			l.want(e, noWish, "")
			l.kill(e, reason)
			continue
		}
		l.want(e, wishStop, reason)
	}
	return b
}

// kill ends everything of a unit at once.
func (l *loop) kill(e *entry, reason string) {
	l.killChildren(e, "ends with its parent "+e.def.Name)
	e.next = nil
	l.rollOn(e, deploy.Abort{Reason: reason})
	for _, in := range e.instances() {
		l.stepIn(e, in, unit.Stop{Kill: true, Reason: reason})
	}
}

// Close refuses every start from now on and wants everything down. Under a name
// that is known it does so too: the supervisor that did has ended.
func (s *Supervisor) Close(ctx context.Context, kill bool, reason string) (Baseline, error) {
	name := nameOf(ctx)
	return ask(ctx, s, func(l *loop) (Baseline, error) {
		l.closing, l.stale = true, true
		chosen, err := l.choose(Selection{})
		if err != nil {
			return Baseline{}, err
		}
		b := l.stopAll(chosen, kill, reason)
		if first, ok := l.claim(name); ok {
			return b.since(baselineOf(first.Operation)), nil
		}
		l.begun(operationOf(name, b))
		return b, nil
	})
}

// Restart gives the selected units new runs: they stop dependents first and
// start dependencies first. With a source, definitions are replaced first: of
// the units that are named, or of all of them, and then what the source no
// longer names is removed.
func (s *Supervisor) Restart(ctx context.Context, src *Source, sel Selection, replaces string) (Baseline, error) {
	return s.replace(ctx, src, sel, replaces, "restarted by an operator")
}

// Deploy is Restart of units that are named, for another reason. The error is an
// *AdhocError where one of them has no manifest; then nothing is done.
func (s *Supervisor) Deploy(ctx context.Context, src *Source, sel Selection) (Baseline, error) {
	_, err := ask(ctx, s, func(l *loop) (struct{}, error) {
		// A name that only the source knows is of a manifest.
		if chosen, err := l.choose(sel); err == nil {
			return struct{}{}, declared(chosen)
		}
		return struct{}{}, nil
	})
	if err != nil {
		return Baseline{}, err
	}
	return s.replace(ctx, src, sel, "", "deployed by an operator")
}

func (s *Supervisor) replace(ctx context.Context, src *Source, sel Selection, replaces, reason string) (Baseline, error) {
	return begin(ctx, s, func(l *loop) (Baseline, error) {
		if l.closing {
			return Baseline{}, ErrClosing
		}
		b, chosen, err := l.reload(src, sel, replaces)
		if len(sel.Units) == 0 {
			chosen = slices.DeleteFunc(chosen, (*entry).passing)
		}
		l.batch++
		for _, e := range chosen {
			if !src.covers(sel, e) {
				continue
			}
			m := e.mark()
			m.Changed, m.Fresh, m.Down = true, !e.removed, e.removed
			b.Units = append(b.Units, m)
			if !e.removed {
				l.want(e, wishRestart, reason)
			}
			l.touch(e)
		}
		return b, err
	})
}

// covers is whether a restart that names no units is about this one: a manifest
// stands for its own projects, not for those of others.
func (src *Source) covers(sel Selection, e *entry) bool {
	if src == nil || len(sel.Units) > 0 || sel.Project != "" || e.removed {
		return true
	}
	return slices.ContainsFunc(src.Plan.Projects, func(p config.Project) bool { return p.ID == e.def.Project })
}

// reload takes over the definitions a restart is about, and chooses the units.
func (l *loop) reload(src *Source, sel Selection, replaces string) (b Baseline, chosen []*entry, err error) {
	how := replaceAll
	if len(sel.Units) > 0 {
		how = addOnly
	}
	if src != nil {
		b.Changes = l.load(src, sel.Project, how)
		if how == replaceAll {
			l.abandon(replaces, src.Plan)
		}
	}
	chosen, err = l.choose(sel)
	if err != nil || src == nil || how == replaceAll {
		return b, chosen, err
	}
	for _, e := range chosen {
		if def := src.find(e.def.ID()); def != nil {
			l.define(def, replaceAll)
		}
	}
	l.reshape()
	return b, chosen, nil
}

// find is the source's definition of a unit, nil where it has none.
func (src *Source) find(id string) *config.Unit {
	for _, p := range src.Plan.Projects {
		for i := range p.Units {
			if p.Units[i].ID() == id {
				return &p.Units[i]
			}
		}
	}
	return nil
}

// Apply makes the projects of the source what it says: new units start,
// missing ones stop, changed ones restart, the others are left alone.
func (s *Supervisor) Apply(ctx context.Context, src *Source, project string) (Baseline, error) {
	return begin(ctx, s, func(l *loop) (Baseline, error) {
		if l.closing {
			return Baseline{}, ErrClosing
		}
		b := Baseline{Changes: l.load(src, project, replaceAll)}
		l.batch++
		for _, c := range b.Changes {
			e := l.entries[c.ID]
			m := e.mark()
			m.Changed = true
			switch c.Effect {
			case EffectStart:
				m.Fresh = true
				l.step(e, unit.Start{})
			case EffectRestart:
				m.Fresh = true
				if e.candidate == nil || e.next != nil {
					// Else a rollout leads there already.
					l.want(e, wishRestart, "its definition changed")
				}
			case EffectStop:
				m.Down = true
			case EffectNothing, EffectInPlace:
				continue
			}
			b.Units = append(b.Units, m)
		}
		return b, nil
	})
}

// Adhoc adds a unit without a manifest and starts it. The expiry is a time
// to live; 0 means none.
func (s *Supervisor) Adhoc(ctx context.Context, def *config.Unit, env []string, ttl time.Duration) (Baseline, error) {
	return begin(ctx, s, func(l *loop) (Baseline, error) {
		if l.closing {
			return Baseline{}, ErrClosing
		}
		e, err := l.addAdhoc(def, env)
		if err != nil {
			return Baseline{}, err
		}
		if ttl > 0 {
			e.expires = time.Now().Add(ttl)
			l.deadlines.add(e.expires, def.ID())
		}
		return l.startAll([]*entry{e}, true), nil
	})
}

// Signal sends a signal to the main process groups of the selected units and
// gives those that had one.
func (s *Supervisor) Signal(ctx context.Context, sel Selection, sig syscall.Signal) ([]string, error) {
	return ask(ctx, s, func(l *loop) ([]string, error) {
		chosen, err := l.choose(sel)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, e := range chosen {
			if !e.u.Main || !e.u.Spawned || e.u.Exited {
				continue
			}
			id := treeID(e.def, unit.NoStep, e.u.Run)
			if err := l.o.Host.SignalMain(id, sig); err != nil {
				return ids, err
			}
			ids = append(ids, e.def.ID())
		}
		return ids, nil
	})
}

// choose resolves a selection to entries, in dependency order.
func (l *loop) choose(sel Selection) ([]*entry, error) {
	l.publish()
	views, err := l.s.board.current.Load().Select(sel, false)
	if err != nil {
		return nil, err
	}
	chosen := make([]*entry, 0, len(views))
	for _, v := range views {
		chosen = append(chosen, l.entries[v.ID])
	}
	return chosen, nil
}

func (e *entry) mark() Mark {
	return Mark{ID: e.def.ID(), Run: e.u.Run, Rollouts: e.rollouts}
}

// Purge forgets units of which nothing lives: definition, state and logs.
// It gives what was forgotten and what could not be, because it lives.
func (s *Supervisor) Purge(ctx context.Context, project string) (forgotten, alive []string, err error) {
	type answer struct{ forgotten, alive []string }
	a, err := ask(ctx, s, func(l *loop) (answer, error) {
		l.publish()
		views, err := l.s.board.current.Load().Select(Selection{Project: project}, true)
		if err != nil {
			return answer{}, err
		}
		var entries []*entry
		for _, v := range views {
			e := l.entries[v.ID]
			if e.alive() {
				return answer{alive: living(views)}, nil
			}
			entries = append(entries, e)
		}
		forgotten, alive := l.forget(entries)
		return answer{forgotten: forgotten, alive: alive}, nil
	})
	return a.forgotten, a.alive, err
}

func living(views []*View) []string {
	var ids []string
	for _, v := range views {
		if v.Alive() {
			ids = append(ids, v.ID)
		}
	}
	return ids
}
