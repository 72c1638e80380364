package supervisor

import (
	"slices"
	"time"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/hooks"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// heed tells hooks what a step of an instance was. A candidate is told of when
// it takes over; until the instance it replaced is gone, what it does is held
// back, so that hooks hear of one run after the other.
func (l *loop) heed(e *entry, in *instance, before unit.Unit, event unit.Event) {
	var told []hooks.Occasion
	in.thread, told = in.thread.Step(before, in.u, event)
	switch {
	case in == e.candidate:
	case in == e.old && e.unproven(in):
	case in == &e.instance && e.old != nil && !e.unproven(e.old):
		e.held = append(e.held, told...)
	default:
		l.fire(e, in.def, told)
	}
}

// unproven is whether the instance that ends beside the unit's own is a
// candidate of an earlier supervisor, which never took over.
func (e *entry) unproven(in *instance) bool {
	return e.roll != nil && e.roll.stray && in.u.Run > e.u.Run
}

// tellRolledOut tells hooks of the end of a rollout.
func (l *loop) tellRolledOut(e *entry, f deploy.Finish, run uint64, reason string) {
	switch {
	case e.roll.stray && e.wish == wishRestart:
		// It is begun again.
	case e.roll.stray && e.old != nil && e.unproven(e.old):
		l.fire(e, e.def, []hooks.Occasion{
			hooks.NotReplaced(e.old.u.Run, "the supervisor ended during the rollout", nil),
		})
	case f.OK || e.roll.stray:
		held := e.held
		e.held = nil
		l.fire(e, e.def, held)
	case !e.roll.aborted:
		def, exit := e.def, (*unit.Exit)(nil)
		if c := e.candidate; c != nil {
			def, exit = c.def, c.u.LastExit
		}
		l.fire(e, def, []hooks.Occasion{hooks.NotReplaced(run, reason, exit)})
	}
}

// owedMost is how many webhooks of a unit are known by the diary at most: where the
// disk takes nothing, the newest.
const owedMost = 32

// fire has the hooks of a definition called, once the diary has the step that they
// are called for, and with it what their webhooks send. Until the outbox has that, a
// later supervisor sends it.
func (l *loop) fire(e *entry, def *config.Unit, told []hooks.Occasion) {
	if l.o.Fire == nil || !hooks.Wanted(def.Hooks, told) {
		return
	}
	now, base := time.Now(), slices.Clone(l.base(e))
	for _, o := range told {
		n := hooks.Notice{Def: def, Occasion: o, Time: now, Base: base}
		if l.o.Letters != nil {
			n.Letters = l.o.Letters(n)
		}
		e.owed = append(e.owed, n.Letters...)
		e.owed = e.owed[max(0, len(e.owed)-owedMost):]
		l.later(e.def.ID(), func() { l.o.Fire(n) })
	}
	l.touch(e)
}

// fireOwed sends what an earlier supervisor had decided to send, and may not have.
func (l *loop) fireOwed(e *entry, owed []store.Delivery) {
	if len(owed) == 0 || l.o.Fire == nil {
		return
	}
	e.owed = owed
	n := hooks.Notice{Def: e.def, Letters: owed}
	l.later(e.def.ID(), func() { l.o.Fire(n) })
}

// Posted says that the outbox has a webhook.
func (s *Supervisor) Posted(d store.Delivery) {
	s.send(func(l *loop) {
		e, ok := l.entries[d.Unit]
		if !ok {
			return
		}
		at := slices.IndexFunc(e.owed, func(o store.Delivery) bool { return o.ID == d.ID })
		if at < 0 {
			return
		}
		// What was handed out is never changed in place.
		e.owed = append(slices.Clone(e.owed[:at]), e.owed[at+1:]...)
		l.touch(e)
	})
}
