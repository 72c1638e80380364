package proc

import (
	"errors"

	"golang.org/x/sys/unix"
)

// births is of which line every process is that descends from this one, as the
// kernel tells of each fork on the machine. A process can take off everything
// else that says whose it is, and not that. Host.mu is held wherever it is used.
//
// It knows nothing of what was forked before it began, and of a child that was
// made its parent's sibling (CLONE_PARENT) only that it is some tree's.
type births struct {
	forks *forks
	self  int
	lines map[int]*line
	// room is how many processes it may know before the dead are looked for.
	room int
}

// line is a child of this process with all that descend from it.
type line struct{ first int }

// fewest is how many processes are not worth a look for the dead among them.
const fewest = 1024

// newBirths begins to listen. The error says why the kernel does not tell.
func newBirths() (*births, error) {
	f, err := openForks()
	if err != nil {
		return nil, err
	}
	return &births{forks: f, self: unix.Getpid(), lines: map[int]*line{}, room: fewest}, nil
}

// born notes a fork. Whoever had the child's number before is dead.
func (b *births) born(parent, child int) {
	switch {
	case parent == b.self:
		b.lines[child] = &line{first: child}
	case b.lines[parent] != nil:
		b.lines[child] = b.lines[parent]
	default:
		delete(b.lines, child)
	}
}

// begin makes a line of processes that live already.
func (b *births) begin(first int, rest kin) *line {
	l := &line{first: first}
	b.lines[first] = l
	for pid := range rest {
		b.lines[pid] = l
	}
	return l
}

// begun is the line that a child of this process begins, which has not been
// reaped; nil for none.
func (b *births) begun(first int) *line {
	if l := b.lines[first]; l != nil && l.first == first {
		return l
	}
	return nil
}

// catchUp reads what was told since the last time. Lost is whether there was
// more than could be kept: then nothing that was known can be trusted.
func (b *births) catchUp() (some, lost bool) {
	some, lost = b.forks.read(b.born)
	if !lost && len(b.lines) > b.room {
		lost = b.bury()
	}
	if lost {
		clear(b.lines)
	}
	return some, lost
}

// bury forgets who is dead. What the dead forked in their last moment was told
// before they were, so it is read first.
func (b *births) bury() (lost bool) {
	var dead []int
	for pid := range b.lines {
		if gone(pid) {
			dead = append(dead, pid)
		}
	}
	_, lost = b.forks.read(b.born)
	for _, pid := range dead {
		if gone(pid) {
			delete(b.lines, pid)
		}
	}
	b.room = max(fewest, 2*len(b.lines))
	return lost
}

// gone is whether no process has a number.
func gone(pid int) bool { return errors.Is(unix.Kill(pid, 0), unix.ESRCH) }

// attend keeps up with the kernel, which keeps little for who does not listen.
// It ends with Close.
func (h *Host) attend() {
	h.births.forks.attend(func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.catchUp()
	})
}

// catchUp has births know every fork there was; h.mu is held.
func (h *Host) catchUp() (some bool) {
	if h.births == nil {
		return false
	}
	some, lost := h.births.catchUp()
	if lost {
		for _, tr := range h.mains {
			h.trace(tr)
		}
	}
	return some || lost
}

// trace begins the line of a tree whose main process lives, with the descendants
// that have not lost their parents; h.mu is held.
func (h *Host) trace(tr *tree) {
	if h.births == nil {
		return
	}
	k := kin{}
	k.grow([]int{tr.process.PID})
	tr.line = h.births.begin(tr.process.PID, k)
}

// remember notes the line of a tree whose main process is about to be reaped;
// h.mu is held.
func (h *Host) remember(tr *tree) {
	if h.births != nil && tr.line == nil {
		h.catchUp()
		tr.line = h.births.begun(tr.process.PID)
	}
}

// bearer is the tree in which a process was forked; nil for none that is known.
func (h *Host) bearer(pid int) *tree {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.births == nil {
		return nil
	}
	h.catchUp()
	l := h.births.lines[pid]
	if l == nil {
		return nil
	}
	if tr := h.mains[l.first]; tr != nil && h.births.begun(l.first) == l {
		return tr
	}
	for _, tr := range h.trees {
		if tr.line == l {
			return tr
		}
	}
	return nil
}
