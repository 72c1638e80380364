package watch

import (
	"fmt"
	"time"
)

const (
	// mostInARow is how many restarts may follow one another that the unit
	// itself seems to have caused.
	mostInARow = 10
	// ownTime is how long after the beginning of a run changes are taken
	// for the unit's own; unknownTime the same after a restart was asked
	// for, where nobody says when the run began.
	ownTime     = 2 * time.Second
	unknownTime = 10 * time.Second
	// quietTime without changes ends the distrust.
	quietTime = 10 * time.Second
)

// guard keeps a unit that changes what it watches from being restarted for
// ever.
type guard struct {
	// fired is when the last restart was asked for, last when something
	// changed last.
	fired, last time.Time
	inARow      int
	tripped     bool
}

// allow is whether a burst of changes may restart the unit, whose present run
// began at started (zero for unknown).
func (g *guard) allow(b burst, started time.Time) bool {
	if g.tripped && b.first.Sub(g.last) >= quietTime {
		g.tripped, g.inARow = false, 0
	}
	g.last = b.last
	if g.tripped {
		return false
	}
	if g.own(b, started) {
		g.inARow++
	} else {
		g.inARow = 0
	}
	g.tripped = g.inARow >= mostInARow
	return !g.tripped
}

// own is whether the unit itself may have made the changes: they began before
// the restart that was asked for was through, or soon after.
func (g *guard) own(b burst, started time.Time) bool {
	switch {
	case g.fired.IsZero():
		return false
	case started.IsZero():
		return b.first.Before(g.fired.Add(unknownTime))
	}
	return !started.After(g.fired) || b.first.Before(started.Add(ownTime))
}

// asked takes note of whether a restart was asked for, and when.
func (g *guard) asked(now time.Time, restarted bool) {
	if !restarted {
		g.fired, g.inARow = time.Time{}, 0
		return
	}
	g.fired = now
}

// quiet is when the guard trusts again; zero where it does.
func (g *guard) quiet() time.Time {
	if !g.tripped {
		return time.Time{}
	}
	return g.last.Add(quietTime)
}

// words say why nothing is restarted any more.
func (g *guard) words(b burst) string {
	return fmt.Sprintf("a change of %s right after each of %d restarts in a row: it seems to change what it watches, "+
		"and is not restarted again until nothing has changed for %s; add what it writes to watch.ignore",
		b.paths[0], mostInARow, quietTime)
}
