package proc

import (
	"math/rand/v2"
	"os"
	"strconv"
)

// Markers lie in a range nobody uses by accident: as microseconds of real-time
// computing they are more than 36000 years.
const (
	markBase = 1 << 60
	markMask = 1<<59 - 1
)

func newMark() uint64 { return markBase | rand.Uint64()&markMask }

func isMark(v uint64) bool { return v&^markMask == markBase }

// scan finds every living process that wears a marker, by marker.
func scan() map[uint64][]int {
	found := map[uint64][]int{}
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
			continue
		}
		found[mark] = append(found[mark], pid)
	}
	return found
}

// pids are the numbers of all processes.
func pids() []int {
	d, err := os.Open("/proc")
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
		if pid, err := strconv.Atoi(name); err == nil {
			list = append(list, pid)
		}
	}
	return list
}
