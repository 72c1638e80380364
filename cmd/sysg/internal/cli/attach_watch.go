package cli

import (
	"context"
	"fmt"
	"slices"

	"systemg/ipc"
	"systemg/supervisor/unit"
)

// watch tells of units that end or fail, and stops everything where that was
// asked for.
func (t *attachment) watch(ctx context.Context, names []string) {
	client, err := t.dial(ctx)
	if err != nil {
		return
	}
	defer client.Close()
	seen := map[string]ipc.Unit{}
	take := func(list []ipc.Unit, first bool) {
		for _, u := range list {
			before := seen[u.ID]
			seen[u.ID] = u
			changed := before.State != u.State || before.Run != u.Run
			if first {
				// One that is quick has ended before anybody looked.
				changed = ended(before, u) && slices.Contains(t.started, u.ID)
			}
			if changed {
				t.tell(ctx, before, u)
			}
		}
	}
	// It ends with ctx, or with the supervisor.
	_ = client.Subscribe(ctx, ipc.SubscribeParams{Selection: ipc.Selection{Units: names}},
		func(s ipc.SubscribeResult) error { take(s.Units, len(seen) == 0); return nil },
		func(d ipc.Delta) error { take(d.Units, false); return nil })
}

// tell says what happened to a unit, and draws the consequence.
func (t *attachment) tell(ctx context.Context, before, u ipc.Unit) {
	if text := news(u); text != "" && !t.Quiet {
		t.mu.Lock()
		// A terminal that is gone ends the stream of lines too.
		_ = t.printer.Note(u.ID, text)
		t.mu.Unlock()
	}
	if !ended(before, u) {
		return
	}
	if t.decides(u) || t.cmd.AbortOnExit {
		t.verdictOnce(silent(exitCode(u)))
		t.stop(ctx, false)
	}
}

// decides is whether the command ends as the unit does.
func (t *attachment) decides(u ipc.Unit) bool {
	return t.cmd.ExitCodeFrom == u.Name || t.cmd.ExitCodeFrom == u.ID
}

// news is what is worth a line between the units' own.
func news(u ipc.Unit) string {
	switch unit.State(u.State) {
	case unit.Failed, unit.Backoff, unit.Blocked:
		return u.State + ": " + u.Reason
	case unit.Completed, unit.Skipped:
		return u.State
	case unit.Pending, unit.Starting, unit.Running, unit.Stopping, unit.Stopped, unit.Scheduled:
	}
	return ""
}

// ended is whether a run of the unit came to its end with this change.
func ended(before, u ipc.Unit) bool {
	switch unit.State(u.State) {
	case unit.Failed, unit.Backoff, unit.Completed:
		return true
	case unit.Scheduled:
		return before.State == string(unit.Running) || before.State == string(unit.Stopping)
	case unit.Starting, unit.Running:
		return before.ID != "" && before.Run != 0 && u.Run > before.Run && before.State == string(unit.Running)
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
	r, err := t.client.Status(ctx, ipc.StatusParams{Selection: ipc.Selection{Units: names}})
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
