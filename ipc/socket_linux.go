package ipc

import (
	"fmt"
	"net"
	"path/filepath"

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
	var failed error
	err = raw.Control(func(fd uintptr) {
		cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil || failed != nil {
		return Peer{}, Errorf(CodeInternal, "cannot tell who is there: %v", firstOf(err, failed))
	}
	return Peer{UID: int(cred.Uid), GID: int(cred.Gid), PID: int(cred.Pid)}, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
