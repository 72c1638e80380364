package proc

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Collect reaps one child of this process that has ended, and says what is left
// of it; false where there is none. Before that it has note write the same down,
// without what was used: once it is reaped nobody else can tell. It is for a
// process that keeps no Host.
func Collect(note func(Remains)) (Remains, bool) {
	pid := deadChild()
	if pid == 0 {
		return Remains{}, false
	}
	r := remainsOf(pid)
	r.Status, _, _ = peek(pid)
	note(r)
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
		User: time.Duration(ru.Utime.Nano()), System: time.Duration(ru.Stime.Nano()), MaxRSS: int64(ru.Maxrss) << 10, //nolint:unconvert // it is narrower on other machines
	}
	return r, true
}

// remainsOf looks at a process that has ended and is not reaped: the kernel
// keeps its limits, its session and its cgroup until then.
func remainsOf(pid int) Remains {
	r := Remains{PID: pid, Handle: handleOfPID(pid), Time: time.Now()}
	if st, err := readStat(pid); err == nil {
		r.StartTicks, r.Leader = st.ticks, st.session == pid
	}
	if mark, ok := markOf(pid); ok {
		r.Mark = mark
		return r
	}
	if r.Leader {
		r.Cgroup = strings.TrimSuffix(holdOf(pid).cgroup, " (deleted)")
	}
	return r
}
