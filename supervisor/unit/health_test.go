package unit

import (
	"testing"
	"time"
)

// checked is a unit with a health check, in a fresh seventh run.
func checked(change ...func(*Policy)) Unit {
	u := in(Starting)
	u.Policy.Health, u.Policy.HealthTimeout = true, 30*time.Second
	for _, c := range change {
		c(&u.Policy)
	}
	u.Spawned, u.Deadline = false, time.Time{}
	u, _ = Step(u, Spawned{Run: 7}, Moment{Now: t0})
	return u
}

func willRestart(p *Policy) { p.Restarts = true }

// after gives the unit events, the deadline included where time passes it.
func after(u Unit, at time.Time, events ...Event) (Unit, string) {
	var all []Effect
	for _, e := range events {
		var effects []Effect
		u, effects = Step(u, e, Moment{Now: at})
		all = append(all, effects...)
	}
	return u, kinds(all)
}

func TestARunIsReadyWhenItsCheckFoundItWell(t *testing.T) {
	u := checked()
	if u.State != Starting || u.Health != Waiting || !u.Deadline.Equal(t0.Add(30*time.Second)) {
		t.Fatalf("spawned: %s, %s, until %v", u.State, u.Health, u.Deadline)
	}
	u, _ = after(u, t0.Add(time.Second), Healthy{Run: 6})
	if u.State != Starting {
		t.Fatal("the health of another run counts")
	}
	u, _ = after(u, t0.Add(time.Second), Healthy{Run: 7})
	if u.State != Running || !u.Ready || u.Health != Well {
		t.Errorf("healthy: %s, ready %v, %s", u.State, u.Ready, u.Health)
	}
}

func TestARunThatIsLateIsNotKilledAndMayStillCome(t *testing.T) {
	u := checked()
	late := t0.Add(30 * time.Second)
	u, effects := after(u, late, Probed{Run: 7, Text: "connection refused"}, Deadline{})
	if u.State != Running || u.Ready || u.Health != Ill || effects != "" {
		t.Fatalf("late: %s, ready %v, %s, effects %q", u.State, u.Ready, u.Health, effects)
	}
	if u.Reason != "not healthy after 30s: connection refused" {
		t.Errorf("it says %q", u.Reason)
	}
	u, _ = after(u, late.Add(time.Minute), Healthy{Run: 7})
	if !u.Ready || u.Health != Well || u.Reason != "" {
		t.Errorf("well at last: ready %v, %s, %q", u.Ready, u.Health, u.Reason)
	}
}

func TestAServiceMayAskForMoreTime(t *testing.T) {
	u, _ := after(checked(), t0.Add(29*time.Second), Extend{Run: 7, Until: t0.Add(time.Minute)}, Extend{Run: 7, Until: t0})
	u, _ = after(u, t0.Add(31*time.Second), Deadline{})
	if u.State != Starting {
		t.Errorf("after 31s it is %s", u.State)
	}
}

func TestAnUnhealthyRunIsMarkedAndRecovers(t *testing.T) {
	u, _ := after(checked(), t0, Healthy{Run: 7})
	u, effects := after(u, t0.Add(time.Minute), Unhealthy{Run: 7, Text: "503"})
	if u.State != Running || u.Health != Ill || !u.Ready || effects != "" || u.Reason != "503" {
		t.Errorf("ill: %s, %s, ready %v, %q, effects %q", u.State, u.Health, u.Ready, u.Reason, effects)
	}
	u, _ = after(u, t0.Add(2*time.Minute), Healthy{Run: 7})
	if u.Health != Well || u.Reason != "" {
		t.Errorf("recovered: %s, %q", u.Health, u.Reason)
	}
}

// A clean exit after SIGTERM does not make a success of a run that was ended
// because it was ill.
func TestLivenessRestartJudgesTheRunAsFailed(t *testing.T) {
	u, _ := after(checked(willRestart), t0, Healthy{Run: 7})
	u, effects := after(u, t0.Add(time.Second), Unhealthy{Run: 7, Text: "503"})
	if u.State != Stopping || effects != "Lost, Ask" {
		t.Fatalf("ill: %s, effects %q", u.State, effects)
	}
	u, effects = after(u, t0.Add(2*time.Second), Exited{Run: 7, Exit: good}, Emptied{Run: 7})
	if u.State != Backoff || u.Failures != 1 || u.LastExit.Text != "503" || effects != "" {
		t.Errorf("ended: %s, %d failures, %q, effects %q", u.State, u.Failures, u.LastExit.Text, effects)
	}
}

func TestAJobRestsScheduledBetweenRuns(t *testing.T) {
	u := in(Pending)
	u.Policy.Cron, u.Policy.Restart = true, "never"
	u, effects := after(u, t0, Go{})
	if u.State != Scheduled || effects != "" || u.Run != 7 {
		t.Fatalf("armed: %s, run %d, effects %q", u.State, u.Run, effects)
	}
	u, effects = after(u, t0, Fire{})
	if u.State != Starting || u.Run != 8 || effects != "Spawn" {
		t.Fatalf("fired: %s, run %d, effects %q", u.State, u.Run, effects)
	}
	u, effects = after(u, t0, Spawned{Run: 8}, Fire{})
	if u.State != Running || effects != "" {
		t.Fatalf("spawned: %s, effects %q", u.State, effects)
	}
	u, _ = after(u, t0, Exited{Run: 8, Exit: Exit{Run: 8, Code: 3, Text: "exit 3"}}, Emptied{Run: 8})
	if u.State != Scheduled || u.Reason != "last run: exit 3" {
		t.Errorf("ended: %s, %q", u.State, u.Reason)
	}
	u, _ = after(u, t0, Stop{})
	if u.State != Stopped {
		t.Errorf("stopped: %s", u.State)
	}
}

func TestAJobThatTakesTooLongIsEnded(t *testing.T) {
	u := in(Running)
	u.Policy.Cron, u.Policy.Restart = true, "never"
	u, effects := after(u, t0, Fail{Run: 7, Text: "timeout after 5s"})
	if u.State != Stopping || effects != "Ask" {
		t.Fatalf("%s, effects %q", u.State, effects)
	}
	u, _ = after(u, t0, Exited{Run: 7, Exit: good}, Emptied{Run: 7})
	if u.State != Scheduled || u.LastExit.OK || u.LastExit.Text != "timeout after 5s" {
		t.Errorf("%s, last exit %+v", u.State, u.LastExit)
	}
}
