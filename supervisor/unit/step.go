package unit

import (
	"fmt"
	"math"
	"time"
)

// Moment is when a step is taken: the time, and a number in [-1, 1] that
// spreads back-offs so that units which fall together do not rise together.
type Moment struct {
	Now    time.Time
	Spread float64
}

// Step is the unit after the event, and what has to be done about it. Events
// that mean nothing in a state, or are about another run, change nothing.
func Step(u Unit, e Event, at Moment) (Unit, []Effect) {
	m := machine{u: u, at: at}
	switch e := e.(type) {
	case Start:
		m.start()
	case Stop:
		m.stop(e)
	case Restart:
		m.restart(e)
	case Cascade:
		m.cascade(e)
	case Go:
		m.proceed()
	case Wait:
		m.wait(e)
	case Block:
		m.block(e)
	case Spawned:
		m.spawned(e)
	case SpawnFailed:
		m.spawnFailed(e)
	case StepDone:
		m.stepDone(e)
	case Exited:
		m.exited(e)
	case Emptied:
		m.emptied(e)
	case Deadline:
		m.deadline()
	}
	return m.u, m.effects
}

// machine is one step under way.
type machine struct {
	u       Unit
	at      Moment
	effects []Effect
}

func (m *machine) emit(e Effect) { m.effects = append(m.effects, e) }

// enter moves to a state. Since moves only when the state does, so that a
// new reason for the same state does not look like a new state.
func (m *machine) enter(s State, reason string) {
	if m.u.State != s {
		m.u.State, m.u.Since = s, m.at.Now
	}
	m.u.Reason = reason
	m.u.Deadline = time.Time{}
}

func (m *machine) due(d time.Duration) { m.u.Deadline = m.at.Now.Add(d) }

// start answers an operator's start: what runs goes on, what stops comes
// back, everything else waits its turn.
func (m *machine) start() {
	m.u.Desired = Up
	m.u.Failures, m.u.Attempts = 0, 0
	switch m.u.State {
	case Starting, Running, Pending:
	case Stopping:
		if m.u.Then == Rest {
			m.u.Then = Again
		}
	case Blocked, Backoff, Stopped, Completed, Failed, Skipped:
		m.u.Restarts = 0
		m.enter(Pending, "")
	}
}

// stop answers an operator's stop.
func (m *machine) stop(e Stop) {
	m.u.Desired = Down
	reason := e.Reason
	if reason == "" {
		reason = "stopped by an operator"
	}
	switch m.u.State {
	case Pending, Blocked, Backoff, Failed:
		m.enter(Stopped, reason)
	case Starting, Running:
		m.end(Rest, reason, e.Kill)
	case Stopping:
		m.u.Then, m.u.Reason = Rest, reason
		if e.Kill {
			m.kill()
		}
	case Stopped, Completed, Skipped:
	}
}

// restart answers an operator's wish for a new run.
func (m *machine) restart(e Restart) {
	m.u.Desired = Up
	m.u.Failures, m.u.Attempts, m.u.Restarts = 0, 0, 0
	switch m.u.State {
	case Starting, Running:
		m.end(Again, e.Reason, false)
	case Stopping:
		m.u.Then = Again
	case Pending:
	case Blocked, Backoff, Stopped, Completed, Failed, Skipped:
		m.enter(Pending, e.Reason)
	}
}

// cascade answers the loss of a dependency. The loss goes on to the units
// that depend on this one.
func (m *machine) cascade(e Cascade) {
	switch m.u.State {
	case Starting, Running:
		m.emit(Lost(e))
		m.end(Await, e.Reason, false)
	case Stopping:
		if m.u.Then == Judge {
			m.u.Then = Await
		}
	case Backoff:
		m.enter(Pending, e.Reason)
	case Pending, Blocked, Stopped, Completed, Failed, Skipped:
	}
}

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
	case m.u.Policy.SkipAlways:
		m.enter(Skipped, "skip: true")
		return
	}
	m.u.Run++
	m.u.Ready, m.u.ReadyAt, m.u.Exited, m.u.Killed, m.u.Then = false, time.Time{}, false, false, Judge
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

// spawned begins the stability window; a one-shot works at once.
func (m *machine) spawned(e Spawned) {
	if e.Run != m.u.Run || !m.u.Main || m.u.Spawned {
		return
	}
	m.u.Spawned = true
	if m.u.State != Starting {
		return
	}
	if m.u.Policy.Oneshot {
		m.enter(Running, "")
		return
	}
	m.due(m.u.Policy.Stability)
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
	case e.Step == SkipCheck && e.Exit.OK:
		m.enter(Skipped, "skip: its command succeeded")
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

// deadline is the end of the time a state allows.
func (m *machine) deadline() {
	if m.u.Deadline.IsZero() || m.at.Now.Before(m.u.Deadline) {
		return
	}
	switch m.u.State {
	case Starting:
		m.enter(Running, "")
		m.u.Ready, m.u.ReadyAt = true, m.at.Now
		if m.u.Failures > 0 || m.u.Attempts > 0 {
			m.due(m.u.Policy.RestartReset)
		}
	case Running:
		m.u.Failures, m.u.Attempts, m.u.Deadline = 0, 0, time.Time{}
	case Backoff:
		m.enter(Pending, "")
	case Stopping:
		m.kill()
	case Pending, Blocked, Stopped, Completed, Failed, Skipped:
		m.u.Deadline = time.Time{}
	}
}

// end begins a stop.
func (m *machine) end(then Next, reason string, kill bool) {
	m.u.Then = then
	m.enter(Stopping, reason)
	m.due(m.u.Policy.StopTimeout)
	switch {
	case kill:
		m.kill()
	case m.u.Policy.HasStopCommand && m.u.Spawned && !m.u.Exited && m.u.Step == NoStep:
		m.step(StopCommand)
	default:
		m.emit(Ask{Run: m.u.Run})
	}
}

func (m *machine) kill() {
	m.u.Killed = true
	m.u.Deadline = time.Time{}
	m.emit(Kill{Run: m.u.Run})
}

// conclude decides what follows a run of which nothing is left.
func (m *machine) conclude() {
	wasStopping, then, reason := m.u.State == Stopping, m.u.Then, m.u.Reason
	m.u.Then, m.u.Exited, m.u.Spawned, m.u.Main = Judge, false, false, false
	switch {
	case m.u.Desired == Down || then == Rest:
		m.enter(Stopped, m.stopReason(reason))
	case then == Again:
		m.enter(Pending, "restart")
	case then == Await:
		m.enter(Pending, reason)
	default:
		if !wasStopping && m.crashed() {
			m.emit(Lost{Reason: m.u.LastExit.Text})
		}
		m.judge()
	}
}

// stopReason adds to a stop's reason that it took a kill.
func (m *machine) stopReason(reason string) string {
	if m.u.Killed {
		return reason + ", killed"
	}
	return reason
}

// crashed is whether the run that just ended was lost, not finished.
func (m *machine) crashed() bool {
	return !m.u.Policy.Oneshot && m.u.LastExit != nil && !m.u.LastExit.OK
}

// judge applies the restart policy to the last exit.
func (m *machine) judge() {
	p, exit := m.u.Policy, m.u.LastExit
	if m.u.Ready && m.at.Now.Sub(m.u.ReadyAt) >= p.RestartReset {
		m.u.Failures, m.u.Attempts = 0, 0
	}
	if !exit.OK {
		m.u.Failures++
	}
	switch {
	case exit.OK && (p.Oneshot || p.Restart != "always"):
		m.enter(Completed, exit.Text)
	case p.Restart == "never":
		m.enter(Failed, exit.Text)
	case !exit.OK && p.MaxRestarts != nil && m.u.Failures > *p.MaxRestarts:
		m.enter(Failed, fmt.Sprintf("%s, gave up after %s", exit.Text, restarts(*p.MaxRestarts)))
	default:
		m.retry(exit.Text)
	}
}

// retry begins a back-off; one of no length is over at once.
func (m *machine) retry(text string) {
	m.u.Attempts++
	m.u.Restarts++
	delay := Delay(m.u.Policy, m.u.Attempts, m.at.Spread)
	if delay <= 0 {
		m.enter(Pending, text)
		return
	}
	m.enter(Backoff, fmt.Sprintf("%s, retry in %s", text, round(delay)))
	m.due(delay)
}

// Delay is the back-off before the n-th automatic restart in a row, from 1.
// Spread in [-1, 1] is scaled by the policy's jitter.
func Delay(p Policy, n int, spread float64) time.Duration {
	d := float64(p.Initial) * math.Pow(max(p.Factor, 1), float64(n-1))
	if p.Max > 0 {
		d = math.Min(d, float64(p.Max))
	}
	d *= 1 + p.Jitter*spread
	return time.Duration(max(d, 0))
}

func round(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

func restarts(n int) string {
	if n == 1 {
		return "1 restart"
	}
	return fmt.Sprintf("%d restarts", n)
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return fmt.Sprintf("%d processes", n)
}
