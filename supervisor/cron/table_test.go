package cron

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"systemg/supervisor/cron/calendar"
	"systemg/supervisor/store"
)

var t0 = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

func every(t testing.TB, expression string) calendar.Schedule {
	t.Helper()
	s, err := calendar.Parse(expression, "UTC")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// row is one pair of a phase and an event: where it leads, what it asks for.
type row struct {
	event, to, effects string
}

// says is the effects as words.
func says(effects []Effect) string {
	var words []string
	for _, e := range effects {
		switch e := e.(type) {
		case Start:
			word := "start"
			if e.Manual {
				word = "start by hand"
			}
			words = append(words, word)
		case Kill:
			words = append(words, fmt.Sprintf("kill %d", e.Run))
		case Record:
			words = append(words, e.Run.Status)
		case Mark:
			words = append(words, "mark "+e.Until.Format("15:04"))
		case Log:
			words = append(words, strings.ToLower(e.Level.String()))
		}
	}
	return strings.Join(words, ", ")
}

// in is an hourly job in the phase, in its seventh run, due at 4 o'clock.
func in(t testing.TB, phase Phase, overlap Overlap, waits bool) Job {
	j := New(Policy{Schedule: every(t, "@hourly"), Overlap: overlap, Timeout: 2 * time.Hour})
	j.Armed, j.Last, j.Next, j.At = true, t0, t0.Add(time.Hour), t0.Add(time.Hour)
	j.Phase, j.Deadline = phase, j.At
	if phase != Idle {
		j.Live = store.CronRun{Scheduled: t0}
	}
	if phase == Running || phase == Ending {
		j.Live.Run, j.Live.Start = 7, t0
	}
	if phase == Ending {
		j.Reason = "timed out"
	}
	if waits {
		j.Waiting = &store.CronRun{Scheduled: t0.Add(-time.Minute)}
	}
	return j
}

func TestEveryPhaseMeetsEveryEvent(t *testing.T) {
	four, five := t0.Add(time.Hour), t0.Add(2*time.Hour)
	events := map[string]struct {
		event Event
		at    time.Time
	}{
		"arm":       {Arm{}, t0},
		"disarm":    {Disarm{}, t0},
		"early":     {Due{}, four.Add(-time.Second)},
		"due":       {Due{}, four},
		"overtime":  {Due{}, five},
		"trigger":   {Trigger{}, t0},
		"started":   {Started{Run: 8}, t0},
		"refused":   {Refused{Reason: "no"}, t0},
		"skip held": {Refused{Skipped: true}, t0},
		"ended":     {Ended{Run: 7, OK: true}, t0},
		"failed":    {Ended{Run: 7}, t0},
		"stranger":  {Ended{Run: 6, OK: true}, t0},
	}
	for _, c := range []struct {
		phase   Phase
		overlap Overlap
		waits   bool
		rows    []row
	}{
		{Idle, Skip, false, []row{
			{"arm", "idle", ""},
			{"disarm", "idle", ""},
			{"early", "idle", ""},
			{"due", "starting", "mark 04:00, queued, start"},
			{"overtime", "starting", "missed, warn, mark 05:00, queued, start"},
			{"trigger", "starting", "queued, start by hand"},
			{"started", "idle", ""},
			{"refused", "idle", ""},
			{"skip held", "idle", ""},
			{"ended", "idle", ""},
			{"failed", "idle", ""},
			{"stranger", "idle", ""},
		}},
		{Starting, Skip, false, []row{
			{"arm", "starting", ""},
			{"disarm", "starting", ""},
			{"early", "starting", ""},
			{"due", "starting", "mark 04:00, skipped, error"},
			{"overtime", "starting", "missed, warn, mark 05:00, skipped, error"},
			{"trigger", "starting", "skipped, error"},
			{"started", "running", "running"},
			{"refused", "idle", "failed"},
			{"skip held", "idle", "skipped"},
			{"ended", "starting", ""},
			{"failed", "starting", ""},
			{"stranger", "starting", ""},
		}},
		{Running, Skip, false, []row{
			{"arm", "running", ""},
			{"disarm", "running", ""},
			{"early", "running", ""},
			{"due", "running", "mark 04:00, skipped, error"},
			{"overtime", "ending", "error, kill 7, missed, warn, mark 05:00, skipped, error"},
			{"trigger", "running", "skipped, error"},
			{"started", "running", ""},
			{"refused", "running", ""},
			{"skip held", "running", ""},
			{"ended", "idle", "completed"},
			{"failed", "idle", "failed"},
			{"stranger", "running", ""},
		}},
		{Ending, Skip, false, []row{
			{"arm", "ending", ""},
			{"disarm", "ending", ""},
			{"early", "ending", ""},
			{"due", "ending", "mark 04:00, skipped, error"},
			{"overtime", "ending", "missed, warn, mark 05:00, skipped, error"},
			{"trigger", "ending", "skipped, error"},
			{"started", "ending", ""},
			{"refused", "ending", ""},
			{"skip held", "ending", ""},
			{"ended", "idle", "failed"},
			{"failed", "idle", "failed"},
			{"stranger", "ending", ""},
		}},
		{Starting, Queue, false, []row{
			{"due", "starting", "mark 04:00, queued"},
			{"trigger", "starting", "queued"},
		}},
		{Running, Queue, false, []row{
			{"due", "running", "mark 04:00, queued"},
			{"trigger", "running", "queued"},
		}},
		{Running, Queue, true, []row{
			{"disarm", "running", "skipped"},
			{"due", "running", "mark 04:00, skipped, error"},
			{"trigger", "running", "skipped, error"},
			{"ended", "starting", "completed, queued, start"},
			{"failed", "starting", "failed, queued, start"},
			{"stranger", "running", ""},
		}},
		{Starting, Queue, true, []row{{"refused", "starting", "failed, queued, start"}}},
		{Ending, Queue, true, []row{{"ended", "starting", "failed, queued, start"}}},
		{Starting, Replace, false, []row{
			{"due", "starting", "mark 04:00, queued"},
			{"started", "running", "running"},
		}},
		{Running, Replace, false, []row{
			{"due", "ending", "mark 04:00, error, kill 7, queued"},
			{"trigger", "ending", "error, kill 7, queued"},
		}},
		{Ending, Replace, true, []row{
			{"due", "ending", "mark 04:00, skipped, error, queued"},
			{"trigger", "ending", "skipped, error, queued"},
			{"ended", "starting", "failed, queued, start"},
		}},
	} {
		if c.overlap == Skip && len(c.rows) != len(events) {
			t.Errorf("%s has %d rows for %d events", c.phase, len(c.rows), len(events))
		}
		for _, r := range c.rows {
			e, ok := events[r.event]
			if !ok {
				t.Fatalf("no event %q", r.event)
			}
			j, effects := Step(in(t, c.phase, c.overlap, c.waits), e.event, e.at)
			if got := (row{r.event, string(j.Phase), says(effects)}); got != r {
				t.Errorf("%s under %s, waits %v:\n got %q\nwant %q", c.phase, c.overlap, c.waits, got, r)
			}
		}
	}
}

// steps is a job's life, and what it asked for on the way.
type steps struct {
	t   *testing.T
	j   Job
	now time.Time
}

func (s *steps) give(e Event) string {
	s.t.Helper()
	var effects []Effect
	s.j, effects = Step(s.j, e, s.now)
	return says(effects)
}

func (s *steps) want(e Event, want string) {
	s.t.Helper()
	if got := s.give(e); got != want {
		s.t.Errorf("%+v at %s: %q, want %q", e, s.now.Format(time.DateTime), got, want)
	}
}

func (s *steps) at(hour, minute int) *steps {
	s.now = time.Date(2026, 1, 2, hour, minute, 0, 0, time.UTC)
	return s
}

func (s *steps) deadline(want string) {
	s.t.Helper()
	if got := s.j.Deadline.Format("15:04:05"); got != want {
		s.t.Errorf("at %s the deadline is %s, want %s", s.now.Format(time.DateTime), got, want)
	}
}

func hourly(t *testing.T, p Policy) *steps {
	p.Schedule = every(t, "@hourly")
	return &steps{t: t, j: New(p), now: t0}
}

func TestARun(t *testing.T) {
	s := hourly(t, Policy{})
	s.at(3, 30).want(Arm{}, "mark 03:30")
	s.deadline("04:00:00")
	s.at(4, 0).want(Due{}, "mark 04:00, queued, start")
	s.deadline("05:00:00")
	s.want(Started{Run: 1}, "running")
	s.at(4, 10).want(Ended{Run: 1, OK: true}, "completed")
	s.want(Ended{Run: 1, OK: true}, "")
	s.deadline("05:00:00")
}

func TestATimeoutIsADeadlineLikeAnyOther(t *testing.T) {
	s := hourly(t, Policy{Timeout: 10 * time.Minute})
	s.give(Arm{})
	s.at(4, 0).give(Due{})
	s.give(Started{Run: 1})
	s.deadline("04:10:00")
	s.at(4, 9).want(Due{}, "")
	s.at(4, 10).want(Due{}, "error, kill 1")
	s.deadline("05:00:00")
	j, effects := Step(s.j, Ended{Run: 1, OK: true}, s.now)
	if r, ok := effects[0].(Record); !ok || r.Run.Status != store.CronFailed || r.Run.Reason != "timed out after 10m0s" {
		t.Errorf("%+v of %+v", effects, j)
	}
}

// A replaced run that has no number yet is ended as soon as it has one.
func TestReplaceWhileStarting(t *testing.T) {
	s := hourly(t, Policy{Overlap: Replace})
	s.give(Arm{})
	s.at(4, 0).want(Due{}, "mark 04:00, queued, start")
	s.at(5, 0).want(Due{}, "mark 05:00, queued")
	s.want(Started{Run: 1}, "running, error, kill 1")
	s.want(Ended{Run: 1}, "failed, queued, start")
	s.want(Started{Run: 2}, "running")
}

func TestJitter(t *testing.T) {
	s := hourly(t, Policy{Jitter: 10 * time.Minute})
	s.want(Arm{Random: 0.5}, "mark 03:00")
	s.deadline("04:05:00")
	s.at(4, 0).want(Due{}, "")
	s.deadline("04:05:00")
	s.at(4, 5).want(Due{Random: 0.999}, "mark 04:00, queued, start")
	s.deadline("05:09:59")
	s.at(5, 1).want(Disarm{}, "skipped, mark 05:00")

	s = hourly(t, Policy{Jitter: 100 * time.Hour})
	s.give(Arm{Random: 0.9999})
	if late := s.j.At.Sub(s.j.Next); late <= 50*time.Minute || late > 54*time.Minute {
		t.Errorf("a jitter beyond the next due time makes a run %s late", late)
	}
}

func TestTheClockIsSet(t *testing.T) {
	s := hourly(t, Policy{})
	s.give(Arm{})
	s.at(9, 30).want(Due{}, "missed, missed, missed, missed, missed, warn, mark 09:00, queued, start")
	s.give(Refused{Skipped: true})
	s.deadline("10:00:00")

	// Back, but not far: what ran does not run again.
	s.at(7, 0).want(Due{}, "")
	s.at(8, 0).want(Due{}, "")
	s.deadline("10:00:00")
	s.at(10, 0).want(Due{}, "mark 10:00, queued, start")
	s.give(Refused{Skipped: true})

	// Back by more than three hours: the clock was wrong.
	s.at(6, 30).want(Due{}, "warn, mark 06:30")
	s.deadline("07:00:00")
	s.at(7, 0).want(Due{}, "mark 07:00, queued, start")
}

// However many times pass at once, what is recorded fits the history.
func TestAJumpOverAYearOfSeconds(t *testing.T) {
	s := &steps{t: t, j: New(Policy{Schedule: every(t, "* * * * * *"), History: 3}), now: t0}
	s.give(Arm{})
	s.now = t0.AddDate(1, 0, 0)
	s.want(Due{}, "missed, missed, missed, warn, mark 03:00, queued, start")
}

func TestNeverDue(t *testing.T) {
	s := &steps{t: t, j: New(Policy{Schedule: every(t, "0 0 31 2 *")}), now: t0}
	s.want(Arm{}, "mark 03:00")
	if !s.j.Deadline.IsZero() {
		t.Errorf("the deadline of what is never due is %s", s.j.Deadline)
	}
	s.want(Trigger{}, "queued, start by hand")
}

func TestChange(t *testing.T) {
	s := hourly(t, Policy{})
	s.give(Arm{})
	s.at(3, 10).want(Change{Policy: Policy{Schedule: every(t, "30 * * * *")}}, "")
	s.deadline("03:30:00")
	s.at(3, 30).want(Due{}, "mark 03:30, queued, start")
	s.give(Started{Run: 1})
	s.at(3, 40).want(Change{Policy: Policy{Schedule: every(t, "30 * * * *"), Timeout: time.Minute}}, "error, kill 1")
}
