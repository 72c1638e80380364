package usage

import (
	"cmp"
	"os"
	"slices"
	"sync"
	"time"
)

// Limit is one resource limit in force.
type Limit struct {
	// Name is the kernel's: "Max open files".
	Name string
	// Soft and Hard are numbers or "unlimited", in Unit ("bytes",
	// "files", "us", or empty).
	Soft, Hard, Unit string
}

// Process is one process of a tree.
type Process struct {
	PID, PPID int
	// Depth is 0 for a process whose parent is not in the tree.
	Depth int
	// State is the kernel's letter: R S D Z T and others.
	State string
	// Command is the command line, or the name in brackets where there is
	// none; up to 4 KiB.
	Command string
	// CPUPercent is of one core. RSS is resident memory in bytes.
	CPUPercent float64
	RSS        uint64
}

// Processes shows the processes with those pids as a tree in rows, parents
// before their children, older ones first; pids that are gone are left out.
// CPUPercent is over each process's life.
func Processes(pids []int) []Process { return new(Table).Processes(pids) }

// Table is Processes with a memory: CPUPercent is since the call before,
// where that saw the process too. The zero Table is ready; it is safe for
// concurrent use.
type Table struct {
	mu     sync.Mutex
	kernel kernel
	seen   map[processKey]uint64
	at     time.Duration
}

type processKey struct {
	pid   int32
	start uint64
}

// tableFresh is the least time between two calls for a rate to be made of
// their difference: a tick is 10 ms, so less would be noise.
const tableFresh = 200 * time.Millisecond

// Processes shows the processes with those pids; see the function of that
// name.
func (t *Table) Processes(pids []int) []Process {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.kernel.uptime()
	members := make([]member, 0, len(pids))
	for _, pid := range pids {
		if m, ok := t.kernel.process(pid); ok {
			members = append(members, m)
		}
	}
	ordered, depths := tree(members)
	rows := make([]Process, 0, len(ordered))
	for i, m := range ordered {
		before, known := t.seen[processKey{pid: m.pid, start: m.start}]
		since := t.at
		if !known || now-t.at < tableFresh {
			before, since = 0, time.Duration(m.start)*tick
		}
		rows = append(rows, Process{
			PID: int(m.pid), PPID: int(m.ppid), Depth: depths[i], State: string(m.state),
			Command:    t.kernel.command(int(m.pid)),
			CPUPercent: percent(less(m.self, before), now-since),
			RSS:        m.pages * uint64(os.Getpagesize()),
		})
	}
	if now-t.at >= tableFresh {
		t.at, t.seen = now, make(map[processKey]uint64, len(ordered))
		for _, m := range ordered {
			t.seen[processKey{pid: m.pid, start: m.start}] = m.self
		}
	}
	return rows
}

// tree orders processes parents first and says how deep each stands.
func tree(members []member) (ordered []member, depths []int) {
	slices.SortFunc(members, func(a, b member) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.pid, b.pid))
	})
	parents := make(map[int32]bool, len(members))
	for _, m := range members {
		parents[m.pid] = true
	}
	children := make(map[int32][]member, len(members))
	var roots []member
	for _, m := range members {
		if parents[m.ppid] && m.ppid != m.pid {
			children[m.ppid] = append(children[m.ppid], m)
		} else {
			roots = append(roots, m)
		}
	}
	placed := make(map[int32]bool, len(members))
	var descend func(m member, depth int)
	descend = func(m member, depth int) {
		if placed[m.pid] {
			return
		}
		placed[m.pid] = true
		ordered, depths = append(ordered, m), append(depths, depth)
		for _, child := range children[m.pid] {
			descend(child, depth+1)
		}
	}
	for _, m := range roots {
		descend(m, 0)
	}
	// The rows were not read at one moment: a pid that was used again in
	// between can close a circle without a root.
	for _, m := range members {
		descend(m, 0)
	}
	return ordered, depths
}
