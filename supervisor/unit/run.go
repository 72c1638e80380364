package unit

import (
	"fmt"
	"time"
)

// SkipReason says that the skip command kept a run from beginning.
const SkipReason = "skip: its command succeeded"

// proceed begins a run: the dependencies are as they have to be.
func (m *machine) proceed() {
	if m.u.State != Pending && m.u.State != Blocked {
		return
	}
	if m.u.Desired != Up {
		return
	}
	switch {
	case m.u.Policy.Refuse != "":
		m.enter(Failed, m.u.Policy.Refuse)
		return
	case m.u.Policy.SkipAlways && !m.u.Called:
		m.enter(Skipped, "skip: true")
		return
	}
	if m.u.Policy.Cron {
		m.enter(Scheduled, "")
		return
	}
	m.begin()
}

// fire begins a run of a cron job; one that runs already is left alone, for
// what becomes of an overlap is decided before.
func (m *machine) fire() {
	if m.u.State == Scheduled && m.u.Desired == Up {
		m.begin()
	}
}

// begin begins a run with its first step.
func (m *machine) begin() {
	m.u.Run = max(m.u.Run, m.u.Runs) + 1
	m.u.Runs = m.u.Run
	m.u.Ready, m.u.ReadyAt, m.u.Exited, m.u.Killed, m.u.Then = false, time.Time{}, false, false, Judge
	m.u.Health, m.u.Probe, m.u.Fault = NoHealth, "", ""
	m.enter(Starting, "")
	switch {
	case m.u.Policy.HasSkip:
		m.step(SkipCheck)
	case m.u.Policy.HasPreStart:
		m.step(PreStart)
	default:
		m.spawn()
	}
}

func (m *machine) step(k StepKind) {
	m.u.Step = k
	if m.u.State == Starting {
		m.u.Reason = "runs " + string(k)
	}
	m.emit(RunStep{Run: m.u.Run, Step: k})
}

func (m *machine) spawn() {
	m.u.Main, m.u.Spawned = true, false
	m.u.Reason = ""
	m.emit(Spawn{Run: m.u.Run})
}

func (m *machine) wait(e Wait) {
	if m.u.State == Pending || m.u.State == Blocked {
		m.enter(Pending, e.Reason)
	}
}

func (m *machine) block(e Block) {
	if m.u.State == Pending || m.u.State == Blocked {
		m.enter(Blocked, e.Reason)
	}
}

// spawned begins the time in which the run has to become ready: healthy where
// there is a health check, else alive for the stability window. A one-shot and
// a job work at once.
func (m *machine) spawned(e Spawned) {
	if e.Run != m.u.Run || !m.u.Main || m.u.Spawned {
		return
	}
	m.u.Spawned = true
	if m.u.State != Starting {
		return
	}
	switch p := m.u.Policy; {
	case p.Oneshot, p.Cron:
		m.enter(Running, "")
	case p.Health:
		m.u.Health = Waiting
		m.u.Reason = "waits for its health check"
		m.due(p.HealthTimeout)
	default:
		m.due(p.Stability)
	}
}

func (m *machine) spawnFailed(e SpawnFailed) {
	if e.Run != m.u.Run || !m.u.Main || m.u.Spawned {
		return
	}
	m.u.Main = false
	exit := e.Exit
	m.u.LastExit = &exit
	if m.u.Step == NoStep {
		m.conclude()
	}
}

// stepDone goes on with the start, or with the stop.
func (m *machine) stepDone(e StepDone) {
	if e.Run != m.u.Run || m.u.Step != e.Step {
		return
	}
	m.u.Step = NoStep
	switch {
	case e.Step == StopCommand:
		m.stopCommandDone(e.Exit)
	case m.u.State == Stopping:
		exit := e.Exit
		m.u.LastExit = &exit
		m.conclude()
	case e.Step == SkipCheck && e.Exit.OK && m.u.Policy.Cron:
		m.enter(Scheduled, "last run: "+SkipReason)
	case e.Step == SkipCheck && e.Exit.OK:
		m.enter(Skipped, SkipReason)
	case e.Step == SkipCheck && m.u.Policy.HasPreStart:
		m.step(PreStart)
	case e.Step == SkipCheck, e.Exit.OK:
		m.spawn()
	default:
		exit := e.Exit
		exit.Text = "pre_start: " + exit.Text
		m.u.LastExit = &exit
		m.conclude()
	}
}

// stopCommandDone waits for the exit the command has asked for, or asks by
// signal where it has not.
func (m *machine) stopCommandDone(exit Exit) {
	if !m.u.Main {
		m.conclude()
		return
	}
	if !exit.OK && !m.u.Killed {
		m.u.Reason = "stop_command: " + exit.Text
		m.emit(Ask{Run: m.u.Run})
	}
}

// exited records the end of the main process. What it leaves behind is ended
// before anything else happens.
func (m *machine) exited(e Exited) {
	if e.Run != m.u.Run || !m.u.Main || m.u.Exited {
		return
	}
	m.u.Exited, m.u.Spawned = true, true
	exit := e.Exit
	m.u.LastExit = &exit
	if m.u.State != Stopping {
		m.u.Deadline = time.Time{}
	}
	if e.Leftover == 0 || m.u.Killed {
		return
	}
	reason := fmt.Sprintf("%s; ends %s it left behind", exit.Text, processes(e.Leftover))
	if m.u.State != Stopping {
		if m.crashed() {
			m.emit(Lost{Reason: exit.Text})
		}
		m.enter(Stopping, reason)
		m.due(m.u.Policy.StopTimeout)
	}
	m.emit(Ask{Run: m.u.Run})
}

func (m *machine) emptied(e Emptied) {
	if e.Run != m.u.Run || !m.u.Main {
		return
	}
	m.u.Main = false
	if !m.u.Exited {
		m.u.LastExit = &Exit{Run: e.Run, Code: -1, Time: m.at.Now, Text: "ended, status unknown"}
	}
	if m.u.Step == NoStep {
		m.conclude()
	}
}
