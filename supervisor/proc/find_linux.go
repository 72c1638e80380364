package proc

import "slices"

// StartedAt is when a process that lives was started, in clock ticks since
// boot; ErrGone where there is none.
func StartedAt(pid int) (uint64, error) {
	st, err := readStat(pid)
	if err != nil || st.dead() {
		return 0, ErrGone
	}
	return st.ticks, nil
}

// Lives is whether a process lives and is still the one that was noted. Which
// boot that was is the caller's to know.
func Lives(p Process) bool {
	st, err := readStat(p.PID)
	return p.PID > 0 && err == nil && !st.dead() && p.has(st)
}

// Hold is a new hold, for a tree that is about to be started: whoever writes it
// down first finds the tree again, whatever happens. Root is that of the tree's
// cgroup where it has one of its own.
func (h *Host) Hold(root string) Hold {
	mark, c := newMark(), h.groups
	if root != "" {
		// Without the folder, which is made later, the marker will do.
		c.root, _ = c.below(root)
	}
	return Hold{Mark: mark, Cgroup: c.path(mark)}
}

// Find looks for the trees of holds, in one scan.
func (h *Host) Find(holds []Hold) []Found {
	if len(holds) == 0 {
		return nil
	}
	marked := scan().live
	list := make([]Found, 0, len(holds))
	for _, hold := range holds {
		list = append(list, h.find(hold, marked))
	}
	return list
}

func (h *Host) find(hold Hold, marked map[uint64][]int) Found {
	p := Process{BootID: h.bootID, Cgroup: hold.Cgroup, Containment: ContainCgroup}
	var members []int
	if hold.Cgroup != "" {
		members = cgroupMembers(hold.Cgroup)
	}
	if len(members) == 0 {
		// The kernel may have refused the cgroup.
		members = marked[hold.Mark]
		p.Mark, p.Cgroup, p.Containment = hold.Mark, "", ContainMarker
	}
	f := Found{Members: len(members)}
	for _, pid := range members {
		st, err := readStat(pid)
		if err != nil || st.dead() || st.session != pid {
			continue
		}
		// The main process leads a session from the start; another one that
		// does is younger.
		if f.Main.PID == 0 || st.ticks < f.Main.StartTicks {
			f.Main = p
			f.Main.PID, f.Main.StartTicks = pid, st.ticks
		}
	}
	return f
}

// AdoptRest takes over what is left of a tree whose main process has ended, and
// says how many processes that are. Where there are some, Emptied follows.
func (h *Host) AdoptRest(id TreeID, p Process) int {
	if p.BootID != h.bootID || p.Cgroup == "" && p.Mark == 0 {
		return 0
	}
	members := cgroupMembersOr(p)
	members = slices.DeleteFunc(members, func(pid int) bool {
		st, err := readStat(pid)
		return err != nil || st.dead()
	})
	if len(members) == 0 {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p.PID = 0
	t := &tree{id: id, process: p, main: -1, leftovers: map[int]int{}, kin: kin{}}
	h.trees[id] = t
	h.review = append(h.review, t)
	h.rouse()
	return len(members)
}

// cgroupMembersOr are the members by the cgroup where there is one, else by a
// scan for the marker.
func cgroupMembersOr(p Process) []int {
	if p.Cgroup != "" {
		return cgroupMembers(p.Cgroup)
	}
	return scan().live[p.Mark]
}
