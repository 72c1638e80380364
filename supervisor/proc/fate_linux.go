package proc

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A process that was adopted is the child of somebody else, who reaps it. How
// it ended is learnt, in this order: from the guardian, whose child it is where
// there is one (Told); from /proc, while nobody has reaped it; from the kernel,
// which keeps it for whoever has a pidfd (PIDFD_GET_INFO, Linux 6.15); else not
// at all.

// pidfdInfo is struct pidfd_info in its first version (linux/pidfd.h).
type pidfdInfo struct {
	mask, cgroup    uint64
	pid, tgid, ppid uint32
	_               [8]uint32
	exitCode        int32
}

const (
	// pidfdGetInfo is _IOWR(0xFF, 11, struct pidfd_info).
	pidfdGetInfo  = 0xC040FF0B
	pidfdInfoExit = 1 << 3
)

// exitInfo asks the kernel how a process ended that was reaped.
func exitInfo(fd int) (Status, bool) {
	if fd < 0 || !kernelTells() {
		return Status{}, false
	}
	info := pidfdInfo{mask: pidfdInfoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), pidfdGetInfo, uintptr(unsafe.Pointer(&info)))
	if errno != 0 || info.mask&pidfdInfoExit == 0 {
		return Status{}, false
	}
	return statusOf(unix.WaitStatus(info.exitCode)), true
}

// zombieStatus is how a process ended that nobody has reaped yet: field 52 of
// its stat line, in the form of wait(2), which owner and root may see.
func zombieStatus(p Process) (Status, bool) {
	data, err := readSmall("/proc/" + strconv.Itoa(p.PID) + "/stat")
	if err != nil {
		return Status{}, false
	}
	st, err := parseStat(data)
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if err != nil || !p.has(st) || !st.dead() || len(fields) < 50 || !mayTrace(p.PID) {
		return Status{}, false
	}
	code, err := strconv.ParseUint(string(fields[49]), 10, 32)
	if err != nil {
		return Status{}, false
	}
	return statusOf(unix.WaitStatus(code)), true
}

// mayTrace is whether the kernel tells this process another one's exit status:
// where it does not it says 0.
func mayTrace(pid int) bool {
	var st unix.Stat_t
	return unix.Geteuid() == 0 || unix.Stat("/proc/"+strconv.Itoa(pid), &st) == nil && int(st.Uid) == unix.Geteuid()
}

// kernelTells is whether the kernel keeps exit statuses, by its version: an
// older one refuses, or says nothing.
var kernelTells = sync.OnceValue(func() bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	return since(unix.ByteSliceToString(u.Release[:]), 6, 15)
})

// since is whether a release such as "6.18.44-cloud" is that version or later.
func since(release string, major, minor int) bool {
	first, rest, _ := strings.Cut(release, ".")
	second := rest
	if end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		second = rest[:end]
	}
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(second)
	return errA == nil && errB == nil && (a > major || a == major && b >= minor)
}

// fate is how a main process ended that is somebody else's child.
type fate struct {
	status Status
	time   time.Time
	// told is the number of the message that said so, 0 for none.
	told uint64
}

// Told is the guardian's word on how a child of its ended, in the message of
// that number. It says whether that is the main process of a tree.
func (h *Host) Told(r Remains, number uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	tr, ok := h.mains[r.PID]
	if !ok || !r.Of(tr.process) || tr.fate != nil {
		return false
	}
	tr.fate = &fate{status: r.Status, time: r.Time, told: number}
	h.verdicts = append(h.verdicts, tr)
	h.rouse()
	return true
}

// Disowned says that the guardian has ended: it tells of nothing any more.
func (h *Host) Disowned() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.o.Guardian = 0
	for _, tr := range h.mains {
		if tr.fostered {
			tr.fostered = false
			if tr.awaiting {
				h.verdicts = append(h.verdicts, tr)
			}
		}
	}
	h.rouse()
}

// fateOf is how a main process ended that is not this one's child. Late says
// that it will be known later: whoever reaps it has not yet. The pidfd then
// wakes when that has happened (EPOLLHUP); h.mu is held.
func (h *Host) fateOf(tr *tree, reaped bool) (f fate, late bool) {
	if tr.fate != nil {
		return *tr.fate, false
	}
	if status, ok := exitInfo(tr.main); ok {
		return fate{status: status, time: time.Now()}, false
	}
	if status, ok := zombieStatus(tr.process); ok {
		return fate{status: status, time: time.Now()}, false
	}
	if !tr.fostered && (reaped || !kernelTells()) {
		return fate{time: time.Now()}, false
	}
	tr.awaiting = true
	if reaped {
		_ = unix.EpollCtl(h.poll, unix.EPOLL_CTL_DEL, tr.main, nil)
	} else {
		_ = unix.EpollCtl(h.poll, unix.EPOLL_CTL_MOD, tr.main, &unix.EpollEvent{Fd: int32(tr.main)})
	}
	return fate{}, true
}
