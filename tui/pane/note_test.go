package pane

import (
	"testing"
	"time"

	"systemg/ipc"
	"systemg/tui/board"
)

func TestNote(t *testing.T) {
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		what string
		unit ipc.Unit
		look string
		want string
	}{
		{"the state counts down, the note says why", ipc.Unit{Reason: "exit 1, retry in 16s"}, "backoff", "exit 1"},
		{"a reason", ipc.Unit{Reason: "exit 78"}, "failed", "exit 78"},
		{"what is next comes first", ipc.Unit{NextRun: noon.Add(time.Hour), Reason: "last run: exit 0"}, "scheduled", "next 13:00 (1h00m); last run: exit 0"},
		{"how far a replacement is", ipc.Unit{Rollout: &ipc.Rollout{Phase: "verifying", Waits: "a probe"}}, "deploying", "verifying: a probe"},
		{"a child of another", ipc.Unit{Parent: "shop/api"}, "running", "child of shop/api"},
	} {
		if got := Note(&board.Unit{Unit: c.unit, Look: c.look}, noon); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
