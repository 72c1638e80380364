package proc

import (
	"errors"
	"slices"
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
		err := unix.Kill(-tr.process.PID, sig)
		if errors.Is(err, unix.ESRCH) {
			// An adopted process need not lead a group.
			err = unix.Kill(tr.process.PID, sig)
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
	return unix.Kill(tr.process.PID, sig)
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

// Census are the living processes of every tree.
func (h *Host) Census() map[TreeID][]int {
	h.mu.Lock()
	held := make(map[TreeID]Process, len(h.trees))
	all := make(map[TreeID][]int, len(h.trees))
	for id, tr := range h.trees {
		held[id] = tr.process
		if len(tr.kin) > 0 {
			all[id] = tr.kin.living()
		}
	}
	h.mu.Unlock()
	var marked map[uint64][]int
	for id, p := range held {
		if p.Cgroup != "" {
			all[id] = join(cgroupMembers(p.Cgroup), all[id])
			continue
		}
		if marked == nil {
			marked = scan().live
		}
		all[id] = join(marked[p.Mark], all[id])
	}
	return all
}
