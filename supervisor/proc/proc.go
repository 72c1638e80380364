package proc

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/privilege/stage"
)

// The ways a tree is held; see the package comment.
const (
	ContainCgroup = "cgroup"
	ContainMarker = "marker"
)

// TreeID names a tree. Its owner never uses one twice.
type TreeID struct {
	Unit string
	Run  uint64
}

// Membership is who is in a tree.
type Membership struct {
	// PIDs looks for its living processes.
	PIDs func() []int
	// Scattered is whether some of them are known to have left its cgroup.
	Scattered bool
}

// Spec is a tree to start.
type Spec struct {
	Tree TreeID
	// Argv is the command; a name without a slash is looked up in the PATH
	// of Env.
	Argv []string
	// Mark is that of the Hold which Host.Hold gave for the tree; 0 for one
	// that nobody has to find again.
	Mark uint64
	// Dir is the absolute working directory.
	Dir string
	// Env is the whole environment, as NAME=VALUE.
	Env []string
	// Stdout and Stderr become the tree's; nil means /dev/null, which
	// stdin always is. The caller keeps and closes them.
	Stdout, Stderr *os.File
	// Files become descriptors 3, 4, … of the main process, told to it by
	// LISTEN_FDS, LISTEN_FDNAMES (Names, as many as there are Files) and
	// LISTEN_PID, its own number (sd_listen_fds(3)). The caller keeps and
	// closes them.
	Files []*os.File
	Names []string
	// Orders are what else is done to the process; nil for nothing.
	Orders *stage.Orders
	// Cgroup is what its cgroup is held to. With any, nothing else than a
	// cgroup can hold the tree.
	Cgroup stage.Cgroup
	// Reaper is whether the main process is a process 1 above the command, as
	// a PID namespace needs.
	Reaper bool
}

// Hold is by what the processes of a tree are found, also one that was ordered
// and of which nobody knows whether it was started. It is one or the other.
type Hold struct {
	Mark   uint64
	Cgroup string
}

// Found are the living processes of a tree.
type Found struct {
	// Main is the main process; its PID is 0 where that does not live.
	Main Process
	// Members are how many live, Main included.
	Members int
}

// Process identifies a main process beyond its number, so that it can be
// recognised by another supervisor.
type Process struct {
	PID int
	// StartTicks is when it started, in clock ticks since boot (proc(5),
	// field 22 of stat). It is noted where there is no Handle.
	StartTicks uint64
	// Handle is the process's number in pidfs, which is not given again; 0
	// where the kernel has none.
	Handle uint64
	// BootID is the boot that PID, StartTicks and Handle belong to.
	BootID string
	// Mark is the marker of the tree, 0 where it is held by a cgroup.
	Mark uint64
	// Cgroup is the absolute directory of the tree's cgroup, or empty.
	Cgroup      string
	Containment string
}

// Status is how a main process ended.
type Status struct {
	// Known is false where somebody else reaped it.
	Known bool `json:"known"`
	// Code is the exit status, -1 where a signal ended it.
	Code   int            `json:"code"`
	Signal syscall.Signal `json:"signal,omitempty"`
	Core   bool           `json:"core,omitempty"`
	// OOM is how many processes of the tree the kernel ended for want of
	// memory, where the tree's cgroup counts them.
	OOM int `json:"oom,omitempty"`
}

func (s Status) String() string {
	switch {
	case s.OOM > 0 && (s.Signal == syscall.SIGKILL || s.Code == killedStatus):
		return "OOM killed"
	case s.OOM > 0:
		bare := s
		bare.OOM = 0
		return fmt.Sprintf("%s (the OOM killer ended %d of its processes)", bare, s.OOM)
	case !s.Known:
		return "ended, and nobody saw how"
	case s.Signal != 0 && s.Core:
		return "killed by " + signalName(s.Signal) + ", core dumped"
	case s.Signal != 0:
		return "killed by " + signalName(s.Signal)
	}
	return fmt.Sprintf("exit %d", s.Code)
}

// killedStatus is the status of a shell, or of a process 1, whose child was
// killed.
const killedStatus = 128 + int(syscall.SIGKILL)

func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(s))
}

// Event is news of a tree: Exited or Emptied.
type Event interface{ event() }

// Exited says that the main process has ended. Leftover are the members that
// live on; where there are none, Emptied follows at once.
type Exited struct {
	Tree     TreeID
	Status   Status
	Time     time.Time
	Leftover []int
	// Told is the number of the guardian's message that told of it, 0 where
	// this process saw it.
	Told uint64
}

// Emptied says that nothing of the tree lives.
type Emptied struct{ Tree TreeID }

func (Exited) event()  {}
func (Emptied) event() {}

// Options are what a Host needs.
type Options struct {
	// Name tells the cgroups of several hosts apart; it becomes part of a
	// folder's name.
	Name string
	// Notify gets every event, from one goroutine. It may block, and must
	// not wait for the Host.
	Notify func(Event)
	// Record is told how a main process ended before it is reaped: what it
	// writes down is known whoever dies next. It must be quick. It may be nil.
	Record func(TreeID, Process, Status, time.Time)
	// Guardian is the pid of the process that reaps what an earlier
	// supervisor started, and says how it ended by Told; 0 for none.
	Guardian int
	// Log gets what is worth knowing once; nil for nowhere.
	Log *slog.Logger
}

// ErrGone says that a process does not live any more, or is another one now.
var ErrGone = errors.New("the process is gone")

// errNoTree says that nothing is known of a tree.
var errNoTree = errors.New("there is no such process tree")

// NotFoundError says that a command was not found.
type NotFoundError struct {
	Name string
	// Path is the PATH that was searched; empty for a name with a slash.
	Path string
}

func (e *NotFoundError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("there is no %s", e.Name)
	}
	return fmt.Sprintf("command %q not found in PATH=%s", e.Name, e.Path)
}

// StartError says that a command was found and could not be started.
type StartError struct {
	// Name is the file or the folder that was at fault.
	Name string
	Err  error
}

func (e *StartError) Error() string { return fmt.Sprintf("%s: %v", e.Name, e.Err) }

// Unwrap gives the cause.
func (e *StartError) Unwrap() error { return e.Err }
