package ipc

import (
	"fmt"
	"net"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// shorten gives a name of the path that the kernel takes: where it is too long
// one through a descriptor of its folder, which release closes.
func shorten(path string) (short string, release func(), err error) {
	if len(path) <= maxPath {
		return path, func() {}, nil
	}
	fd, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", nil, fmt.Errorf("cannot open %s: %w", filepath.Dir(path), err)
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", fd, filepath.Base(path)), func() { _ = unix.Close(fd) }, nil
}

// peerOf asks the kernel who is at the other end (SO_PEERCRED, unix(7)).
func peerOf(c net.Conn) (Peer, error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return Peer{}, Errorf(CodeRefused, "the connection is no Unix socket")
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return Peer{}, Errorf(CodeInternal, "cannot tell who is there: %v", err)
	}
	var cred *unix.Ucred
	var groups []int
	var failed error
	err = raw.Control(func(fd uintptr) {
		if cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); failed == nil {
			groups = peerGroups(int(fd))
		}
	})
	if err != nil || failed != nil {
		return Peer{}, Errorf(CodeInternal, "cannot tell who is there: %v", firstOf(err, failed))
	}
	return Peer{UID: int(cred.Uid), GID: int(cred.Gid), PID: int(cred.Pid), Groups: groups}, nil
}

// peerGroups are the supplementary groups of who connected (SO_PEERGROUPS,
// Linux 4.13); none where the kernel does not say.
func peerGroups(fd int) []int {
	list := make([]uint32, 64)
	for {
		size := uint32(4 * len(list))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&list[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == unix.ERANGE && int(size) > 4*len(list):
			list = make([]uint32, size/4)
		case errno != 0:
			return nil
		default:
			groups := make([]int, size/4)
			for i := range groups {
				groups[i] = int(list[i])
			}
			return groups
		}
	}
}

// hangup returns when the other end is closed as a whole, not only its writing
// half, or the read deadline is over. Nobody else may be reading. The kernel
// tells: POLLHUP on a stream socket means that both directions are shut down.
func hangup(c net.Conn) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return
	}
	// An error is the deadline, or a connection closed on this side.
	_ = raw.Read(func(fd uintptr) bool {
		p := []unix.PollFd{{Fd: int32(fd)}}
		_, err := unix.Poll(p, 0)
		return err != nil && err != unix.EINTR || p[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
	})
}

// waiting is whether the client has not read all that was written (SIOCOUTQ,
// unix(7)).
func waiting(c net.Conn) bool {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return false
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return false
	}
	n := 0
	_ = raw.Control(func(fd uintptr) {
		if n, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ); err != nil {
			n = 0
		}
	})
	return n > 0
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
