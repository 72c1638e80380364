package stage

import (
	"fmt"
	"syscall"
)

// Orders are what is done to a process before it becomes a service; the zero
// value does nothing.
type Orders struct {
	// Namespaces are the CLONE_NEW… flags of those the process gets.
	Namespaces uintptr `json:",omitempty"`
	// Users and Groups are the numbers that exist in its user namespace,
	// each standing for itself.
	Users, Groups []int `json:",omitempty"`
	// DenyGroups gives setgroups(2) up, without which a plain user may not
	// write a map of groups.
	DenyGroups bool `json:",omitempty"`
	Mounts     Mounts
	// Join is a process whose namespaces (those of JoinNamespaces) it
	// enters instead of getting its own; 0 for none.
	Join           int     `json:",omitempty"`
	JoinNamespaces uintptr `json:",omitempty"`

	Rlimits  []Rlimit `json:",omitempty"`
	Nice     *int     `json:",omitempty"`
	Affinity []int    `json:",omitempty"`
	OOM      *int     `json:",omitempty"`

	// Drop are the capabilities taken out of the bounding set, one bit each.
	Drop uint64 `json:",omitempty"`
	// Caps are those of all five sets; nil leaves them to the kernel's rules
	// for a change of user.
	Caps *uint64 `json:",omitempty"`
	// Identity is nil where the user stays.
	Identity   *Identity `json:",omitempty"`
	NoNewPrivs bool      `json:",omitempty"`
	// Label is what the security module makes of it at exec.
	Label    *Label    `json:",omitempty"`
	Landlock *Landlock `json:",omitempty"`
	// Filter is a seccomp program, eight bytes an instruction.
	Filter []byte `json:",omitempty"`
}

// Mounts say what of the file system is the process's own. Any needs a mount
// namespace.
type Mounts struct {
	Tmp, Devices, ReadOnly bool
	// Carry are paths that stay reachable below what is covered.
	Carry []string `json:",omitempty"`
}

// Rlimit is a resource limit, of the RLIMIT_… of that number.
type Rlimit struct {
	Resource   int
	Soft, Hard uint64
	// Text is how an error names it: "limit nofile to 65536".
	Text string
}

// Unlimited is a limit that is none (RLIM_INFINITY).
const Unlimited = ^uint64(0)

// Identity is whom a process runs as. Groups replace all it had.
type Identity struct {
	UID, GID int
	Groups   []int
	// User and Group are their names, for errors.
	User, Group string
	// Chown is whether the outputs become the user's, so that a service can
	// open /dev/stdout.
	Chown bool
}

// Label is written to a file of /proc/self/attr.
type Label struct {
	File, Text string
	// Step is how an error names it.
	Step string
}

// Landlock is a ruleset: what is handled is denied but for the rules.
type Landlock struct {
	// ABI is the kernel's version of Landlock.
	ABI int
	// ReadOnly and ReadWrite are absolute paths.
	ReadOnly, ReadWrite []string
}

// Cgroup says what the cgroup that a process is born in is held to. It is set up
// before the process exists.
type Cgroup struct {
	// Root is the folder below which it is made, absolute; empty for that
	// of the supervisor.
	Root  string
	Files []CgroupFile
}

// CgroupFile is a value for a file of a controller: "200000 100000" for cpu.max
// of the controller cpu. Key is the manifest's: "limits.cgroup.cpu_max".
type CgroupFile struct{ Key, Controller, File, Value string }

// Child is a process to be made.
type Child struct {
	// Path is the program, Argv its arguments with its name, Env the whole
	// environment, Dir the absolute working directory.
	Path      string
	Argv, Env []string
	Dir       string
	// Files become descriptors 0, 1, 2 …
	Files []int
	// Listen is whether it is told its own number as LISTEN_PID.
	Listen bool
	// Cgroup is a descriptor of the one it is born in, -1 for none.
	Cgroup int
	// Reaper is whether a process 1 stands above it, as a PID namespace
	// needs.
	Reaper bool
	Orders Orders
}

// StepError says which step the kernel refused.
type StepError struct {
	// Step completes "cannot …": "set group 99".
	Step  string
	Errno syscall.Errno
	// Clone is whether there was no process yet.
	Clone bool
}

func (e *StepError) Error() string { return fmt.Sprintf("cannot %s: %v", e.Step, e.Errno) }

// Unwrap gives the kernel's word.
func (e *StepError) Unwrap() error { return e.Errno }

// StepExec is the step of the exec itself.
const StepExec = "execute the program"
