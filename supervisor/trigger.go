package supervisor

import (
	"context"
	"fmt"
	"time"

	"systemg/supervisor/cron"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// NotCronError says that a unit has no schedule.
type NotCronError struct{ ID string }

func (e *NotCronError) Error() string { return e.ID + " is no cron job" }

// OffError says that a job cannot run because it is not up.
type OffError struct{ ID, Name, State, Reason string }

func (e *OffError) Error() string {
	text := fmt.Sprintf("%s is %s", e.ID, e.State)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Triggered is a run that an operator asked for. The time it was asked for
// tells it from every other of the job.
type Triggered struct {
	ID string
	At time.Time
}

// Trigger asks for a run of the job now; what becomes of it is in its history.
// The error is a *NotCronError for a unit without a schedule, an *OffError for
// a job that is not up. A run that was asked for under the context's name is given
// again, unless it never came into the books: then nothing was done.
func (s *Supervisor) Trigger(ctx context.Context, id string) (Triggered, error) {
	name := nameOf(ctx)
	return ask(ctx, s, func(l *loop) (Triggered, error) {
		if l.closing {
			return Triggered{}, ErrClosing
		}
		e, ok := l.entries[id]
		if o, known := l.claim(name); known && ok && e.booked(o.At) {
			return Triggered{ID: id, At: o.At}, nil
		}
		if !ok {
			return Triggered{}, &UnknownUnitError{Name: id}
		}
		if e.clock == nil {
			return Triggered{}, &NotCronError{ID: id}
		}
		if e.u.Desired != unit.Up || !e.u.Alive() && e.u.State != unit.Scheduled {
			return Triggered{}, &OffError{ID: id, Name: e.def.Name, State: string(e.u.State), Reason: e.u.Reason}
		}
		t := Triggered{ID: id}
		for _, f := range l.give(e, cron.Trigger{}) {
			if r, ok := f.(cron.Record); ok && r.Run.Manual {
				// Where it replaces another that waits, it comes last.
				t.At = r.Run.Scheduled
			}
		}
		o := operationOf(name, Baseline{Units: []Mark{e.mark()}})
		o.At = t.At
		l.begun(o)
		return t, nil
	})
}

// booked is whether the job's books have, or had, a run that was asked for at
// that time: where they are full of later ones, it was dropped for those.
func (e *entry) booked(at time.Time) bool {
	if e.clock == nil {
		return false
	}
	later := 0
	for _, r := range e.clock.page.runs {
		if r.Manual && r.Scheduled.Equal(at) {
			return true
		}
		if r.Scheduled.After(at) {
			later++
		}
	}
	return later >= e.def.Cron.History
}

// Find is the run in the unit's history.
func (t Triggered) Find(v *View) (store.CronRun, bool) {
	for _, r := range v.History {
		if r.Manual && r.Scheduled.Equal(t.At) {
			return r, true
		}
	}
	return store.CronRun{}, false
}
