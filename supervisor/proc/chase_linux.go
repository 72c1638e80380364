package proc

import (
	"slices"

	"golang.org/x/sys/unix"
)

// chases is how often in a row a chase is tried. Each try is several times
// shorter than the life of a process that only forks, a tenth of a
// millisecond.
const chases = 500

// chase kills strangers of a tree in the moment in which they are found: a
// process that forks and ends at once is another one before it could be found
// in a look at everything. The newest ones come last, and are asked first. It
// ends when no stranger lives that could be one.
func (h *Host) chase(t *turn, tr *tree) {
	for range chases {
		h.reapStrangers(t)
		list := h.strangers(false)
		slices.Reverse(list)
		if !slices.ContainsFunc(list, func(pid int) bool { return h.strike(tr, pid) }) {
			return
		}
	}
}

// strike kills a stranger if it is the tree's. It says whether to go on: the
// stranger was killed, or had ended before it could be asked.
func (h *Host) strike(tr *tree, pid int) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return true
	}
	defer unix.Close(fd)
	if worn := wornBy(pid); worn != 0 {
		if worn != tr.process.Mark && worn != beltOf(tr.process.Cgroup) {
			return false
		}
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		return true
	}
	st, err := readStat(pid)
	if err != nil || st.dead() {
		return true
	}
	main := tr.process.PID
	told, ok := toldOf(pid)
	if st.session != main && st.group != main && (!ok || told != tr.id) {
		return ended(pid)
	}
	_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	return true
}
