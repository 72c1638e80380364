package proc

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Collect reaps one child of this process that has ended, and says what is left
// of it; false where there is none. It is for a process that keeps no Host.
func Collect() (Remains, bool) {
	pid := deadChild()
	if pid == 0 {
		return Remains{}, false
	}
	r := remainsOf(pid)
	var ws unix.WaitStatus
	var ru unix.Rusage
	for {
		n, err := unix.Wait4(pid, &ws, unix.WNOHANG, &ru)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n != pid {
			return Remains{}, false
		}
		break
	}
	r.Status = statusOf(ws)
	r.Usage = Usage{
		User: time.Duration(ru.Utime.Nano()), System: time.Duration(ru.Stime.Nano()), MaxRSS: int64(ru.Maxrss) << 10,
	}
	return r, true
}

// remainsOf looks at a process that has ended and is not reaped: the kernel
// keeps its limits, its session and its cgroup until then.
func remainsOf(pid int) Remains {
	r := Remains{PID: pid, Handle: handleOfPID(pid), Time: time.Now()}
	data, err := readSmall("/proc/" + strconv.Itoa(pid) + "/stat")
	if err == nil {
		st, err := parseStat(data)
		if err == nil {
			r.StartTicks = st.ticks
		}
		r.Leader = sessionOf(data) == pid
	}
	var lim unix.Rlimit
	if unix.Prlimit(pid, unix.RLIMIT_RTTIME, nil, &lim) == nil && isMark(lim.Cur) {
		r.Mark = lim.Cur
		return r
	}
	if r.Leader {
		r.Cgroup = strings.TrimSuffix(holdOf(pid).cgroup, " (deleted)")
	}
	return r
}

// sessionOf is field 6 of a stat line (proc(5)), 0 where it cannot be read.
func sessionOf(line []byte) int {
	end := bytes.LastIndexByte(line, ')')
	fields := bytes.Fields(line[max(end+1, 0):])
	if len(fields) < 4 {
		return 0
	}
	sid, err := strconv.Atoi(string(fields[3]))
	if err != nil {
		return 0
	}
	return sid
}
