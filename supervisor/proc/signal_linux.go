package proc

import (
	"errors"
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
	h.mu.Unlock()
	switch {
	case !ok:
		return nil
	case tr.process.Cgroup != "":
		return cgroupMembers(tr.process.Cgroup)
	}
	return scan()[tr.process.Mark]
}

// Census are the living processes of every tree.
func (h *Host) Census() map[TreeID][]int {
	h.mu.Lock()
	held := make(map[TreeID]Process, len(h.trees))
	for id, tr := range h.trees {
		held[id] = tr.process
	}
	h.mu.Unlock()
	all := make(map[TreeID][]int, len(held))
	var marked map[uint64][]int
	for id, p := range held {
		if p.Cgroup != "" {
			all[id] = cgroupMembers(p.Cgroup)
			continue
		}
		if marked == nil {
			marked = scan()
		}
		all[id] = marked[p.Mark]
	}
	return all
}
