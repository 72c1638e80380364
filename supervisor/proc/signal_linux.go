package proc

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Signal sends a signal to the main process's group; once the main process
// has ended, to each leftover.
func (h *Host) Signal(id TreeID, sig syscall.Signal) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	tr, ok := h.trees[id]
	if !ok {
		return errNoTree
	}
	if h.mains[tr.process.PID] == tr {
		h.sight(tr)
		to := tr.addressee(sig)
		err := unix.Kill(-to, sig)
		if errors.Is(err, unix.ESRCH) {
			// An adopted process need not lead a group.
			err = unix.Kill(to, sig)
		}
		return err
	}
	var errs []error
	for _, fd := range tr.leftovers {
		if err := unix.PidfdSendSignal(fd, sig, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// SignalMain sends a signal to the main process alone.
func (h *Host) SignalMain(id TreeID, sig syscall.Signal) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	tr, ok := h.trees[id]
	if !ok || h.mains[tr.process.PID] != tr {
		return errNoTree
	}
	return unix.Kill(tr.addressee(sig), sig)
}

// addressee is the process that a signal to the main one is for. Of a PID
// namespace that is the service: its process 1 could not tell which of the two
// is meant, and passes on what it can catch only. SIGKILL is for process 1, with
// which the whole namespace ends, and so is what comes before there is a
// service.
func (t *tree) addressee(sig syscall.Signal) int {
	if !t.reaper || sig == unix.SIGKILL {
		return t.process.PID
	}
	// What has lost its parent comes after the service, as long as that lives.
	list := childrenIn("/proc/"+strconv.Itoa(t.process.PID)+"/task", t.process.PID)
	if len(list) == 0 {
		return t.process.PID
	}
	if st, err := readStat(list[0]); err != nil || st.parent != t.process.PID {
		return t.process.PID
	}
	return list[0]
}

// isFirst is whether a process is process 1 of a namespace inside of this
// process's own: the last of its numbers is that in its own (proc(5), NSpid).
func isFirst(pid int) bool {
	for line := range strings.Lines(readText("/proc/" + strconv.Itoa(pid) + "/status")) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
			f := strings.Fields(numbers)
			return len(f) > 1 && f[len(f)-1] == "1"
		}
	}
	return false
}

// Kill ends every process of a tree, and those they start meanwhile. It does
// not wait: Emptied says when it is done.
func (h *Host) Kill(id TreeID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	tr, ok := h.trees[id]
	if !ok {
		return
	}
	tr.killed = true
	h.sight(tr)
	if h.mains[tr.process.PID] == tr {
		_ = unix.Kill(-tr.process.PID, unix.SIGKILL)
	}
	if tr.process.Cgroup != "" {
		// Whoever computes there would slow the search for the rest.
		_ = killCgroup(tr.process.Cgroup)
	}
	h.review = append(h.review, tr)
	h.rouse()
}

// Members are the living processes of a tree.
func (h *Host) Members(id TreeID) []int {
	h.mu.Lock()
	tr, ok := h.trees[id]
	var more []int
	if ok {
		more = tr.kin.living()
	}
	h.mu.Unlock()
	switch {
	case !ok:
		return nil
	case tr.process.Cgroup != "":
		return join(cgroupMembers(tr.process.Cgroup), more)
	}
	return join(scan().live[tr.process.Mark], more)
}

// join adds the kin to the members that are held.
func join(held, more []int) []int {
	for _, pid := range more {
		if !slices.Contains(held, pid) {
			held = append(held, pid)
		}
	}
	return held
}

// Census says of every tree who is in it. Only those whose members are asked for
// are looked at, and processes of trees without a cgroup are looked for once.
func (h *Host) Census() map[TreeID]Membership {
	marked := sync.OnceValue(func() map[uint64][]int { return scan().live })
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make(map[TreeID]Membership, len(h.trees))
	for id, tr := range h.trees {
		var kin []int
		if len(tr.kin) > 0 {
			kin = tr.kin.living()
		}
		mark := tr.process.Mark
		held := func() []int { return marked()[mark] }
		if in := tr.process.Cgroup; in != "" {
			held = func() []int { return cgroupMembers(in) }
		}
		all[id] = Membership{PIDs: func() []int { return join(held(), kin) }, Scattered: len(kin) > 0}
	}
	return all
}
