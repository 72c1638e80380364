package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// BootID names the present boot of the machine.
func BootID() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("cannot tell which boot this is: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// stat is what is needed of /proc/PID/stat.
type stat struct {
	state                  byte
	parent, group, session int
	threads, flags         int
	ticks                  uint64
}

// readStat reads a process's line; ErrGone where there is none.
func readStat(pid int) (stat, error) {
	data, err := readSmall("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, ErrGone
	}
	return parseStat(data)
}

// parseStat finds the fields after the name, which ends at the last
// parenthesis (proc(5)).
func parseStat(data []byte) (stat, error) {
	end := bytes.LastIndexByte(data, ')')
	if end < 0 {
		return stat{}, fmt.Errorf("cannot read a stat line %q", data)
	}
	fields := bytes.Fields(data[end+1:])
	// The state is field 3, the parent 4, the group 5, the session 6, the
	// flags 9, the number of threads 20, the start time 22.
	if len(fields) < 20 || len(fields[0]) != 1 {
		return stat{}, fmt.Errorf("cannot read a stat line %q", data)
	}
	st := stat{state: fields[0][0]}
	var err error
	if st.ticks, err = strconv.ParseUint(string(fields[19]), 10, 64); err != nil {
		return stat{}, fmt.Errorf("cannot read a stat line: %w", err)
	}
	for _, f := range [...]struct {
		field int
		into  *int
	}{{1, &st.parent}, {2, &st.group}, {3, &st.session}, {6, &st.flags}, {17, &st.threads}} {
		if *f.into, err = strconv.Atoi(string(fields[f.field])); err != nil {
			return stat{}, fmt.Errorf("cannot read a stat line: %w", err)
		}
	}
	return st, nil
}

// dead is whether a process has ended, reaped or not. One whose first thread
// has ended looks like a zombie, and lives by its other threads.
func (s stat) dead() bool { return s.state == 'X' || s.state == 'Z' && s.threads <= 1 }

// exiting is PF_EXITING of linux/sched.h: a thread has begun to end, and has
// given back its memory and its files before it looks dead.
const exiting = 0x4

// speechless is whether a process cannot be asked anything any more.
func (s stat) speechless() bool { return s.dead() || s.flags&exiting != 0 }

// ticksNow is the time since boot in the unit of start times.
func ticksNow() uint64 {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return 0
	}
	return uint64(now.Nano()) / uint64(time.Second/ticksPerSecond)
}

// smallFile is the most that readSmall reads.
const smallFile = 4096

// readSmall reads a file of the kernel's of up to 4 KiB with three system
// calls; os.ReadFile makes twice as many.
func readSmall(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	buf := make([]byte, smallFile)
	for {
		n, err := unix.Read(fd, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return buf[:n], nil
	}
}

// childInfo is the part of siginfo_t that waitid fills (sigaction(2)): signo,
// errno, code, and on 64-bit machines padding, then the pid, the user and the
// status.
type childInfo struct {
	signo, errno, code int32
	_                  [unsafe.Sizeof(uintptr(0)) - 4]byte
	pid, uid, status   int32
	_                  [96]byte
}

// deadChild is the number of a child that has ended and was not reaped yet, or
// 0. It stays a zombie.
func deadChild() int {
	var info childInfo
	for {
		_, _, errno := unix.Syscall6(unix.SYS_WAITID, unix.P_ALL, 0, uintptr(unsafe.Pointer(&info)),
			unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, 0, 0)
		switch errno {
		case 0:
			return int(info.pid)
		case unix.EINTR:
			continue
		}
		return 0
	}
}

// The codes of a child that ended (sigaction(2)).
const (
	cldKilled = 2
	cldDumped = 3
)

// peek is how a child ended, which stays a zombie. Child is false where the
// process is none of this one's, ended where it lives.
func peek(pid int) (status Status, child, ended bool) {
	var info childInfo
	for {
		_, _, errno := unix.Syscall6(unix.SYS_WAITID, unix.P_PID, uintptr(pid), uintptr(unsafe.Pointer(&info)),
			unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, 0, 0)
		switch {
		case errno == unix.EINTR:
			continue
		case errno != 0:
			return Status{}, false, false
		case info.pid == 0:
			return Status{}, true, false
		case info.code == cldKilled || info.code == cldDumped:
			return Status{Known: true, Code: -1, Signal: syscall.Signal(info.status), Core: info.code == cldDumped}, true, true
		}
		return Status{Known: true, Code: int(info.status)}, true, true
	}
}

// reap takes the status of a child that has ended. The status is unknown where
// the process is not a child; ok is false where it has not ended.
func reap(pid int) (status Status, ok bool) {
	var ws unix.WaitStatus
	for {
		n, err := unix.Wait4(pid, &ws, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return Status{}, true
		case n == 0:
			return Status{}, false
		}
		break
	}
	return statusOf(ws), true
}

// statusOf is what wait(2) says.
func statusOf(ws unix.WaitStatus) Status {
	if ws.Signaled() {
		return Status{Known: true, Code: -1, Signal: ws.Signal(), Core: ws.CoreDump()}
	}
	return Status{Known: true, Code: ws.ExitStatus()}
}
