package usage

import (
	"runtime"
	"slices"
	"time"
)

// spent is the CPU time in ticks that a tree used between two looks at it,
// both sorted by pid. since is when the first look was, in ticks since boot.
//
// A process that is new counts whole if it began after the first look; an
// older one has only just been found, and what it used before is not known to
// belong in between. A process that is gone counts only if a member waited
// for it: then it is in that member's kids, less what was seen of it before.
func spent(before, now []member, since uint64) uint64 {
	var total uint64
	grown := make([]uint64, 0, 8)
	for i := range now {
		m := &now[i]
		switch old := find(before, m.pid); {
		case old != nil && old.start == m.start:
			total += less(m.self, old.self)
			grown = append(grown, less(m.kids, old.kids))
		case m.start >= since:
			total += m.self
			grown = append(grown, m.kids)
		default:
			grown = append(grown, 0)
		}
	}
	for i := range before {
		gone := &before[i]
		if still := find(now, gone.pid); still != nil && still.start == gone.start {
			continue
		}
		if at, ok := heir(before, now, gone); ok {
			grown[at] = less(grown[at], gone.self+gone.kids)
		}
	}
	for _, g := range grown {
		total += g
	}
	return total
}

// heir is the place in now of the nearest ancestor of a process that is gone:
// the one whose kids have its time, if any has.
func heir(before, now []member, gone *member) (int, bool) {
	for range before { // a chain is no longer than the tree
		parent := find(before, gone.ppid)
		if parent == nil {
			return 0, false
		}
		at, ok := place(now, parent.pid)
		if ok && now[at].start == parent.start {
			return at, true
		}
		gone = parent
	}
	return 0, false
}

// place finds a pid among members sorted by pid.
func place(members []member, pid int32) (int, bool) {
	return slices.BinarySearchFunc(members, pid, func(m member, pid int32) int { return int(m.pid) - int(pid) })
}

func find(members []member, pid int32) *member {
	if at, ok := place(members, pid); ok {
		return &members[at]
	}
	return nil
}

// less is a-b, or 0 where a counter went backwards.
func less(a, b uint64) uint64 {
	if a < b {
		return 0
	}
	return a - b
}

// percent is ticks over a time as a share of one core, at most what all cores
// can give.
func percent(ticks uint64, over time.Duration) float64 {
	return share(time.Duration(min(ticks, 1<<53))*tick, over)
}

// share is CPU time over elapsed time in percent of one core. Less than a tick
// of time says nothing.
func share(cpu, over time.Duration) float64 {
	if over < tick || cpu <= 0 {
		return 0
	}
	return min(100*float64(cpu)/float64(over), 100*float64(runtime.NumCPU()))
}
