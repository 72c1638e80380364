package unit

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is what outside the machine exists: it carries effects out, and
// remembers what lives. It offers only events that can happen.
type world struct {
	u     Unit
	now   time.Time
	main  *life
	steps map[StepKind]*life
	// spawns are the numbers of the runs that were started.
	spawns []uint64
	// killed is whether the present run was told to end by SIGKILL.
	asks, kills int
}

// life is a process tree: ordered, there, its main process gone.
type life struct {
	run           uint64
	there, exited bool
}

func (w *world) give(t *rapid.T, e Event) {
	var effects []Effect
	w.u, effects = Step(w.u, e, Moment{Now: w.now})
	for _, f := range effects {
		switch f := f.(type) {
		case Spawn:
			if w.main != nil || len(w.steps) > 0 {
				t.Fatalf("run %d starts while %+v and %+v live", f.Run, w.main, w.steps)
			}
			w.main = &life{run: f.Run}
			w.spawns = append(w.spawns, f.Run)
		case RunStep:
			if f.Step != StopCommand && w.main != nil {
				t.Fatalf("%s of run %d starts while run %d lives", f.Step, f.Run, w.main.run)
			}
			w.steps[f.Step] = &life{run: f.Run, there: true}
		case Ask:
			w.asks++
		case Kill:
			w.kills++
		case Lost:
		}
	}
	w.check(t, e)
}

// check holds after every event, whatever the order.
func (w *world) check(t *rapid.T, e Event) {
	u := w.u
	rest := u.State != Starting && u.State != Running && u.State != Stopping
	if rest && (w.main != nil || len(w.steps) > 0) {
		t.Fatalf("after %T the unit is %s, but %+v and %+v live", e, u.State, w.main, w.steps)
	}
	if u.Alive() != (w.main != nil || len(w.steps) > 0) {
		t.Fatalf("after %T Alive is %v, the world has %+v and %+v", e, u.Alive(), w.main, w.steps)
	}
	if max := u.Policy.MaxRestarts; max != nil && u.Failures > *max+1 {
		t.Fatalf("%d failures in a row where %d restarts are allowed", u.Failures, *max)
	}
	if (u.State == Backoff) != (!u.Deadline.IsZero() && rest) {
		t.Fatalf("%s with deadline %v", u.State, u.Deadline)
	}
}

// happen lets one thing happen that can.
func (w *world) happen(t *rapid.T) {
	exit := Exit{OK: rapid.Bool().Draw(t, "ok"), Text: "exit"}
	w.now = w.now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
	switch rapid.IntRange(0, 16).Draw(t, "what") {
	case 0:
		w.give(t, Start{})
	case 1:
		w.give(t, Stop{Kill: rapid.Bool().Draw(t, "kill")})
	case 2:
		w.give(t, Restart{})
	case 3:
		w.give(t, Cascade{Reason: "db was lost"})
	case 4, 5, 6:
		w.give(t, Go{})
	case 7:
		w.give(t, Emptied{Run: w.u.Run - 1})
		w.give(t, Exited{Run: w.u.Run + 1, Exit: exit})
	case 8:
		w.give(t, Deadline{})
	case 9:
		w.give(t, Block{Reason: "db failed"})
	case 10:
		w.give(t, Healthy{Run: w.u.Run})
	case 11:
		w.give(t, Unhealthy{Run: w.u.Run, Text: "it does not answer"})
	case 12:
		w.give(t, Fire{})
		w.give(t, Fail{Run: w.u.Run - uint64(rapid.IntRange(0, 1).Draw(t, "old")), Text: "too long"})
	default:
		w.live(t, exit)
	}
}

// live moves something that lives one step on.
func (w *world) live(t *rapid.T, exit Exit) {
	for kind, step := range w.steps {
		delete(w.steps, kind)
		exit.Run = step.run
		w.give(t, StepDone{Run: step.run, Step: kind, Exit: exit})
		return
	}
	m := w.main
	switch {
	case m == nil:
	case !m.there && rapid.IntRange(0, 3).Draw(t, "fails") == 0:
		w.main = nil
		w.give(t, SpawnFailed{Run: m.run, Exit: Exit{Run: m.run, Code: 127, Text: "not found"}})
	case !m.there:
		m.there = true
		w.give(t, Spawned{Run: m.run})
	case !m.exited:
		m.exited = true
		exit.Run = m.run
		w.give(t, Exited{Run: m.run, Exit: exit, Leftover: rapid.IntRange(0, 1).Draw(t, "leftover")})
	default:
		w.main = nil
		w.give(t, Emptied{Run: m.run})
	}
}

func anyPolicy(t *rapid.T) Policy {
	p := Policy{
		Oneshot: rapid.Bool().Draw(t, "oneshot"), Cron: rapid.IntRange(0, 3).Draw(t, "cron") == 0,
		Health: rapid.Bool().Draw(t, "health"), HealthTimeout: 5 * time.Second, Restarts: rapid.Bool().Draw(t, "liveness"),
		Restart: rapid.SampledFrom([]string{"always", "on-failure", "never"}).Draw(t, "restart"),
		Initial: time.Duration(rapid.IntRange(0, 3).Draw(t, "initial")) * time.Second,
		Factor:  2, Max: time.Minute, Jitter: 0.1,
		RestartReset: 10 * time.Second, Stability: time.Second, StopTimeout: 5 * time.Second,
		HasSkip: rapid.Bool().Draw(t, "skip"), HasPreStart: rapid.Bool().Draw(t, "pre"),
		HasStopCommand: rapid.Bool().Draw(t, "stop"),
	}
	if rapid.Bool().Draw(t, "limited") {
		n := rapid.IntRange(0, 3).Draw(t, "max")
		p.MaxRestarts = &n
	}
	return p
}

// Whatever happens in whatever order: no two runs live at once, run numbers
// only grow, and a stop ends once what lives obeys its kill.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{now: t0, steps: map[StepKind]*life{}}
		w.u = New(anyPolicy(t), t0)
		for range rapid.IntRange(1, 60).Draw(t, "length") {
			w.happen(t)
		}
		for i := 1; i < len(w.spawns); i++ {
			if w.spawns[i] <= w.spawns[i-1] {
				t.Fatalf("run numbers %v do not grow", w.spawns)
			}
		}
		w.give(t, Stop{})
		w.now = w.now.Add(time.Hour)
		if w.u.Alive() && w.u.State == Stopping && !w.u.Killed {
			w.give(t, Deadline{})
			if w.kills == 0 {
				t.Fatalf("the deadline of a stop passed without a kill: %+v", w.u)
			}
		}
		for range 10 {
			w.live(t, Exit{OK: false, Text: "killed"})
		}
		if w.u.Alive() || !w.u.Settled() || w.u.Desired != Down {
			t.Fatalf("stopped, everything ended, and yet %+v", w.u)
		}
	})
}
