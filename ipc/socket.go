package ipc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
)

// maxPath is the longest socket path a kernel takes: sun_path has 108 bytes on
// Linux (unix(7)) and 104 elsewhere, the last of them a zero.
const maxPath = 103

// Listen makes the socket, mode 0600 whatever the umask, in place of one that
// is there: the caller makes sure, by a lock, that nobody listens on it.
func Listen(path string) (net.Listener, error) { return ListenFor(path, 0) }

// ListenFor is Listen with a group of readers: where that is not 0, the socket
// is 0660 and the group's. Who of it may do what the server decides.
func ListenFor(path string, readersGroup int) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot replace the old socket: %w", err)
	}
	l, err := bind(path, readersGroup)
	if err != nil {
		return nil, err
	}
	return &socket{UnixListener: l, path: path}, nil
}

// bind listens on a path where nothing is.
func bind(path string, readersGroup int) (*net.UnixListener, error) {
	short, release, err := shorten(path)
	if err != nil {
		return nil, err
	}
	defer release()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false)
	if err := protect(path, readersGroup); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("cannot protect the socket: %w", err)
	}
	return l, nil
}

// protect sets the permissions of the socket.
func protect(path string, readersGroup int) error {
	if err := os.Chmod(path, 0o600); err != nil || readersGroup == 0 {
		return err
	}
	if err := os.Chown(path, -1, readersGroup); err != nil {
		return err
	}
	return os.Chmod(path, 0o660)
}

// socket is a listener that removes its file, whatever the length of its path.
type socket struct {
	*net.UnixListener
	path string
}

// Close ends the listening and removes the socket's file.
func (s *socket) Close() error {
	err := s.UnixListener.Close()
	if gone := os.Remove(s.path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// connect connects to a socket, whatever the length of its path.
func connect(ctx context.Context, path string) (net.Conn, error) {
	short, release, err := shorten(path)
	if err != nil {
		return nil, err
	}
	defer release()
	var d net.Dialer
	return d.DialContext(ctx, "unix", short)
}
