package proc

import (
	"cmp"
	"slices"

	"golang.org/x/sys/unix"
)

// chases is how often in a row a chase is tried. Each try is several times
// shorter than the life of a process that only forks, a tenth of a
// millisecond.
const chases = 500

// quarry are trees that are to be killed and have somebody whom no look finds
// alive.
type quarry struct {
	trees map[*tree]bool
	// They are recognised by what they wear, by the number of their main
	// process, and by name.
	worn  map[uint64]bool
	mains map[int]bool
	ids   map[TreeID]bool
	cages cages
	// suspects is that of the host.
	suspects func(stranger) []*tree
}

// chase kills strangers of doubtful trees that are to be killed in the moment
// in which they are found: a process that forks and ends at once is another one
// before it could be found in a look at everything. The newest ones come last,
// and are asked first. It ends when no stranger lives that could be one.
func (h *Host) chase(t *turn, doubtful []*news) {
	q := h.quarry(doubtful)
	if len(q.trees) == 0 {
		return
	}
	threads := threadsOf(doubtful)
	for range chases {
		h.chased.Add(1)
		h.reapStrangers(t)
		list := h.strangers(threads)
		slices.Reverse(list)
		if !slices.ContainsFunc(list, q.strike) {
			return
		}
	}
}

func (h *Host) quarry(doubtful []*news) quarry {
	q := quarry{trees: map[*tree]bool{}, worn: map[uint64]bool{}, mains: map[int]bool{}, ids: map[TreeID]bool{}, cages: h.cages(), suspects: h.suspects}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range doubtful {
		tr := n.tree
		if !tr.killed {
			continue
		}
		q.trees[tr], q.ids[tr.id] = true, true
		q.worn[cmp.Or(tr.process.Mark, beltOf(tr.process.Cgroup))] = true
		if tr.process.PID != 0 {
			q.mains[tr.process.PID] = true
		}
	}
	return q
}

// strike kills a stranger if it is the quarry. It says whether to go on: the
// stranger was killed, or had ended before it could be asked.
func (q quarry) strike(s stranger) bool {
	fd, err := unix.PidfdOpen(s.pid, 0)
	if err != nil {
		return true
	}
	defer unix.Close(fd)
	is, known := q.has(s)
	if is {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
	return is || !known && ended(s.pid)
}

// has is whether a stranger is of one of the trees; known is false where nothing
// tells whose it is.
func (q quarry) has(s stranger) (is, known bool) {
	if worn := wornBy(s.pid); worn != 0 {
		return q.worn[worn], true
	}
	if tr := q.cages.holder(s.pid); tr != nil {
		return q.trees[tr], true
	}
	if of := q.suspects(s); len(of) > 0 && !slices.Contains(of, nil) {
		return !slices.ContainsFunc(of, func(tr *tree) bool { return !q.trees[tr] }), true
	}
	st, err := readStat(s.pid)
	if err != nil {
		return false, false
	}
	if q.mains[st.session] || q.mains[st.group] {
		return true, true
	}
	told, ok := toldOf(s.pid)
	return ok && q.ids[told], ok
}
