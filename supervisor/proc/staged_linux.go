package proc

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"systemg/supervisor/privilege/stage"
)

// staged is whether more has to be done between the fork and the exec than the
// syscall package does.
func (o *order) staged() bool { return o.orders != nil || o.listen }

// forkStaged runs on the forker's thread, in whose table the files are. The
// marker is put on in the child: nobody else wears it.
func (f *forker) forkStaged(o order, files []uintptr, cgroup int) result {
	c := stage.Child{
		Path: o.path, Argv: o.argv, Env: o.env, Dir: o.dir, Cgroup: cgroup, Listen: o.listen, Reaper: o.reaper,
	}
	if o.orders != nil {
		c.Orders = *o.orders
	}
	for _, fd := range files {
		c.Files = append(c.Files, int(fd))
	}
	if worn := cmp.Or(o.mark, beltOf(o.cgroup)); worn != 0 {
		own, err := marker(worn)
		if err != nil {
			return result{err: err}
		}
		c.Orders.Rlimits = append(slices.Clone(c.Orders.Rlimits), own)
	}
	if o.nofile != nil {
		c.Orders.Rlimits = append(slices.Clone(c.Orders.Rlimits), *o.nofile)
	}
	defer f.forks()()
	pid, err := stage.Fork(c)
	if err == nil {
		o.born(pid)
	}
	return result{pid: pid, err: err}
}

// marker is the limit that marks a process.
func marker(mark uint64) (stage.Rlimit, error) {
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_RTTIME, &now); err != nil {
		return stage.Rlimit{}, fmt.Errorf("cannot mark the process: %w", err)
	}
	return stage.Rlimit{Resource: unix.RLIMIT_RTTIME, Soft: min(mark, now.Max), Hard: now.Max, Text: "the marker"}, nil
}

// giveBackFiles has a staged process get the limit on descriptors as it was
// before the Go runtime raised its own, unless it is ordered another.
func (h *Host) giveBackFiles(o *order) error {
	ordered := func(l stage.Rlimit) bool { return l.Resource == unix.RLIMIT_NOFILE }
	if !o.staged() || o.orders != nil && slices.ContainsFunc(o.orders.Rlimits, ordered) {
		return nil
	}
	// The child that tells it is not taken for a stranger meanwhile.
	over := h.crew.forks()
	own, err := originalFiles()
	over()
	if err != nil {
		return err
	}
	o.nofile = &stage.Rlimit{Resource: unix.RLIMIT_NOFILE, Soft: own.Cur, Hard: own.Max, Text: "the limit on descriptors back"}
	return nil
}

// kernelFiles is the limit that a machine begins with (INR_OPEN_CUR of the
// kernel): one that has no shell to ask has hardly changed it.
const kernelFiles = 1024

// originalFiles is the limit on descriptors this process was started with. The
// Go runtime raises it, and gives it back only to children that the syscall
// package starts: so one of those says what it is.
var originalFiles = sync.OnceValues(func() (unix.Rlimit, error) {
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &now); err != nil {
		return now, fmt.Errorf("cannot tell the limit on descriptors: %w", err)
	}
	out, err := exec.Command("/bin/sh", "-c", "ulimit -Sn").Output()
	if errors.Is(err, fs.ErrNotExist) {
		now.Cur = min(now.Cur, kernelFiles)
		return now, nil
	}
	if err != nil {
		return now, fmt.Errorf("cannot tell the limit on descriptors: %w", err)
	}
	text := strings.TrimSpace(string(out))
	if text == "unlimited" {
		now.Cur = now.Max
		return now, nil
	}
	if now.Cur, err = strconv.ParseUint(text, 10, 64); err != nil {
		return now, fmt.Errorf("cannot tell the limit on descriptors: %w", err)
	}
	return now, nil
})

// refusedBefore is whether a start failed before there was a process, so that
// it may have been for the cgroup.
func refusedBefore(err error) bool {
	var step *stage.StepError
	return !errors.As(err, &step) || step.Clone
}

// explainStep says why a step was refused; ok is false where it was the exec,
// or no step at all.
func explainStep(s Spec, path string, err error) (explained error, ok bool) {
	var step *stage.StepError
	if !errors.As(err, &step) || step.Clone && s.Orders == nil {
		return nil, false
	}
	if wrong := checkDir(s.Dir); wrong != nil {
		return wrong, true
	}
	if hidden := hiddenBy(s, path); step.Errno == syscall.ENOENT && hidden != nil {
		return hidden, true
	}
	if step.Step != stage.StepExec {
		return &StartError{Name: as(step.Step, s.Orders), Err: reasonOf(step)}, true
	}
	if s.Orders != nil && step.Errno == syscall.EACCES && s.Orders.Landlock != nil {
		return &StartError{Name: s.Argv[0], Err: errors.New("permission denied: its user may not execute it, or isolation.landlock names no path that has it and what it needs")}, true
	}
	return nil, false
}

// hiddenBy says that the program or the folder lies below a private mount; nil
// where neither does.
func hiddenBy(s Spec, path string) error {
	if s.Orders == nil {
		return nil
	}
	for _, name := range []string{s.Dir, path} {
		if s.Orders.Mounts.Covers(name + "/") {
			return &StartError{Name: name, Err: errors.New("it is not seen any more with isolation.private_tmp or private_devices")}
		}
	}
	return nil
}

// as is whom the working directory was entered as, where that is not who looks.
func as(step string, o *stage.Orders) string {
	if o == nil || o.Identity == nil || !strings.HasPrefix(step, "working_dir") {
		return step
	}
	return step + " as user " + o.Identity.User
}

// reasonOf adds to an error what is not told by its number.
func reasonOf(step *stage.StepError) error {
	var now unix.Rlimit
	switch {
	case step.Errno == unix.EPERM && strings.HasPrefix(step.Step, "set limit nofile") && unix.Getrlimit(unix.RLIMIT_NOFILE, &now) == nil:
		return fmt.Errorf("%w (the hard limit is %d, and raising it takes CAP_SYS_RESOURCE)", step.Errno, now.Max)
	case step.Errno == unix.EPERM && strings.HasPrefix(step.Step, "set limit"):
		return fmt.Errorf("%w (raising a hard limit takes CAP_SYS_RESOURCE)", step.Errno)
	case step.Errno == unix.ENOSYS:
		return fmt.Errorf("%w: this kernel is too old for it", step.Errno)
	}
	return step.Errno
}
