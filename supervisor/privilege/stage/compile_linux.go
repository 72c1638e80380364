package stage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// compile makes the program of a child; gate is the descriptor behind which it
// waits for its maps, -1 for none, and slot one that is free.
func compile(c Child, gate, slot int) (*program, error) {
	if c.Path == "" || len(c.Argv) == 0 {
		return nil, errors.New("there is no program")
	}
	p := &program{slot: slot}
	if gate >= 0 {
		p.step("wait for the maps of the user namespace")
		p.do(unix.SYS_READ, gate, make([]byte, 1), 1).least = 1
	}
	p.step("begin a session")
	p.do(unix.SYS_SETSID)
	if i := c.Orders.Identity; i != nil && i.Chown {
		p.step("give its outputs to user %s", i.User)
		for _, fd := range c.Files[1:min(3, len(c.Files))] {
			if isPipe(fd) {
				p.do(unix.SYS_FCHOWN, fd, i.UID, i.GID).lenient = true
			}
		}
	}
	p.step("take over its descriptors")
	for to, fd := range c.Files {
		p.do(unix.SYS_DUP3, fd, to, 0)
	}
	o := &c.Orders
	p.namespaces(o)
	label := p.label(o.Label)
	ruleset := p.ruleset(o.Landlock)
	p.limits(o)
	p.identity(o)
	p.step("working_dir %s", c.Dir)
	p.do(unix.SYS_CHDIR, c.Dir)
	p.restrict(o, ruleset, label)
	p.exec(c)
	return p, nil
}

// isPipe is whether a descriptor is a pipe's: what else an output may be, such as
// /dev/null, is not the service's own.
func isPipe(fd int) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// namespaces adds what belongs to the namespaces: those of another process,
// the loopback device, the mounts. What is written below /proc comes first, as
// long as it is there.
func (p *program) namespaces(o *Orders) {
	if o.OOM != nil {
		p.step("set oom_score_adj to %d", *o.OOM)
		p.write("/proc/self/oom_score_adj", strconv.Itoa(*o.OOM))
	}
	if o.Join > 0 {
		p.step("enter the namespaces of process %d", o.Join)
		fd := p.get(unix.SYS_PIDFD_OPEN, o.Join, 0)
		p.do(unix.SYS_SETNS, fd, o.JoinNamespaces)
		p.close(fd)
	}
	if o.Namespaces&unix.CLONE_NEWNET != 0 {
		p.loopback()
	}
	if o.Namespaces&unix.CLONE_NEWNS != 0 {
		p.mounts(o)
	}
}

// write adds the writing of a small file.
func (p *program) write(path, text string) {
	fd := p.open(path, unix.O_WRONLY)
	p.do(unix.SYS_WRITE, fd, []byte(text), len(text))
	p.close(fd)
}

// loopback brings the loopback device up (netdevice(7)).
func (p *program) loopback() {
	p.step("bring the loopback device up")
	request := make([]byte, 40) // struct ifreq
	copy(request, "lo")
	binary.NativeEndian.PutUint16(request[unix.IFNAMSIZ:], unix.IFF_UP|unix.IFF_RUNNING)
	fd := p.get(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	p.do(unix.SYS_IOCTL, fd, unix.SIOCSIFFLAGS, request)
	p.close(fd)
}

// limits adds rlimits, nice and affinity.
func (p *program) limits(o *Orders) {
	for _, l := range o.Rlimits {
		p.step("set %s", l.Text)
		b := make([]byte, 16)
		binary.NativeEndian.PutUint64(b, l.Soft)
		binary.NativeEndian.PutUint64(b[8:], l.Hard)
		p.do(unix.SYS_PRLIMIT64, 0, l.Resource, b, 0)
	}
	if o.Nice != nil {
		p.step("set nice to %d", *o.Nice)
		p.do(unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, *o.Nice)
	}
	if len(o.Affinity) > 0 {
		p.step("set cpu_affinity to %s", strings.Trim(fmt.Sprint(o.Affinity), "[]"))
		mask := cpuMask(o.Affinity)
		p.do(unix.SYS_SCHED_SETAFFINITY, 0, len(mask), mask)
	}
}

// cpuMask is a set of CPUs as the kernel takes it: whole words.
func cpuMask(cpus []int) []byte {
	const word = 8
	mask := []byte{}
	for _, n := range cpus {
		for len(mask) <= n/8 {
			mask = append(mask, make([]byte, word)...)
		}
		mask[n/8] |= 1 << (n % 8)
	}
	return mask
}

// lastCapability is the highest number a kernel may know (capabilities(7)).
const lastCapability = 63

// identity adds the bounding set, groups, user, and the other sets.
func (p *program) identity(o *Orders) {
	for n := range lastCapability + 1 {
		if o.Drop&(1<<n) != 0 {
			p.step("drop capability %d", n)
			p.do(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, n, 0, 0, 0)
		}
	}
	if o.Caps != nil {
		p.step("keep capabilities over the change of user")
		p.do(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1, 0, 0, 0)
	}
	if i := o.Identity; i != nil {
		p.step("set supplementary groups")
		groups := make([]byte, 0, 4*len(i.Groups))
		for _, g := range i.Groups {
			groups = binary.NativeEndian.AppendUint32(groups, uint32(g))
		}
		p.do(unix.SYS_SETGROUPS, len(i.Groups), groups)
		p.step("set group %s", i.Group)
		p.do(unix.SYS_SETRESGID, i.GID, i.GID, i.GID)
		p.step("set user %s", i.User)
		p.do(unix.SYS_SETRESUID, i.UID, i.UID, i.UID)
	}
	if o.Caps == nil {
		return
	}
	p.step("set capabilities")
	header := make([]byte, 8)
	binary.NativeEndian.PutUint32(header, unix.LINUX_CAPABILITY_VERSION_3)
	var data []byte
	for _, half := range []uint32{uint32(*o.Caps), uint32(*o.Caps >> 32)} {
		for range 3 { // effective, permitted, inheritable
			data = binary.NativeEndian.AppendUint32(data, half)
		}
	}
	p.do(unix.SYS_CAPSET, header, data)
	p.do(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	for n := range lastCapability + 1 {
		if *o.Caps&(1<<n) != 0 {
			p.do(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, n, 0, 0)
		}
	}
}

// restrict adds what can only be tightened: no_new_privs, Landlock, seccomp.
// The signal mask is made empty before the filter.
func (p *program) restrict(o *Orders, ruleset, label register) {
	if o.NoNewPrivs {
		p.step("set no_new_privs")
		p.do(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	}
	if o.Label != nil {
		p.step("%s", o.Label.Step)
		p.do(unix.SYS_WRITE, label, []byte(o.Label.Text), len(o.Label.Text))
	}
	if o.Landlock != nil {
		p.step("restrict itself by landlock")
		p.do(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0)
		p.close(ruleset)
	}
	p.step("unblock signals")
	p.do(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&noSignals)), 0, sigsetSize)
}

// exec adds the service's number, the filter, and the exec.
func (p *program) exec(c Child) {
	env := c.Env
	p.step(StepExec)
	argv, list := p.texts(c.Argv), make([]uintptr, 0, len(env)+2)
	for _, s := range env {
		list = append(list, p.text(s))
	}
	if c.Listen {
		const name = "LISTEN_PID="
		b := make([]byte, len(name)+24)
		copy(b, name)
		list = append(list, p.bytes(b))
		p.number = b[len(name):]
		p.do(trapNumber)
	}
	environ := p.list(append(list, 0))
	path := p.text(c.Path)
	if len(c.Orders.Filter) > 0 {
		p.step("install the seccomp filter")
		program := []uintptr{uintptr(len(c.Orders.Filter) / 8), p.bytes(c.Orders.Filter)} // struct sock_fprog
		p.do(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, program)
	}
	p.step(StepExec)
	p.do(unix.SYS_EXECVE, path, argv, environ)
}

// label opens the file that names the profile of the next exec.
func (p *program) label(l *Label) register {
	if l == nil {
		return 0
	}
	p.step("%s", l.Step)
	return p.open(l.File, unix.O_WRONLY)
}
