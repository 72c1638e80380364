package watch

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// change is a burst that begins after so long since noon.
func change(after time.Duration) burst {
	return burst{first: noon.Add(after), last: noon.Add(after), paths: []string{"/app/x"}}
}

// A unit that writes a file at each start is restarted ten times, though each
// restart takes as long as it likes.
func TestGuardEndsALoop(t *testing.T) {
	for _, restart := range []time.Duration{0, time.Second, time.Minute} {
		var g guard
		now, started, allowed := time.Duration(0), noon.Add(-time.Hour), 0
		for range 100 {
			if !g.allow(change(now), started) {
				break
			}
			allowed++
			g.asked(noon.Add(now), true)
			now += restart + time.Millisecond
			started = noon.Add(now)
			now += time.Second // and then it writes
		}
		if allowed != mostInARow {
			t.Errorf("a restart takes %s: restarted %d times", restart, allowed)
		}
		if g.quiet().Sub(noon) != now+quietTime {
			t.Errorf("trusts again %s after noon, now is %s", g.quiet().Sub(noon), now)
		}
		if g.allow(change(now+9*time.Second), started) {
			t.Error("restarted before it was quiet")
		}
		if !g.allow(change(now+20*time.Second), started) {
			t.Error("not restarted after it was quiet")
		}
	}
}

// A person who saves every few seconds is never taken for a loop, nor one who
// changes files while the unit is down.
func TestGuardTrustsPeople(t *testing.T) {
	var g guard
	for i := range 100 {
		now := time.Duration(i) * 4 * time.Second
		started := noon.Add(now - 3*time.Second)
		if !g.allow(change(now), started) {
			t.Fatalf("not restarted at the %d. change", i)
		}
		g.asked(noon.Add(now), true)
	}
	g = guard{}
	for i := range 100 {
		if !g.allow(change(time.Duration(i)*time.Millisecond), noon.Add(-time.Hour)) {
			t.Fatalf("not told at the %d. change", i)
		}
		g.asked(noon.Add(time.Duration(i)*time.Millisecond), false)
	}
}

// Where nobody says when a run began, changes within ten seconds count as the
// unit's own.
func TestGuardWithoutStarts(t *testing.T) {
	var g guard
	for i := range mostInARow + 1 {
		now := time.Duration(i) * 9 * time.Second
		if got := g.allow(change(now), time.Time{}); got != (i < mostInARow) {
			t.Errorf("%d. change: %v", i, got)
		}
		g.asked(noon.Add(now), true)
	}
}

// A burst ends after a pause, and also when there is none.
func TestBurst(t *testing.T) {
	var b burst
	if !b.due(time.Second).IsZero() {
		t.Error("nothing is due")
	}
	for i := range 100 {
		b.add("/a", noon.Add(time.Duration(i)*100*time.Millisecond))
		want := min(time.Duration(i)*100*time.Millisecond+200*time.Millisecond, leastBurst)
		if got := b.due(200 * time.Millisecond).Sub(noon); got != want {
			t.Errorf("after %d changes it is due after %s, want %s", i+1, got, want)
		}
	}
	for i := range 2 * mostPaths {
		b.add(string(rune('a'+i)), noon)
	}
	if len(b.paths) != mostPaths {
		t.Errorf("%d paths are kept", len(b.paths))
	}
}
