package proc

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// Sweep kills what descends from this process and belongs to no tree: what got
// away from one so well that nothing tells any more from which. It is for a
// host whose trees have all ended. It returns when nothing of it lives, or with
// those that do when ctx ends.
//
// What is in the session of this process was not started by a tree, and is left
// alone.
func (h *Host) Sweep(ctx context.Context) []int {
	for {
		stray := h.astray()
		if len(stray) == 0 {
			return nil
		}
		var ends []unix.PollFd
		for pid, ticks := range stray {
			fd, err := unix.PidfdOpen(pid, 0)
			if err != nil {
				continue
			}
			defer unix.Close(fd)
			if st, err := readStat(pid); err == nil && st.ticks == ticks {
				_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
				ends = append(ends, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
			}
		}
		if !awaitEnds(ctx, ends) {
			return h.astray().living()
		}
	}
}

// astray are the strangers that live, with their descendants.
func (h *Host) astray() kin {
	k := kin{}
	own := ownSession()
	var roots []int
	for _, s := range h.strangers(numbers("/proc/self/task")) {
		pid := s.pid
		if st, err := readStat(pid); err == nil && !st.dead() && st.session != own && k.add(pid) {
			roots = append(roots, pid)
		}
	}
	k.grow(roots)
	return k
}

// awaitEnds waits for the end of processes by their pidfds; false where ctx
// ends first. One that can be waited for no longer has ended.
func awaitEnds(ctx context.Context, ends []unix.PollFd) bool {
	limit, limited := ctx.Deadline()
	for len(ends) > 0 {
		left := -1
		if limited {
			left = int(max(time.Until(limit).Milliseconds(), 0))
		}
		n, err := unix.Poll(ends[:1], left)
		switch {
		case n > 0:
			ends = ends[1:]
		case errors.Is(err, unix.EINTR):
		case ctx.Err() != nil || limited && left == 0:
			return false
		}
	}
	return ctx.Err() == nil
}
