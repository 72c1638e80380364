package guardian

import (
	"maps"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// A keepsake is what a supervisor is born with, so that its guardian may end
// before it has opened the pipes itself: one end of a pair of sockets on which
// descriptors of all of them are under way. Nobody takes them out. As long as
// they are, the kernel keeps what is in the pipes, and they cost no place in
// anybody's table.

// keepsake makes one; -1 where that fails, and then a guardian that ends too
// early takes last words with it.
func keepsake(pipes map[string]int) int {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	defer unix.Close(pair[0])
	for some := range slices.Chunk(slices.Collect(maps.Values(pipes)), packetFiles) {
		if unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(some...), nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL) != nil {
			break
		}
	}
	return pair[1]
}

// findKeepsake is the one that this process was born with, -1 for none.
func findKeepsake() int {
	kind, err := unix.GetsockoptInt(KeepsakeFD, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_SEQPACKET {
		return -1
	}
	unix.CloseOnExec(KeepsakeFD)
	return KeepsakeFD
}

// unpack takes the pipes out of a keepsake, by their paths. One that has lost
// its path is nobody's any more.
func unpack(keep int, pipes map[string]int) {
	control := make([]byte, unix.CmsgSpace(4*packetFiles))
	for keep >= 0 {
		n, nc, _, _, err := unix.Recvmsg(keep, make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
		if err != nil || n == 0 {
			return
		}
		for _, fd := range rightsIn(control[:nc]) {
			path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
			if _, known := pipes[path]; known || err != nil || !isPipe(fd) {
				_ = unix.Close(fd)
				continue
			}
			pipes[path] = fd
		}
	}
}

// Resumed says that this process has opened all the pipes that it needs.
func (l *Link) Resumed() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keep >= 0 {
		_ = unix.Close(l.keep)
		l.keep = -1
	}
}
