package guardian

import (
	"syscall"
	"testing"
	"time"

	"systemg/supervisor/proc"
)

// A supervisor that is killed is back at once, however often; one that crashes
// is at first, and then later and later, until it has been well for a while.
func TestPauses(t *testing.T) {
	now := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	never := life{}
	quick := life{Ready: now.Add(-time.Second)}
	old := life{Ready: now.Add(-time.Hour)}
	killed := proc.Status{Known: true, Code: -1, Signal: syscall.SIGKILL}
	crashed := proc.Status{Known: true, Code: 2}
	for _, c := range []struct {
		name  string
		count int
		life  life
		how   proc.Status
		want  time.Duration
		left  int
	}{
		{"the first crash", 0, quick, crashed, 0, 1},
		{"the second", 1, quick, crashed, 100 * time.Millisecond, 2},
		{"the third", 2, quick, crashed, 200 * time.Millisecond, 3},
		{"the tenth", 9, quick, crashed, 25600 * time.Millisecond, 10},
		{"the hundredth", 99, quick, crashed, longestPause, 100},
		{"one that was never ready", 1, never, crashed, 100 * time.Millisecond, 2},
		{"killed before it was ready", 1, never, killed, 100 * time.Millisecond, 2},
		{"killed once more", 99, quick, killed, 0, 0},
		{"a crash after an hour", 99, old, crashed, 0, 0},
	} {
		after, pause := (Crashes{Count: c.count}).after(c.life, c.how, now)
		if pause != c.want || after.Count != c.left || after.How != c.how.String() {
			t.Errorf("%s: %s and %+v, want %s and %d", c.name, pause, after, c.want, c.left)
		}
	}
}
