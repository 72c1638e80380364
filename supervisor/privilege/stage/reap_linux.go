package stage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// payload is what a reaper is told. Texts are bytes: they need not be UTF-8.
type payload struct {
	Path, Dir []byte
	Argv, Env [][]byte
	Listen    bool
	Files     int
	Orders    Orders
}

// above makes the child that stands above c as process 1 of a PID namespace:
// this program, which forks c with what is left of the orders. Namespaces and
// mounts are the reaper's: they have to be made by whom is inside. It gets two
// descriptors more: its payload, and this process's end of the report. Close
// has to be called in any case.
func above(c Child, report int) (reaper Child, closeAll func(), err error) {
	inner := payload{Path: []byte(c.Path), Dir: []byte(c.Dir), Listen: c.Listen, Files: len(c.Files), Orders: c.Orders}
	for _, s := range c.Argv {
		inner.Argv = append(inner.Argv, []byte(s))
	}
	for _, s := range c.Env {
		inner.Env = append(inner.Env, []byte(s))
	}
	o := &inner.Orders
	outer := Orders{Namespaces: o.Namespaces, Users: o.Users, Groups: o.Groups, DenyGroups: o.DenyGroups, Mounts: o.Mounts, OOM: o.OOM}
	o.Namespaces, o.Users, o.Groups, o.DenyGroups, o.Mounts, o.OOM = 0, nil, nil, false, Mounts{}, nil
	if outer.DenyGroups {
		// The reaper of a plain user has no capability any more, not even
		// those that taking others away needs.
		outer.Drop, o.Drop = o.Drop, 0
	}
	for _, l := range o.Rlimits {
		if l.Resource == unix.RLIMIT_RTTIME {
			// It marks the tree, of which the reaper is a part.
			outer.Rlimits = append(outer.Rlimits, l)
		}
	}
	text, err := json.Marshal(inner)
	if err != nil {
		return Child{}, nil, fmt.Errorf("cannot write the orders down: %w", err)
	}
	low, err := unix.MemfdCreate("orders", unix.MFD_CLOEXEC)
	if err != nil {
		return Child{}, nil, fmt.Errorf("cannot write the orders down: %w", err)
	}
	fd, err := unix.FcntlInt(uintptr(low), unix.F_DUPFD_CLOEXEC, len(c.Files)+reaperFiles)
	_ = unix.Close(low)
	if err != nil {
		return Child{}, nil, fmt.Errorf("cannot write the orders down: %w", err)
	}
	for done := 0; done < len(text); {
		n, err := unix.Pwrite(fd, text[done:], int64(done))
		if err != nil {
			_ = unix.Close(fd)
			return Child{}, nil, fmt.Errorf("cannot write the orders down: %w", err)
		}
		done += n
	}
	return Child{
		Path: "/proc/self/exe", Argv: []string{"sysg", reaperWord, strconv.Itoa(len(c.Files) + 1)}, Env: []string{"GOMAXPROCS=1"}, Dir: "/",
		Files: append(append([]int(nil), c.Files...), fd, report), Cgroup: c.Cgroup, Orders: outer,
	}, func() { _ = unix.Close(fd) }, nil
}

// Main is process 1 of a PID namespace, where this program was started as one;
// it does nothing in any other. It has to be called before anything else in
// main.
func Main() {
	if len(os.Args) != 3 || os.Args[1] != reaperWord {
		return
	}
	report, err := strconv.Atoi(os.Args[2])
	if err != nil || os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "sysg: __reap is for the supervisor alone")
		os.Exit(2)
	}
	runtime.LockOSThread()
	// From now on signals wait for a service to pass them on to.
	children, others := make(chan os.Signal, 1), make(chan os.Signal, 64)
	signal.Notify(children, unix.SIGCHLD)
	signal.Notify(others, passedOn()...)
	os.Exit(attend(begin(report), children, others))
}

// Signals from 32 to 34 belong to C libraries' threads; Go leaves them alone.
const (
	threadSignals = 32
	lastOfThreads = 34
	lastSignal    = 64
)

// passedOn are the signals that are the service's: all that a Go program can
// catch but SIGCHLD, and SIGURG, which the runtime sends itself. (The host sends
// what it is asked to send to the service; these are sent by others.)
func passedOn() []os.Signal {
	var list []os.Signal
	for n := syscall.Signal(1); n <= lastSignal; n++ {
		switch {
		case n == unix.SIGKILL, n == unix.SIGSTOP, n == unix.SIGCHLD, n == unix.SIGURG, n >= threadSignals && n <= lastOfThreads:
		default:
			list = append(list, n)
		}
	}
	return list
}

// begin forks the service and gives up every descriptor, the last of which is
// the report. It does not return where that fails: the supervisor reads why.
func begin(report int) int {
	c, err := readPayload(report)
	pid := 0
	if err == nil {
		pid, err = Fork(c)
	}
	if err != nil {
		told := StepError{Step: err.Error(), Errno: unix.EIO}
		var step *StepError
		if errors.As(err, &step) {
			told = *step
		}
		_, _ = unix.Write(report, append(binary.NativeEndian.AppendUint32(nil, uint32(told.Errno)), told.Step...))
		os.Exit(1)
	}
	_ = unix.CloseRange(0, uint(report), 0)
	return pid
}

// readPayload finds the payload before the report. The descriptors become this
// process's alone, but for what the service is given.
func readPayload(report int) (Child, error) {
	var p payload
	text, err := io.ReadAll(io.NewSectionReader(fileAt(report-1), 0, 1<<30))
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return Child{}, fmt.Errorf("read the orders: %w", err)
	}
	c := Child{Path: string(p.Path), Dir: string(p.Dir), Listen: p.Listen, Cgroup: -1, Orders: p.Orders}
	for _, b := range p.Argv {
		c.Argv = append(c.Argv, string(b))
	}
	for _, b := range p.Env {
		c.Env = append(c.Env, string(b))
	}
	for fd := range p.Files {
		c.Files = append(c.Files, fd)
	}
	for fd := range report + 1 {
		unix.CloseOnExec(fd)
	}
	return c, nil
}

// fileAt reads a descriptor at offsets.
type fileAt int

func (f fileAt) ReadAt(b []byte, off int64) (int, error) {
	n, err := unix.Pread(int(f), b, off)
	if err == nil && n == 0 {
		err = io.EOF
	}
	return n, err
}

// shellSignal is added to a signal's number for the status of a process that
// it ended (POSIX.1-2017, Shell Command Language, 2.8.2).
const shellSignal = 128

// attend reaps everything in the namespace, passes signals on to the service's
// group, and gives the status to end with when the service has ended. What is
// left in the namespace then ends with process 1. A process 1 cannot end itself
// by a signal (pid_namespaces(7)): so one that ended the service is told as
// 128 and its number.
func attend(service int, children, others <-chan os.Signal) int {
	for {
		if code, ended := reapAll(service); ended {
			return code
		}
		select {
		case <-children:
		case sig := <-others:
			number, ok := sig.(syscall.Signal)
			if ok && unix.Kill(-service, number) != nil {
				_ = unix.Kill(service, number)
			}
		}
	}
}

// reapAll reaps what has ended, and says whether the service is among it.
func reapAll(service int) (code int, ended bool) {
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil || pid == 0:
			return 0, false
		case pid == service && ws.Exited():
			return ws.ExitStatus(), true
		case pid == service && ws.Signaled():
			return shellSignal + int(ws.Signal()), true
		}
	}
}
