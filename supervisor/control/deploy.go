package control

import (
	"context"
	"fmt"
	"time"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/deploy"
	"systemg/supervisor/health"
)

// deploy replaces units by their strategy, with what the manifest says now.
func (s *server) deploy(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.DeployParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	defer s.sup.Answered(p.Operation)
	b, err := s.operation(ctx, p.Operation, func(ctx context.Context) (supervisor.Baseline, error) { return s.beginDeploy(ctx, r, p) })
	if err != nil {
		return nil, err
	}
	return s.await(ctx, r, b, supervisor.RestartPatience, p.TimeoutSecs)
}

func (s *server) beginDeploy(ctx context.Context, r *ipc.Request, p ipc.DeployParams) (b supervisor.Baseline, err error) {
	src, err := s.source(p.Manifest)
	if err != nil {
		return b, err
	}
	s.note(r, describe("deploy", p.Selection))
	b, err = s.sup.Deploy(ctx, src, selectionOf(p.Selection))
	if err == nil && src != nil {
		s.remember(src)
	}
	return b, err
}

// rollback gives units their last good definition back. It reads no manifest.
func (s *server) rollback(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.RollbackParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	defer s.sup.Answered(p.Operation)
	b, err := s.operation(ctx, p.Operation, func(ctx context.Context) (supervisor.Baseline, error) {
		s.note(r, describe("roll back", p.Selection))
		return s.sup.Rollback(ctx, selectionOf(p.Selection))
	})
	if err != nil {
		return nil, err
	}
	return s.await(ctx, r, b, supervisor.RestartPatience, p.TimeoutSecs)
}

// deployFailed is why the operation did not replace the unit, empty where it
// did, or where that is not what went wrong.
func deployFailed(st supervisor.Standing) string {
	v := st.View
	if v.Last == nil || v.Last.OK || v.Rollouts == st.Mark.Rollouts {
		return ""
	}
	return clip(v.Last.Reason, maxText)
}

// rolloutOf is the rollout under way as a client sees it.
func rolloutOf(v *supervisor.View) *ipc.Rollout {
	if !v.Rolling {
		return nil
	}
	r := v.Rollout
	return &ipc.Rollout{
		Phase: string(r.Phase), Since: r.Since, Run: r.Run, PID: r.PID, State: string(r.State),
		Reason: clip(r.Reason, maxText), Waits: clip(phaseWaits(v), maxText),
	}
}

// phaseWaits is what the phase of a rollout waits for, in words.
func phaseWaits(v *supervisor.View) string {
	r := v.Rollout
	because := func(text string) string {
		if r.Reason != "" {
			text += ": " + r.Reason
		}
		return text
	}
	switch r.Phase {
	case deploy.Starting:
		return because(fmt.Sprintf("waits for run %d", r.Run))
	case deploy.Switching:
		return "waits for switch_command"
	case deploy.Verifying:
		return "waits for switch_verify"
	case deploy.Grace:
		return fmt.Sprintf("run %d has to stay well for %s", r.Run, r.Grace)
	case deploy.Draining:
		return fmt.Sprintf("run %d is in place, waits for the old instance to end", r.Run)
	case deploy.Undoing:
		return because("moves the traffic back")
	case deploy.Aborting:
		return because(fmt.Sprintf("ends run %d", r.Run))
	case deploy.Done, deploy.Failed:
	}
	return ""
}

// deployment is how a unit is replaced, and what came of it.
func deployment(snap *supervisor.Snapshot, v *supervisor.View) ipc.Deployment {
	d := ipc.Deployment{Strategy: strategyOf(v.Def), Earlier: len(v.Good), Slot: v.Slot}
	if last := v.Last; last != nil {
		d.Last = &ipc.Rolled{
			OK: last.OK, Reason: clip(last.Reason, maxText), Time: last.Time,
			TookSecs: last.Took.Seconds(), Run: last.Run,
		}
	}
	if n := len(v.Good); n > 0 {
		d.Differs = config.Diff(v.Good[n-1], v.Def)
	}
	if v.Def.Replica == 0 {
		return d
	}
	for _, other := range snap.Units {
		if other.Def.Project == v.Def.Project && other.Def.Base == v.Def.Base && other.Def.Replica > 0 && !other.Orphaned {
			d.Replicas = append(d.Replicas, other.Def.Name)
		}
	}
	return d
}

func strategyOf(def *config.Unit) string {
	switch {
	case def.Deployment.BlueGreen != nil:
		return "blue-green"
	case def.Deployment.Strategy == "":
		return "immediate"
	}
	return def.Deployment.Strategy
}

// healthReport is a unit's health check and what it found, nil for none.
func healthReport(v *supervisor.View) *ipc.Health {
	c := v.Def.Health
	if c == nil {
		return nil
	}
	kind, target := checkKind(c)
	t := health.Tally{}
	if v.Tally != nil {
		t = *v.Tally
	}
	h := &ipc.Health{
		Kind: kind, Target: target, Liveness: c.Liveness, WatchdogSecs: c.Watchdog.Seconds(),
		Failures: t.Failures, Retries: c.Retries, Status: clip(t.Status, maxText),
	}
	if !t.Last.Time.IsZero() {
		h.Last = &ipc.Probe{
			OK: t.Last.OK, Text: clip(t.Last.Text, maxText), Time: t.Last.Time, TookSecs: t.Last.Took.Seconds(),
		}
	}
	return h
}

func checkKind(c *config.HealthCheck) (kind, target string) {
	switch {
	case c.URL != "":
		return "url", c.URL
	case c.TCP != "":
		return "tcp", c.TCP
	case c.Command != "":
		return "command", c.Command
	case c.Log != "":
		return "log", c.Log
	}
	return "notify", ""
}

// deployCauses are what else is worth knowing of a unit: what its health check
// found last, and a rollout that failed.
func deployCauses(v *supervisor.View) []ipc.Cause {
	var list []ipc.Cause
	add := func(when time.Time, format string, a ...any) {
		list = append(list, ipc.Cause{Unit: v.ID, Text: fmt.Sprintf(format, a...), Time: when})
	}
	if h := healthReport(v); h != nil && h.Last != nil && v.Unit.Main {
		add(h.Last.Time, "health check (%s): %s", checkName(h), h.Last.Text)
	}
	if h := healthReport(v); h != nil && h.WatchdogSecs > 0 && v.Unit.Main {
		add(time.Time{}, "watchdog: it has to report every %s", v.Def.Health.Watchdog)
	}
	if v.Rolling {
		add(v.Rollout.Since, "rollout %s: %s", v.Rollout.Phase, phaseWaits(v))
	}
	if v.Last != nil && !v.Last.OK {
		add(v.Last.Time, "the last rollout, run %d, failed: %s", v.Last.Run, v.Last.Reason)
	}
	return list
}

func checkName(h *ipc.Health) string {
	if h.Target == "" {
		return h.Kind
	}
	return h.Kind + " " + h.Target
}
