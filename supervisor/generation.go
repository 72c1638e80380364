package supervisor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"systemg/config"
	"systemg/supervisor/unit"
)

// keepGenerations is how many earlier good definitions of a unit are kept.
const keepGenerations = 3

// keepGood remembers the present definition as good, if it was ready once and
// another one takes its place.
func (e *entry) keepGood(next *config.Unit) {
	if !e.proven || len(config.Diff(e.def, next)) == 0 {
		return
	}
	e.good = append(e.good, e.def)
	if len(e.good) > keepGenerations {
		e.good = append([]*config.Unit{}, e.good[len(e.good)-keepGenerations:]...)
	}
}

// redefine gives the unit another definition.
func (l *loop) redefine(e *entry, def *config.Unit) {
	changed := len(config.Diff(e.def, def)) > 0
	rearmed := (e.def.Kind == config.CronJob) != (def.Kind == config.CronJob)
	e.keepGood(def)
	e.def = def
	if changed {
		e.proven = false
	}
	e.u.Policy = policy(def, &l.o)
	l.setClock(e, 0)
	e.slot = firstSlot(def, e.slot)
	l.configureLogs(e)
	l.oversee(e)
	l.stale = true
	if rearmed && e.u.Desired == unit.Up && !e.u.Alive() && e.u.Settled() {
		// A job rests otherwise than a service does.
		l.step(e, unit.Restart{Reason: "its definition changed"})
	}
}

func (l *loop) configureLogs(e *entry) {
	if err := l.o.Outputs.Configure(e.def); err != nil {
		l.o.Log.Warn("cannot configure logs", "unit", e.def.ID(), "error", err)
	}
}

// takeNext takes over the definition that waited for the unit's restart.
func (l *loop) takeNext(e *entry) {
	if e.next == nil {
		return
	}
	next, back := e.next, e.goesBack()
	e.next = nil
	if back {
		e.good, e.proven = e.good[:len(e.good)-1], false
	}
	l.redefine(e, next)
	l.reshape()
}

// goesBack is whether the restart that is wished for goes back to the newest of
// the good definitions.
func (e *entry) goesBack() bool {
	return e.next != nil && len(e.good) > 0 && e.next == e.good[len(e.good)-1]
}

// NoGenerationError says that there is no good definition to go back to.
type NoGenerationError struct{ ID string }

func (e *NoGenerationError) Error() string {
	return fmt.Sprintf("there is no earlier good generation of %s", e.ID)
}

// Name is the unit's own name.
func (e *NoGenerationError) Name() string { return e.ID[strings.LastIndex(e.ID, "/")+1:] }

// Rollback gives the selected units their newest earlier definition that was
// ready once, by their deployment strategy, whatever the manifest says by now.
// Of several replicas of a unit it takes back those that are ahead of the
// others, if there are any: a rollout that stopped half-way is undone.
// The error is a *NoGenerationError where a unit has none; then nothing is done.
func (s *Supervisor) Rollback(ctx context.Context, sel Selection) (Baseline, error) {
	return ask(ctx, s, func(l *loop) (Baseline, error) {
		if l.closing {
			return Baseline{}, ErrClosing
		}
		chosen, err := l.choose(sel)
		if err != nil {
			return Baseline{}, err
		}
		goes, err := goingBack(chosen)
		if err != nil {
			return Baseline{}, err
		}
		l.batch++
		var b Baseline
		for _, e := range chosen {
			m := e.mark()
			m.Changed, m.Fresh = goes[e], goes[e]
			b.Units = append(b.Units, m)
			if !goes[e] {
				continue
			}
			e.next = e.good[len(e.good)-1]
			l.want(e, wishRestart, "rolled back by an operator")
		}
		return b, nil
	})
}

// goingBack are those of the chosen units that a rollback is about.
func goingBack(chosen []*entry) (map[*entry]bool, error) {
	groups, goes := map[string][]*entry{}, map[*entry]bool{}
	for _, e := range chosen {
		if e.def.Replica > 0 {
			base := e.def.Project + "/" + e.def.Base
			groups[base] = append(groups[base], e)
			continue
		}
		if len(e.good) == 0 {
			return nil, &NoGenerationError{ID: e.def.ID()}
		}
		goes[e] = true
	}
	for base, group := range groups {
		back := ahead(group)
		switch {
		case len(back) == 0 && len(group) == 1:
			return nil, &NoGenerationError{ID: group[0].def.ID()}
		case len(back) == 0:
			return nil, &NoGenerationError{ID: base}
		}
		for _, e := range back {
			goes[e] = true
		}
	}
	return goes, nil
}

// ahead are the replicas whose earlier definition is what others have now; where
// there are none, all that have an earlier one.
func ahead(group []*entry) []*entry {
	var some, all []*entry
	for _, e := range group {
		if len(e.good) == 0 {
			continue
		}
		all = append(all, e)
		earlier := e.good[len(e.good)-1]
		if slices.ContainsFunc(group, func(other *entry) bool {
			return other != e && len(config.Diff(other.def, earlier)) == 0
		}) {
			some = append(some, e)
		}
	}
	if len(some) > 0 {
		return some
	}
	return all
}

// turn says when a unit may be restarted, as one of several replicas.
type turn int

const (
	turnNow turn = iota
	turnLater
	turnNever
)

// turn lets replicas be replaced one at a time, in the order of their numbers,
// and none after one that failed: what is broken is not spread.
func (l *loop) turn(e *entry) (turn, string) {
	if e.roll != nil {
		return turnLater, ""
	}
	if e.def.Replica == 0 {
		return turnNow, ""
	}
	for _, other := range l.replicas(e) {
		switch {
		case other == e || other.orphan || other.batch != e.batch || other.def.Replica > e.def.Replica:
		case other.wish == wishRestart || other.roll != nil:
			return turnLater, ""
		case other.last != nil && other.rollouts > other.batchRollouts && !other.last.OK:
			return turnNever, fmt.Sprintf("not replaced: %s could not be", other.def.Name)
		case other.u.State == unit.Failed || other.u.State == unit.Blocked || other.u.Health == unit.Ill || other.u.Attempts > 0:
			return turnNever, fmt.Sprintf("not replaced: %s is %s", other.def.Name, other.u.State)
		case !atRest(other.u):
			return turnLater, ""
		}
	}
	return turnNow, ""
}

// atRest is whether a unit is as it will stay: ready, or not wanted to run.
func atRest(u unit.Unit) bool {
	if u.State == unit.Running {
		return u.Ready || u.Policy.Oneshot
	}
	return u.Settled()
}

// replicas are the units that share the unit's base name, itself included.
func (l *loop) replicas(e *entry) []*entry {
	if e.def.Replica == 0 {
		return []*entry{e}
	}
	var list []*entry
	for i := 1; i <= max(e.def.Replicas, e.def.Replica); i++ {
		if other, ok := l.entries[fmt.Sprintf("%s/%s.%d", e.def.Project, e.def.Base, i)]; ok && other.def.Base == e.def.Base {
			list = append(list, other)
		}
	}
	return list
}

// touchReplicas has the replicas looked at: it may be their turn.
func (l *loop) touchReplicas(e *entry) {
	if e.def.Replica == 0 || l.restarts == 0 {
		return
	}
	for _, other := range l.replicas(e) {
		l.dirty = append(l.dirty, other.def.ID())
	}
}
