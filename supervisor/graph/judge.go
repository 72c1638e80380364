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
}

// Judge says of one edge whether its condition holds, and if not, in words,
// what is missing. Name is how the dependency is called in those words.
func Judge(cond config.Condition, name string, f Fact, known bool) (Verdict, string) {
	if !known {
		return Hopeless, fmt.Sprintf("%s does not exist", name)
	}
	want := wanted(cond, f.Unit)
	switch u := f.Unit; u.State {
	case unit.Failed:
		return Hopeless, fmt.Sprintf("%s failed: %s", name, u.Reason)
	case unit.Blocked:
		return Hopeless, fmt.Sprintf("%s is blocked: %s", name, u.Reason)
	case unit.Stopped:
		return Hopeless, fmt.Sprintf("%s is stopped", name)
	case unit.Skipped:
		return whenStaying(f, name, want)
	case unit.Completed:
		return whenStaying(f, name, want)
	case unit.Running:
		if cond == config.CondStarted || (want != config.CondCompleted && u.Ready) {
			return whenStaying(f, name, want)
		}
		return Waiting, waits(name, want)
	case unit.Starting:
		if cond == config.CondStarted && u.Spawned {
			return whenStaying(f, name, want)
		}
		return Waiting, waits(name, want)
	case unit.Backoff:
		return Waiting, fmt.Sprintf("%s (%s)", waits(name, want), u.Reason)
	case unit.Pending, unit.Stopping:
		return Waiting, waits(name, want)
	}
	return Waiting, waits(name, want)
}

// wanted spells out what "ready" means for this dependency.
func wanted(cond config.Condition, u unit.Unit) config.Condition {
	if cond != config.CondReady {
		return cond
	}
	if u.Policy.Oneshot {
		return config.CondCompleted
	}
	return "running"
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
