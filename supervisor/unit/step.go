package unit

import "time"

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
		m.start(e)
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
	case Healthy:
		m.healthy(e)
	case Unhealthy:
		m.unhealthy(e)
	case Probed:
		m.probed(e)
	case Extend:
		m.extend(e)
	case Fire:
		m.fire()
	case Fail:
		m.fail(e)
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
func (m *machine) start(e Start) {
	m.u.Desired = Up
	m.u.Called = m.u.Called || e.Named
	m.u.Failures, m.u.Attempts = 0, 0
	switch m.u.State {
	case Starting, Running, Pending, Scheduled:
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
	m.u.Desired, m.u.Called = Down, false
	reason := e.Reason
	if reason == "" {
		reason = "stopped by an operator"
	}
	switch m.u.State {
	case Pending, Blocked, Backoff, Failed, Scheduled:
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
	case Blocked, Backoff, Stopped, Completed, Failed, Skipped, Scheduled:
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
	case Backoff, Scheduled:
		m.enter(Pending, e.Reason)
	case Pending, Blocked, Stopped, Completed, Failed, Skipped:
	}
}

// deadline is the end of the time a state allows.
func (m *machine) deadline() {
	if m.u.Deadline.IsZero() || m.at.Now.Before(m.u.Deadline) {
		return
	}
	switch m.u.State {
	case Starting:
		if m.u.Policy.Health {
			m.late()
			return
		}
		m.ready()
	case Running:
		m.u.Failures, m.u.Attempts, m.u.Deadline = 0, 0, time.Time{}
	case Backoff:
		m.enter(Pending, "")
	case Stopping:
		m.kill()
	case Pending, Blocked, Stopped, Completed, Failed, Skipped, Scheduled:
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
