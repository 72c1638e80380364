package proc

import (
	"errors"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/failpoint"
)

// pollBatch is how many events one wait takes.
const pollBatch = 256

// turn is what one round of the goroutine found.
type turn struct {
	exited  []exit
	recheck map[*tree]bool
}

// exit is a main process that was reaped.
type exit struct {
	tree *tree
	fate
}

// run waits, reaps and tells until the host is closed.
func (h *Host) run() {
	defer close(h.ended)
	events := make([]unix.EpollEvent, pollBatch)
	for {
		n, err := unix.EpollWait(h.poll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			h.o.Log.Error("cannot wait for processes", "error", err)
			return
		}
		t := &turn{recheck: map[*tree]bool{}}
		woken := false
		for _, e := range events[:max(n, 0)] {
			switch int(e.Fd) {
			case h.wake:
				woken = true
			case h.told:
				h.hear()
			default:
				h.fired(t, int(e.Fd), e.Events&unix.EPOLLHUP != 0)
			}
		}
		if woken && !h.roused(t) {
			return
		}
		h.conclude(t)
	}
}

// fired handles a pidfd: that process has ended, and maybe somebody has reaped
// it.
func (h *Host) fired(t *turn, fd int, reaped bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w, ok := h.watched[fd]
	switch {
	case !ok:
	case w.gone != nil:
		h.unfollow(fd)
		go w.gone()
	case w.pid == 0:
		h.take(t, w.tree, reaped)
	default:
		h.unfollow(fd)
		delete(w.tree.leftovers, w.pid)
		t.recheck[w.tree] = true
	}
}

// take reaps a main process that has ended, or learns how from whoever did;
// h.mu is held.
func (h *Host) take(t *turn, tr *tree, reaped bool) {
	if h.mains[tr.process.PID] != tr {
		return
	}
	status, child, ended := peek(tr.process.PID)
	if child && !ended {
		return
	}
	f := fate{status: status, time: time.Now()}
	if !child {
		var late bool
		if f, late = h.fateOf(tr, reaped); late {
			return
		}
	}
	if tr.process.Cgroup != "" {
		f.status.OOM = oomKills(tr.process.Cgroup)
	}
	failpoint.Here(failpoint.Ended)
	if h.o.Record != nil {
		h.o.Record(tr.id, tr.process, f.status, f.time)
	}
	failpoint.Here(failpoint.Recorded)
	if child {
		// Its number may be another's once it is reaped.
		h.remember(tr)
		reap(tr.process.PID)
	}
	delete(h.mains, tr.process.PID)
	h.unfollow(tr.main)
	tr.main = -1
	t.exited = append(t.exited, exit{tree: tr, fate: f})
}

// roused handles a wake-up: children to reap, trees to kill, or the end, of
// which it says false.
func (h *Host) roused(t *turn) bool {
	var count [8]byte
	_, _ = unix.Read(h.wake, count[:])
	h.reapStrangers(t)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, tr := range h.review {
		t.recheck[tr] = true
	}
	h.review = nil
	for _, tr := range h.verdicts {
		h.take(t, tr, true)
	}
	h.verdicts = nil
	return !h.closed
}

// reapStrangers reaps every child that has ended. Those that are no main
// process were inherited: their parents ended before them. No fork is under
// way meanwhile, so a child that is not in the table is none of ours.
func (h *Host) reapStrangers(t *turn) {
	h.forking.Lock()
	defer h.forking.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		pid := deadChild()
		if pid == 0 {
			return
		}
		if tr, ok := h.mains[pid]; ok {
			h.take(t, tr, false)
			continue
		}
		// Whom it has forked is told by now, and by whom.
		h.catchUp()
		if _, ok := reap(pid); !ok {
			return
		}
	}
}

// settle kills a tree that is to be killed, watches its leftovers, and tells
// when there are none, and no doubt about it. Before its main process was
// reaped it only kills.
func (h *Host) settle(tr *tree, left []int, doubt bool) {
	h.mu.Lock()
	if h.trees[tr.id] != tr {
		h.mu.Unlock()
		return
	}
	if tr.killed {
		h.slay(tr, left)
	}
	if h.mains[tr.process.PID] == tr {
		h.mu.Unlock()
		return
	}
	missed := h.watchLeftovers(tr, left)
	if len(tr.leftovers) > 0 {
		h.mu.Unlock()
		return
	}
	if missed || doubt && tr.doubted() || tr.process.Cgroup != "" && populated(tr.process.Cgroup) {
		h.mu.Unlock()
		h.lookAgain(tr)
		return
	}
	delete(h.trees, tr.id)
	if tr.line != nil {
		tr.line.over = true
	}
	h.mu.Unlock()
	h.crew.release(tr.thread)
	if tr.process.Cgroup != "" {
		removeCgroup(tr.process.Cgroup)
		if parent := filepath.Dir(tr.process.Cgroup); parent != h.groups.root {
			// Below a root of its own there may be nobody else.
			_ = unix.Rmdir(parent)
		}
	}
	h.o.Notify(Emptied{Tree: tr.id})
}

// again is how long a tree is left alone whose members ended while they were
// looked at: what they started in their last moment has to be found, and the
// kernel takes a moment to take a dead process out of its cgroup.
const again = time.Millisecond

// doubts is how often in all a tree is looked at again because of what had
// ended already: who that belongs to may never reap it.
const doubts = 100

// elusive is how often a tree is found to have only members that have ended
// before it is killed: it is a process that forks and ends for ever, which
// nobody can ask anything.
const elusive = 5

// doubted counts a doubt, and says whether it is to be followed.
func (tr *tree) doubted() bool {
	tr.doubts++
	tr.killed = tr.killed || tr.doubts > elusive
	return tr.doubts <= doubts
}

// lookAgain has the tree looked at once more.
func (h *Host) lookAgain(tr *tree) {
	time.AfterFunc(again, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.closed {
			h.review = append(h.review, tr)
			h.rouse()
		}
	})
}

// watchLeftovers follows every member that is not followed yet, and says
// whether one ended before it could be; h.mu is held. A zombie fires at once.
func (h *Host) watchLeftovers(tr *tree, left []int) (missed bool) {
	for _, pid := range left {
		if _, ok := tr.leftovers[pid]; ok {
			continue
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil || h.follow(fd, watch{tree: tr, pid: pid}) != nil {
			missed = true
			continue
		}
		tr.leftovers[pid] = fd
	}
	return missed
}
