package stage

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// everything is a child of which everything is asked.
func everything() Child {
	nice, oom, caps := 5, 100, uint64(1<<unix.CAP_KILL)
	return Child{
		Path: "/bin/true", Argv: []string{"true"}, Dir: "/", Files: []int{10, 11, 12}, Listen: true, Cgroup: -1,
		Orders: Orders{
			Namespaces: unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID,
			Mounts:     Mounts{Tmp: true, Devices: true, ReadOnly: true, Carry: []string{"/dev/shm/x/notify.sock"}},
			Rlimits:    []Rlimit{{Resource: unix.RLIMIT_CORE, Text: "limit core to 0"}},
			Nice:       &nice, Affinity: []int{0}, OOM: &oom, Drop: 1 << unix.CAP_CHOWN, Caps: &caps,
			Identity:   &Identity{UID: 1000, GID: 1000, Groups: []int{1000}, User: "web", Group: "web", Chown: true},
			NoNewPrivs: true, Label: &Label{File: "/proc/self/attr/exec", Text: "exec web", Step: "set AppArmor profile web"},
			Landlock: &Landlock{ABI: 7, ReadOnly: []string{"/usr"}, ReadWrite: []string{"/tmp"}},
			Filter:   make([]byte, 8),
		},
	}
}

// The order is that of the documentation: what a later step takes away, earlier
// ones still need.
func TestStepsComeInTheirOrder(t *testing.T) {
	p, err := compile(everything(), -1, 100)
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, want := range []string{
		"begin a session", "take over its descriptors", "set oom_score_adj to 100", "bring the loopback device up", "separate its mounts",
		"make the file system read-only", "make a private /tmp", "make a private /dev", "mount a /proc of its own", "keep /dev/shm/x/notify.sock",
		"make a landlock ruleset", "add landlock ro path /usr", "add landlock rw path /tmp", "set limit core to 0", "set nice to 5", "set cpu_affinity to 0",
		"drop capability 0", "keep capabilities over the change of user", "set supplementary groups", "set group web", "set user web", "set capabilities",
		"working_dir /", "set no_new_privs", "set AppArmor profile web", "restrict itself by landlock", "unblock signals", "install the seccomp filter", StepExec,
	} {
		i := slices.Index(p.steps[at+1:], want)
		if i < 0 {
			t.Fatalf("%q does not come after %q: %q", want, p.steps[max(at, 0)], p.steps)
		}
		at += 1 + i
	}
	if last := p.calls[len(p.calls)-1]; last.trap != unix.SYS_EXECVE {
		t.Errorf("the last call is %d", last.trap)
	}
	if before := p.calls[len(p.calls)-2]; before.trap != unix.SYS_SECCOMP {
		t.Errorf("the call before the exec is %d: the filter would govern it", before.trap)
	}
}

// Orders that say nothing do nothing but what every start does.
func TestNoOrdersDoNothing(t *testing.T) {
	p, err := compile(Child{Path: "/bin/true", Argv: []string{"true"}, Dir: "/", Files: []int{5, 6, 7}, Cgroup: -1}, -1, 100)
	if err != nil {
		t.Fatal(err)
	}
	var traps []uintptr
	for _, c := range p.calls {
		traps = append(traps, c.trap)
	}
	want := []uintptr{unix.SYS_SETSID, unix.SYS_DUP3, unix.SYS_DUP3, unix.SYS_DUP3, unix.SYS_CHDIR, unix.SYS_RT_SIGPROCMASK, unix.SYS_EXECVE}
	if !slices.Equal(traps, want) {
		t.Errorf("calls %v, want %v", traps, want)
	}
}

// fork forks on a thread of its own.
func fork(t *testing.T, c Child) (status unix.WaitStatus, err error) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for len(c.Files) < 3 {
		c.Files = append(c.Files, int(null.Fd()))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		var pid int
		if pid, err = Fork(c); err == nil {
			_, err = unix.Wait4(pid, &status, 0, nil)
		}
	}()
	<-done
	return status, err
}

// A failure names its step, and leaves no process behind.
func TestAFailureNamesItsStep(t *testing.T) {
	plain := Child{Path: "/bin/true", Argv: []string{"true"}, Dir: "/", Cgroup: -1}
	for want, change := range map[string]func(*Child){
		StepExec + ": no such file or directory":                   func(c *Child) { c.Path = "/no/such/program" },
		"working_dir /no/such/folder: no such file or directory":   func(c *Child) { c.Dir = "/no/such/folder" },
		"set the impossible: invalid argument":                     func(c *Child) { c.Orders.Rlimits = []Rlimit{{Resource: 99, Text: "the impossible"}} },
		"add landlock ro path /no/such: no such file or directory": func(c *Child) { c.Orders.Landlock = &Landlock{ABI: 1, ReadOnly: []string{"/no/such"}} },
	} {
		c := plain
		change(&c)
		_, err := fork(t, c)
		var step *StepError
		if strings.HasPrefix(want, "add landlock") && errors.As(err, &step) && step.Errno == unix.EOPNOTSUPP {
			continue
		}
		if !errors.As(err, &step) || step.Step+": "+step.Errno.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("a child is left: %v", err)
	}
}

// The outputs of a child of another user become that user's where they are pipes;
// the machine's /dev/null stays what it is.
func TestOutputsAreGivenAway(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	owner := func(fd int) uint32 {
		t.Helper()
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			t.Fatal(err)
		}
		return st.Uid
	}
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	before := owner(int(null.Fd()))
	const web = 4711
	for _, files := range [][]int{{int(null.Fd()), int(out.Fd()), int(null.Fd())}, nil} {
		_, err := fork(t, Child{
			Path: "/bin/true", Argv: []string{"true"}, Dir: "/", Files: files, Cgroup: -1,
			Orders: Orders{Identity: &Identity{UID: web, GID: web, Chown: true}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := owner(int(out.Fd())); got != web {
		t.Errorf("the pipe is user %d's", got)
	}
	if got := owner(int(null.Fd())); got != before {
		t.Errorf("%s was user %d's and is user %d's", os.DevNull, before, got)
	}
}

// The signals of a child that becomes a service are the default ones, none is
// blocked, and its status comes back.
func TestAChildEnds(t *testing.T) {
	ws, err := fork(t, Child{Path: "/bin/sh", Argv: []string{"sh", "-c", "kill -TERM $$; exit 3"}, Dir: "/", Cgroup: -1})
	if err != nil || !ws.Signaled() || ws.Signal() != unix.SIGTERM {
		t.Errorf("%v, %v", ws, err)
	}
}

// The number that LISTEN_PID has is written digit by digit.
func TestNumberWidth(t *testing.T) {
	for n, want := range map[uintptr]int{1: 1, 9: 1, 10: 2, 99: 2, 100: 3, 4194304: 7} {
		if got := numberWidth(n); got != want {
			t.Errorf("%d has %d digits", n, got)
		}
	}
}
