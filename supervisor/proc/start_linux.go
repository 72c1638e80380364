package proc

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Start starts a tree. Its events may come before Start returns. The error is
// a *NotFoundError, a *StartError, or one of the machine's; then there is no
// tree.
func (h *Host) Start(s Spec) (Process, error) {
	if len(s.Argv) == 0 {
		return Process{}, &NotFoundError{Name: `""`}
	}
	for _, text := range slices.Concat(s.Argv, s.Env, []string{s.Dir}) {
		if strings.ContainsRune(text, 0) {
			return Process{}, &StartError{Name: s.Argv[0], Err: errors.New("an argument or a variable has a NUL byte")}
		}
	}
	path, err := resolve(s.Argv[0], s.Dir, s.Env)
	if err != nil {
		if wrong := checkDir(s.Dir); wrong != nil {
			return Process{}, wrong
		}
		return Process{}, err
	}
	mark := newMark()
	o := order{
		path: path, argv: s.Argv, env: s.Env, dir: s.Dir,
		stdout: descriptor(s.Stdout), stderr: descriptor(s.Stderr),
		cgroup: h.groups.make(mark),
	}
	if o.cgroup == "" {
		o.mark = mark
	}
	p, err := h.fork(s.Tree, o)
	if err == nil {
		// One that has ended and was reaped meanwhile will not be adopted.
		if st, gone := readStat(p.PID); gone == nil {
			p.StartTicks = st.ticks
		}
		return p, nil
	}
	if o.cgroup != "" {
		removeCgroup(o.cgroup)
	}
	if !isErrno(err) {
		return Process{}, err
	}
	return Process{}, explain(s, path, err)
}

// fork forks and puts the tree into the table. Where the kernel refuses the
// cgroup, the tree is held by a marker instead.
func (h *Host) fork(id TreeID, o order) (Process, error) {
	h.forking.Lock()
	defer h.forking.Unlock()
	h.mu.Lock()
	closed := h.closed
	h.mu.Unlock()
	if closed {
		return Process{}, errors.New("the host is closed")
	}
	pid, held, err := h.forker.do(o)
	if o.cgroup != "" && (held || refusesCgroup(err)) {
		removeCgroup(o.cgroup)
		o.cgroup, o.mark = "", newMark()
		again, _, errAgain := h.forker.do(o)
		if errAgain == nil {
			h.o.Log.Warn("the kernel refuses a cgroup, a marker holds the tree", "tree", id.Unit, "because", err)
		}
		pid, err = again, errAgain
	}
	if err != nil {
		return Process{}, err
	}
	p := Process{PID: pid, BootID: h.bootID, Mark: o.mark, Cgroup: o.cgroup, Containment: ContainMarker}
	if o.cgroup != "" {
		p.Containment = ContainCgroup
	}
	return p, h.register(id, p)
}

// register puts a main process into the table; h.forking is held, so it
// cannot have been reaped.
func (h *Host) register(id TreeID, p Process) error {
	fd, err := unix.PidfdOpen(p.PID, 0)
	t := &tree{id: id, process: p, main: fd, leftovers: map[int]int{}}
	if err != nil {
		// Without a pidfd SIGCHLD alone tells of its end.
		t.main = -1
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trees[id] = t
	h.mains[p.PID] = t
	if err != nil {
		h.o.Log.Warn("cannot open a pidfd", "pid", p.PID, "error", err)
		return nil
	}
	if err := h.follow(fd, watch{tree: t}); err != nil {
		t.main = -1
		h.o.Log.Warn("cannot watch a process", "pid", p.PID, "error", err)
	}
	return nil
}

// Adopt takes over a main process that another supervisor started. The error
// is ErrGone where it does not live any more, or its number is another's.
func (h *Host) Adopt(id TreeID, p Process) error {
	if p.BootID != h.bootID {
		return ErrGone
	}
	fd, err := unix.PidfdOpen(p.PID, 0)
	if err != nil {
		return ErrGone
	}
	st, err := readStat(p.PID)
	if err != nil || st.ticks != p.StartTicks || st.dead() {
		_ = unix.Close(fd)
		return ErrGone
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	t := &tree{id: id, process: p, main: fd, leftovers: map[int]int{}}
	if err := h.follow(fd, watch{tree: t}); err != nil {
		return err
	}
	h.trees[id] = t
	h.mains[p.PID] = t
	return nil
}

// descriptor is a file's number, -1 for none.
func descriptor(f *os.File) int {
	if f == nil {
		return -1
	}
	return int(f.Fd())
}

func isErrno(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno)
}

// refusesCgroup is whether an error can be the kernel's refusal to clone into
// a cgroup (clone(2), cgroups(7)); exec gives EACCES too, which a second try
// without the cgroup tells apart.
func refusesCgroup(err error) bool {
	for _, e := range []error{unix.EACCES, unix.EBUSY, unix.EOPNOTSUPP, unix.EINVAL, unix.ENOSYS, unix.ENODEV} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
