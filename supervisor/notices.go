package supervisor

import (
	"slices"
	"time"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/hooks"
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
		l.fire(in.def, l.base(e), told)
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
		l.fire(e.def, l.base(e), []hooks.Occasion{
			hooks.NotReplaced(e.old.u.Run, "the supervisor ended during the rollout", nil),
		})
	case f.OK || e.roll.stray:
		held := e.held
		e.held = nil
		l.fire(e.def, l.base(e), held)
	case !e.roll.aborted:
		def, exit := e.def, (*unit.Exit)(nil)
		if c := e.candidate; c != nil {
			def, exit = c.def, c.u.LastExit
		}
		l.fire(def, l.base(e), []hooks.Occasion{hooks.NotReplaced(run, reason, exit)})
	}
}

// fire has the hooks of a definition called.
func (l *loop) fire(def *config.Unit, base []string, told []hooks.Occasion) {
	if l.o.Fire == nil || !hooks.Wanted(def.Hooks, told) {
		return
	}
	now := time.Now()
	for _, o := range told {
		l.o.Fire(hooks.Notice{Def: def, Occasion: o, Time: now, Base: slices.Clone(base)})
	}
}
