package supervisor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"systemg/config"
	"systemg/supervisor/deploy"
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
	if back != nil {
		e.dropGood(back)
		e.proven = false
	}
	l.redefine(e, next)
	l.reshape()
}

// goesBack is the good definition that the restart which is wished for goes back
// to, nil where it does not.
func (e *entry) goesBack() *config.Unit {
	if e.next != nil && slices.Contains(e.good, e.next) {
		return e.next
	}
	return nil
}

// dropGood forgets a good definition that the unit has gone back to, and those
// that became good after it: on from there they are no way back.
func (e *entry) dropGood(def *config.Unit) {
	if i := slices.Index(e.good, def); i >= 0 {
		e.good = slices.Clone(e.good[:i])
	}
}

// NoGenerationError says that there is no good definition to go back to.
type NoGenerationError struct{ ID string }

func (e *NoGenerationError) Error() string {
	return fmt.Sprintf("there is no earlier good generation of %s", e.ID)
}

// Name is the unit's own name.
func (e *NoGenerationError) Name() string { return e.ID[strings.LastIndex(e.ID, "/")+1:] }

// AdhocError says that a unit has no manifest, and so no other definition than
// the one it was started with.
type AdhocError struct{ ID, Name string }

func (e *AdhocError) Error() string {
	return e.ID + " came from a command line: there is no other definition of it"
}

// declared is an error if one of the units is in no manifest.
func declared(chosen []*entry) error {
	for _, e := range chosen {
		if e.adhoc {
			return &AdhocError{ID: e.def.ID(), Name: e.def.Name}
		}
	}
	return nil
}

// Rollback gives the selected units their newest earlier definition that was
// ready once, by their deployment strategy, whatever the manifest says by now.
// Where a new definition is on its way to a unit it is given up instead, and
// what runs stays. Of several replicas of a unit it takes back those that are
// ahead of the others, if there are any: a rollout that stopped half-way is
// undone. The error is a *NoGenerationError where a unit has none, or an
// *AdhocError where one has no manifest; then nothing is done.
func (s *Supervisor) Rollback(ctx context.Context, sel Selection) (Baseline, error) {
	return begin(ctx, s, func(l *loop) (Baseline, error) {
		if l.closing {
			return Baseline{}, ErrClosing
		}
		chosen, err := l.choose(sel)
		if err != nil {
			return Baseline{}, err
		}
		if err := declared(chosen); err != nil {
			return Baseline{}, err
		}
		goes, err := goingBack(chosen)
		if err != nil {
			return Baseline{}, err
		}
		l.batch++
		var b Baseline
		for _, e := range chosen {
			b.Units = append(b.Units, l.goBack(e, goes[e]))
		}
		return b, nil
	})
}

// goBack begins one unit's way back.
func (l *loop) goBack(e *entry, goes bool) Mark {
	const reason = "rolled back by an operator"
	m := e.mark()
	switch {
	case e.advancing():
		m.Changed = true
		// That it is given up is no failure of this one.
		m.Rollouts++
		if e.wish == wishRestart {
			e.next = nil
			l.want(e, noWish, "")
			if e.candidate == nil {
				l.replaced(e, false, reason)
				return m
			}
		}
		l.rollOn(e, deploy.Abort{Reason: reason})
	case e.returning():
		m.Changed = true
	case goes:
		m.Changed, m.Fresh = true, true
		e.next = e.good[len(e.good)-1]
		l.want(e, wishRestart, reason)
	}
	return m
}

// advancing is whether another definition than an earlier one is on its way to
// the unit, and has not taken its place yet.
func (e *entry) advancing() bool {
	if e.candidate != nil && e.roll.back == nil && len(config.Diff(e.def, e.candidate.def)) > 0 {
		return true
	}
	return e.wish == wishRestart && e.next != nil && e.goesBack() == nil
}

// returning is whether an earlier definition is on its way to the unit.
func (e *entry) returning() bool {
	return e.candidate != nil && e.roll.back != nil || e.wish == wishRestart && e.goesBack() != nil
}

// goingBack are those of the chosen units that go back to another definition
// than they have; those that something is on its way to are not among them.
func goingBack(chosen []*entry) (map[*entry]bool, error) {
	groups, goes := map[string][]*entry{}, map[*entry]bool{}
	for _, e := range chosen {
		switch {
		case e.def.Replica > 0:
			base := e.def.Project + "/" + e.def.Base
			groups[base] = append(groups[base], e)
		case e.advancing() || e.returning():
		case len(e.good) == 0:
			return nil, &NoGenerationError{ID: e.def.ID()}
		default:
			goes[e] = true
		}
	}
	for base, group := range groups {
		back, underWay := ahead(group)
		switch {
		case len(back) > 0 || underWay:
		case len(group) == 1:
			return nil, &NoGenerationError{ID: group[0].def.ID()}
		default:
			return nil, &NoGenerationError{ID: base}
		}
		for _, e := range back {
			goes[e] = true
		}
	}
	return goes, nil
}

// ahead are the replicas whose earlier definition is what others have now; where
// there are none, and nothing is under way to any of them, all that have an
// earlier one.
func ahead(group []*entry) (back []*entry, underWay bool) {
	var some, all []*entry
	for _, e := range group {
		if e.advancing() || e.returning() {
			underWay = true
			continue
		}
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
	if len(some) > 0 || underWay {
		return some, underWay
	}
	return all, false
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
