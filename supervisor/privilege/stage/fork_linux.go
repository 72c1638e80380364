package stage

import (
	"errors"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// cloneArgs is struct clone_args (clone3(2)).
type cloneArgs struct {
	flags, pidFD, childTID, parentTID, exitSignal, stack, stackSize, tls, setTID, setTIDSize, cgroup uint64
}

// allSignals is a signal mask with every signal in it, no one with none.
var allSignals, noSignals = ^uint64(0), uint64(0)

// sigsetSize is what the kernel takes for the size of a mask.
const sigsetSize = 8

// Fork makes the process and waits until it is the service, or has failed:
// then it is gone already, and the error is a *StepError. The calling goroutine
// has to be locked to its thread, whose descriptors c.Files are.
func Fork(c Child) (pid int, err error) {
	l, err := newLine(&c)
	if err != nil {
		return 0, err
	}
	defer l.close()
	if c.Reaper {
		reaper, closeAll, err := above(c, l.report[1])
		if err != nil {
			return 0, err
		}
		defer closeAll()
		c = reaper
	}
	p, err := compile(c, l.gate(), l.free())
	if err != nil {
		return 0, err
	}
	args := cloneArgs{flags: unix.CLONE_CLEAR_SIGHAND | uint64(c.Orders.Namespaces), exitSignal: uint64(unix.SIGCHLD)}
	if sharesMemory && !l.gated {
		args.flags |= unix.CLONE_VM | unix.CLONE_VFORK
	}
	if c.Cgroup >= 0 {
		args.flags |= unix.CLONE_INTO_CGROUP
		args.cgroup = uint64(c.Cgroup)
	}
	pid, errno := spawn(&args, p, l.report[1])
	if errno != 0 {
		return 0, &StepError{Step: cloneStep(c), Errno: errno, Clone: true}
	}
	if err := l.await(pid, c.Orders); err != nil {
		reapFailed(pid)
		return 0, err
	}
	return pid, nil
}

// cloneStep is how the error of the clone itself is told.
func cloneStep(c Child) string {
	var names []string
	for _, n := range namespaceNames {
		if c.Orders.Namespaces&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return "fork"
	}
	return "make namespaces (" + strings.Join(names, ", ") + ")"
}

// namespaceNames are those of isolation in a manifest.
var namespaceNames = []struct {
	flag uintptr
	name string
}{
	{unix.CLONE_NEWUSER, "user"},
	{unix.CLONE_NEWNET, "network"},
	{unix.CLONE_NEWNS, "mount"},
	{unix.CLONE_NEWPID, "pid"},
	{unix.CLONE_NEWUTS, "uts"},
	{unix.CLONE_NEWIPC, "ipc"},
}

// reapFailed takes the remains of a child that never became a service.
func reapFailed(pid int) {
	_ = unix.Kill(pid, unix.SIGKILL)
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// spawn forks on this thread with all signals blocked.
func spawn(args *cloneArgs, p *program, report int) (pid int, errno syscall.Errno) {
	messages := p.messages()
	var old uint64
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&allSignals)), uintptr(unsafe.Pointer(&old)), sigsetSize, 0, 0)
	number, failed := child(uintptr(unsafe.Pointer(args)), unsafe.Sizeof(*args), p.calls, p.registers, messages, p.number, uintptr(report))
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&old)), 0, sigsetSize, 0, 0)
	p.alive()
	return int(number), syscall.Errno(failed)
}

// message is where the words of a step lie.
type message struct{ address, size uintptr }

// messages are those of the steps.
func (p *program) messages() []message {
	list := make([]message, len(p.steps))
	for i, s := range p.steps {
		list[i] = message{address: p.bytes([]byte(s)), size: uintptr(len(s))}
	}
	return list
}

// child forks, and in the child carries the calls out; there it never
// returns. It must not allocate, grow the stack, write pointers or call what
// does. The parent leaves this frame at once, as the child uses it.
//
//go:noinline
//go:norace
//go:nocheckptr
func child(args, size uintptr, calls []call, registers []uintptr, messages []message, number []byte, report uintptr) (pid, errno uintptr) {
	var (
		i, j   int
		a      [6]uintptr
		r      uintptr
		e      syscall.Errno
		failed uint32
	)
	pid, errno = vfork(args, size)
	if errno != 0 || pid != 0 {
		return pid, errno
	}
	for i = 0; i < len(calls); i++ {
		if calls[i].needs >= 0 && registers[calls[i].needs] == none {
			continue
		}
		if calls[i].trap == trapNumber {
			r, _, _ = unix.RawSyscall(unix.SYS_GETPID, 0, 0, 0)
			for j = numberWidth(r); j > 0; j-- {
				number[j-1] = byte('0' + r%10)
				r /= 10
			}
			continue
		}
		for j = 0; j < 6; j++ {
			a[j] = calls[i].args[j]
			if calls[i].fromRegister&(1<<j) != 0 {
				a[j] = registers[a[j]]
			}
		}
		r, _, e = unix.RawSyscall6(calls[i].trap, a[0], a[1], a[2], a[3], a[4], a[5])
		failed = uint32(e)
		switch {
		case failed == 0 && r < calls[i].least:
			failed = uint32(unix.EPIPE)
		case failed == 0 && calls[i].orNext != 0:
			i++
			continue
		case failed == 0:
			if calls[i].result >= 0 {
				registers[calls[i].result] = r
			}
			continue
		case calls[i].lenient, uintptr(failed) == calls[i].pardon, uintptr(failed) == calls[i].orNext:
			continue
		}
		_, _, _ = unix.RawSyscall(unix.SYS_WRITE, report, uintptr(unsafe.Pointer(&failed)), unsafe.Sizeof(failed))
		_, _, _ = unix.RawSyscall(unix.SYS_WRITE, report, messages[calls[i].step].address, messages[calls[i].step].size)
		break
	}
	for {
		_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 1, 0, 0)
	}
}

// numberWidth is how many digits a number has.
//
//go:nosplit
//go:norace
func numberWidth(n uintptr) int {
	width := 1
	for ; n >= 10; n /= 10 {
		width++
	}
	return width
}
