package seccomp

import "slices"

// Action is what the kernel does about a call, as seccomp(2) has it.
type Action uint32

// The actions. Errno is added to with the number of the error.
const (
	Allow       Action = 0x7fff0000
	Log         Action = 0x7ffc0000
	Errno       Action = 0x00050000
	Trap        Action = 0x00030000
	KillThread  Action = 0x00000000
	KillProcess Action = 0x80000000
)

// Op is how an argument is compared.
type Op int

// The comparisons; all are of unsigned 64-bit numbers.
const (
	Equal Op = iota
	NotEqual
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
	// MaskedEqual is (argument & Value) == Second.
	MaskedEqual
)

// Arg is a condition on an argument, counted from 0.
type Arg struct {
	Index         int
	Op            Op
	Value, Second uint64
}

// Rule says what happens to calls whose arguments meet all conditions.
type Rule struct {
	Numbers []int
	Args    []Arg
	Action  Action
}

// Profile is a list of rules of which the first that fits decides, and what
// happens to a call that none fits.
type Profile struct {
	Rules   []Rule
	Default Action
	// Unknown is what happens to calls that this version knows no name of;
	// Default where it is the zero value.
	Unknown Action
}

// number is the call of a name on this machine.
func number(name string) (int, bool) {
	if name == "" {
		return 0, false
	}
	n := slices.Index(calls[:], name)
	return n, n >= 0
}

// Known is whether any machine that sysg runs on has the call, as far as this
// one can tell.
func Known(name string) bool {
	_, here := number(name)
	return here || slices.Contains(elsewhere, name)
}

// elsewhere are calls that only some machines have; a profile may name them on
// every one.
var elsewhere = []string{
	"_llseek", "_newselect", "_sysctl", "accept", "access", "alarm", "arch_prctl", "arm_fadvise64_64", "arm_sync_file_range", "breakpoint",
	"cacheflush", "chmod", "chown", "chown32", "clock_adjtime64", "clock_getres_time64", "clock_gettime64", "clock_nanosleep_time64",
	"clock_settime64", "creat", "dup2", "epoll_create", "epoll_ctl_old", "epoll_wait", "epoll_wait_old", "eventfd", "fadvise64_64", "fchown32",
	"fcntl64", "fork", "fstat64", "fstatat64", "fstatfs64", "ftruncate64", "futex_time64", "futimesat", "getdents", "getegid32", "geteuid32",
	"getgid32", "getgroups32", "getpgrp", "getresgid32", "getresuid32", "getuid32", "inotify_init", "io_pgetevents_time64", "ioperm", "iopl",
	"ipc", "lchown", "lchown32", "link", "lstat", "lstat64", "mkdir", "mknod", "mmap2", "modify_ldt", "mq_timedreceive_time64",
	"mq_timedsend_time64", "newfstatat", "open", "pause", "pipe", "poll", "ppoll_time64", "pselect6_time64", "readlink", "recv",
	"recvmmsg_time64", "rename", "riscv_flush_icache", "rmdir", "rt_sigtimedwait_time64", "s390_pci_mmio_read", "s390_pci_mmio_write",
	"s390_runtime_instr", "sched_rr_get_interval_time64", "select", "semtimedop_time64", "send", "sendfile64", "set_tls", "setfsgid32",
	"setfsuid32", "setgid32", "setgroups32", "setregid32", "setresgid32", "setresuid32", "setreuid32", "setuid32", "signal", "signalfd",
	"sigprocmask", "sigreturn", "socketcall", "stat", "stat64", "statfs64", "stime", "swapcontext", "symlink", "sync_file_range2", "time",
	"timer_gettime64", "timer_settime64", "timerfd_gettime64", "timerfd_settime64", "truncate64", "ugetrlimit", "umount", "unlink", "usr26",
	"usr32", "utime", "utimensat_time64", "utimes", "vfork", "vm86", "vm86old", "waitpid",
}
