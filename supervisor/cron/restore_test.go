package cron

import (
	"testing"
	"time"

	"systemg/supervisor/store"
)

// entry is one of the history, due at an hour of the day.
func entry(run uint64, hour int, status string) store.CronRun {
	return store.CronRun{Run: run, Scheduled: time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC), Status: status}
}

// What a supervisor decides that comes back, by what it finds and how late.
func TestRestore(t *testing.T) {
	clock := func(hour, minute int) time.Time { return time.Date(2026, 1, 2, hour, minute, 0, 0, time.UTC) }
	for _, c := range []struct {
		name    string
		policy  Policy
		entries []store.CronRun
		last    time.Time
		run     uint64
		now     time.Time
		// found is what Restore says, armed what Arm does, next when the
		// job is due after that.
		found, armed, next string
	}{
		{
			name: "never armed", now: clock(3, 30),
			armed: "mark 03:30", next: "04:00",
		},
		{
			name: "nothing was due", last: clock(3, 0), now: clock(3, 30),
			next: "04:00",
		},
		{
			name: "back at once, a moment after the due time", last: clock(3, 0), now: clock(4, 0).Add(time.Second),
			armed: "mark 04:00, queued, start", next: "05:00",
		},
		{
			name: "later", last: clock(3, 0), now: clock(4, 30),
			armed: "missed, warn, mark 04:00", next: "05:00",
		},
		{
			name: "much later", last: clock(3, 0), now: clock(6, 30),
			armed: "missed, missed, missed, warn, mark 06:00", next: "07:00",
		},
		{
			name: "catching up, once", policy: Policy{CatchUp: true}, last: clock(3, 0), now: clock(6, 30),
			armed: "missed, missed, warn, mark 05:00, mark 06:00, queued, start", next: "07:00",
		},
		{
			name: "catching up what was decided already", policy: Policy{CatchUp: true}, last: clock(6, 0), now: clock(6, 30),
			next: "07:00",
		},
		{
			name: "within the jitter", policy: Policy{Jitter: 30 * time.Minute}, last: clock(3, 0), now: clock(4, 20),
			armed: "mark 04:00, queued, start", next: "05:00",
		},
		{
			name: "a run that lives is adopted", entries: []store.CronRun{entry(7, 3, "running")}, run: 7,
			last: clock(3, 0), now: clock(4, 0),
			armed: "mark 04:00, skipped, error", next: "05:00",
		},
		{
			name: "one that does not is closed", entries: []store.CronRun{entry(7, 3, "running")},
			last: clock(3, 0), now: clock(4, 0), found: "failed",
			armed: "mark 04:00, queued, start", next: "05:00",
		},
		{
			name: "a run that began in the very moment", entries: []store.CronRun{entry(6, 2, "completed"), entry(0, 3, "queued")}, run: 7,
			last: clock(3, 0), now: clock(3, 1), found: "running", next: "04:00",
		},
		{
			name: "a run whose end is known", entries: []store.CronRun{entry(7, 3, "completed")}, run: 7,
			last: clock(3, 0), now: clock(4, 0),
			armed: "mark 04:00, queued, start", next: "05:00",
		},
		{
			name: "a run that was decided and not begun", entries: []store.CronRun{entry(0, 3, "queued")},
			last: clock(3, 0), now: clock(3, 1),
			armed: "queued, start", next: "04:00",
		},
		{
			name: "the same, too late", entries: []store.CronRun{entry(0, 3, "queued")},
			last: clock(3, 0), now: clock(3, 30),
			armed: "missed", next: "04:00",
		},
		{
			name: "the same, catching up", entries: []store.CronRun{entry(0, 3, "queued")}, policy: Policy{CatchUp: true},
			last: clock(3, 0), now: clock(3, 30),
			armed: "queued, start", next: "04:00",
		},
		{
			name: "the same and a later one make one run", entries: []store.CronRun{entry(0, 3, "queued")}, policy: Policy{CatchUp: true},
			last: clock(3, 0), now: clock(4, 30),
			armed: "missed, mark 04:00, queued, start", next: "05:00",
		},
		{
			name: "a run that waited for one that lives", policy: Policy{Overlap: Queue},
			entries: []store.CronRun{entry(7, 2, "running"), entry(0, 3, "queued")}, run: 7,
			last: clock(3, 0), now: clock(3, 50), next: "04:00",
		},
		{
			name: "the clock of the time before was wrong", last: clock(23, 0), now: clock(3, 30),
			armed: "mark 03:30", next: "04:00",
		},
		{
			name: "the clock was a little fast", last: clock(5, 0), now: clock(3, 30),
			next: "06:00",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.policy.Schedule = every(t, "@hourly")
			j, effects := Restore(c.policy, c.entries, c.last, c.run)
			if got := says(effects); got != c.found {
				t.Errorf("finds %q, want %q", got, c.found)
			}
			j, effects = Step(j, Arm{}, c.now)
			if got := says(effects); got != c.armed {
				t.Errorf("arms with %q, want %q", got, c.armed)
			}
			if got := j.Next.Format("15:04"); got != c.next {
				t.Errorf("is due at %s then, want %s", got, c.next)
			}
		})
	}
}

// What is due while a job is switched off is not missed, also when the
// supervisor was restarted meanwhile.
func TestSwitchedOff(t *testing.T) {
	s := hourly(t, Policy{CatchUp: true})
	s.give(Arm{})
	s.want(Disarm{}, "")
	s.at(8, 30).want(Arm{}, "mark 08:30")
	s.deadline("09:00:00")

	s.j, _ = Restore(s.j.Policy, []store.CronRun{entry(0, 3, "queued")}, t0, 0)
	s.want(Disarm{}, "skipped")
	s.at(9, 30).want(Arm{}, "mark 09:30")
	s.deadline("10:00:00")
}

// A run that was adopted has its timeout still.
func TestTheTimeoutOfAnAdoptedRun(t *testing.T) {
	running := entry(7, 3, store.CronRunning)
	running.Start = t0
	s := hourly(t, Policy{Timeout: 30 * time.Minute})
	s.j, _ = Restore(s.j.Policy, []store.CronRun{running}, t0, 7)
	s.deadline("03:30:00")
	s.at(3, 40).want(Arm{}, "")
	s.deadline("03:40:00")
	s.want(Due{}, "error, kill 7")
	s.want(Ended{Run: 7}, "failed")
	s.deadline("04:00:00")
}
