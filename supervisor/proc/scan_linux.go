package proc

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"
)

// Markers lie in a range nobody uses by accident: as microseconds of real-time
// computing they are more than 36000 years. A process that is held by a cgroup
// wears a belt instead, which has the same meaning in a range of its own and
// is only asked for where the cgroup has lost it.
const (
	markBase = 1 << 60
	beltBase = 1 << 61
	markMask = 1<<59 - 1
)

func newMark() uint64 { return markBase | rand.Uint64()&markMask }

func isMark(v uint64) bool { return v&^markMask == markBase }

// beltOf is the belt of a tree that is held by a cgroup, whose folder is named
// after it; 0 where it is not.
func beltOf(cgroup string) uint64 {
	if cgroup == "" {
		return 0
	}
	own, err := strconv.ParseUint(path.Base(cgroup), 36, 64)
	if err != nil || own&^markMask != 0 {
		return 0
	}
	return beltBase | own
}

// putOn puts a marker or a belt on a process that lives already. What it has
// started before does not wear it.
func putOn(pid int, mark uint64) error {
	var lim unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_RTTIME, nil, &lim); err != nil {
		return err
	}
	lim.Cur = min(mark, lim.Max)
	return unix.Prlimit(pid, unix.RLIMIT_RTTIME, &lim, nil)
}

// wornBy is what a process wears, living or not reaped yet; 0 for nothing. The
// kernel keeps limits from other users (prlimit(2)), but not from readers of
// /proc.
func wornBy(pid int) uint64 {
	var lim unix.Rlimit
	err := unix.Prlimit(pid, unix.RLIMIT_RTTIME, nil, &lim)
	if errors.Is(err, unix.EPERM) {
		data, _ := readSmall("/proc/" + strconv.Itoa(pid) + "/limits")
		lim.Cur, err = parseRealTime(data), nil
	}
	if base := lim.Cur &^ markMask; err != nil || base != markBase && base != beltBase {
		return 0
	}
	return lim.Cur
}

// parseRealTime is the soft limit of the line of RLIMIT_RTTIME; 0 for none.
func parseRealTime(limits []byte) uint64 {
	_, rest, ok := bytes.Cut(limits, []byte("Max realtime timeout"))
	fields := bytes.Fields(rest)
	if !ok || len(fields) == 0 {
		return 0
	}
	soft, err := strconv.ParseUint(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return soft
}

// wearers are the processes that wear a marker, by marker.
type wearers struct {
	live map[uint64][]int
	// ended says that one was found that had ended and was not reaped yet.
	ended map[uint64]bool
}

// scan finds every process that wears a marker and may be asked by this user.
//
// A process that forks and ends at once is hard to find alive. But as long as
// nobody reaps, somebody of its kind can be found: its ancestor whose parent
// is this process stays, alive or ended. So where a scan finds neither, there
// is none.
func scan() wearers {
	found := wearers{live: map[uint64][]int{}, ended: map[uint64]bool{}}
	self := os.Getpid()
	for _, pid := range pids() {
		// This process wears the marker of whatever is being forked.
		if pid == self {
			continue
		}
		mark, ok := markOf(pid)
		if !ok {
			continue
		}
		if st, err := readStat(pid); err != nil || st.dead() {
			found.ended[mark] = true
			continue
		}
		found.live[mark] = append(found.live[mark], pid)
	}
	return found
}

// pids are the numbers of all processes.
func pids() []int { return numbers("/proc") }

// numbers are the names in a folder that are numbers.
func numbers(folder string) []int {
	d, err := os.Open(folder)
	if err != nil {
		return nil
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil
	}
	list := make([]int, 0, len(names))
	for _, name := range names {
		if name[0] < '1' || name[0] > '9' {
			continue
		}
		if n, err := strconv.Atoi(name); err == nil {
			list = append(list, n)
		}
	}
	return list
}
