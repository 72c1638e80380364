package usage

import (
	"os"
	"sync"
	"testing"
	"time"
)

// machine is a kernel in memory. Its clock is the test's, an hour after boot
// when the test begins.
type machine struct {
	began time.Time

	mu        sync.Mutex
	processes map[int]member
	cgroups   map[string]cgroupFigures
}

type cgroupFigures struct {
	cpu    time.Duration
	memory int64
}

func newMachine() *machine {
	return &machine{began: time.Now(), processes: map[int]member{}, cgroups: map[string]cgroupFigures{}}
}

func (m *machine) uptime() time.Duration { return time.Hour + time.Since(m.began) }

func (m *machine) process(pid int) (member, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.processes[pid]
	return p, ok
}

func (m *machine) spent(dir string) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, ok := m.cgroups[dir]
	return g.cpu, ok
}

func (m *machine) charged(dir string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cgroups[dir].memory
}

// worked is no time: what a sample costs is no matter of the clock.
func (m *machine) worked() time.Duration { return 0 }

// start begins a process now.
func (m *machine) start(pid, ppid int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.processes[pid] = member{pid: int32(pid), ppid: int32(ppid), start: uint64(m.uptime() / tick), state: 'S', pages: 100}
}

// work has a process use CPU time.
func (m *machine) work(pid int, spent time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.processes[pid]
	p.self += uint64(spent / tick)
	m.processes[pid] = p
}

// end ends a process, whose parent waits for it if the machine has it.
func (m *machine) end(pid int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	gone := m.processes[pid]
	delete(m.processes, pid)
	if parent, ok := m.processes[int(gone.ppid)]; ok {
		parent.kids += gone.self + gone.kids
		m.processes[int(gone.ppid)] = parent
	}
}

func (m *machine) group(dir string, g cgroupFigures) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cgroups[dir] = g
}

// all are trees of one unit with every process of the machine.
func (m *machine) all(unit string) func() []Tree {
	return func() []Tree {
		m.mu.Lock()
		defer m.mu.Unlock()
		var pids []int
		for pid := range m.processes {
			pids = append(pids, pid)
		}
		if len(pids) == 0 {
			return nil
		}
		return []Tree{{Unit: unit, PIDs: these(pids...)}}
	}
}

// these is what finds processes that are known.
func these(pids ...int) func() []int { return func() []int { return pids } }

// needs skips a test that this machine cannot run, with the reason; with
// SYSG_TEST_REQUIRE=all that is a failure.
func needs(t *testing.T, ok bool, reason string) {
	t.Helper()
	switch {
	case ok:
	case os.Getenv("SYSG_TEST_REQUIRE") == "all":
		t.Fatal(reason)
	default:
		t.Skip(reason)
	}
}

func near(got, want float64) bool { return got > want*0.98-0.01 && got < want*1.02+0.01 }
