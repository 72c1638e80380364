package control

import (
	"time"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
	"systemg/supervisor/usage"
)

// readings gives the newest CPU and memory figures of a unit.
type readings interface {
	Now(unit string) (usage.Reading, bool)
}

// unitOf is a view as a client sees it.
func unitOf(v *supervisor.View, r readings, now time.Time) ipc.Unit {
	u := ipc.Unit{
		ID: v.ID, Project: v.Def.Project, Name: v.Def.Name, Replica: v.Def.Replica,
		Hash: v.Hash, Kind: kindOf(v), State: string(v.Unit.State), Health: healthOf(v), Deploy: deployOf(v),
		Reason: clip(v.Unit.Reason, maxText), Since: v.Unit.Since, Desired: string(v.Unit.Desired),
		Run: v.Unit.Run, Restarts: v.Unit.Restarts, Failures: v.Unit.Failures,
		LastExit: exitOf(v.Unit.LastExit), Orphaned: v.Orphaned, Parent: v.Parent,
	}
	u.NextRun = v.NextRun
	u.Rollout = rolloutOf(v)
	if v.Def.Replica > 0 {
		u.Base = v.Def.Base
	}
	for _, d := range v.Def.Depends {
		u.Depends = append(u.Depends, d.Unit)
	}
	if v.Unit.State == unit.Backoff {
		u.RetryAt = v.Unit.Deadline
	}
	if !v.Unit.Main || !v.Unit.Spawned {
		return u
	}
	u.PID, u.StartedAt = v.Process.PID, v.StartedAt
	u.Containment = v.Process.Containment
	u.UptimeSecs = max(now.Sub(v.StartedAt).Seconds(), 0)
	if reading, ok := r.Now(v.ID); ok {
		u.CPUPercent, u.MemoryBytes, u.Processes = reading.CPUPercent, reading.MemoryBytes, reading.Processes
	}
	return u
}

func healthOf(v *supervisor.View) string {
	if v.Unit.Health == "" {
		return string(unit.NoHealth)
	}
	return string(v.Unit.Health)
}

// deployOf is the phase of the rollout under way.
func deployOf(v *supervisor.View) string {
	if !v.Rolling {
		return "none"
	}
	return string(v.Rollout.Phase)
}

func kindOf(v *supervisor.View) string {
	if v.Adhoc {
		return "adhoc"
	}
	return string(v.Def.Kind)
}

func exitOf(x *unit.Exit) *ipc.Exit {
	if x == nil {
		return nil
	}
	return &ipc.Exit{Run: x.Run, Code: x.Code, Signal: x.Signal, Core: x.Core, Time: x.Time, Text: x.Text}
}

// configOf is a definition as a client sees it.
func configOf(def *config.Unit, manifest string) ipc.Config {
	c := ipc.Config{
		Manifest: manifest, Command: def.Command, Exec: def.Exec, WorkingDir: def.Dir,
		Restart: string(def.Restart), Backoff: backoffText(def.Backoff), MaxRestarts: def.MaxRestarts,
		StopSignal: def.Stop.Signal, StopTimeout: def.Stop.Timeout.String(), StopCommand: def.Stop.Command,
		PreStart: def.Deployment.PreStart, Skip: def.Skip.Command, Env: map[string]string{},
	}
	if def.Skip.Always {
		c.Skip = "true"
	}
	for _, v := range def.Env {
		c.Env[v.Name] = v.Value
	}
	return c
}

func backoffText(b config.Backoff) string {
	if b.Factor <= 1 {
		return b.Initial.String()
	}
	return b.Initial.String() + " to " + b.Max.String()
}

// maxText is how much of a text that anybody could make long a message
// carries, in characters.
const maxText = 4000

// eventOf is a journal entry as a client sees it.
func eventOf(e store.Event) ipc.Event {
	out := ipc.Event{
		Seq: e.Seq, Time: e.Time, Type: e.Type, Project: e.Project, Unit: e.Unit,
		Run: e.Run, PID: e.PID, From: e.From, To: e.To, Reason: clip(e.Reason, maxText), By: clip(e.By, maxText),
	}
	if e.Exit != nil {
		out.Exit = &ipc.Exit{
			Run: e.Exit.Run, Code: e.Exit.Code, Signal: e.Exit.Signal,
			Core: e.Exit.Core, Time: e.Exit.Time, Text: e.Exit.Text,
		}
	}
	return out
}

// changeOf is a plan's line as a client sees it.
func changeOf(c supervisor.Change) ipc.Change {
	return ipc.Change{Unit: c.ID, Action: c.Action, Keys: c.Keys, Effect: string(c.Effect)}
}

func changesOf(list []supervisor.Change) []ipc.Change {
	out := make([]ipc.Change, 0, len(list))
	for _, c := range list {
		out = append(out, changeOf(c))
	}
	return out
}

func selectionOf(s ipc.Selection) supervisor.Selection {
	return supervisor.Selection{Units: s.Units, Project: s.Project, Near: s.Near}
}
