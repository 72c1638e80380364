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
	path, err := h.finder.resolve(s.Argv[0], s.Dir, s.Env)
	if err != nil {
		if wrong := checkDir(s.Dir); wrong != nil {
			return Process{}, wrong
		}
		return Process{}, err
	}
	mark := s.Mark
	if mark == 0 {
		mark = newMark()
	}
	o := order{
		path: path, argv: s.Argv, env: s.Env, dir: s.Dir,
		stdout: descriptor(s.Stdout), stderr: descriptor(s.Stderr),
		orders: s.Orders, reaper: s.Reaper, spare: mark, pipes: outputs(s.Stdout, s.Stderr),
	}
	if len(s.Files) > 0 {
		o.listen, o.env = true, listenEnv(s.Env, s.Names)
		for _, f := range s.Files {
			o.files = append(o.files, descriptor(f))
		}
	}
	if err := h.giveBackFiles(&o); err != nil {
		return Process{}, err
	}
	if o.cgroup, err = h.group(mark, s.Cgroup); err != nil {
		return Process{}, err
	}
	if o.cgroup == "" {
		o.mark = mark
	}
	o.bound = len(s.Cgroup.Files) > 0 || s.Cgroup.Root != ""
	p, err := h.fork(s.Tree, o)
	if err == nil {
		return p, nil
	}
	if o.cgroup != "" {
		removeCgroup(o.cgroup)
	}
	if explained, ok := explainStep(s, path, err); ok {
		return Process{}, explained
	}
	if !isErrno(err) {
		return Process{}, err
	}
	return Process{}, explain(s, path, err)
}

// fork forks and puts the tree into the table. Where the kernel refuses the
// cgroup, the tree is held by a marker instead.
func (h *Host) fork(id TreeID, o order) (Process, error) {
	t, err := h.give(id, &o)
	if err != nil && o.cgroup != "" && !o.bound && (errors.Is(err, errHeld) || refusedBefore(err) && refusesCgroup(err)) {
		removeCgroup(o.cgroup)
		o.cgroup, o.mark = "", o.spare
		again, errAgain := h.give(id, &o)
		if errAgain == nil {
			h.o.Log.Warn("the kernel refuses a cgroup, a marker holds the tree", "tree", id.Unit, "because", err)
		}
		t, err = again, errAgain
	}
	if err != nil {
		return Process{}, err
	}
	return h.watchMain(t), nil
}

// errHeld says that it was the cgroup that could not be used.
var errHeld = errors.New("the cgroup cannot be used")

// give has a forker fork. The tree is in the table before anybody can reap
// its process.
func (h *Host) give(id TreeID, o *order) (*tree, error) {
	t := &tree{id: id, main: -1, leftovers: map[int]int{}, kin: kin{}, pipes: o.pipes, reaper: o.reaper, since: ticksNow()}
	t.process = Process{BootID: h.bootID, Mark: o.mark, Cgroup: o.cgroup, Containment: ContainMarker}
	if o.cgroup != "" {
		t.process.Containment = ContainCgroup
	}
	o.born = func(pid int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		t.process.PID, t.thread = pid, unix.Gettid()
		h.trees[id] = t
		h.mains[pid] = t
		if belt := beltOf(o.cgroup); belt != 0 {
			// It is only asked for where the cgroup has lost the process.
			_ = putOn(pid, belt)
		}
	}
	_, held, err := h.crew.do(*o)
	if held {
		err = errors.Join(errHeld, err)
	}
	return t, err
}

// watchMain follows a main process by a pidfd. It may have ended already, and
// been reaped: then the number may be another's, and nothing is to be followed
// or, later, adopted. Without a pidfd SIGCHLD alone tells of its end.
func (h *Host) watchMain(t *tree) Process {
	fd, err := unix.PidfdOpen(t.process.PID, 0)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.mains[t.process.PID] != t:
		if err == nil {
			_ = unix.Close(fd)
		}
	case err != nil:
		t.process.identify(fd)
		h.o.Log.Warn("cannot open a pidfd", "pid", t.process.PID, "error", err)
	default:
		t.process.identify(fd)
		t.main = fd
		if err := h.follow(fd, watch{tree: t}); err != nil {
			t.main = -1
			h.o.Log.Warn("cannot watch a process", "pid", t.process.PID, "error", err)
		}
	}
	return t.process
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
	h.mu.Lock()
	defer h.mu.Unlock()
	fostered := h.o.Guardian != 0 && st.parent == h.o.Guardian
	if err != nil || !p.is(fd, st) || st.dead() && !fostered && !kernelTells() {
		_ = unix.Close(fd)
		return ErrGone
	}
	t := &tree{id: id, process: p, main: fd, leftovers: map[int]int{}, kin: kin{}, pipes: outputsOf(p.PID), fostered: fostered, reaper: isFirst(p.PID)}
	if err := h.follow(fd, watch{tree: t}); err != nil {
		return err
	}
	h.trees[id] = t
	h.mains[p.PID] = t
	h.trace(t)
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
