package cron

import (
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"systemg/supervisor/store"
)

const job = "shop/report"

// world is what outside the job exists: its processes and its disk. It
// carries effects out and offers only events that can happen.
type world struct {
	j    Job
	now  time.Time
	disk store.CronHistory
	// asked is whether a Start has no answer yet; live is the run that
	// lives, run the newest number given.
	asked     bool
	live, run uint64
	killed    bool
	// on is whether the job is wanted; wanted are the due times since then
	// that have passed, until the newest that did.
	on     bool
	wanted map[time.Time]bool
	newest time.Time
}

func (w *world) carry(t *rapid.T, effects []Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case Start:
			if w.asked || w.live != 0 {
				t.Fatalf("a run starts at %s while another does or run %d lives", w.now, w.live)
			}
			w.asked = true
		case Kill:
			if e.Run != w.live || w.killed {
				t.Fatalf("kills run %d, run %d lives, killed %v", e.Run, w.live, w.killed)
			}
			w.killed = true
		case Record:
			w.disk = w.disk.With(job, e.Run, 100_000)
		case Mark:
			w.disk = w.disk.Decided(job, e.Until)
		case Log:
		}
	}
}

func (w *world) give(t *rapid.T, e Event) {
	var effects []Effect
	w.j, effects = Step(w.j, e, w.now)
	w.carry(t, effects)
	w.check(t, e)
}

// check holds after every event.
func (w *world) check(t *rapid.T, e Event) {
	j := w.j
	if !j.Deadline.IsZero() && j.Deadline.Before(w.now) {
		t.Fatalf("after %T at %s the deadline is %s", e, w.now, j.Deadline)
	}
	if j.Armed == j.Next.IsZero() {
		t.Fatalf("after %T armed is %v, next %s", e, j.Armed, j.Next)
	}
	if j.Waiting != nil && (j.Policy.Overlap == Skip || j.Phase == Idle && j.Armed) {
		t.Fatalf("after %T a run waits: %+v", e, j)
	}
	if j.Active() != (w.asked || w.live != 0) {
		t.Fatalf("after %T the phase is %s, run %d lives, asked %v", e, j.Phase, w.live, w.asked)
	}
	queued, seen := 0, map[time.Time]bool{}
	for _, r := range w.disk.Jobs[job] {
		if r.Status == store.CronQueued {
			queued++
		}
		if r.Manual {
			continue
		}
		if seen[r.Scheduled] {
			t.Fatalf("after %T two records of %s", e, r.Scheduled)
		}
		seen[r.Scheduled] = true
	}
	if queued > 2 {
		t.Fatalf("after %T %d runs are queued", e, queued)
	}
}

// pass lets time pass, or somebody set the clock back a little.
func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	if !w.on {
		return
	}
	if d < 0 {
		// What waited for its jitter is not due any more, but will be.
		maps.DeleteFunc(w.wanted, func(due time.Time, _ bool) bool { return due.After(w.now) })
		if w.newest = w.now; w.disk.Last[job].After(w.now) {
			w.newest = w.disk.Last[job]
		}
	}
	due, _ := w.j.Policy.Schedule.Passed(w.newest, w.now, 1000)
	for _, d := range due {
		w.wanted[d], w.newest = true, d
	}
}

// answer answers the Start that has no answer yet.
func (w *world) answer(t *rapid.T) {
	if !w.asked {
		return
	}
	w.asked = false
	if rapid.IntRange(0, 4).Draw(t, "refused") == 0 {
		w.give(t, Refused{Reason: "no"})
		return
	}
	w.run++
	w.live, w.killed = w.run, false
	w.give(t, Started{Run: w.run})
}

func (w *world) end(t *rapid.T) {
	if run := w.live; run != 0 {
		w.live = 0
		w.give(t, Ended{Run: run, OK: rapid.Bool().Draw(t, "ok")})
	}
}

// crash is the end of a supervisor, and another that comes after a while.
func (w *world) crash(t *rapid.T) {
	if w.live != 0 && rapid.Bool().Draw(t, "dies") {
		w.live = 0
	}
	if w.asked && rapid.Bool().Draw(t, "began") {
		w.run++
		w.live = w.run
	}
	w.asked, w.killed = false, false
	w.pass(time.Duration(rapid.IntRange(0, 600).Draw(t, "away")) * time.Second)
	var effects []Effect
	w.j, effects = Restore(w.j.Policy, w.disk.Jobs[job], w.disk.Last[job], w.live)
	w.carry(t, effects)
	random := rapid.Float64Range(0, 0.999).Draw(t, "random")
	if w.on {
		w.give(t, Arm{Random: random})
	} else {
		w.give(t, Disarm{})
	}
}

// happen lets one thing happen that can.
func (w *world) happen(t *rapid.T) {
	random := rapid.Float64Range(0, 0.999).Draw(t, "random")
	switch rapid.IntRange(0, 13).Draw(t, "what") {
	case 0:
		if !w.on {
			// Where the clock was set back the decided times stay so.
			w.on = true
			if w.newest.Before(w.now) {
				w.newest = w.now
			}
			w.give(t, Arm{Random: random})
		}
	case 1:
		w.on = false
		w.give(t, Disarm{})
	case 2:
		w.give(t, Trigger{})
	case 3, 4:
		w.answer(t)
	case 5, 6:
		w.end(t)
	case 7:
		w.give(t, Ended{Run: w.run + 5})
	case 8:
		w.crash(t)
	case 9:
		back := time.Duration(rapid.IntRange(0, 60).Draw(t, "back")) * time.Minute
		w.pass(-max(0, min(back, Backwards-w.disk.Last[job].Sub(w.now))))
		w.give(t, Due{Random: random})
	case 10:
		if !w.j.Deadline.IsZero() {
			w.pass(max(0, w.j.Deadline.Sub(w.now)))
		}
		w.give(t, Due{Random: random})
	default:
		w.pass(time.Duration(rapid.IntRange(0, 3000).Draw(t, "seconds")) * time.Second)
		w.give(t, Due{Random: random})
	}
}

// Whatever happens in whatever order, with crashes and clocks that are set:
// no two runs live at once, none waits under skip and one under queue, and
// each time the job was due is decided once.
func TestAnyOrder(t *testing.T) {
	schedule := every(t, "*/5 * * * *")
	rapid.Check(t, func(t *rapid.T) {
		w := &world{now: t0, wanted: map[time.Time]bool{}}
		w.j = New(Policy{
			Schedule: schedule, History: 100, CatchUp: rapid.Bool().Draw(t, "catch up"),
			Overlap: rapid.SampledFrom([]Overlap{Skip, Queue, Replace}).Draw(t, "overlap"),
			Timeout: time.Duration(rapid.IntRange(0, 20).Draw(t, "timeout")) * time.Minute,
			Jitter:  time.Duration(rapid.IntRange(0, 10).Draw(t, "jitter")) * time.Minute,
		})
		for range rapid.IntRange(1, 80).Draw(t, "length") {
			w.happen(t)
		}

		// In the end everything that was begun ends, and is written down.
		w.on = false
		w.give(t, Disarm{})
		for w.asked || w.live != 0 {
			w.answer(t)
			w.end(t)
		}
		decided := map[time.Time]bool{}
		for _, r := range w.disk.Jobs[job] {
			switch r.Status {
			case store.CronQueued, store.CronRunning:
				t.Fatalf("nothing lives, and yet %+v", r)
			}
			if !r.Manual {
				decided[r.Scheduled] = true
			}
		}
		for due := range w.wanted {
			if !decided[due] {
				t.Fatalf("nothing is known of what was due at %s: %+v", due, w.disk)
			}
		}
	})
}
