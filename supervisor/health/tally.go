package health

import (
	"fmt"
	"strings"
	"time"
)

// Health is how well a run is.
type Health string

// The healths. A unit without a health check is None, and has no Tally.
const (
	None      Health = "none"
	Waiting   Health = "waiting"
	Healthy   Health = "healthy"
	Unhealthy Health = "unhealthy"
)

// Policy is the part of a health check that decides what results mean.
type Policy struct {
	// Retries is how many failures in a row make a healthy run unhealthy.
	Retries int
	// StartPeriod is how long after the spawn failures are not counted.
	StartPeriod time.Duration
	// Timeout is how long after the spawn the first success may take. A
	// longer StartPeriod extends it.
	Timeout time.Duration
}

// Tally is what is known of one run's health: a value, changed only by the
// functions that give back another. It can be stored and taken up again.
type Tally struct {
	Policy Policy
	Health Health
	// Since is when Health became what it is.
	Since time.Time
	// Ready is whether there was ever a success.
	Ready bool
	// Spawned is when the run began.
	Spawned time.Time
	// Deadline is when the waiting ends, and Expire is due; zero unless
	// Health is Waiting.
	Deadline time.Time
	// Awaits says what is waited for, until there is a result to speak of.
	Awaits string
	// Failures counts the failures in a row that matter, Results all results.
	Failures, Results int
	// Last is the newest result; its Time is zero where there is none.
	Last Result
	// Status is what the service says of itself (STATUS=), Stopping whether
	// it says that it is ending (STOPPING=1). Neither changes Health.
	Status   string
	Stopping bool
	// Trouble is how it became Unhealthy, in words; Reason says the rest.
	Trouble string
}

// Begin is the tally of a run that was spawned now. Probe.Awaits gives the
// words.
func Begin(p Policy, awaits string, now time.Time) Tally {
	return Tally{
		Policy: p, Awaits: awaits, Health: Waiting, Since: now, Spawned: now,
		Deadline: now.Add(max(p.Timeout, p.StartPeriod)),
	}
}

// Hear is the tally after the news.
func (t Tally) Hear(n News) Tally {
	switch n := n.(type) {
	case Result:
		return t.result(n)
	case Status:
		t.Status = n.Text
	case Stopping:
		t.Stopping = true
	case Extend:
		if later := n.Time.Add(n.For); t.Health == Waiting && later.After(t.Deadline) {
			t.Deadline = later
		}
	}
	return t
}

func (t Tally) result(r Result) Tally {
	t.Last = r
	t.Results++
	if r.OK {
		t.Failures, t.Ready, t.Stopping, t.Trouble = 0, true, false, ""
		return t.enter(Healthy, r.Time)
	}
	switch t.Health {
	case Waiting:
		return t.Expire(r.Time)
	case Healthy, Unhealthy:
		// An attempt that began in the start period belongs to it.
		if r.Time.Add(-r.Took).Before(t.Spawned.Add(t.Policy.StartPeriod)) {
			return t
		}
		t.Failures++
	case None:
	}
	if t.Health != Healthy || !r.Final && t.Failures < t.Policy.Retries {
		return t
	}
	t.Trouble = "unhealthy"
	if !r.Final && t.Failures > 1 {
		t.Trouble = fmt.Sprintf("unhealthy after %d failures in a row", t.Failures)
	}
	return t.enter(Unhealthy, r.Time)
}

// Expire is the tally once the time has come that Deadline names; before it,
// and once the waiting is over, nothing changes.
func (t Tally) Expire(now time.Time) Tally {
	if t.Health != Waiting || now.Before(t.Deadline) {
		return t
	}
	t.Trouble = "not healthy after " + span(t.Deadline.Sub(t.Spawned))
	return t.enter(Unhealthy, now)
}

func (t Tally) enter(h Health, now time.Time) Tally {
	if t.Health != h {
		t.Health, t.Since = h, now
	}
	t.Deadline = time.Time{}
	return t
}

// Late is whether the run was given up before it was ever healthy. A success
// that comes nevertheless makes it healthy.
func (t Tally) Late() bool { return t.Health == Unhealthy && !t.Ready }

// Reason says why Health is what it is, in words; empty where there is nothing
// to say: "not healthy after 30s: tcp 127.0.0.1:5432: connection refused".
func (t Tally) Reason() string {
	said := t.Awaits
	if !t.Last.Time.IsZero() && !t.Last.OK {
		said = t.Last.Text
	}
	switch t.Health {
	case Waiting:
		return said
	case Unhealthy:
		if said == "" {
			return t.Trouble
		}
		return t.Trouble + ": " + said
	case Healthy:
		if t.Failures > 0 {
			return fmt.Sprintf("failure %d of %d: %s", t.Failures, t.Policy.Retries, t.Last.Text)
		}
	case None:
	}
	return ""
}

// span is a duration without the zeros at its end: "1m", not "1m0s".
func span(d time.Duration) string {
	if d >= time.Second {
		d = d.Round(100 * time.Millisecond)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
