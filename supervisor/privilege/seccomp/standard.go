package seccomp

// permission is the error of a call that is denied (EPERM).
const permission = 1

// governed are the calls that the built-in profile denies, by the capability
// that allows them again; none for "".
var governed = []struct {
	capability string
	names      []string
}{
	{"CAP_SYS_ADMIN", []string{
		"bpf", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "mount", "mount_setattr",
		"move_mount", "open_tree", "open_tree_attr", "perf_event_open", "pivot_root", "quotactl", "quotactl_fd", "setdomainname",
		"sethostname", "setns", "swapoff", "swapon", "umount", "umount2", "unshare",
	}},
	{"CAP_SYS_MODULE", []string{"create_module", "delete_module", "finit_module", "init_module", "query_module"}},
	{"CAP_SYS_PTRACE", []string{"kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace"}},
	{"CAP_SYS_TIME", []string{"adjtimex", "clock_adjtime", "clock_settime", "settimeofday", "stime"}},
	{"CAP_SYS_RAWIO", []string{"ioperm", "iopl"}},
	{"CAP_SYS_BOOT", []string{"kexec_file_load", "kexec_load", "reboot"}},
	{"CAP_SYS_CHROOT", []string{"chroot"}},
	{"CAP_SYS_PACCT", []string{"acct"}},
	{"CAP_SYS_NICE", []string{"mbind", "migrate_pages", "move_pages", "set_mempolicy", "set_mempolicy_home_node"}},
	{"CAP_SYS_TTY_CONFIG", []string{"vhangup"}},
	{"CAP_SYSLOG", []string{"syslog"}},
	{"CAP_DAC_READ_SEARCH", []string{"open_by_handle_at"}},
	{"", []string{
		"_sysctl", "add_key", "afs_syscall", "get_kernel_syms", "getpmsg", "io_uring_enter", "io_uring_register",
		"io_uring_setup", "keyctl", "modify_ldt", "nfsservctl", "personality", "putpmsg", "request_key", "security", "sysfs",
		"tuxcall", "uselib", "userfaultfd", "ustat", "vserver",
	}},
}

// The flags of clone(2) that make namespaces: CLONE_NEWNS, NEWCGROUP, NEWUTS,
// NEWIPC, NEWUSER, NEWPID and NEWNET.
var namespaceFlags = []uint64{0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000}

// The terminal's requests that write as if somebody had typed: TIOCSTI and
// TIOCLINUX.
var typing = []uint64{0x5412, 0x541c}

// familyVSock is AF_VSOCK, sockets to the host of a virtual machine, which no
// namespace holds.
const familyVSock = 40

// lowerHalf are the bits of an argument that is an int.
const lowerHalf = 0xffffffff

// personalities are those that a program may ask for or have: PER_LINUX,
// PER_LINUX32, UNAME26, both, and the question which it is.
var personalities = []uint64{0, 8, 0x20000, 0x20008, 0xffffffff}

// Standard is the built-in profile for a unit with these capabilities.
func Standard(capabilities []string) Profile {
	deny := Errno | permission
	p := Profile{Default: Allow, Unknown: Errno | noCall}
	has := map[string]bool{}
	for _, c := range capabilities {
		has[c] = true
	}
	add := func(action Action, name string, args ...Arg) {
		if n, ok := number(name); ok {
			p.Rules = append(p.Rules, Rule{Numbers: []int{n}, Args: args, Action: action})
		}
	}
	for _, value := range personalities {
		add(Allow, "personality", Arg{Op: Equal, Value: value})
	}
	if !has["CAP_SYS_ADMIN"] {
		for _, flag := range namespaceFlags {
			add(deny, "clone", Arg{Op: MaskedEqual, Value: flag, Second: flag})
		}
		add(Errno|noCall, "clone3")
	}
	for _, request := range typing {
		// The kernel looks at the lower half only.
		add(deny, "ioctl", Arg{Index: 1, Op: MaskedEqual, Value: lowerHalf, Second: request})
	}
	add(deny, "socket", Arg{Op: MaskedEqual, Value: lowerHalf, Second: familyVSock})
	for _, g := range governed {
		for _, name := range g.names {
			if g.capability == "" || !has[g.capability] {
				add(deny, name)
			}
		}
	}
	return p
}
