package proc

import (
	"bytes"
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// markOf is the marker a process wears. The limits of another user's process
// may be asked for by CAP_SYS_RESOURCE alone (prlimit(2)), which not every root
// has; but anybody may read them in /proc.
func markOf(pid int) (uint64, bool) {
	var lim unix.Rlimit
	err := unix.Prlimit(pid, unix.RLIMIT_RTTIME, nil, &lim)
	if errors.Is(err, unix.EPERM) {
		text, wrong := readSmall("/proc/" + strconv.Itoa(pid) + "/limits")
		if wrong != nil {
			return 0, false
		}
		lim.Cur = realtimeLimit(text)
		err = nil
	}
	return lim.Cur, err == nil && isMark(lim.Cur)
}

// realtimeLimit is the soft limit of that name in a file of limits (proc(5)), 0
// where there is none.
func realtimeLimit(text []byte) uint64 {
	_, rest, _ := bytes.Cut(text, []byte("Max realtime timeout"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseUint(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
