package proc

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// squad are the living processes that wear the same marker or belt.
type squad struct {
	worn    uint64
	members []int
	// main leads a session and is the oldest that does; 0 for none.
	main  int
	ticks uint64
}

// Muster finds the trees of this host that live, where nobody knows which there
// should be: by what their processes wear, and what those were told. Home is
// the state directory that they were told of, pipes the folder of the pipes that
// they write to: either makes a tree this host's, and so does its cgroup.
func (h *Host) Muster(home, pipes string) []Survivor {
	var list []Survivor
	for _, s := range squads() {
		if s.main == 0 {
			continue
		}
		said := s.says()
		p, named := h.heldBy(s)
		if !named && said.home != home && (said.home != "" || !writesTo(s.main, pipes)) {
			continue
		}
		list = append(list, Survivor{
			Tree: said.tree, Step: said.step, Process: p, Started: startedAt(s.ticks),
			Argv: argvOf(s.main), Dir: link(s.main, "cwd"),
		})
	}
	slices.SortFunc(list, func(a, b Survivor) int { return a.Process.PID - b.Process.PID })
	return list
}

// squads are all of the machine that this user may ask.
func squads() []*squad {
	found := map[uint64]*squad{}
	self := os.Getpid()
	for _, pid := range pids() {
		worn := wornBy(pid)
		if worn == 0 || pid == self {
			continue
		}
		st, err := readStat(pid)
		if err != nil || st.dead() {
			continue
		}
		s := found[worn]
		if s == nil {
			s = &squad{worn: worn}
			found[worn] = s
		}
		s.members = append(s.members, pid)
		if st.session == pid && (s.main == 0 || st.ticks < s.ticks) {
			s.main, s.ticks = pid, st.ticks
		}
	}
	return slices.Collect(maps.Values(found))
}

// heldBy is the main process with its hold, and whether that is named after
// this host.
func (h *Host) heldBy(s *squad) (p Process, named bool) {
	p = Process{PID: s.main, StartTicks: s.ticks, BootID: h.bootID, Mark: s.worn, Containment: ContainMarker}
	if isMark(s.worn) {
		return p, false
	}
	for folder := cgroupOf(s.main); len(folder) > 1; folder = filepath.Dir(folder) {
		if beltOf(folder) == s.worn {
			p.Mark, p.Cgroup, p.Containment = 0, folder, ContainCgroup
			return p, filepath.Base(filepath.Dir(folder)) == "sysg-"+h.o.Name
		}
	}
	// It has left its cgroup, and the belt is no marker.
	return p, false
}

// told is what a process was told of itself when it was started.
type told struct {
	tree       TreeID
	step, home string
}

// says is what the main process was told, or another one where that says
// nothing.
func (s *squad) says() told {
	for _, pid := range append([]int{s.main}, s.members...) {
		if t, ok := tellOf(pid); ok {
			return t
		}
	}
	return told{}
}

func tellOf(pid int) (t told, ok bool) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return told{}, false
	}
	var project, service, run string
	for kv := range bytes.SplitSeq(data, []byte{0}) {
		name, value, _ := bytes.Cut(kv, []byte("="))
		switch string(name) {
		case "SYSG_PROJECT":
			project = string(value)
		case "SYSG_SERVICE":
			service = string(value)
		case "SYSG_RUN":
			run = string(value)
		case "SYSG_STEP":
			t.step = string(value)
		case "SYSG_STATE_DIR":
			t.home = string(value)
		}
	}
	n, err := strconv.ParseUint(run, 10, 64)
	t.tree = TreeID{Unit: project + "/" + service, Run: n}
	return t, err == nil && project != "" && service != ""
}

// writesTo is whether a process writes to a pipe in a folder.
func writesTo(pid int, folder string) bool {
	return strings.HasPrefix(link(pid, "fd/1"), folder+"/") || strings.HasPrefix(link(pid, "fd/2"), folder+"/")
}

// link is where a link of a process leads to; empty where it cannot be read.
func link(pid int, name string) string {
	to, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/" + name)
	if err != nil {
		return ""
	}
	return to
}

// argvOf is the command line of a process now.
func argvOf(pid int) []string {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil || len(data) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
}

// ticksPerSecond is the unit of start times in /proc, the same on every machine
// that Linux shows them on (USER_HZ).
const ticksPerSecond = 100

// startedAt is the time of day of a start time since boot.
func startedAt(ticks uint64) time.Time {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return time.Now()
	}
	age := time.Duration(now.Nano()) - time.Duration(ticks)*time.Second/ticksPerSecond
	return time.Now().Add(-max(age, 0))
}
