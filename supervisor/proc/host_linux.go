package proc

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Host starts process trees, watches them, and ends them. Its methods may be
// called from any goroutine.
type Host struct {
	o      Options
	bootID string
	groups cgroups
	crew   *crew
	finder finder
	// births is nil where the kernel does not tell of forks, which it does by
	// the descriptor told.
	births *births
	told   int

	// forking is held, by the forkers for reading, from before a fork until
	// its tree is in the table.
	forking sync.RWMutex

	mu    sync.Mutex
	trees map[TreeID]*tree
	// mains are the trees whose main process is not reaped, by its pid.
	mains map[int]*tree
	// watched says whom a descriptor in the epoll set is about.
	watched map[int]watch
	// review are trees that are to be looked at: to be killed, or to see
	// whether they are empty. The goroutine does it, for it takes a scan.
	review []*tree
	// verdicts are trees whose main process has ended elsewhere.
	verdicts []*tree
	closed   bool

	// looked counts looks, chased the rounds of chases.
	looked, chased atomic.Int64

	poll, wake int
	children   chan os.Signal
	ended      chan struct{}
}

// tree is one process tree.
type tree struct {
	id      TreeID
	process Process
	// main is a pidfd of the main process, -1 once that is reaped; reaper is
	// whether that is process 1 of a PID namespace, with the service below.
	main   int
	reaper bool
	// leftovers are pidfds of members that outlived the main process.
	leftovers map[int]int
	// kin are members that are held by nothing, pipes what they may write to.
	kin   kin
	pipes []pipe
	// line is what the main process has begun; nil until that is asked for.
	line *line
	// thread is the one of this process that has forked it, 0 for none; before
	// that it was already since, in clock ticks since boot.
	thread int
	since  uint64
	// doubts counts looks that found only what had ended.
	doubts int
	killed bool
	// fostered is whether the main process is the guardian's child, fate how
	// it ended, awaiting whether it has ended and nobody knows how yet.
	fostered, awaiting bool
	fate               *fate
}

// watch is what a descriptor in the epoll set means: a main process, a
// leftover, or a stranger somebody asked about.
type watch struct {
	tree *tree
	// pid is the leftover's, 0 for a main process.
	pid  int
	gone func()
}

// NewHost makes a host. This process becomes a subreaper and takes SIGCHLD.
func NewHost(o Options) (*Host, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	boot, err := BootID()
	if err != nil {
		return nil, err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("cannot become a subreaper: %w", err)
	}
	h := &Host{
		o: o, bootID: boot,
		trees: map[TreeID]*tree{}, mains: map[int]*tree{}, watched: map[int]watch{},
		children: make(chan os.Signal, 1), ended: make(chan struct{}), told: -1,
	}
	if h.groups, err = newCgroups(o.Name); err != nil {
		o.Log.Info("process trees are held by a marker", "because", err)
	}
	if h.crew, err = newCrew(&h.forking, h.groups.root == ""); err != nil {
		return nil, err
	}
	if err := h.openPoll(); err != nil {
		return nil, err
	}
	if h.births, err = newBirths(); err != nil {
		o.Log.Info("the kernel does not tell of forks", "because", err)
	} else {
		h.told = h.births.forks.fd
		h.attend(unix.EPOLL_CTL_ADD)
	}
	signal.Notify(h.children, unix.SIGCHLD)
	go h.forwardChildren()
	go h.run()
	return h, nil
}

// openPoll makes the epoll set with the wake-up in it.
func (h *Host) openPoll() (err error) {
	if h.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("cannot wait for processes: %w", err)
	}
	if h.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("cannot make an eventfd: %w", err)
	}
	return h.listen(h.wake)
}

func (h *Host) listen(fd int) error {
	return unix.EpollCtl(h.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

// forwardChildren wakes the goroutine that reaps for every SIGCHLD. It ends
// with Close.
func (h *Host) forwardChildren() {
	for {
		select {
		case <-h.children:
			h.rouse()
		case <-h.ended:
			return
		}
	}
}

// rouse wakes the goroutine.
func (h *Host) rouse() {
	one := [8]byte{1}
	_, _ = unix.Write(h.wake, one[:])
}

// Containment is how trees are held.
func (h *Host) Containment() string {
	if h.groups.root != "" {
		return ContainCgroup
	}
	return ContainMarker
}

// Await returns when the host has all the threads that it will have.
func (h *Host) Await() { h.crew.await() }

// Close ends the watching; processes are left alone. It returns when the
// goroutine has ended.
func (h *Host) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	h.mu.Unlock()
	signal.Stop(h.children)
	h.rouse()
	<-h.ended
	close(h.crew.quit)
	h.groups.close()
	if h.births != nil {
		_ = h.births.forks.close()
	}
	for fd := range h.watched {
		_ = unix.Close(fd)
	}
	return errors.Join(unix.Close(h.poll), unix.Close(h.wake))
}

// Freeze holds all starts back: for a process that is about to become
// another program, which must not wear a child's marker. Ends are written down and
// told of all the same: it may die before it is that program.
func (h *Host) Freeze() {
	h.crew.wearing.Lock()
	h.crew.ice.Lock()
}

// Thaw lets starts go on after a Freeze.
func (h *Host) Thaw() {
	h.crew.ice.Unlock()
	h.crew.wearing.Unlock()
}

// Watch calls gone, in a goroutine of its own, when the process ends. The
// error is ErrGone where it does not live.
func (h *Host) Watch(pid int, gone func()) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return ErrGone
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.follow(fd, watch{gone: gone})
}

// follow puts a pidfd into the epoll set; h.mu is held. On an error the
// descriptor is closed.
func (h *Host) follow(fd int, w watch) error {
	h.watched[fd] = w
	if err := h.listen(fd); err != nil {
		h.unfollow(fd)
		return fmt.Errorf("cannot watch a process: %w", err)
	}
	return nil
}

// unfollow closes a pidfd, which takes it out of the set; h.mu is held.
func (h *Host) unfollow(fd int) {
	if _, ok := h.watched[fd]; !ok {
		return
	}
	delete(h.watched, fd)
	_ = unix.Close(fd)
}
