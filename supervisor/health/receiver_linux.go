package health

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socketName is the file of the socket below the folder it is given.
const socketName = "notify.sock"

// addressLimit is the longest path a socket address holds (unix(7): 108 bytes
// with a NUL at the end).
const addressLimit = 107

// controlSpace holds all that can come along with one datagram, so that no
// descriptor hides what comes after it: a ucred, a pidfd, and 253 descriptors,
// the most the kernel lets anybody send (SCM_MAX_FD).
const controlSpace = 2048

// Each time it has taken flood datagrams the receiver takes breath. A sender
// that never pauses is held up by the kernel meanwhile and costs 25,000 looks
// at /proc a second at most; nobody else notices.
const (
	flood  = 128
	breath = 5 * time.Millisecond
)

// Receiver is the socket that services report to.
type Receiver struct {
	inboxes
	file  *os.File
	path  string
	inode uint64
	owner Owner
	ended chan struct{}
}

// Listen makes the socket in a folder and receives until Close. What an
// earlier supervisor left there is replaced. The owner is asked from the
// receiver's goroutine. The folder has to be one that services can enter, and
// so short that the socket's address fits; an error says so otherwise.
func Listen(dir string, owner Owner) (*Receiver, error) {
	path, err := filepath.Abs(filepath.Join(dir, socketName))
	if err != nil {
		return nil, fmt.Errorf("cannot make the notify socket: %w", err)
	}
	if len(path) > addressLimit {
		return nil, fmt.Errorf("cannot make the notify socket %s: services can use a path of at most %d bytes, and this has %d", path, addressLimit, len(path))
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot make the notify socket: %w", err)
	}
	r := &Receiver{path: path, owner: owner, ended: make(chan struct{})}
	if err := r.bind(fd); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("cannot make the notify socket %s: %w", path, err)
	}
	r.file = os.NewFile(uintptr(fd), path)
	go r.run()
	return r, nil
}

// bind gives the socket its name by renaming, so that services always find one
// there. Anybody who reaches the folder may send: whose word counts is decided
// by who sent it.
func (r *Receiver) bind(fd int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		return err
	}
	// Linux 6.5 has it; without it a sender's number may be another's by the
	// time it is looked up.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSPIDFD, 1)
	dir, err := unix.Open(filepath.Dir(r.path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	const fresh = socketName + ".new"
	if err := unix.Unlinkat(dir, fresh, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	// By this road the temporary name may be longer than an address.
	temporary := fmt.Sprintf("/proc/self/fd/%d/%s", dir, fresh)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: temporary}); err != nil {
		return err
	}
	if err := unix.Fchmodat(dir, fresh, 0o666, 0); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(dir, fresh, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	r.inode = st.Ino
	return unix.Renameat(dir, fresh, dir, socketName)
}

// Path is the socket's address, for NOTIFY_SOCKET.
func (r *Receiver) Path() string { return r.path }

// Open makes the inbox of a tree. To miss nothing, open it before the tree is
// started. An inbox that the tree had before gets nothing more.
func (r *Receiver) Open(tree Tree) *Inbox { return r.open(tree) }

// Close ends the receiving and returns when the goroutine has ended. The
// socket's file is removed, unless another supervisor has replaced it.
func (r *Receiver) Close() error {
	err := r.file.Close()
	<-r.ended
	var st unix.Stat_t
	if unix.Lstat(r.path, &st) == nil && st.Ino == r.inode {
		_ = unix.Unlink(r.path)
	}
	return err
}

// run receives until the file is closed.
func (r *Receiver) run() {
	defer close(r.ended)
	conn, err := r.file.SyscallConn()
	if err != nil {
		return
	}
	data, control := make([]byte, datagramLimit+1), make([]byte, controlSpace)
	for n := 1; ; n++ {
		if n%flood == 0 {
			time.Sleep(breath)
		}
		var d datagram
		err := conn.Read(func(fd uintptr) bool {
			d = receive(int(fd), data, control)
			return !errors.Is(d.err, unix.EAGAIN)
		})
		if err != nil {
			return
		}
		r.handle(d)
		d.close()
	}
}

// handle credits a datagram to the tree of its sender. Descriptors that came
// along are closed after that, so a sender that waits for it (BARRIER=1) lives
// when it is looked up.
func (r *Receiver) handle(d datagram) {
	if d.err != nil || d.cut || d.sender <= 0 || r.none() {
		return
	}
	m := parse(d.data)
	if m.empty() {
		return
	}
	if tree, ok := r.treeOf(d); ok {
		r.deliver(tree, m)
	}
}

// treeOf asks about the sender by its number, and where it has been reaped by
// now, or is being reaped just now, by the cgroup it was in.
func (r *Receiver) treeOf(d datagram) (Tree, bool) {
	if !d.dead {
		if tree, ok := r.owner.Process(d.sender); ok {
			return tree, true
		}
	}
	if id := d.cgroup(); id != 0 && r.owner.Cgroup != nil {
		return r.owner.Cgroup(id)
	}
	return Tree{}, false
}

// datagram is what one recvmsg gave.
type datagram struct {
	err  error
	data []byte
	// cut is whether it was too large.
	cut bool
	// sender is a pid, 0 where unknown; pidfd is its descriptor, -1 where
	// there is none.
	sender, pidfd int
	// dead is whether the sender is known to have ended and been reaped.
	dead  bool
	files []int
}

func receive(fd int, data, control []byte) datagram {
	for {
		n, used, flags, _, err := unix.Recvmsg(fd, data, control, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return datagram{err: err}
		}
		d := datagram{pidfd: -1, data: data[:n], cut: flags&unix.MSG_TRUNC != 0 || n > datagramLimit}
		d.unpack(control[:used])
		return d
	}
}

// unpack reads what came along.
func (d *datagram) unpack(control []byte) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return
	}
	for i := range messages {
		m := &messages[i]
		if m.Header.Level != unix.SOL_SOCKET {
			continue
		}
		switch m.Header.Type {
		case unix.SCM_CREDENTIALS:
			if cred, err := unix.ParseUnixCredentials(m); err == nil {
				d.sender = int(cred.Pid)
			}
		case unix.SCM_RIGHTS:
			if files, err := unix.ParseUnixRights(m); err == nil {
				d.files = append(d.files, files...)
			}
		case unix.SCM_PIDFD:
			if len(m.Data) >= 4 {
				d.identify(int(int32(binary.NativeEndian.Uint32(m.Data))))
			}
		}
	}
}

// identify takes the sender's pidfd, and asks it whether the sender is still
// there, if only as a zombie. In the place of a descriptor the kernel may put
// an error: that there is no such process any more, or that descriptors have
// run out.
func (d *datagram) identify(fd int) {
	var err error
	if fd >= 0 {
		d.pidfd = fd
		d.files = append(d.files, fd)
		err = unix.PidfdSendSignal(fd, 0, nil, 0)
	} else {
		err = syscall.Errno(-fd)
	}
	d.dead = errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL)
}

// cgroup is the id of the sender's cgroup, or of the one it ended in; 0 where
// nobody knows. Linux 6.13 knows it of the living, 6.17 of the dead.
func (d *datagram) cgroup() uint64 {
	info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_CGROUPID | unix.PIDFD_INFO_EXIT}
	if d.pidfd < 0 || unix.IoctlPidfdInfo(d.pidfd, &info) != nil || info.Mask&unix.PIDFD_INFO_CGROUPID == 0 {
		return 0
	}
	return info.Cgroupid
}

func (d *datagram) close() {
	for _, fd := range d.files {
		_ = unix.Close(fd)
	}
}
