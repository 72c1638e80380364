package unit

// ready is the moment from which dependents may count on the run.
func (m *machine) ready() {
	m.enter(Running, "")
	m.u.Ready, m.u.ReadyAt = true, m.at.Now
	if m.u.Failures > 0 || m.u.Attempts > 0 {
		m.due(m.u.Policy.RestartReset)
	}
}

// probed remembers why the run is not well yet.
func (m *machine) probed(e Probed) {
	if e.Run == m.u.Run && m.u.Alive() {
		m.u.Probe = e.Text
	}
}

// extend moves the end of the time in which a run has to become healthy.
func (m *machine) extend(e Extend) {
	if e.Run == m.u.Run && m.u.State == Starting && m.u.Health == Waiting && e.Until.After(m.u.Deadline) {
		m.u.Deadline = e.Until
	}
}

// healthy is the verdict of the health check that the run is well.
func (m *machine) healthy(e Healthy) {
	if e.Run != m.u.Run || !m.u.Policy.Health || !m.u.Spawned || m.u.Exited {
		return
	}
	switch m.u.State {
	case Starting:
		m.u.Health = Well
		m.ready()
	case Running:
		m.u.Health, m.u.Reason = Well, ""
		if !m.u.Ready {
			m.ready()
		}
	case Pending, Blocked, Backoff, Stopping, Stopped, Completed, Failed, Skipped, Scheduled:
	}
}

// unhealthy is the verdict that a run which was well is not so any more. Before
// it was well there is no such verdict: it has until its deadline.
func (m *machine) unhealthy(e Unhealthy) {
	if e.Run != m.u.Run || m.u.State != Running || !m.u.Policy.Health || m.u.Exited {
		return
	}
	m.sicken(e.Text)
}

// late is the end of the time in which a run has to become healthy.
func (m *machine) late() {
	text := "not healthy after " + round(m.u.Policy.HealthTimeout).String()
	if m.u.Probe != "" {
		text += ": " + m.u.Probe
	}
	m.enter(Running, "")
	m.sicken(text)
}

// sicken marks a run that is not well, or ends it where its check says so. A
// program that is only late may still come: nothing is killed unasked.
func (m *machine) sicken(text string) {
	m.u.Health = Ill
	m.enter(Running, text)
	if m.u.Policy.Restarts {
		m.condemn(text)
	}
}

// fail ends a run from outside: the clock, or whoever watches it.
func (m *machine) fail(e Fail) {
	if e.Run != m.u.Run || m.u.Exited {
		return
	}
	if m.u.State == Starting || m.u.State == Running {
		m.condemn(e.Text)
	}
}

// condemn ends a run that is judged as failed, however it exits.
func (m *machine) condemn(fault string) {
	m.u.Fault = fault
	if !m.u.Policy.Oneshot && !m.u.Policy.Cron {
		m.emit(Lost{Reason: fault})
	}
	m.end(Judge, fault, false)
}
