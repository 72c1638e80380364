package proc

import (
	"bytes"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// look is what one look around found.
type look struct {
	wearers wearers
	crowd   crowd
}

// lookAround looks for members of every tree, and for those of some with more
// care. Nothing is reaped meanwhile.
func (h *Host) lookAround(list []*news) *look {
	h.looked.Add(1)
	var l look
	if h.marked() {
		l.wearers = scan()
	}
	l.crowd = h.gather(threadsOf(list))
	return &l
}

// marked is whether any tree is held by a marker.
func (h *Host) marked() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, tr := range h.trees {
		if tr.process.Cgroup == "" {
			return true
		}
	}
	return false
}

// found are the living processes of a tree that a look has found: those that
// are held, and its kin. Where there are none there may be one all the same, if
// doubt says so: the last ones ended while they were looked at, and may have
// started others.
func (h *Host) found(l *look, tr *tree) (list []int, doubt bool) {
	p := tr.process
	worn := p.Mark
	if p.Cgroup != "" {
		list, worn = cgroupMembers(p.Cgroup), beltOf(p.Cgroup)
	} else {
		list, doubt = slices.Clone(l.wearers.live[p.Mark]), l.wearers.ended[p.Mark]
	}
	claimed := slices.Clone(l.crowd.worn[worn])
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range l.crowd.claims {
		if h.sole(c.of) == tr {
			claimed = append(claimed, c.pid)
		}
	}
	for _, pid := range claimed {
		if !slices.Contains(list, pid) && !tr.kin.add(pid) {
			doubt = true
		}
	}
	list, lost := tr.withKin(list)
	return list, doubt || lost || l.crowd.doubt || l.crowd.doubts[tr]
}

// withKin adds to the members that are held those that are not, and says
// whether some of those have ended; h.mu is held.
func (tr *tree) withKin(held []int) (all []int, lost bool) {
	known := len(tr.kin)
	living := tr.kin.living()
	lost = len(living) < known
	tr.kin.grow(append(held[:len(held):len(held)], living...))
	for pid := range tr.kin {
		if slices.Contains(held, pid) {
			delete(tr.kin, pid)
			continue
		}
		held = append(held, pid)
	}
	return held, lost
}

// sight notes who of a tree is not held, while the parents that tell so live;
// h.mu is held.
func (h *Host) sight(tr *tree) {
	if h.mains[tr.process.PID] != tr {
		return
	}
	children := childrenOf(tr.process.PID)
	if len(children) == 0 {
		return
	}
	tr.kin.grow([]int{tr.process.PID})
	for pid := range tr.kin {
		if tr.holds(pid) {
			delete(tr.kin, pid)
		}
	}
}

// holds is whether a process is held by the tree's cgroup or marker.
func (tr *tree) holds(pid int) bool {
	if p := tr.process; p.Cgroup != "" {
		return below(cgroupOf(pid), p.Cgroup)
	}
	return wornBy(pid) == tr.process.Mark
}

// slay sends SIGKILL to everything of a tree; h.mu is held. A cgroup is killed
// as a whole, and then one by one: cgroup.kill leaves a process alone whose
// first thread has ended (Linux 6.18). It stands still meanwhile, so that none
// of those starts others.
func (h *Host) slay(tr *tree, left []int) {
	if path := tr.process.Cgroup; path != "" {
		_ = freezeCgroup(path)
		defer func() { _ = thawCgroup(path) }()
		_ = killCgroup(path)
		left = slices.Concat(left, cgroupMembers(path))
	}
	if h.mains[tr.process.PID] == tr {
		_ = unix.Kill(-tr.process.PID, unix.SIGKILL)
		_ = unix.Kill(tr.process.PID, unix.SIGKILL)
	}
	for _, pid := range left {
		tr.killMember(pid)
	}
}

// killMember kills a process that was found, unless its number has become
// another's since.
func (tr *tree) killMember(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if ticks, ok := tr.kin[pid]; ok {
		if st, err := readStat(pid); err != nil || st.ticks != ticks {
			return
		}
	} else if !tr.holds(pid) {
		return
	}
	_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
}

// cgroupOf is the folder of the cgroup v2 that a process is in.
func cgroupOf(pid int) string {
	mount, err := mountOfCgroups()
	if err != nil {
		return ""
	}
	data, err := readSmall("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(data) {
		if path, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("0::")); ok {
			return mount + string(path)
		}
	}
	return ""
}
