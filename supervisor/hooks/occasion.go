package hooks

import (
	"slices"

	"systemg/config"
	"systemg/supervisor/unit"
)

// Event is what happened to a unit.
type Event string

// The events, as the manifest calls them.
const (
	OnStart   Event = "on_start"
	OnStop    Event = "on_stop"
	OnRestart Event = "on_restart"
)

// Outcome is how it went.
type Outcome string

// The outcomes.
const (
	Success Outcome = "success"
	Failure Outcome = "error"
)

// Occasion is something hooks are called for.
type Occasion struct {
	Event   Event
	Outcome Outcome
	// Run is the number of the run it is about, 0 where none was begun.
	Run uint64
	// Reason says why in words; empty where there is nothing to say.
	Reason string
	// Exit is how the run ended, nil while it lives.
	Exit *unit.Exit
	// GaveUp is whether no further run follows by itself.
	GaveUp bool
}

func (o Occasion) String() string { return string(o.Event) + " " + string(o.Outcome) }

// Matching are the hooks of a unit that the occasion calls, in the order of
// the manifest.
func (o Occasion) Matching(list []config.Hook) []config.Hook {
	var due []config.Hook
	for _, h := range list {
		if "on_"+h.On == string(o.Event) && h.Outcome == string(o.Outcome) {
			due = append(due, h)
		}
	}
	return due
}

// Thread is what has to be remembered of a unit from one step of its machine
// to the next. It is a value; the zero Thread belongs to a unit that was never
// started.
type Thread struct {
	// restart is whether the present run, or the one that is waited for, is
	// a restart; again whether the one after the present run will be. The
	// whys say what led to it.
	restart, again bool
	why, againWhy  string
	// own is whether the present run ended, or was condemned, before
	// anybody asked it to.
	own bool
	// kill is whether an operator wanted it killed.
	kill bool
}

// Recall is the Thread of a unit that comes from a state file. An operator's
// restart whose old run is gone already cannot be seen there: its on_restart
// is lost, its on_start is not.
func Recall(u unit.Unit) Thread {
	var t Thread
	switch u.State {
	case unit.Stopping:
		t.again, t.againWhy = u.Then == unit.Again || u.Then == unit.Await, u.Reason
		t.own = u.Then == unit.Judge || u.Exited
	case unit.Pending, unit.Blocked, unit.Backoff, unit.Starting:
		t.restart = u.Attempts > 0
	case unit.Running:
		t.restart, t.own = u.Attempts > 0 && !u.Ready, u.Exited
	default:
	}
	if t.restart && u.LastExit != nil {
		t.why = u.LastExit.Text
	}
	return t
}

// Step says which occasions a step of the unit's machine is, in the order in
// which their hooks are called. The package comment has the table.
func (t Thread) Step(before, after unit.Unit, e unit.Event) (Thread, []Occasion) {
	s := seam{t: t, before: before, after: after}
	s.listen(e)
	switch {
	case live(before.State) && !live(after.State):
		s.over()
	case after.State == unit.Running && after.Ready && (!before.Ready || before.Run != after.Run):
		s.started(nil)
	case before.State != unit.Failed && after.State == unit.Failed:
		s.refused()
	}
	if begun := after.Run != before.Run; begun {
		s.t.own, s.t.kill = false, false
	}
	if resting(after.State) {
		s.t.restart = false
	}
	if !s.t.restart {
		s.t.why = ""
	}
	return s.t, s.told
}

// live is whether something of a run may live in the state.
func live(s unit.State) bool {
	return s == unit.Starting || s == unit.Running || s == unit.Stopping
}

// resting is whether a unit in the state does nothing until somebody acts.
func resting(s unit.State) bool {
	return !live(s) && s != unit.Pending && s != unit.Blocked && s != unit.Backoff
}

// seam is the place between two values of a unit.
type seam struct {
	t             Thread
	before, after unit.Unit
	told          []Occasion
}

// listen takes note of what the event says and the values do not.
func (s *seam) listen(e unit.Event) {
	switch e := e.(type) {
	case unit.Restart:
		s.owe(e.Reason)
	case unit.Stop:
		s.t.restart, s.t.again = false, false
		if e.Kill && !s.before.Killed {
			s.t.kill = true
		}
	case unit.Start:
		// A start of what waits to be restarted is a start.
		if !live(s.before.State) && s.before.State != unit.Pending {
			s.t.restart = false
		}
	case unit.Cascade:
		if live(s.before.State) && s.after.Then == unit.Await {
			s.owe(e.Reason)
		}
	default:
	}
	exited := !s.before.Exited && s.after.Exited && s.before.State != unit.Stopping
	condemned := s.before.State != unit.Stopping && s.after.State == unit.Stopping && s.after.Then == unit.Judge
	if exited || condemned {
		s.t.own = true
	}
}

// owe remembers that a run yet to begin is a restart.
func (s *seam) owe(why string) {
	if live(s.before.State) {
		s.t.again, s.t.againWhy = true, why
		return
	}
	s.t.restart, s.t.why = true, why
}

// over tells of a run of which nothing is left.
func (s *seam) over() {
	if s.after.State == unit.Skipped {
		s.t.again = false
		return
	}
	own := s.t.own || s.before.State != unit.Stopping || s.before.Then == unit.Judge
	exit := s.after.LastExit
	if exit != nil && exit.Run != s.before.Run && exit.Run != 0 {
		exit = nil
	}
	well := exit != nil && exit.OK
	switch {
	case !own:
		s.stopped(!s.before.Killed || s.t.kill, s.before.Reason, exit)
	case s.before.Ready:
		s.stopped(well && !s.before.Killed, words(exit), exit)
		s.gaveUp(exit)
	case well && !waits(s.after.State):
		s.started(exit)
	default:
		s.notStarted(words(exit), exit)
	}
	switch {
	case s.t.again:
		s.t.restart, s.t.why = true, s.t.againWhy
	case own && waits(s.after.State):
		s.t.restart, s.t.why = true, words(exit)
	default:
		s.t.restart = false
	}
	s.t.again, s.t.againWhy = false, ""
}

// waits is whether another run is to follow, or should have.
func waits(s unit.State) bool {
	return s == unit.Pending || s == unit.Backoff || s == unit.Failed
}

func (s *seam) tell(o Occasion) {
	o.GaveUp = s.after.State == unit.Failed
	s.told = append(s.told, o)
}

// started tells of a run that is ready, or that did its work and ended.
func (s *seam) started(exit *unit.Exit) {
	s.tell(Occasion{Event: OnStart, Outcome: Success, Run: s.after.Run, Reason: words(exit), Exit: exit})
	if s.t.restart {
		s.tell(Occasion{Event: OnRestart, Outcome: Success, Run: s.after.Run, Reason: s.t.why, Exit: exit})
	}
	s.t.restart = false
}

// notStarted tells of a run that was never ready.
func (s *seam) notStarted(reason string, exit *unit.Exit) {
	s.tell(Occasion{Event: OnStart, Outcome: Failure, Run: s.after.Run, Reason: reason, Exit: exit})
	if s.t.restart {
		s.tell(Occasion{Event: OnRestart, Outcome: Failure, Run: s.after.Run, Reason: reason, Exit: exit})
	}
	s.t.restart = false
}

func (s *seam) stopped(well bool, reason string, exit *unit.Exit) {
	outcome := Success
	if !well {
		outcome = Failure
	}
	if outcome == Failure && s.before.Killed && reason != "" {
		reason += ", killed"
	}
	s.tell(Occasion{Event: OnStop, Outcome: outcome, Run: s.before.Run, Reason: reason, Exit: exit})
}

// gaveUp tells that no start follows where one would have, had there not been
// too many.
func (s *seam) gaveUp(exit *unit.Exit) {
	p := s.after.Policy
	if s.after.State == unit.Failed && p.Restart != string(config.RestartNever) && p.MaxRestarts != nil {
		s.tell(Occasion{Event: OnStart, Outcome: Failure, Run: s.before.Run, Reason: s.after.Reason, Exit: exit})
	}
}

// refused tells of a unit that failed though no run was begun.
func (s *seam) refused() {
	s.tell(Occasion{Event: OnStart, Outcome: Failure, Reason: s.after.Reason})
	if s.t.restart {
		s.tell(Occasion{Event: OnRestart, Outcome: Failure, Reason: s.after.Reason})
	}
}

func words(exit *unit.Exit) string {
	if exit == nil {
		return ""
	}
	return exit.Text
}

// TakenOver are the occasions of a run that took the place of another one
// beside it, and is ready: why says why it had to.
func TakenOver(run uint64, why string) []Occasion {
	return []Occasion{
		{Event: OnStart, Outcome: Success, Run: run},
		{Event: OnRestart, Outcome: Success, Run: run, Reason: why},
	}
}

// NotReplaced is the occasion of a rollout that failed: the unit's own run
// goes on. The run is the one that was to take over, 0 where none was begun.
func NotReplaced(run uint64, why string, exit *unit.Exit) Occasion {
	if exit != nil && exit.Run != run {
		exit = nil
	}
	return Occasion{Event: OnRestart, Outcome: Failure, Run: run, Reason: why, Exit: exit}
}

// Wanted is whether any hook of the unit could be called at all, so that a
// caller need not gather what nobody asks for.
func Wanted(list []config.Hook, told []Occasion) bool {
	return slices.ContainsFunc(told, func(o Occasion) bool { return len(o.Matching(list)) > 0 })
}
