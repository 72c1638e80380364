package graph

import (
	"fmt"

	"systemg/config"
	"systemg/supervisor/unit"
)

// Verdict says whether a condition holds.
type Verdict int

// The verdicts, best first; the worst of a unit's edges is the unit's.
const (
	Satisfied Verdict = iota
	Waiting
	Hopeless
)

// Fact is what Judge knows about a dependency.
type Fact struct {
	Unit unit.Unit
	// Leaving is whether it is about to be stopped or restarted: then it
	// satisfies nothing, however well it looks.
	Leaving bool
	// Matched are the regular expressions that a line of the present run's
	// output has matched.
	Matched map[string]bool
	// Heard is whether the output of the present or last run is listened
	// to, Unheard what it has not matched to its end.
	Heard   bool
	Unheard map[string]bool
}

// Judge says of one edge whether its condition holds, and if not, in words,
// what is missing. Name is how the dependency is called in those words.
func Judge(e Edge, name string, f Fact, known bool) (Verdict, string) {
	if !known {
		return Hopeless, fmt.Sprintf("%s does not exist", name)
	}
	want := wanted(e.Condition, f.Unit)
	switch u := f.Unit; u.State {
	case unit.Failed:
		return Hopeless, fmt.Sprintf("%s failed: %s", name, u.Reason)
	case unit.Blocked:
		return Hopeless, fmt.Sprintf("%s is blocked: %s", name, u.Reason)
	case unit.Stopped:
		return Hopeless, fmt.Sprintf("%s is stopped", name)
	case unit.Completed:
		return ended(e, f, name, want)
	case unit.Skipped:
		return whenStaying(f, name, want)
	case unit.Scheduled:
		if e.Condition == config.CondReady {
			return whenStaying(f, name, want)
		}
		return Waiting, waits(name, want)
	case unit.Running, unit.Starting:
		if holds(e, want, f) {
			return whenStaying(f, name, want)
		}
		return lacking(name, want, u)
	case unit.Backoff:
		return Waiting, fmt.Sprintf("%s (%s)", waits(name, want), u.Reason)
	case unit.Pending, unit.Stopping:
		return Waiting, waits(name, want)
	}
	return Waiting, waits(name, want)
}

// holds is whether a dependency that is on its way, or works, is as it has to
// be.
func holds(e Edge, want config.Condition, f Fact) bool {
	u := f.Unit
	switch want {
	case config.CondStarted:
		return u.Spawned
	case config.CondHealthy:
		return u.State == unit.Running && u.Health == unit.Well
	case config.CondLog:
		return f.Matched[e.Log]
	case config.CondCompleted:
		return false
	case config.CondReady, condRunning, condScheduled:
	}
	return u.State == unit.Running && u.Ready
}

// ended is the verdict on a dependency that has completed. One that never was
// healthy is not going to be, and a line that it never wrote does not come any
// more; where nobody listened it has the benefit of the doubt.
func ended(e Edge, f Fact, name string, want config.Condition) (Verdict, string) {
	if want == config.CondHealthy && !f.Unit.Ready {
		return Hopeless, fmt.Sprintf("%s completed, and never was healthy", name)
	}
	if e.Condition != config.CondLog || !f.Heard || f.Matched[e.Log] {
		return whenStaying(f, name, want)
	}
	if f.Unheard[e.Log] {
		return Hopeless, fmt.Sprintf("%s completed, and no line of it matches %q", name, e.Log)
	}
	return Waiting, waits(name, want)
}

// lacking says what a dependency that works lacks.
func lacking(name string, want config.Condition, u unit.Unit) (Verdict, string) {
	text := waits(name, want)
	if u.Health == unit.Ill && u.Reason != "" {
		text += " (" + u.Reason + ")"
	}
	return Waiting, text
}

// What ready means where a unit has no health check and is no one-shot.
const (
	condRunning   config.Condition = "running"
	condScheduled config.Condition = "scheduled"
)

// wanted spells out what "ready" means for this dependency.
func wanted(cond config.Condition, u unit.Unit) config.Condition {
	if cond != config.CondReady {
		return cond
	}
	switch {
	case u.Policy.Oneshot:
		return config.CondCompleted
	case u.Policy.Cron:
		return condScheduled
	case u.Policy.Health:
		return config.CondHealthy
	}
	return condRunning
}

func whenStaying(f Fact, name string, want config.Condition) (Verdict, string) {
	if f.Leaving {
		return Waiting, waits(name, want)
	}
	return Satisfied, ""
}

func waits(name string, want config.Condition) string {
	return fmt.Sprintf("waits for %s: %s", name, want)
}
