package ipc

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// missing is how long the socket's file stays away before it is made anew.
// Whoever removes the whole folder is done by then, and not disturbed.
const missing = time.Second

// guard has the socket made anew when its file is removed or moved away by
// somebody else. The kernel tells of that (inotify(7)): the file of a socket
// that is open loses its name, which is a change of its attributes. Where
// nothing can be watched the socket goes without. It ends with the socket.
func (s *socket) guard() {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return
	}
	events := os.NewFile(uintptr(fd), "inotify")
	watch := func() bool {
		_, err := unix.InotifyAddWatch(fd, s.path, unix.IN_ATTRIB|unix.IN_MOVE_SELF)
		return err == nil
	}
	if !watch() {
		_ = events.Close()
		return
	}
	s.guards.Go(func() {
		<-s.done
		_ = events.Close()
	})
	s.guards.Go(func() {
		buffer := make([]byte, 512)
		for {
			if _, err := events.Read(buffer); err != nil {
				return
			}
			if _, err := os.Lstat(s.path); err == nil {
				continue
			}
			select {
			case <-time.After(missing):
			case <-s.done:
				return
			}
			if s.renew() && !watch() {
				return
			}
		}
	})
}
