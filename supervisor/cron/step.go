package cron

import (
	"fmt"
	"log/slog"
	"time"

	"systemg/supervisor/store"
)

// Step is the job after the event, and what has to be done about it. Events
// that mean nothing in a phase, or are about another run, change nothing.
func Step(j Job, e Event, now time.Time) (Job, []Effect) {
	m := machine{j: j, now: now}
	switch e := e.(type) {
	case Arm:
		m.arm(e)
	case Disarm:
		m.disarm()
	case Change:
		m.change(e)
	case Due:
		m.due(e.Random)
	case Trigger:
		m.trigger()
	case Started:
		m.started(e)
	case Refused:
		m.refused(e)
	case Ended:
		m.ended(e)
	}
	m.j.Deadline = m.deadline()
	return m.j, m.effects
}

// machine is one step under way.
type machine struct {
	j       Job
	now     time.Time
	effects []Effect
}

func (m *machine) emit(e Effect) { m.effects = append(m.effects, e) }

func (m *machine) log(level slog.Level, format string, args ...any) {
	m.emit(Log{Level: level, Text: fmt.Sprintf(format, args...)})
}

func (m *machine) record(r store.CronRun, status, reason string) {
	r.Status, r.Reason = status, reason
	m.emit(Record{Run: r})
}

// wall drops the monotonic reading, which says nothing after a restart.
func wall(t time.Time) time.Time { return t.Round(0) }

// mark moves what is decided.
func (m *machine) mark(until time.Time) {
	m.j.Last = until
	m.emit(Mark{Until: until})
}

// deadline is the earliest of what is waited for, as seen from now: a timeout
// is measured on the clock that nobody can set, a due time on the wall.
func (m *machine) deadline() time.Time {
	at := m.j.At
	if t := m.timeout(); !t.IsZero() && (at.IsZero() || t.Sub(m.now) < at.Sub(m.now)) {
		at = t
	}
	if !at.IsZero() && at.Before(m.now) {
		return m.now
	}
	return at
}

// timeout is when the present run has taken too long; zero for never.
func (m *machine) timeout() time.Time {
	if m.j.Phase != Running || m.j.Policy.Timeout <= 0 {
		return time.Time{}
	}
	return m.j.Live.Start.Add(m.j.Policy.Timeout)
}

// change takes another definition. A run that is late by its jitter is due
// already, so it keeps its time.
func (m *machine) change(e Change) {
	m.j.Policy = e.Policy
	if m.j.Armed && (m.j.Next.IsZero() || m.j.Next.After(m.now)) {
		m.await(e.Random)
	}
	m.overtime()
}

// due carries out what Deadline was for.
func (m *machine) due(random float64) {
	m.overtime()
	if !m.j.Armed {
		return
	}
	if m.j.Last.Sub(m.now) > Backwards {
		m.log(slog.LevelWarn, "the clock was set back by more than %s: the schedule begins anew", Backwards)
		m.mark(wall(m.now))
		m.await(random)
	}
	if m.j.At.IsZero() || m.now.Before(m.j.At) {
		return
	}
	newest := m.j.Next
	missed, more := m.j.Policy.Schedule.Passed(newest, m.now, m.most())
	if len(missed) > 0 {
		last := len(missed) - 1
		missed, newest = append([]time.Time{newest}, missed[:last]...), missed[last]
	}
	m.missed(missed, more, "its time had passed, and a later one too")
	m.mark(newest)
	m.decide(store.CronRun{Scheduled: newest})
	m.await(random)
}

// await looks for the next due time.
func (m *machine) await(random float64) {
	m.j.Next, m.j.At = time.Time{}, time.Time{}
	after := m.j.Last
	if after.Before(m.now) {
		after = m.now
	}
	if next, ok := m.j.Policy.Schedule.Next(after); ok {
		m.j.Next, m.j.At = next, next.Add(m.late(next, random))
	}
}

// late is how much later than due a run begins. It ends before the next time
// the job is due, so that no jitter makes a run miss its turn.
func (m *machine) late(due time.Time, random float64) time.Duration {
	most := m.j.Policy.Jitter
	if most <= 0 {
		return 0
	}
	if next, ok := m.j.Policy.Schedule.Next(due); ok {
		most = min(most, next.Sub(due)*9/10)
	}
	return time.Duration(min(max(random, 0), 1) * float64(most))
}

// most is how many missed runs are recorded: what fits the history, within
// reason.
func (m *machine) most() int { return min(m.j.Policy.history(), 100) }

// missed records due times that passed without a run.
func (m *machine) missed(times []time.Time, more bool, reason string) {
	if len(times) == 0 {
		return
	}
	for _, t := range times {
		m.record(store.CronRun{Scheduled: t}, store.CronMissed, reason)
	}
	most := ""
	if more {
		most = "more than "
	}
	m.log(slog.LevelWarn, "missed %s%s, the last due at %s: %s", most, runs(len(times)), stamp(times[len(times)-1]), reason)
}

// overtime ends a run that took too long.
func (m *machine) overtime() {
	if t := m.timeout(); !t.IsZero() && !m.now.Before(t) {
		m.kill("timed out after " + m.j.Policy.Timeout.String())
	}
}

func (m *machine) kill(reason string) {
	m.j.Reason = reason
	if m.j.Phase != Running {
		return
	}
	m.j.Phase = Ending
	m.log(slog.LevelError, "run %d: %s", m.j.Live.Run, reason)
	m.emit(Kill{Run: m.j.Live.Run, Reason: reason})
}

// trigger is a run by hand. Its time tells it from every other in the history,
// so two of one moment lie a nanosecond apart.
func (m *machine) trigger() {
	at := wall(m.now)
	for m.taken(at) {
		at = at.Add(1)
	}
	m.decide(store.CronRun{Scheduled: at, Manual: true})
}

// taken is whether a run by hand of this time begins or waits.
func (m *machine) taken(at time.Time) bool {
	w := m.j.Waiting
	return m.j.Phase != Idle && m.j.Live.Manual && m.j.Live.Scheduled.Equal(at) ||
		w != nil && w.Manual && w.Scheduled.Equal(at)
}

// decide is a run that is wanted now: it begins, or waits, or does not happen.
func (m *machine) decide(r store.CronRun) {
	if m.j.Phase == Idle {
		m.begin(r)
		return
	}
	switch m.j.Policy.Overlap {
	case Queue:
		if m.j.Waiting != nil {
			m.skip(r, m.present()+" and another run waits for it")
			return
		}
	case Replace:
		if w := m.j.Waiting; w != nil {
			m.skip(*w, "a later run took its place")
		}
		if m.j.Phase == Running || m.j.Phase == Starting && m.j.Reason == "" {
			m.kill("replaced by the run due at " + stamp(r.Scheduled))
		}
	default:
		m.skip(r, m.present())
		return
	}
	m.wait(r, "waits for the end of "+m.present())
}

// present names the run that is in the way.
func (m *machine) present() string {
	if m.j.Phase == Starting {
		return "a run that is being started"
	}
	return fmt.Sprintf("run %d, which has not ended", m.j.Live.Run)
}

func (m *machine) skip(r store.CronRun, reason string) {
	m.record(r, store.CronSkipped, reason)
	m.log(slog.LevelError, "skipped the run due at %s: %s", stamp(r.Scheduled), reason)
}

// wait keeps a run for later.
func (m *machine) wait(r store.CronRun, reason string) {
	m.j.Waiting = &r
	m.record(r, store.CronQueued, reason)
}

// BeingStarted is the reason of a queued entry that waits for no other run.
const BeingStarted = "is being started"

// begin asks for a run. It is in the history first, so that whoever comes
// after a crash knows of it.
func (m *machine) begin(r store.CronRun) {
	m.j.Phase, m.j.Live, m.j.Reason = Starting, r, ""
	m.record(r, store.CronQueued, BeingStarted)
	m.emit(Start{Scheduled: r.Scheduled, Manual: r.Manual})
}

func (m *machine) started(e Started) {
	if m.j.Phase != Starting {
		return
	}
	m.j.Phase = Running
	m.j.Live.Run, m.j.Live.Start = e.Run, m.now
	m.keep(store.CronRunning, "")
	if m.j.Reason != "" {
		m.kill(m.j.Reason)
	}
}

// keep records the present run.
func (m *machine) keep(status, reason string) {
	r := m.j.Live
	r.Start, r.End = wall(r.Start), wall(r.End)
	m.record(r, status, reason)
}

func (m *machine) refused(e Refused) {
	if m.j.Phase != Starting {
		return
	}
	status := store.CronFailed
	if e.Skipped {
		status = store.CronSkipped
	}
	m.keep(status, e.Reason)
	m.over()
}

func (m *machine) ended(e Ended) {
	if (m.j.Phase != Running && m.j.Phase != Ending) || e.Run != m.j.Live.Run {
		return
	}
	exit := e.Exit
	m.j.Live.End, m.j.Live.Exit = m.now, &exit
	switch {
	case e.Skipped:
		m.j.Live.Exit = nil
		m.keep(store.CronSkipped, exit.Text)
	case m.j.Phase == Ending:
		m.keep(store.CronFailed, m.j.Reason)
	case e.OK:
		m.keep(store.CronCompleted, "")
	default:
		m.keep(store.CronFailed, exit.Text)
	}
	m.over()
}

// over is after a run: the one that waits has its turn.
func (m *machine) over() {
	m.j.Phase, m.j.Live, m.j.Reason = Idle, store.CronRun{}, ""
	if w := m.j.Waiting; w != nil {
		m.j.Waiting = nil
		m.begin(*w)
	}
}

func runs(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}

// stamp is a time in a sentence.
func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05 -0700") }
