package unit

import (
	"fmt"
	"math"
	"time"
)

// conclude decides what follows a run of which nothing is left.
func (m *machine) conclude() {
	wasStopping, then, reason := m.u.State == Stopping, m.u.Then, m.u.Reason
	m.u.Then, m.u.Exited, m.u.Spawned, m.u.Main = Judge, false, false, false
	m.u.Health = NoHealth
	m.blame()
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

// blame makes the exit of a condemned run a failure, whatever its status.
func (m *machine) blame() {
	if m.u.Fault == "" {
		return
	}
	exit := Exit{Run: m.u.Run, Code: -1, Time: m.at.Now}
	if m.u.LastExit != nil && m.u.LastExit.Run == m.u.Run {
		exit = *m.u.LastExit
	}
	exit.OK, exit.Text = false, m.u.Fault
	m.u.LastExit = &exit
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
	return !m.u.Policy.Oneshot && !m.u.Policy.Cron && m.u.LastExit != nil && !m.u.LastExit.OK
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
	case p.Cron:
		m.enter(Scheduled, "last run: "+exit.Text)
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
