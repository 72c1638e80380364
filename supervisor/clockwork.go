package supervisor

import (
	"context"
	"time"

	"systemg/config"
	"systemg/supervisor/cron"
	"systemg/supervisor/cron/calendar"
	"systemg/supervisor/graph"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// clockwork is what starts a cron job's runs: package cron decides, the loop
// carries out. Its deadlines are among those of the units.
type clockwork struct {
	job  cron.Job
	page page
	// timer is the item in loop.deadlines that stands for job.Deadline.
	timer time.Time
	// set is whether somebody has set the clock since the last look.
	set bool
}

// page is what the books keep of one job. It is never changed.
type page struct {
	runs []store.CronRun
	last time.Time
	// off is whether an operator has stopped the job.
	off bool
}

// newest is the highest run number on the page.
func (p page) newest() uint64 {
	var n uint64
	for _, r := range p.runs {
		n = max(n, r.Run)
	}
	return n
}

// cronPolicy is what the clockwork has to know of a definition. The manifest
// was checked: an expression that cannot be read is one of an older state
// file, and never due.
func cronPolicy(def *config.Unit) cron.Policy {
	c := def.Cron
	if c == nil {
		return cron.Policy{}
	}
	schedule, err := calendar.Parse(c.Expression, c.Timezone)
	if err != nil {
		schedule = calendar.Schedule{}
	}
	return cron.Policy{
		Schedule: schedule, Overlap: cron.Overlap(c.Overlap), Timeout: c.Timeout,
		Jitter: c.Jitter, CatchUp: c.CatchUp == "once", History: c.History,
	}
}

// NextDue is when a job is due next after that time, zero for never.
func NextDue(def *config.Unit, after time.Time) time.Time {
	next, _ := cronPolicy(def).Schedule.Next(after)
	return next
}

// setClock gives the unit the clockwork of its definition. Run is its newest
// run where that lives, or has ended and the books do not say so.
func (l *loop) setClock(e *entry, run uint64) {
	switch {
	case e.def.Kind != config.CronJob && e.clock == nil:
	case e.def.Kind != config.CronJob:
		l.give(e, cron.Disarm{})
		e.clock = nil
	case e.clock != nil:
		l.give(e, cron.Change{Policy: cronPolicy(e.def), Random: l.random()})
	default:
		id := e.def.ID()
		kept := l.pages[id]
		delete(l.pages, id)
		job, effects := cron.Restore(cronPolicy(e.def), kept.runs, kept.last, run)
		e.clock = &clockwork{job: job, page: kept}
		e.u.Runs = max(e.u.Runs, kept.newest())
		l.carryOut(e, effects)
		if kept.off {
			l.give(e, cron.Disarm{})
		}
	}
}

// resume takes a job over from an earlier supervisor, after its run was
// adopted or found dead.
func (l *loop) resume(e *entry, s store.UnitState) {
	if e.def.Kind != config.CronJob {
		return
	}
	run, x := uint64(0), e.u.LastExit
	kept := l.pages[e.def.ID()]
	ended := x != nil && x.Run == e.u.Run && !e.u.Alive() && kept.lacks(x.Run)
	if e.u.Alive() || ended {
		run = e.u.Run
	}
	l.setClock(e, run)
	if ended {
		l.give(e, l.endOf(e, run))
	}
	rests := e.u.State == unit.Scheduled || e.u.State == unit.Failed || e.u.State == unit.Skipped
	if s.Desired == string(unit.Up) && !e.u.Alive() && !rests && !e.orphan {
		// What it did when the supervisor or the machine went down is
		// over; the clock goes on.
		e.u.Desired, e.u.State = unit.Up, unit.Pending
	}
	l.touch(e)
	if e.u.Desired == unit.Down && !e.u.Alive() && !kept.off {
		// The supervisor was stopped, and the job with it: it misses what
		// is due until somebody starts it again.
		return
	}
	l.wind(e, e.u)
}

// lacks is whether the page does not tell how a run ended.
func (p page) lacks(run uint64) bool {
	for _, r := range p.runs {
		if r.Run == run {
			return r.Status == store.CronRunning
		}
	}
	return run > p.newest()
}

// give gives the clockwork an event and carries out what came of it.
func (l *loop) give(e *entry, event cron.Event) []cron.Effect {
	job, effects := cron.Step(e.clock.job, event, time.Now())
	e.clock.job = job
	l.carryOut(e, effects)
	return effects
}

// random is a number in [0, 1).
func (l *loop) random() float64 { return min((l.o.Spread()+1)/2, 0.999999) }

// carryOut carries the effects out, in their order. The books take what is
// written before a start to the disk, and then give the go-ahead.
func (l *loop) carryOut(e *entry, effects []cron.Effect) {
	c, id := e.clock, e.def.ID()
	for _, f := range effects {
		switch f := f.(type) {
		case cron.Record:
			c.page.runs = store.KeepRun(c.page.runs, f.Run, c.job.Policy.History)
			l.s.books.put(id, c.page)
		case cron.Mark:
			c.page.last = f.Until
			l.s.books.put(id, c.page)
		case cron.Start:
			l.s.books.ask(id)
		case cron.Kill:
			l.about(e, f.Run, unit.Fail{Run: f.Run, Text: f.Reason})
		case cron.Log:
			l.o.Log.Log(context.Background(), f.Level, f.Text, "unit", id)
			l.o.Journal.Append(store.Event{
				Type: "cron", Project: e.def.Project, Unit: e.def.Name, Run: c.job.Live.Run, Reason: f.Text,
			})
		}
	}
	l.arrange(e)
	l.touch(e)
}

// arrange puts the job's deadline among those of the loop. It is a time of the
// wall clock; the loop's are measured on the clock that nobody sets.
func (l *loop) arrange(e *entry) {
	c := e.clock
	if c.job.Deadline.IsZero() {
		c.timer = time.Time{}
		return
	}
	now := time.Now()
	if at := now.Add(c.job.Deadline.Sub(now)); !at.Equal(c.timer) {
		c.timer = at
		l.deadlines.add(at, e.def.ID())
	}
}

// tick gives the job its deadline, if the item that came due at that time
// stands for it.
func (l *loop) tick(e *entry, item, now time.Time) {
	c := e.clock
	if c == nil || c.timer.IsZero() || now.Before(c.timer) || l.closing {
		return
	}
	if !c.set && now.Before(c.job.Deadline) {
		if item.Equal(c.timer) {
			c.timer = time.Time{}
			l.arrange(e)
		}
		return
	}
	c.set, c.timer = false, time.Time{}
	l.give(e, cron.Due{Random: l.random()})
}

// wind tells the clockwork what became of its unit: a run that is over, a job
// that is wanted or not. A supervisor that ends stops no job: what is due
// meanwhile is for the next one to judge.
func (l *loop) wind(e *entry, before unit.Unit) {
	c := e.clock
	if c == nil {
		return
	}
	lives := c.job.Phase == cron.Running || c.job.Phase == cron.Ending
	if lives && c.job.Live.Run == e.u.Run && !e.u.Alive() {
		end := l.endOf(e, e.u.Run)
		end.Skipped = before.Step == unit.SkipCheck && e.u.State == unit.Scheduled
		if end.Skipped {
			end.Exit.Text = unit.SkipReason
		}
		l.give(e, end)
	}
	switch up := e.u.Desired == unit.Up; {
	case !up && !c.job.Off && !l.closing:
		c.page.off = true
		l.s.books.put(e.def.ID(), c.page)
		l.give(e, cron.Disarm{})
	case up && !c.job.Armed && (e.u.State == unit.Scheduled || e.u.State == unit.Running || e.u.State == unit.Starting):
		c.page.off = false
		l.give(e, cron.Arm{Random: l.random()})
	}
}

// endOf is how the unit's run ended.
func (l *loop) endOf(e *entry, run uint64) cron.Ended {
	x := e.u.LastExit
	if x == nil || x.Run != run {
		return cron.Ended{Run: run, Exit: store.Exit{Run: run, Code: -1, Time: time.Now(), Text: "ended, status unknown"}}
	}
	exit := *storeExit(x)
	if e.u.State == unit.Stopped {
		exit.Text += " (" + e.u.Reason + ")"
	}
	return cron.Ended{Run: run, OK: x.OK, Exit: exit}
}

// fireReady begins the runs whose records are on disk, up to a burst.
func (l *loop) fireReady() {
	n := min(len(l.ready), burst)
	for _, id := range l.ready[:n] {
		if e, ok := l.entries[id]; ok && e.clock != nil && !l.closing {
			l.fireJob(e)
		}
	}
	if l.ready = l.ready[n:]; len(l.ready) == 0 {
		l.ready = nil
	}
}

// fireJob begins the run that the clockwork wants, or says why there is none.
func (l *loop) fireJob(e *entry) {
	if e.clock.job.Phase != cron.Starting {
		return
	}
	if why := l.unready(e); why != "" {
		l.refuse(e, why)
		return
	}
	l.step(e, unit.Fire{})
	l.give(e, cron.Started{Run: e.u.Run})
}

// unready is why no run of the job can begin now, empty where one can.
func (l *loop) unready(e *entry) string {
	switch {
	case e.u.State != unit.Scheduled && e.u.Reason != "":
		return "the job is " + string(e.u.State) + ": " + e.u.Reason
	case e.u.State != unit.Scheduled:
		return "the job is " + string(e.u.State)
	case e.wish != noWish:
		return e.wishReason
	}
	if verdict, why := l.verdict(e.def); verdict != graph.Satisfied {
		return why
	}
	return ""
}

func (l *loop) refuse(e *entry, why string) {
	text := "no run: " + why
	l.o.Log.Error(text, "unit", e.def.ID())
	l.o.Journal.Append(store.Event{Type: "cron", Project: e.def.Project, Unit: e.def.Name, Reason: text})
	l.give(e, cron.Refused{Reason: why})
}

// ClockSet says that somebody has set the clock, or that the machine slept:
// every job looks at it anew.
func (s *Supervisor) ClockSet() {
	s.send(func(l *loop) {
		l.o.Log.Info("the clock was set")
		now := time.Now()
		for id, e := range l.entries {
			if e.clock != nil {
				e.clock.set, e.clock.timer = true, now
				l.deadlines.add(now, id)
			}
		}
	})
}

// nextRun is when the job runs next, zero for never.
func (e *entry) nextRun() time.Time {
	if e.u.Desired != unit.Up {
		return time.Time{}
	}
	return e.clock.job.At
}
