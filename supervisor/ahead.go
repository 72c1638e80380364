package supervisor

import (
	"bytes"

	"systemg/supervisor/deploy"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// What was asked for and is not done outlives the supervisor: wishes that wait,
// and rollouts. A rollout that was interrupted is undone (restore.go) and then
// begun again, so that whoever asked for it gets it; but not for ever, for it
// may be what the supervisor dies of.

// triesMost is how often a rollout is begun again.
const triesMost = 3

// interrupted is why a rollout failed that is not begun again.
const interrupted = "the supervisor ended during a rollout"

// wishes are a wish's words on disk.
var wishes = map[wish]string{wishStop: "stop", wishRestart: "restart"}

// ahead is what is kept of what is not done, nil for nothing.
func (e *entry) ahead() *store.Ahead {
	to := e.next
	a := store.Ahead{Wish: wishes[e.wish], WishReason: e.wishReason, Back: e.goesBack() != nil, Tries: e.tries}
	if e.def.Replica > 0 {
		a.Batch, a.BatchRollouts = e.batch, e.batchRollouts
	}
	if e.roll != nil {
		a.Reason, a.Fault, a.Stray = e.roll.reason, e.roll.r.Reason, e.roll.stray
		if to == nil && e.candidate != nil {
			to, a.Back = e.candidate.def, e.roll.back != nil
		}
	}
	if to == nil && e.wish == noWish && e.roll == nil && a.Batch == 0 && a.Tries == 0 {
		return nil
	}
	if to != nil && to != e.def {
		a.Next = encodeDefinition(to)
	}
	return &a
}

// goOn takes up again what was asked for of a unit. It comes after the unit's
// instances are adopted.
func (l *loop) goOn(e *entry, s store.UnitState) {
	a := s.Ahead
	if a == nil {
		a = &store.Ahead{}
	}
	switch a.Wish {
	case wishes[wishStop]:
		l.want(e, wishStop, a.WishReason)
	case wishes[wishRestart]:
		l.restartAgain(e, a, a.WishReason)
	}
	l.batch = max(l.batch, a.Batch)
	e.batch, e.batchRollouts, e.tries = a.Batch, a.BatchRollouts, a.Tries
	if !a.Stray {
		l.goOnRolling(e, s, a)
	}
}

// goOnRolling judges a rollout that was interrupted.
func (l *loop) goOnRolling(e *entry, s store.UnitState, a *store.Ahead) {
	fails := func(reason string) {
		l.replaced(e, false, reason)
		e.last.Run, e.tries = s.Runs, 0
	}
	switch phase := deploy.Phase(s.Rollout); phase {
	case deploy.Draining:
		l.replaced(e, true, a.Reason)
		e.tries = 0
	case deploy.Aborting, deploy.Undoing:
		if a.Fault == "" {
			a.Fault = interrupted
		}
		fails(a.Fault)
	case deploy.Starting, deploy.Switching, deploy.Verifying, deploy.Grace:
		switch {
		case a.Fault != "":
			fails(a.Fault)
		case e.u.Desired != unit.Up || e.wish == wishStop:
			fails(interrupted)
		case s.Ahead == nil || a.Tries >= triesMost:
			fails(interrupted)
		case e.wish == noWish:
			l.restartAgain(e, a, a.Reason)
			e.batch, e.batchRollouts = a.Batch, a.BatchRollouts
			e.tries++
		}
	case deploy.Done, deploy.Failed:
	}
}

// restartAgain wishes for a restart as it was wished for.
func (l *loop) restartAgain(e *entry, a *store.Ahead, reason string) {
	if def, ok := readDefinition(a.Next); ok {
		e.next = def
		for _, good := range e.good {
			if a.Back && bytes.Equal(encodeDefinition(good), a.Next) {
				e.next = good
			}
		}
	}
	l.want(e, wishRestart, reason)
}
