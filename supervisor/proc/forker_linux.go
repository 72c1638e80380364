package proc

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"systemg/supervisor/failpoint"
	"systemg/supervisor/privilege/stage"
)

// order is one fork.
type order struct {
	path           string
	argv, env      []string
	dir            string
	stdout, stderr int   // in the process's table; -1 for /dev/null
	files          []int // in the process's table; become 3, 4, …
	// listen is whether the process is told its number as LISTEN_PID.
	listen bool
	// orders are nil where nothing is ordered.
	orders *stage.Orders
	reaper bool
	// nofile is the limit on descriptors that a staged process gets back.
	nofile *stage.Rlimit
	cgroup string
	// bound is whether nothing else than the cgroup will do.
	bound bool
	mark  uint64
	// spare is the marker for when the cgroup cannot be used.
	spare uint64
	pipes []pipe // what it writes to
	// born is called, on the forker's thread, as soon as the process
	// exists.
	born  func(pid int)
	reply chan result
}

type result struct {
	pid int
	err error
	// held says that it was the cgroup that could not be used.
	held bool
}

// forker is a thread that forks.
type forker struct {
	*crew
	// orders are all the crew's, or its own.
	orders chan order
	thread int
	// trees are how many it has forked that live, busy how many orders it has;
	// both only where orders are its own.
	trees, busy int
	// self is a pidfd of this process, in the forker's own table.
	self int
	null int
}

// wakeNetpoll has the Go runtime open the descriptors of its poller now, so
// that the forker's table has them: the runtime may use them on any thread.
func wakeNetpoll() error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("cannot make a pipe: %w", err)
	}
	_ = r.Close()
	return w.Close()
}

// begin finds a thread that is not the main one: a process's table, as
// pidfd_getfd sees it, is the main thread's.
func (f *forker) begin(ready chan<- error) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f.begin(ready)
		}()
		<-done
		runtime.UnlockOSThread()
		return
	}
	// The thread is not unlocked, so it ends with the goroutine.
	f.thread = unix.Gettid()
	if err := f.prepare(); err != nil {
		ready <- err
		return
	}
	ready <- nil
	for {
		select {
		case o := <-f.orders:
			o.reply <- f.fork(o)
		case <-f.quit:
			return
		}
	}
}

func (f *forker) prepare() error {
	if err := unix.Unshare(unix.CLONE_FILES); err != nil {
		return fmt.Errorf("cannot unshare the descriptor table: %w", err)
	}
	closeForeign()
	var err error
	if f.self, err = unix.PidfdOpen(unix.Getpid(), 0); err != nil {
		return fmt.Errorf("cannot open a pidfd: %w", err)
	}
	if f.null, err = unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("cannot open /dev/null: %w", err)
	}
	return unix.PthreadSigmask(unix.SIG_SETMASK, &unix.Sigset_t{}, nil)
}

// closeForeign closes the forker's copies of what others have open, or a pipe
// would never see its end. What the Go runtime polls with stays.
func closeForeign() {
	entries, err := os.ReadDir("/proc/thread-self/fd")
	if err != nil {
		return
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		target, err := os.Readlink("/proc/thread-self/fd/" + e.Name())
		if err != nil || strings.HasPrefix(target, "anon_inode:[event") {
			continue
		}
		_ = unix.Close(fd)
	}
}

// fork runs on the forker's thread.
func (f *forker) fork(o order) result {
	files := make([]uintptr, FirstFile+len(o.files))
	for i, fd := range slices.Concat([]int{-1, o.stdout, o.stderr}, o.files) {
		if fd < 0 {
			files[i] = uintptr(f.null)
			continue
		}
		own, err := unix.PidfdGetfd(f.self, fd, 0)
		if err != nil {
			return result{err: fmt.Errorf("cannot take over a descriptor: %w", err)}
		}
		defer unix.Close(own)
		files[i] = uintptr(own)
	}
	cgroup := -1
	if o.cgroup != "" {
		fd, err := unix.Open(o.cgroup, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return result{err: err, held: true}
		}
		defer unix.Close(fd)
		cgroup = fd
	}
	if o.staged() {
		return f.forkStaged(o, files, cgroup)
	}
	return f.forkDirect(o, files, cgroup)
}

// forkDirect starts a process of which nothing else is asked.
func (f *forker) forkDirect(o order, files []uintptr, cgroup int) result {
	attr := &syscall.ProcAttr{Dir: o.dir, Env: o.env, Files: files, Sys: &syscall.SysProcAttr{Setsid: true}}
	if cgroup >= 0 {
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, cgroup
	}
	if o.mark != 0 {
		f.wearing.Lock()
		defer f.wearing.Unlock()
		restore, err := wear(o.mark)
		if err != nil {
			return result{err: fmt.Errorf("cannot mark the process: %w", err)}
		}
		defer restore()
	}
	defer f.forks()()
	pid, err := syscall.ForkExec(o.path, o.argv, attr)
	if err == nil {
		failpoint.Here(failpoint.Forked)
		o.born(pid)
	}
	return result{pid: pid, err: err}
}

// wear sets the marker on this process until restore is called.
func wear(mark uint64) (restore func(), err error) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_RTTIME, &old); err != nil {
		return nil, err
	}
	if err := unix.Setrlimit(unix.RLIMIT_RTTIME, &unix.Rlimit{Cur: min(mark, old.Max), Max: old.Max}); err != nil {
		return nil, err
	}
	return func() { _ = unix.Setrlimit(unix.RLIMIT_RTTIME, &old) }, nil
}
