package cron

import (
	"time"

	"systemg/supervisor/store"
)

// Restore is a job as a supervisor finds it that has come back. Entries are
// its history, oldest first, and last the newest due time that was decided
// (store.CronHistory.Jobs and .Last). Run is the unit's newest run if it is
// alive, or has ended and its end was not told yet; 0 otherwise. The effects
// close what the supervisor before could not. Arm or Disarm has to follow.
func Restore(p Policy, entries []store.CronRun, last time.Time, run uint64) (Job, []Effect) {
	m := machine{j: New(p)}
	m.j.Last = last
	var queued []store.CronRun
	known := false
	for _, r := range entries {
		known = known || run != 0 && r.Run == run
		switch {
		case r.Status == store.CronQueued:
			queued = append(queued, r)
		case r.Status != store.CronRunning:
		case known && r.Run == run:
			m.adopt(r)
		default:
			m.record(r, store.CronFailed, "the supervisor ended before it did: how it ended is unknown")
		}
	}
	if run != 0 && !known {
		queued = m.unknown(run, queued)
	}
	for i, r := range queued {
		if i < len(queued)-1 {
			m.record(r, store.CronMissed, gone)
			continue
		}
		m.j.Waiting = &r
	}
	m.j.Deadline = m.deadline()
	return m.j, m.effects
}

// Reasons of entries.
const (
	gone    = "no supervisor ran"
	stopped = "the job was stopped"
)

func (m *machine) adopt(r store.CronRun) {
	m.j.Phase, m.j.Live = Running, r
}

// unknown adopts a run that the history has no number for: it is the one that
// was being started, the first that is queued.
func (m *machine) unknown(run uint64, queued []store.CronRun) []store.CronRun {
	r := store.CronRun{Scheduled: m.j.Last}
	if len(queued) > 0 {
		r, queued = queued[0], queued[1:]
	}
	r.Run, r.Start = run, r.Scheduled
	m.adopt(r)
	m.keep(store.CronRunning, "")
	return queued
}

// arm begins with what was due while nobody looked.
func (m *machine) arm(e Arm) {
	if m.j.Armed {
		return
	}
	m.j.Armed = true
	off, last := m.j.Off, m.j.Last
	m.j.Off = false
	wrong := last.IsZero() || last.Sub(m.now) > Backwards
	if wrong || off && last.Before(m.now) {
		m.mark(wall(m.now))
	}
	if wrong || off {
		m.await(e.Random)
		m.resume()
		return
	}
	due, more := m.j.Policy.Schedule.Passed(last, m.now, m.most()+1)
	m.await(e.Random)
	if n := len(due) - 1; n >= 0 && m.intime(due[n]) {
		// One run makes up for all, also for the one that waited.
		if m.j.Phase == Idle {
			m.drop(store.CronMissed, gone)
		}
		m.missed(due[:n], more, gone)
		if n > 0 {
			m.mark(due[n-1])
		}
		m.j.Next, m.j.At = due[n], due[n].Add(m.late(due[n], e.Random))
		if m.j.At.Before(m.now) {
			m.j.At = m.now
		}
		m.due(e.Random)
		return
	}
	m.missed(due, more, gone)
	if n := len(due); n > 0 {
		m.mark(due[n-1])
	}
	m.resume()
}

// intime is whether a run that was due while no supervisor ran still begins.
func (m *machine) intime(due time.Time) bool {
	return m.j.Policy.CatchUp || m.now.Sub(due) <= max(Grace, m.j.Policy.Jitter)
}

// resume begins the run that waited when the supervisor before ended.
func (m *machine) resume() {
	w := m.j.Waiting
	switch {
	case w == nil || m.j.Phase != Idle:
	case m.intime(w.Scheduled):
		m.over()
	default:
		m.drop(store.CronMissed, gone)
	}
}

// drop forgets the run that waits.
func (m *machine) drop(status, reason string) {
	if w := m.j.Waiting; w != nil {
		m.record(*w, status, reason)
		m.j.Waiting = nil
	}
}

func (m *machine) disarm() {
	if m.j.Armed {
		m.unbegun()
	}
	m.j.Armed, m.j.Off = false, true
	m.j.Next, m.j.At = time.Time{}, time.Time{}
	m.drop(store.CronSkipped, stopped)
}

// unbegun records what is due already and has not begun, for its jitter or
// because nobody came.
func (m *machine) unbegun() {
	due, _ := m.j.Policy.Schedule.Passed(m.j.Last, m.now, m.most())
	for _, t := range due {
		m.record(store.CronRun{Scheduled: t}, store.CronSkipped, stopped)
	}
	if n := len(due); n > 0 {
		m.mark(due[n-1])
	}
}
