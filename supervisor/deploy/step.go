package deploy

import (
	"fmt"
	"time"
)

// Step is the rollout after the event, and what has to be done about it.
func Step(r Rollout, e Event, now time.Time) (Rollout, []Effect) {
	m := machine{r: r, now: now}
	if r.Ended() {
		return r, nil
	}
	switch e := e.(type) {
	case Ready:
		m.ready()
	case Unfit:
		m.unfit(e)
	case CandidateGone:
		m.candidateGone()
	case OldGone:
		m.oldGone()
	case Ran:
		m.ran(e)
	case Abort:
		m.fail(e.Reason)
	case Deadline:
		m.deadline()
	}
	return m.r, m.effects
}

// machine is one step under way.
type machine struct {
	r       Rollout
	now     time.Time
	effects []Effect
}

func (m *machine) emit(e Effect) { m.effects = append(m.effects, e) }

func (m *machine) enter(p Phase) { m.r.Phase, m.r.Since, m.r.Deadline = p, m.now, time.Time{} }

// run enters the phase of a command and has it run.
func (m *machine) run(p Phase, c Command) {
	m.enter(p)
	if m.r.Plan.CommandTimeout > 0 {
		m.r.Deadline = m.now.Add(m.r.Plan.CommandTimeout)
	}
	m.emit(Run{Command: c})
}

// ready goes on once the candidate is.
func (m *machine) ready() {
	if m.r.Phase != Starting {
		return
	}
	if m.r.Plan.Switch {
		m.run(Switching, Switch)
		return
	}
	m.grace()
}

// grace lets both instances work for a while.
func (m *machine) grace() {
	if m.r.Plan.Grace <= 0 {
		m.promote()
		return
	}
	m.enter(Grace)
	m.r.Deadline = m.now.Add(m.r.Plan.Grace)
}

func (m *machine) promote() {
	m.enter(Draining)
	m.emit(Promote{})
}

// ran goes on after a command; only that of the present phase counts.
func (m *machine) ran(e Ran) {
	switch {
	case m.r.Phase == Switching && e.Command == Switch:
		m.switched(e)
	case m.r.Phase == Verifying && e.Command == Verify:
		m.blame(e)
		m.settled()
	case m.r.Phase == Undoing && e.Command == Back:
		if !e.OK {
			m.r.Reason += "; and switching back failed: " + e.Text
		}
		m.abandon()
	}
}

// blame takes a command that failed as the reason, unless there is one already.
func (m *machine) blame(e Ran) {
	if !e.OK && m.r.Reason == "" {
		m.r.Reason = string(e.Command) + ": " + e.Text
	}
}

// switched goes on after switch_command. Where it failed nobody knows how far
// it has come, so it is undone too.
func (m *machine) switched(e Ran) {
	m.blame(e)
	if m.r.Reason == "" && m.r.Plan.Verify {
		m.run(Verifying, Verify)
		return
	}
	m.settled()
}

// settled goes on after the commands: back, where one failed or the rollout was
// given up meanwhile.
func (m *machine) settled() {
	if m.r.Reason != "" {
		m.undo()
		return
	}
	m.grace()
}

// unfit is the end of the hope for the candidate. Once it is the unit's
// instance, what happens to it is no matter of the rollout.
func (m *machine) unfit(e Unfit) {
	if e.Gone && !m.r.Promoted() {
		m.r.gone = true
	}
	m.fail(e.Reason)
}

// fail begins the way back from where the rollout is. While a command runs it is
// killed and its end awaited first: two commands would fight for the traffic.
func (m *machine) fail(reason string) {
	if m.r.Promoted() || m.r.Phase == Undoing || m.r.Phase == Aborting || m.r.Reason != "" {
		return
	}
	m.r.Reason = reason
	switch m.r.Phase {
	case Starting:
		m.abandon()
	case Switching:
		m.r.Deadline = time.Time{}
		m.emit(Kill{Command: Switch})
	case Verifying:
		m.r.Deadline = time.Time{}
		m.emit(Kill{Command: Verify})
	case Grace:
		if m.r.Plan.Switch {
			m.undo()
			return
		}
		m.abandon()
	case Draining, Undoing, Aborting, Done, Failed:
	}
}

func (m *machine) undo() { m.run(Undoing, Back) }

// abandon ends the candidate, if anything of it lives.
func (m *machine) abandon() {
	if m.r.gone {
		m.finish(false)
		return
	}
	m.enter(Aborting)
	m.emit(EndCandidate{})
}

// candidateGone ends a rollout that waited for it. Before, it is a candidate
// that is lost.
func (m *machine) candidateGone() {
	switch {
	case m.r.Promoted():
	case m.r.Phase == Aborting:
		m.finish(false)
	default:
		m.r.gone = true
		m.fail("the new instance ended")
	}
}

func (m *machine) oldGone() {
	if m.r.Phase == Draining {
		m.finish(true)
	}
}

func (m *machine) finish(ok bool) {
	m.enter(Failed)
	if ok {
		m.enter(Done)
	}
	m.emit(Finish{OK: ok, Reason: m.r.Reason})
}

// deadline is the end of the time a phase allows.
func (m *machine) deadline() {
	if m.r.Deadline.IsZero() || m.now.Before(m.r.Deadline) {
		return
	}
	m.r.Deadline = time.Time{}
	late := fmt.Sprintf("not done after %s", m.r.Plan.CommandTimeout)
	switch m.r.Phase {
	case Grace:
		m.promote()
	case Switching:
		m.tooLong(Switch, late)
	case Verifying:
		m.tooLong(Verify, late)
	case Undoing:
		m.emit(Kill{Command: Back})
	case Starting, Draining, Aborting, Done, Failed:
	}
}

// tooLong kills a command; its end then leads back.
func (m *machine) tooLong(c Command, late string) {
	if m.r.Reason == "" {
		m.r.Reason = string(c) + ": " + late
	}
	m.emit(Kill{Command: c})
}
