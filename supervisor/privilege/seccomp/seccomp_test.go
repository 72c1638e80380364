//go:build linux && (amd64 || arm64)

package seccomp

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// run is what the kernel makes of a filter: classic BPF, as far as filters use
// it.
func run(program []byte, arch uint32, number int, args [6]uint64) Action {
	data := make([]byte, 64)
	binary.LittleEndian.PutUint32(data[offNumber:], uint32(number))
	binary.LittleEndian.PutUint32(data[offArch:], arch)
	for i, a := range args {
		binary.LittleEndian.PutUint64(data[offArgs+8*i:], a)
	}
	var acc uint32
	for pc := 0; ; pc++ {
		b := program[8*pc:]
		op, jt, jf, k := binary.LittleEndian.Uint16(b), b[2], b[3], binary.LittleEndian.Uint32(b[4:])
		jump := func(yes bool) {
			if yes {
				pc += int(jt)
			} else {
				pc += int(jf)
			}
		}
		switch op {
		case opLoad:
			acc = binary.LittleEndian.Uint32(data[k:])
		case opEqual:
			jump(acc == k)
		case opGreater:
			jump(acc > k)
		case opAtLeast:
			jump(acc >= k)
		case opJump:
			pc += int(k)
		case opAnd:
			acc &= k
		case opReturn:
			return Action(k)
		default:
			panic(fmt.Sprintf("instruction %#x", op))
		}
	}
}

// means is what a profile says about a call.
func means(p Profile, number int, args [6]uint64) Action {
	for _, r := range p.Rules {
		if slices.Contains(r.Numbers, number) && !slices.ContainsFunc(r.Args, func(a Arg) bool { return !met(a, args[a.Index]) }) {
			return r.Action
		}
	}
	if p.Unknown != 0 && (number >= len(calls) || calls[number] == "") {
		return p.Unknown
	}
	return p.Default
}

func met(a Arg, v uint64) bool {
	switch a.Op {
	case Equal:
		return v == a.Value
	case NotEqual:
		return v != a.Value
	case Less:
		return v < a.Value
	case LessOrEqual:
		return v <= a.Value
	case Greater:
		return v > a.Value
	case GreaterOrEqual:
		return v >= a.Value
	case MaskedEqual:
		return v&a.Value == a.Second
	}
	return false
}

// A filter does what its profile says, for any profile and any call.
func TestFiltersDoWhatProfilesSay(t *testing.T) {
	// Numbers on both sides of the halves' edge come up often.
	value := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, 1<<32 - 1, 1 << 32, 1<<32 + 1, 1<<63 + 5, ^uint64(0)}))
	action := rapid.SampledFrom([]Action{Allow, Errno | 1, Errno | 38, KillProcess, Log, Trap})
	arg := rapid.Custom(func(t *rapid.T) Arg {
		return Arg{Index: rapid.IntRange(0, 5).Draw(t, "index"), Op: Op(rapid.IntRange(0, int(MaskedEqual)).Draw(t, "op")), Value: value.Draw(t, "value"), Second: value.Draw(t, "second")}
	})
	number := rapid.IntRange(0, len(calls)+20)
	rapid.Check(t, func(t *rapid.T) {
		p := Profile{Default: action.Draw(t, "default"), Unknown: rapid.SampledFrom([]Action{0, Errno | 38}).Draw(t, "unknown")}
		few := rapid.SliceOfN(rapid.IntRange(0, len(calls)-1), 1, 6)
		for range rapid.IntRange(0, 8).Draw(t, "rules") {
			p.Rules = append(p.Rules, Rule{Numbers: few.Draw(t, "numbers"), Args: rapid.SliceOfN(arg, 0, 2).Draw(t, "args"), Action: action.Draw(t, "action")})
		}
		program, err := p.Program()
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			n := number.Draw(t, "call")
			if len(p.Rules) > 0 && rapid.Bool().Draw(t, "named") {
				n = rapid.SampledFrom(p.Rules).Draw(t, "rule").Numbers[0]
			}
			var args [6]uint64
			for i := range args {
				args[i] = value.Draw(t, "argument")
			}
			if got, want := run(program, auditArch, n, args), means(p, n, args); got != want {
				t.Fatalf("call %d %v: %#x, want %#x", n, args, got, want)
			}
		}
	})
}

// What the built-in profile does, as its documentation says.
func TestTheBuiltInProfile(t *testing.T) {
	all := func(names ...string) map[string]bool {
		set := map[string]bool{}
		for _, n := range names {
			set[n] = true
		}
		return set
	}
	plain, err := Standard(nil).Program()
	if err != nil {
		t.Fatal(err)
	}
	denied := all(
		"mount", "umount2", "pivot_root", "move_mount", "open_tree", "open_tree_attr", "fsopen", "mount_setattr", "unshare", "setns", "bpf", "perf_event_open",
		"ptrace", "process_vm_readv", "kcmp", "pidfd_getfd", "init_module", "finit_module", "delete_module", "kexec_load", "reboot",
		"settimeofday", "clock_settime", "adjtimex", "acct", "chroot", "syslog", "add_key", "keyctl", "request_key", "userfaultfd",
		"io_uring_setup", "io_uring_enter", "io_uring_register", "open_by_handle_at", "swapon", "swapoff", "mbind", "move_pages", "quotactl",
	)
	for _, name := range calls {
		n, ok := number(name)
		if !ok {
			continue
		}
		got := run(plain, auditArch, n, [6]uint64{})
		switch {
		case denied[name] && got != Errno|permission:
			t.Errorf("%s: %#x", name, got)
		case slices.Contains([]string{"read", "write", "execve", "clone", "openat", "futex", "mmap", "socket", "setuid", "capset", "prctl", "seccomp", "landlock_restrict_self", "exit_group"}, name) && got != Allow:
			t.Errorf("%s: %#x", name, got)
		}
	}
	clone, _ := number("clone")
	for flags, want := range map[uint64]Action{0x3d0f00: Allow, 0x10000000: Errno | permission, 0x20000 | 0x11: Errno | permission, 0x40000000: Errno | permission} {
		if got := run(plain, auditArch, clone, [6]uint64{flags}); got != want {
			t.Errorf("clone(%#x): %#x", flags, got)
		}
	}
	clone3, _ := number("clone3")
	ioctl, _ := number("ioctl")
	for call, want := range map[int]Action{clone3: Errno | noCall, len(calls): Errno | noCall, 5000: Errno | noCall} {
		if got := run(plain, auditArch, call, [6]uint64{}); got != want {
			t.Errorf("call %d: %#x", call, got)
		}
	}
	if got := run(plain, auditArch, ioctl, [6]uint64{0, 0x5412 | 1<<40}); got != Errno|permission {
		t.Errorf("TIOCSTI with a bit that the kernel does not look at: %#x", got)
	}
	socket, _ := number("socket")
	for family, want := range map[uint64]Action{1: Allow, 2: Allow, 10: Allow, 16: Allow, 40: Errno | permission, 40 | 1<<33: Errno | permission} {
		if got := run(plain, auditArch, socket, [6]uint64{family}); got != want {
			t.Errorf("socket of family %d: %#x", family, got)
		}
	}
	if got := run(plain, auditArch+1, 0, [6]uint64{}); got != Errno|noCall {
		t.Errorf("another architecture: %#x", got)
	}
	admin, err := Standard([]string{"CAP_SYS_ADMIN", "CAP_SYS_PTRACE"}).Program()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Action{"mount": Allow, "ptrace": Allow, "clone3": Allow, "reboot": Errno | permission, "keyctl": Errno | permission} {
		n, _ := number(name)
		if got := run(admin, auditArch, n, [6]uint64{}); got != want {
			t.Errorf("with CAP_SYS_ADMIN and CAP_SYS_PTRACE %s: %#x", name, got)
		}
	}
	if n := len(plain) / 8; n > 400 {
		t.Errorf("the filter has %d instructions", n)
	}
}

// Files are carried out exactly or refused.
func TestFilesThatCannotBeCarriedOut(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                   "defaultAction: there is no action",
		`{"defaultAction": "SCMP_ACT_NOTIFY"}`: "no action \"SCMP_ACT_NOTIFY\" that can be carried out",
		`{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/x"}`:                                                                                       "unknown field",
		`{"defaultAction": "SCMP_ACT_ALLOW"} {}`:                                                                                                          "something follows",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["opne"], "action": "SCMP_ACT_ERRNO"}]}`:                                              `syscalls[0]: there is no call "opne"`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]}`:                                                    "names no call",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["open"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1}]}`:                               "has no error number",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}]}]}`: "no argument 6",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "includes": {"caps": ["CAP_X"]}}]}`:             "unknown field",
	} {
		if _, err := Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	p, err := Read([]byte(`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64"],
		"syscalls": [{"names": ["read", "socketcall"], "action": "SCMP_ACT_ALLOW", "comment": "reads"}]}`))
	if err != nil || p.Default != Errno|38 || len(p.Rules) != 1 || len(p.Rules[0].Numbers) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

// The table of calls is the kernel's of the machine this runs on, as far as
// anybody can tell: getpid is where it says.
func TestTheTableIsThisMachines(t *testing.T) {
	n, ok := number("getpid")
	if !ok || call(n) != os.Getpid() {
		t.Errorf("getpid is not %d", n)
	}
}
