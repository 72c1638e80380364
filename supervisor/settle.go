package supervisor

import (
	"fmt"
	"time"

	"systemg/config"
	"systemg/supervisor/graph"
	"systemg/supervisor/unit"
)

// settle propagates changes along the graph until nothing changes any more.
// Effects are gathered, not carried out.
func (l *loop) settle() {
	for len(l.dirty) > 0 {
		id := l.dirty[0]
		l.dirty = l.dirty[1:]
		if e, ok := l.entries[id]; ok && !e.orphan {
			l.grant(e)
			l.admit(e)
			l.retire(e)
		}
	}
	l.dirty = nil
}

// step gives the unit's machine an event, and takes note of what came of it.
func (l *loop) step(e *entry, event unit.Event) {
	before := e.u
	after, effects := unit.Step(before, event, unit.Moment{Now: time.Now(), Spread: l.o.Spread()})
	e.u = after
	for _, f := range effects {
		if lost, ok := f.(unit.Lost); ok {
			l.lose(e, lost.Reason)
			continue
		}
		l.effects = append(l.effects, pending{entry: e, effect: f})
	}
	if !after.Deadline.IsZero() && after.Deadline != before.Deadline {
		l.deadlines.add(after.Deadline, e.def.ID())
	}
	if before.State != after.State {
		l.record(e, before.State)
	}
	if before != after {
		l.touch(e)
		l.touchNeighbours(e)
	}
}

// touchNeighbours has the units at both ends of the unit's edges looked at:
// dependents may start now, dependencies may stop now.
func (l *loop) touchNeighbours(e *entry) {
	id := e.def.ID()
	for _, edge := range l.graph.Dependents(id) {
		l.dirty = append(l.dirty, edge.Unit)
	}
	for _, edge := range l.graph.Needs(id) {
		l.dirty = append(l.dirty, edge.Unit)
	}
}

// lose stops the dependents of a unit that went away though it is wanted.
// One-shots have done their work and are not missed.
func (l *loop) lose(e *entry, reason string) {
	if e.def.Kind == config.Oneshot {
		return
	}
	for _, edge := range l.graph.Dependents(e.def.ID()) {
		d, ok := l.entries[edge.Unit]
		if !ok || !edge.Cascade || d.orphan || d.u.Desired != unit.Up {
			continue
		}
		l.step(d, unit.Cascade{Reason: fmt.Sprintf("%s was lost: %s", e.def.Name, reason)})
	}
}

// grant carries out a wish once no dependent that is leaving too lives.
func (l *loop) grant(e *entry) {
	if e.wish == noWish || l.heldByDependents(e) {
		return
	}
	w, reason := e.wish, e.wishReason
	e.wish, e.wishReason = noWish, ""
	l.touch(e)
	l.touchNeighbours(e)
	if w == wishStop {
		l.step(e, unit.Stop{Reason: reason})
		return
	}
	l.step(e, unit.Restart{Reason: reason})
}

func (l *loop) heldByDependents(e *entry) bool {
	if !e.u.Alive() {
		return false
	}
	for _, edge := range l.graph.Dependents(e.def.ID()) {
		d, ok := l.entries[edge.Unit]
		if ok && !d.orphan && d.u.Alive() && (d.wish != noWish || d.u.State == unit.Stopping) {
			return true
		}
	}
	return false
}

// admit starts a waiting unit, or says what it waits for.
func (l *loop) admit(e *entry) {
	if e.u.Desired != unit.Up || e.wish != noWish || e.removed || l.closing {
		return
	}
	if e.u.State != unit.Pending && e.u.State != unit.Blocked {
		return
	}
	switch verdict, reason := l.verdict(e); {
	case verdict == graph.Satisfied || e.u.Policy.Refuse != "":
		l.step(e, unit.Go{})
	case verdict == graph.Hopeless && (e.u.State != unit.Blocked || e.u.Reason != reason):
		l.step(e, unit.Block{Reason: reason})
	case verdict == graph.Waiting && (e.u.State != unit.Pending || e.u.Reason != reason):
		l.step(e, unit.Wait{Reason: reason})
	}
}

// verdict is the worst of the unit's edges, and what that one says.
func (l *loop) verdict(e *entry) (graph.Verdict, string) {
	worst, reason := graph.Satisfied, ""
	for _, edge := range l.graph.Needs(e.def.ID()) {
		d, known := l.entries[edge.Unit]
		var fact graph.Fact
		name := edge.Unit
		if known && !d.orphan {
			fact, name = d.fact(), d.def.Name
		}
		v, why := graph.Judge(edge.Condition, name, fact, known && !d.orphan)
		if v > worst {
			worst, reason = v, why
		}
	}
	return worst, reason
}

// retire makes an orphan of a removed unit of which nothing lives.
func (l *loop) retire(e *entry) {
	if !e.removed || e.u.Alive() || e.wish != noWish {
		return
	}
	e.removed, e.orphan = false, true
	l.touch(e)
	l.touchNeighbours(e)
	l.reshape()
}

// expire handles the deadlines that have come.
func (l *loop) expire(now time.Time) {
	for {
		d, ok := l.deadlines.due(now)
		if !ok {
			return
		}
		e, known := l.entries[d.id]
		if !known {
			continue
		}
		if !e.u.Deadline.IsZero() && !now.Before(e.u.Deadline) {
			l.step(e, unit.Deadline{})
		}
		if !e.expires.IsZero() && !now.Before(e.expires) {
			e.expires = time.Time{}
			l.touch(e)
			l.step(e, unit.Stop{Reason: "its time to live is over"})
		}
	}
}
