package usage

import (
	"os"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernel reads figures of processes and cgroups into buffers it keeps, by bare
// system calls: with a thousand processes to look at, os.ReadFile would spend
// most of its time on descriptors and garbage. It is not safe for concurrent
// use.
type kernel struct {
	path, text []byte
}

// process is the process with that pid; false when there is none.
func (k *kernel) process(pid int) (member, bool) {
	m, _, ok := parseStat(k.procFile(pid, "stat"))
	return m, ok
}

// command is the command line of the process.
func (k *kernel) command(pid int) string {
	_, name, _ := parseStat(k.procFile(pid, "stat"))
	name = append([]byte(nil), name...) // the next file takes the buffer
	return commandLine(k.procFile(pid, "cmdline"), name)
}

// spent is the CPU time spent in a cgroup so far; false when the cgroup is gone.
func (k *kernel) spent(dir string) (time.Duration, bool) {
	return parseCPUStat(k.file(dir, "/cpu.stat"))
}

// charged is the memory of a cgroup, -1 where the memory controller is not on.
func (k *kernel) charged(dir string) int64 {
	if bytes, digits := number(k.file(dir, "/memory.current")); digits > 0 {
		return int64(bytes)
	}
	return -1
}

// uptime is the time since boot, sleep included: the clock of start times.
func (k *kernel) uptime() time.Duration { return clock(unix.CLOCK_BOOTTIME) }

// worked is the CPU time of the thread that asks.
func (k *kernel) worked() time.Duration { return clock(unix.CLOCK_THREAD_CPUTIME_ID) }

// clock is the time of one of the kernel's clocks, 0 where it has none.
func clock(id int32) time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(id, &now) != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// Limits are the resource limits in force of a process, as /proc/PID/limits
// has them.
func Limits(pid int) ([]Limit, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/limits")
	if err != nil {
		return nil, err
	}
	return parseLimits(text), nil
}

func (k *kernel) procFile(pid int, name string) []byte {
	k.path = append(k.path[:0], "/proc/"...)
	k.path = strconv.AppendInt(k.path, int64(pid), 10)
	k.path = append(k.path, '/')
	return k.read(append(append(k.path, name...), 0))
}

func (k *kernel) file(dir, name string) []byte {
	k.path = append(k.path[:0], dir...)
	return k.read(append(append(k.path, name...), 0))
}

// read is the beginning of a file, up to 4 KiB, until the next read; nil when
// it cannot be read. The path ends in a NUL.
func (k *kernel) read(path []byte) []byte {
	k.path = path
	if k.text == nil {
		k.text = make([]byte, 4096)
	}
	at := unix.AT_FDCWD
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(&path[0])),
		unix.O_RDONLY|unix.O_CLOEXEC, 0, 0, 0)
	if errno != 0 {
		return nil
	}
	n, errno := uintptr(0), unix.EINTR
	for errno == unix.EINTR {
		n, _, errno = unix.Syscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&k.text[0])), uintptr(len(k.text)))
	}
	_, _, _ = unix.Syscall(unix.SYS_CLOSE, fd, 0, 0)
	if errno != 0 {
		return nil
	}
	return k.text[:n]
}
