package proc

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// births is of which line every process is that descends from this one, as the
// kernel tells of each fork on the machine. A process can take off everything
// else that says whose it is, and not that. Host.mu is held wherever it is used.
//
// A child that was made its parent's sibling (CLONE_PARENT) begins a line. It is
// known of which thread of this process it is a child, and so was its maker.
type births struct {
	forks *forks
	self  int
	lines map[int]*line
	// fresh are lines that the first thread's children have begun, and of which
	// is to be found out who may have made those.
	fresh []*line
	// room is how many processes it may know before the dead are looked for.
	room int
	// misses is how often more was told than could be kept.
	misses int
}

// line is a child of this process with all that descend from it.
type line struct {
	first int
	// thread is that of which the first one is a child, by when it was born,
	// in clock ticks since boot.
	thread int
	by     uint64
	// makers are the lines of which one has begun this one.
	makers []*line
	// foreign is whether anybody may have begun it, over whether its tree has
	// ended.
	foreign, over bool
}

// fewest is how many processes are not worth a look for the dead among them.
const fewest = 1024

// newBirths begins to listen. The error says why the kernel does not tell.
func newBirths() (*births, error) {
	f, err := openForks()
	if err != nil {
		return nil, err
	}
	b := &births{forks: f, self: unix.Getpid(), lines: map[int]*line{}, room: fewest}
	b.begin()
	return b, nil
}

// begin makes lines of the children that the first thread has by now, of which
// nobody has told by whom they were made.
func (b *births) begin() {
	for _, pid := range b.orphans() {
		b.trace(pid).foreign = true
	}
}

// orphans are the children of this process's first thread, which forks nothing:
// they have lost their parents, or were made by one that had.
func (b *births) orphans() []int { return childrenIn("/proc/self/task", b.self) }

// born notes a fork. Whoever had the child's number before is dead.
func (b *births) born(thread, parent, child int) {
	switch {
	case parent == b.self:
		l := &line{first: child, thread: thread, by: ticksNow()}
		b.lines[child] = l
		if thread == b.self {
			b.fresh = append(b.fresh, l)
		}
	case b.lines[parent] != nil:
		b.lines[child] = b.lines[parent]
	default:
		delete(b.lines, child)
	}
}

// place notes of fresh lines who may have begun them: whoever was a child of the
// same thread before. Those are the children that it has now, for none is reaped
// before it is known whom it has forked.
func (b *births) place(orphans []int) {
	later := map[*line]bool{}
	for _, l := range b.fresh {
		later[l] = true
	}
	for _, l := range b.fresh {
		for _, pid := range orphans {
			if m := b.lines[pid]; m != nil && !later[m] {
				l.made(m)
			}
		}
		delete(later, l)
	}
	b.fresh = nil
}

// made notes that a line may have begun this one, or whoever has begun that.
func (l *line) made(by *line) {
	from := by.makers
	if len(from) == 0 {
		from = []*line{by}
	}
	for _, m := range from {
		if !slices.Contains(l.makers, m) {
			l.makers = append(l.makers, m)
		}
	}
}

// trace makes a line of a process that lives already, with the descendants that
// have not lost their parents.
func (b *births) trace(first int) *line {
	l := &line{first: first}
	b.lines[first] = l
	k := kin{}
	k.grow([]int{first})
	for pid := range k {
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
func (b *births) catchUp() (lost bool) {
	lost = b.forks.read(b.born)
	if !lost && len(b.lines) > b.room {
		lost = b.bury()
	}
	if lost {
		b.misses++
		b.fresh = nil
		clear(b.lines)
		b.begin()
	}
	if len(b.fresh) > 0 {
		b.place(b.orphans())
	}
	return lost
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
	lost = b.forks.read(b.born)
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

// breath is how long the host does not attend after it has heard: the kernel keeps
// more than is forked meanwhile, and to wake for each fork would cost five times
// as much. That is also why the Go runtime's poller does not have the socket.
const breath = 20 * time.Millisecond

// hear keeps up with the kernel, which keeps little for who does not listen.
func (h *Host) hear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.catchUp()
	time.AfterFunc(breath, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.attend(unix.EPOLL_CTL_MOD)
	})
}

// attend has the next fork wake the host, once; h.mu is held.
func (h *Host) attend(op int) {
	if h.births == nil || h.closed {
		return
	}
	once := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: int32(h.births.forks.fd)}
	if err := unix.EpollCtl(h.poll, op, h.births.forks.fd, &once); err != nil {
		h.o.Log.Error("cannot wait for the kernel to tell of forks", "error", err)
	}
}

// catchUp has births know every fork there was; h.mu is held.
func (h *Host) catchUp() {
	if h.births == nil {
		return
	}
	if h.births.catchUp() {
		for _, tr := range h.mains {
			h.trace(tr)
		}
		if h.births.misses == 1 {
			h.o.Log.Warn("more was forked at once than the kernel keeps: of what had lost its parents by now it is not known any more whose it is")
		}
	}
}

// trace begins the line of a tree whose main process lives; h.mu is held.
func (h *Host) trace(tr *tree) {
	if h.births != nil {
		tr.line = h.births.trace(tr.process.PID)
	}
}

// remember notes the line of a tree whose main process is about to be reaped;
// h.mu is held.
func (h *Host) remember(tr *tree) {
	if h.births != nil && tr.line == nil {
		h.catchUp()
		tr.line = h.births.begun(tr.process.PID)
	}
}
