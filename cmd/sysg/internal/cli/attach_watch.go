package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"systemg/ipc"
	"systemg/supervisor/unit"
)

// watch tells of units that end or fail, and stops everything where that was
// asked for.
func (t *attachment) watch(ctx context.Context, names []string) {
	seen := map[string]ipc.Unit{}
	take := func(list []ipc.Unit, first bool) {
		// Whether others wait for a unit is known once all are.
		before := maps.Clone(seen)
		for _, u := range list {
			seen[u.ID] = u
		}
		for _, u := range list {
			changed := moved(before[u.ID], u)
			if first {
				// One that is quick has ended before anybody looked.
				changed = ended(before[u.ID], u) && slices.Contains(t.started, u.ID)
			}
			if changed {
				t.tell(ctx, before[u.ID], u, awaited(seen, u))
			}
		}
	}
	// It ends with ctx, or with the last supervisor.
	client, err := t.dial(ctx)
	if err != nil {
		return
	}
	for client != nil {
		err := client.Subscribe(ctx, ipc.SubscribeParams{Selection: ipc.Selection{Units: names}},
			func(s ipc.SubscribeResult) error { take(s.Units, len(seen) == 0); return nil },
			func(d ipc.Delta) error { take(d.Units, false); return nil })
		if err == nil {
			err = ipc.Errorf(ipc.CodeLost, "the supervisor ended the stream")
		}
		last := client
		client = t.back(ctx, last, err)
		_ = last.Close()
	}
}

// moved is whether there may be news of a unit.
func moved(before, u ipc.Unit) bool {
	return before.State != u.State || before.Run != u.Run || before.Health != u.Health ||
		(before.Rollout == nil) != (u.Rollout == nil)
}

// awaited is whether the unit is a one-shot that others wait for: it is there to
// complete.
func awaited(all map[string]ipc.Unit, u ipc.Unit) bool {
	if u.Kind != "oneshot" {
		return false
	}
	for _, other := range all {
		if other.Project == u.Project && slices.Contains(other.Depends, u.Name) {
			return true
		}
	}
	return false
}

// tell says what happened to a unit, and draws the consequence.
func (t *attachment) tell(ctx context.Context, before, u ipc.Unit, awaited bool) {
	if text := news(before, u); text != "" && !t.Quiet {
		if text == notReplaced {
			text += t.rolloutReason(ctx, u)
		}
		t.mu.Lock()
		// A terminal that is gone ends the stream of lines too.
		_ = t.printer.Note(u.ID, text)
		t.mu.Unlock()
	}
	if !ended(before, u) {
		return
	}
	asIntended := u.Kind == "cron" || awaited && u.State == string(unit.Completed)
	if t.decides(u) || t.cmd.AbortOnExit && !asIntended {
		t.verdictOnce(silent(exitCode(u)))
		t.stop(ctx, false)
	}
}

// decides is whether the command ends as the unit does.
func (t *attachment) decides(u ipc.Unit) bool {
	return t.cmd.ExitCodeFrom == u.Name || t.cmd.ExitCodeFrom == u.ID
}

// notReplaced begins the news of a rollout that failed.
const notReplaced = "not replaced"

// rolloutReason is why the unit's last rollout failed, after a colon; empty
// where nobody can tell.
func (t *attachment) rolloutReason(ctx context.Context, u ipc.Unit) string {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var r ipc.InspectResult
	err := t.client().Call(ctx, ipc.MethodInspect, ipc.InspectParams{Unit: u.ID}, &r)
	if err != nil || r.Deployment.Last == nil || r.Deployment.Last.OK {
		return ""
	}
	return ": " + r.Deployment.Last.Reason
}

// news is what is worth a line between the units' own.
func news(before, u ipc.Unit) string {
	if r := before.Rollout; r != nil && u.Rollout == nil && u.State == string(unit.Running) {
		if u.Run > before.Run || u.Run == r.Run {
			return fmt.Sprintf("replaced: run %d is in place", u.Run)
		}
		return notReplaced
	}
	if before.State != u.State || before.Run != u.Run {
		return arrival(before, u)
	}
	switch {
	case u.Health == "unhealthy" && before.Health != u.Health:
		return first(u.Reason, "unhealthy")
	case u.Health == "healthy" && before.Health == "unhealthy":
		return "healthy again"
	}
	return ""
}

// arrival is what is worth a line of a unit that has come to another state.
func arrival(before, u ipc.Unit) string {
	switch unit.State(u.State) {
	case unit.Failed, unit.Backoff, unit.Blocked:
		return u.State + ": " + u.Reason
	case unit.Completed, unit.Skipped:
		return u.State
	case unit.Scheduled:
		if x := u.LastExit; ended(before, u) && x != nil && (x.Code != 0 || x.Signal != "") {
			return fmt.Sprintf("run %d failed: %s", x.Run, x.Text)
		}
	case unit.Pending, unit.Starting, unit.Running, unit.Stopping, unit.Stopped:
	}
	return ""
}

// ended is whether a run of the unit came to its end with this change; one that
// an operator or a rollout replaced did not.
func ended(before, u ipc.Unit) bool {
	switch unit.State(u.State) {
	case unit.Failed, unit.Backoff, unit.Completed:
		return before.State != u.State || before.Run != u.Run
	case unit.Scheduled:
		// A quick run begins and ends between two looks.
		return before.State == string(unit.Running) || before.State == string(unit.Stopping) || u.Run > before.Run
	case unit.Starting, unit.Running:
		return before.ID != "" && before.State == string(unit.Running) &&
			(u.Restarts > before.Restarts || u.Kind == "cron" && u.Run > before.Run && before.Run != 0)
	case unit.Pending, unit.Blocked, unit.Stopping, unit.Stopped, unit.Skipped:
	}
	return false
}

// exitCode is a unit's last exit as a shell would give it: 128 and the number
// of the signal that killed it (POSIX.1-2017, Shell Command Language, 2.8.2).
func exitCode(u ipc.Unit) int {
	x := u.LastExit
	switch {
	case x == nil:
		return statusFailed
	case x.Signal != "":
		return 128 + signalNumber(x.Signal)
	case x.Code < 0:
		return statusFailed
	}
	return x.Code
}

// judge is what the command ends with when everything has come to rest by
// itself or was stopped.
func (t *attachment) judge(names []string) error {
	select {
	case <-t.stopping:
		if exitStatus(t.verdict) == statusDone {
			return nil
		}
		return t.verdict
	default:
	}
	var r ipc.StatusResult
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	r, err := t.client().Status(ctx, ipc.StatusParams{Selection: ipc.Selection{Units: names}})
	if err != nil {
		return err
	}
	var bad []string
	var culprit *ipc.Unit
	for _, u := range r.Units {
		if t.decides(u) && u.LastExit != nil {
			// Everything came to rest before its end was told.
			return silent(exitCode(u))
		}
		if s := unit.State(u.State); s == unit.Failed || s == unit.Blocked {
			bad = append(bad, fmt.Sprintf("%s %s (%s)", u.Name, u.State, u.Reason))
			if culprit == nil {
				culprit = &u
			}
		}
	}
	if len(bad) == 0 {
		return nil
	}
	if t.cmd.AbortOnExit {
		return silent(exitCode(*culprit))
	}
	e := ipc.Errorf(ipc.CodeFailed, "%d of %s failed: %s", len(bad), counted(len(r.Units), "unit"), joined(bad))
	e.Try = "sysg why " + culprit.Name
	return e
}
