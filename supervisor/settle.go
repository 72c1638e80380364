package supervisor

import (
	"fmt"
	"time"

	"systemg/config"
	"systemg/supervisor/deploy"
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
			l.tend(e)
			l.grant(e)
			l.admit(e)
			l.admitCandidate(e)
			l.retire(e)
		}
	}
	l.dirty = nil
}

// step gives the machine of the unit's own instance an event.
func (l *loop) step(e *entry, event unit.Event) { l.stepIn(e, &e.instance, event) }

// stepIn gives an instance's machine an event, and takes note of what came of
// it.
func (l *loop) stepIn(e *entry, in *instance, event unit.Event) {
	// A number is given once, to whichever instance begins a run first.
	in.u.Runs = max(in.u.Runs, e.u.Runs)
	before := in.u
	after, effects := unit.Step(before, event, unit.Moment{Now: time.Now(), Spread: l.o.Spread()})
	in.u = after
	e.u.Runs = max(e.u.Runs, after.Run)
	own := in == &e.instance
	for _, f := range effects {
		if lost, ok := f.(unit.Lost); ok {
			if own {
				l.lose(e, lost.Reason)
			}
			continue
		}
		l.effects = append(l.effects, pending{entry: e, effect: f})
	}
	if !after.Deadline.IsZero() && after.Deadline != before.Deadline {
		l.deadlines.add(after.Deadline, e.def.ID())
	}
	l.heed(e, in, before, event)
	if before == after {
		return
	}
	l.touch(e)
	l.attend(e, in)
	if !own {
		l.besides(e, in)
		return
	}
	l.listen(e)
	l.oversee(e)
	if before.State != after.State {
		l.record(e, before.State)
	}
	e.proven = e.proven || after.Ready || after.State == unit.Completed
	l.touchNeighbours(e)
	l.touchFamily(e)
	l.touchReplicas(e)
	l.wind(e, before)
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
		why := fmt.Sprintf("%s was lost: %s", e.def.Name, reason)
		l.rollOn(d, deploy.Abort{Reason: why})
		l.step(d, unit.Cascade{Reason: why})
	}
}

// grant carries out a wish once nothing holds it: a stop waits for dependents
// that are leaving too, a restart for them and for its turn among replicas.
func (l *loop) grant(e *entry) {
	switch e.wish {
	case noWish:
	case wishStop:
		if l.heldByDependents(e) || l.heldBySiblings(e) {
			return
		}
		reason := l.granted(e)
		e.next = nil
		l.rollOn(e, deploy.Abort{Reason: reason})
		l.step(e, unit.Stop{Reason: reason})
	case wishRestart:
		l.grantRestart(e)
	}
}

// granted takes the wish away and gives its reason.
func (l *loop) granted(e *entry) string {
	reason := e.wishReason
	l.want(e, noWish, "")
	l.touchNeighbours(e)
	return reason
}

// want replaces the wish that waits.
func (l *loop) want(e *entry, w wish, reason string) {
	if e.wish == wishRestart {
		l.restarts--
	}
	if w == wishRestart {
		l.restarts++
		e.batch, e.batchRollouts = l.batch, e.rollouts
	}
	e.wish, e.wishReason = w, reason
	l.touch(e)
}

// grantRestart replaces the unit's instance: beside the old one where the unit
// rolls and runs, else after it has ended.
func (l *loop) grantRestart(e *entry) {
	switch now, why := l.turn(e); now {
	case turnNow:
	case turnLater:
		return
	case turnNever:
		l.granted(e)
		e.next = nil
		l.replaced(e, false, why)
		return
	}
	if e.rollable() {
		l.roll(e, l.granted(e))
		return
	}
	if l.heldByDependents(e) {
		return
	}
	reason := l.granted(e)
	l.takeNext(e)
	l.step(e, unit.Restart{Reason: reason})
}

func (l *loop) heldByDependents(e *entry) bool {
	if !e.alive() {
		return false
	}
	if l.heldByChildren(e) {
		return true
	}
	for _, edge := range l.graph.Dependents(e.def.ID()) {
		d, ok := l.entries[edge.Unit]
		if ok && !d.orphan && d.alive() && (d.wish != noWish && !d.rollable() || d.u.State == unit.Stopping) {
			return true
		}
	}
	return false
}

// admit starts a waiting unit, or says what it waits for.
func (l *loop) admit(e *entry) {
	// A restart that waits for its turn, or for a rollout's end, does not keep
	// what crashed meanwhile from coming back.
	if e.u.Desired != unit.Up || e.wish == wishStop || e.removed || l.closing {
		return
	}
	if e.u.State != unit.Pending && e.u.State != unit.Blocked {
		return
	}
	if l.ofEndedRun(e) {
		l.step(e, unit.Stop{Reason: "its parent's run has ended"})
		return
	}
	if l.heldByChildren(e) {
		if reason := "waits for the children of its last run to end"; e.u.Reason != reason {
			l.step(e, unit.Wait{Reason: reason})
		}
		return
	}
	switch verdict, reason := l.verdict(e.def); {
	case verdict == graph.Satisfied || e.u.Policy.Refuse != "":
		l.step(e, unit.Go{})
	case verdict == graph.Hopeless && (e.u.State != unit.Blocked || e.u.Reason != reason):
		l.step(e, unit.Block{Reason: reason})
	case verdict == graph.Waiting && (e.u.State != unit.Pending || e.u.Reason != reason):
		l.step(e, unit.Wait{Reason: reason})
	}
}

// verdict is the worst of a definition's edges, and what that one says.
func (l *loop) verdict(def *config.Unit) (graph.Verdict, string) {
	worst, reason := graph.Satisfied, ""
	for _, need := range def.Depends {
		name := def.Project + "/" + need.Unit
		d, known := l.entries[name]
		known = known && !d.orphan
		var fact graph.Fact
		if known {
			fact, name = d.fact(), d.def.Name
		}
		v, why := graph.Judge(edgeOf(def, need), name, fact, known)
		if v > worst {
			worst, reason = v, why
		}
	}
	return worst, reason
}

// retire makes an orphan of a removed unit of which nothing lives.
func (l *loop) retire(e *entry) {
	if !e.removed || e.alive() || e.wish != noWish {
		return
	}
	if e.u.Desired == unit.Up {
		l.step(e, unit.Stop{Reason: "removed from the manifest"})
	}
	e.removed, e.orphan = false, true
	l.touch(e)
	for _, c := range l.family(e) {
		l.want(c, noWish, "")
		c.orphan, c.expires = true, time.Time{}
		l.touch(c)
	}
	l.touchNeighbours(e)
	l.reshape()
}

// expire handles the deadlines that have come, up to a burst.
func (l *loop) expire(now time.Time) {
	for range burst {
		d, ok := l.deadlines.due(now)
		if !ok {
			return
		}
		e, known := l.entries[d.id]
		if !known {
			continue
		}
		for _, in := range e.instances() {
			if !in.u.Deadline.IsZero() && !now.Before(in.u.Deadline) {
				l.stepIn(e, in, unit.Deadline{})
			}
		}
		if e.roll != nil && !e.roll.r.Deadline.IsZero() && !now.Before(e.roll.r.Deadline) {
			l.rollOn(e, deploy.Deadline{})
		}
		l.tick(e, d.at, now)
		if !e.expires.IsZero() && !now.Before(e.expires) {
			e.expires = time.Time{}
			l.want(e, wishStop, "its time to live is over")
		}
	}
}
