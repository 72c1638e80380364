package proc

import (
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// pidfsMagic is PIDFS_MAGIC of linux/magic.h: the file system pidfds are files
// of since Linux 6.9.
const pidfsMagic = 0x50494446

// hasHandles is whether a pidfd's inode number names a process for as long as
// the machine is up: pidfs gives each process a 64-bit number that is not given
// again (Linux 6.9, on 64-bit machines).
var hasHandles = sync.OnceValue(func() bool {
	if strconv.IntSize < 64 {
		return false
	}
	fd, err := unix.PidfdOpen(unix.Getpid(), 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	var fs unix.Statfs_t
	return unix.Fstatfs(fd, &fs) == nil && fs.Type == pidfsMagic
})

// handleOf is the handle of a pidfd's process; 0 where the kernel has none.
func handleOf(pidfd int) uint64 {
	var st unix.Stat_t
	if !hasHandles() || unix.Fstat(pidfd, &st) != nil {
		return 0
	}
	return st.Ino
}

// handleOfPID is the handle of a process that is not reaped.
func handleOfPID(pid int) uint64 {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	return handleOf(fd)
}

// identify notes what tells the process from a later one of the same number.
// It is asked while the process is known not to be reaped: a handle costs a
// twentieth of a look into /proc.
func (p *Process) identify(pidfd int) {
	if p.Handle = handleOf(pidfd); p.Handle != 0 {
		return
	}
	if st, err := readStat(p.PID); err == nil {
		p.StartTicks = st.ticks
	}
}

// is whether p is the process behind a pidfd, of which st was read.
func (p *Process) is(pidfd int, st stat) bool {
	if p.Handle != 0 {
		return handleOf(pidfd) == p.Handle
	}
	return st.ticks == p.StartTicks
}

// has is the same, where no pidfd is at hand.
func (p *Process) has(st stat) bool {
	if p.Handle != 0 {
		return handleOfPID(p.PID) == p.Handle
	}
	return st.ticks == p.StartTicks
}
