package deploy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// both is a blue-green rollout with everything there is.
var both = Plan{Grace: 5 * time.Second, Switch: true, Verify: true, CommandTimeout: time.Minute}

// rolling is one without a switch.
var rolling = Plan{Grace: 5 * time.Second}

func kinds(effects []Effect) string {
	var names []string
	for _, e := range effects {
		name := strings.TrimPrefix(fmt.Sprintf("%T", e), "deploy.")
		switch e := e.(type) {
		case Run:
			name += " " + string(e.Command)
		case Kill:
			name += " " + string(e.Command)
		case Finish:
			name += fmt.Sprintf(" %v", e.OK)
		case Promote, EndCandidate:
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// moment is one event of a story, and what has to come of it.
type moment struct {
	event   Event
	phase   Phase
	effects string
}

func tell(t *testing.T, p Plan, story []moment) Rollout {
	t.Helper()
	r, now := New(p, t0), t0
	for i, m := range story {
		if _, ok := m.event.(Deadline); ok {
			now = r.Deadline
		}
		var effects []Effect
		r, effects = Step(r, m.event, now)
		if r.Phase != m.phase || kinds(effects) != m.effects {
			t.Fatalf("moment %d, %T: %s with %q, want %s with %q", i, m.event, r.Phase, kinds(effects), m.phase, m.effects)
		}
	}
	return r
}

func TestARollingRolloutThatWorks(t *testing.T) {
	tell(t, rolling, []moment{
		{Ready{}, Grace, ""},
		{Deadline{}, Draining, "Promote"},
		{OldGone{}, Done, "Finish true"},
	})
}

func TestABlueGreenRolloutThatWorks(t *testing.T) {
	tell(t, both, []moment{
		{Ready{}, Switching, "Run switch_command"},
		{Ran{Command: Switch, OK: true}, Verifying, "Run switch_verify"},
		{Ran{Command: Verify, OK: true}, Grace, ""},
		{Deadline{}, Draining, "Promote"},
		{OldGone{}, Done, "Finish true"},
	})
}

func TestACandidateThatNeverBecomesReady(t *testing.T) {
	r := tell(t, rolling, []moment{
		{Unfit{Reason: "not healthy after 30s"}, Aborting, "EndCandidate"},
		{CandidateGone{}, Failed, "Finish false"},
	})
	if r.Reason != "not healthy after 30s" {
		t.Errorf("it says %q", r.Reason)
	}
}

func TestACandidateThatDiesAtOnce(t *testing.T) {
	tell(t, rolling, []moment{{Unfit{Reason: "exit 1", Gone: true}, Failed, "Finish false"}})
}

func TestACandidateThatDiesInTheGracePeriod(t *testing.T) {
	tell(t, rolling, []moment{
		{Ready{}, Grace, ""},
		{Unfit{Reason: "exit 1", Gone: true}, Failed, "Finish false"},
	})
	tell(t, both, []moment{
		{Ready{}, Switching, "Run switch_command"},
		{Ran{Command: Switch, OK: true}, Verifying, "Run switch_verify"},
		{Ran{Command: Verify, OK: true}, Grace, ""},
		{Unfit{Reason: "exit 1", Gone: true}, Undoing, "Run switch back"},
		{Ran{Command: Back, OK: true}, Failed, "Finish false"},
	})
}

func TestASwitchThatFailsIsUndone(t *testing.T) {
	r := tell(t, both, []moment{
		{Ready{}, Switching, "Run switch_command"},
		{Ran{Command: Switch, Text: "exit 1"}, Undoing, "Run switch back"},
		{Ran{Command: Back, OK: true}, Aborting, "EndCandidate"},
		{CandidateGone{}, Failed, "Finish false"},
	})
	if r.Reason != "switch_command: exit 1" {
		t.Errorf("it says %q", r.Reason)
	}
}

func TestASwitchThatHangsIsKilledAndUndone(t *testing.T) {
	r := tell(t, both, []moment{
		{Ready{}, Switching, "Run switch_command"},
		{Deadline{}, Switching, "Kill switch_command"},
		{Ran{Command: Switch, Text: "killed by SIGKILL"}, Undoing, "Run switch back"},
		{Ran{Command: Back, Text: "exit 2"}, Aborting, "EndCandidate"},
		{CandidateGone{}, Failed, "Finish false"},
	})
	if r.Reason != "switch_command: not done after 1m0s; and switching back failed: exit 2" {
		t.Errorf("it says %q", r.Reason)
	}
}

func TestAVerifyThatFailsIsUndone(t *testing.T) {
	tell(t, both, []moment{
		{Ready{}, Switching, "Run switch_command"},
		{Ran{Command: Switch, OK: true}, Verifying, "Run switch_verify"},
		{Ran{Command: Verify, Text: "exit 1"}, Undoing, "Run switch back"},
		{Ran{Command: Back, OK: true}, Aborting, "EndCandidate"},
		{CandidateGone{}, Failed, "Finish false"},
	})
}

func TestACandidateLostDuringTheSwitch(t *testing.T) {
	tell(t, both, []moment{
		{Ready{}, Switching, "Run switch_command"},
		{Unfit{Reason: "exit 1", Gone: true}, Switching, "Kill switch_command"},
		{Ran{Command: Switch, OK: true}, Undoing, "Run switch back"},
		{Ran{Command: Back, OK: true}, Failed, "Finish false"},
	})
}

func TestAnAbortLeavesTheOldInstance(t *testing.T) {
	tell(t, rolling, []moment{
		{Ready{}, Grace, ""},
		{Abort{Reason: "stopped"}, Aborting, "EndCandidate"},
		{CandidateGone{}, Failed, "Finish false"},
	})
}

func TestAnAbortAfterThePromotionIsTooLate(t *testing.T) {
	tell(t, Plan{}, []moment{
		{Ready{}, Draining, "Promote"},
		{Abort{Reason: "stopped"}, Draining, ""},
		{OldGone{}, Done, "Finish true"},
	})
}

// world carries effects out: what lives and where the traffic goes.
type world struct {
	candidate, old bool
	running        Command
	promoted       bool
	traffic        string
	finished       int
	ok             bool
}

func (w *world) take(t *rapid.T, effects []Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case Run:
			if w.running != "" {
				t.Fatalf("%s runs while %s does", e.Command, w.running)
			}
			w.running = e.Command
		case Promote:
			if !w.candidate || w.promoted {
				t.Fatal("what is promoted does not live, or is already")
			}
			w.promoted = true
		case EndCandidate:
			if w.traffic == "candidate" {
				t.Fatal("the candidate is ended while the traffic goes to it")
			}
			w.candidate = false
		case Finish:
			w.finished, w.ok = w.finished+1, e.OK
		case Kill:
		}
	}
}

// Whatever happens in whatever order: the old instance lives until the
// candidate took its place, the traffic follows, and the rollout ends.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Plan{
			Grace:  time.Duration(rapid.IntRange(0, 2).Draw(t, "grace")) * time.Second,
			Switch: rapid.Bool().Draw(t, "switch"), CommandTimeout: 3 * time.Second,
		}
		p.Verify = p.Switch && rapid.Bool().Draw(t, "verify")
		r, now := New(p, t0), t0
		w := &world{candidate: true, old: true, traffic: "old"}
		give := func(e Event) {
			var effects []Effect
			r, effects = Step(r, e, now)
			w.take(t, effects)
			if w.old && r.Phase == Done || !w.promoted && !w.old {
				t.Fatalf("after %T: %s, old lives %v, promoted %v", e, r.Phase, w.old, w.promoted)
			}
		}
		for range 60 {
			if r.Ended() {
				break
			}
			now = now.Add(time.Second)
			switch what := rapid.IntRange(0, 7).Draw(t, "what"); {
			case w.running != "" && what < 3:
				command, ok := w.running, rapid.Bool().Draw(t, "ok") || w.running == Back
				w.running = ""
				if ok && command == Switch {
					w.traffic = "candidate"
				}
				if command == Back {
					w.traffic = "old"
				}
				give(Ran{Command: command, OK: ok, Text: "exit"})
			case what == 3:
				if w.candidate {
					give(Ready{})
				}
			case what == 4 && rapid.IntRange(0, 3).Draw(t, "dies") == 0 && w.candidate && !w.promoted:
				w.candidate = false
				give(Unfit{Reason: "exit 1", Gone: true})
			case what == 5 && rapid.IntRange(0, 3).Draw(t, "gives up") == 0:
				give(Abort{Reason: "stopped"})
			case what == 6 && r.Phase == Draining:
				w.old = false
				give(OldGone{})
			case what == 7 && !w.candidate && r.Phase == Aborting:
				give(CandidateGone{})
			default:
				give(Deadline{})
			}
		}
		if r.Ended() && (w.finished != 1 || w.ok != w.promoted || w.ok == w.old) {
			t.Fatalf("%s: finished %d times, ok %v, promoted %v, old lives %v", r.Phase, w.finished, w.ok, w.promoted, w.old)
		}
		if r.Phase == Failed && w.traffic == "candidate" {
			t.Fatal("it failed and the traffic stays with the candidate")
		}
	})
}
