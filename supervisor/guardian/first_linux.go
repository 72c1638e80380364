package guardian

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/proc"
)

// The first process of a system, or of a container, is a guardian that shows
// what its system does: it runs the command that shows it (Attached.Start) as a
// child, and ends with it, with its exit status. An order to end goes to that
// command, which stops the units in their order; then the supervisor ends.

// show starts the command that shows the system, once a supervisor answers.
func (g *guard) show() {
	if g.Attached == nil || g.Shown != 0 || g.ending {
		return
	}
	args := g.Attached.Start
	if !g.ShownTo.IsZero() {
		args = slices.Concat(args, []string{"--shown-to", g.ShownTo.Format(time.RFC3339Nano)})
	}
	pid, err := g.run1(args)
	if err != nil {
		g.say("ERROR", "cannot show the system", "error", err)
		g.end()
		return
	}
	g.Shown, g.attachedAt = pid, g.Starts
}

// run1 runs a command of this program with the streams of this process.
func (g *guard) run1(args []string) (int, error) {
	return syscall.ForkExec(g.program(), append([]string{"sysg"}, args...), &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2},
	})
}

// shown is the end of that command: of the system, or, where its supervisor had
// died, only of the connection.
func (g *guard) shown(r proc.Remains) {
	g.Shown = 0
	if r.Status.Code == LostStatus && !g.ending {
		// Where the next supervisor is not ready yet, this follows when it is.
		if g.Starts != g.attachedAt && !g.Life.Ready.IsZero() {
			g.show()
		}
		return
	}
	g.verdict = r.Status.Code
	if r.Status.Signal != 0 {
		// As a shell has it (POSIX.1-2017, 2.8.2).
		g.verdict = 128 + int(r.Status.Signal)
	}
	g.end()
}

// signalledFirst handles a signal of a first process, and says whether that is
// all that has to be done.
func (g *guard) signalledFirst(s os.Signal) bool {
	switch s {
	case unix.SIGTERM, unix.SIGINT, unix.SIGQUIT:
		if g.Shown == 0 {
			g.end()
			return true
		}
		// The command stops the units, and with the second signal kills them.
		_ = unix.Kill(g.Shown, unix.SIGTERM)
	case unix.SIGHUP:
		g.once(g.Attached.Reload)
	case unix.SIGUSR1:
		g.once(g.Attached.Status)
	}
	return true
}

// once runs a command whose end matters to nobody.
func (g *guard) once(args []string) {
	if len(args) == 0 {
		return
	}
	if _, err := g.run1(args); err != nil {
		g.say("ERROR", "cannot run a command", "args", args, "error", err)
	}
}

// firstNamespace is the number of the machine's own PID namespace
// (PROC_PID_INIT_INO in the kernel's proc_ns.h).
const firstNamespace = 0xEFFFFFFC

// leave is the end of the guardian: that of the machine, where it is the
// machine's first process, for the kernel panics when that exits.
func (g *guard) leave() int {
	if g.Attached == nil || os.Getpid() != 1 {
		return g.status
	}
	var st unix.Stat_t
	if unix.Stat("/proc/self/ns/pid", &st) != nil || st.Ino != firstNamespace {
		return g.status
	}
	fmt.Fprintf(os.Stderr, "sysg: the system has ended with %d; powering off\n", g.status)
	unix.Sync()
	err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	fmt.Fprintln(os.Stderr, "sysg: cannot power off:", err)
	return g.status
}
