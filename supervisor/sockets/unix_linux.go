package sockets

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"systemg/config"
)

// maxPath is the longest path a Unix socket's address can hold, without the
// NUL byte (unix(7)).
const maxPath = 107

// place is where a Unix socket's file is, and what bind and connect are given:
// a longer path goes by way of a descriptor of its folder.
type place struct {
	path, short string
	dir         *os.File
}

func placeOf(path string) (place, error) {
	p := place{path: path, short: path}
	if len(path) <= maxPath {
		return p, nil
	}
	dir, err := os.OpenFile(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return place{}, folderError(path, err)
	}
	p.dir = dir
	p.short = fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path))
	if len(p.short) > maxPath {
		p.close()
		return place{}, fmt.Errorf("the name %s is too long for a socket: shorten it to 80 bytes", filepath.Base(path))
	}
	return p, nil
}

func (p place) close() {
	if p.dir != nil {
		_ = p.dir.Close()
	}
}

// listenUnix makes the socket and its file. The file is born with the mode,
// less the umask (the mode of the socket's own inode is what bind(2) takes),
// and nobody can connect before it listens, when mode and owner are right.
func listenUnix(def config.Socket) (int, error) {
	p, err := placeOf(def.Address)
	if err != nil {
		return -1, err
	}
	defer p.close()
	if err := clearStale(p); err != nil {
		return -1, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("cannot make a socket: %w", err)
	}
	if def.Mode != 0 {
		_ = unix.Fchmod(fd, uint32(def.Mode))
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: p.short}); err != nil {
		_ = unix.Close(fd)
		return -1, folderError(def.Address, err)
	}
	err = permit(def)
	if err == nil {
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		_ = os.Remove(def.Address)
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// folderError says what is wrong with the folder of a socket's file.
func folderError(path string, err error) error {
	dir := filepath.Dir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s: make it first", dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not make files in %s: permit it, or choose another folder", dir)
	case errors.Is(err, unix.EADDRINUSE):
		return errors.New("somebody made the file just now: something else listens there")
	}
	return err
}

// permit gives a socket's file the mode and the owner it is to have. The name is
// looked up once, and what it leads to has to be a socket: whoever may write to
// its folder could have put a link to another's file there.
func permit(def config.Socket) error {
	if def.Network != "unix" || def.User == "" && def.Mode == 0 {
		return nil
	}
	fd, err := unix.Open(def.Address, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot find its file: %w", err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return errors.New("something else has taken the place of its file: let nobody else write to its folder")
	}
	if def.User != "" {
		uid, err := userID(def.User)
		if err != nil {
			return err
		}
		if err := unix.Fchownat(fd, "", uid, -1, unix.AT_EMPTY_PATH); err != nil {
			return fmt.Errorf("cannot make %s its owner (%w): only root can, take user away or run the supervisor as root", def.User, err)
		}
	}
	if def.Mode == 0 {
		return nil
	}
	if err := os.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), def.Mode); err != nil {
		return fmt.Errorf("cannot set its mode: %w", bare(err))
	}
	return nil
}

// bare is an error without the path it repeats.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func userID(name string) (int, error) {
	// The last number of 32 bits is nobody's: to chown(2) it means "as it is".
	if uid, err := strconv.ParseUint(name, 10, 32); err == nil && uid != math.MaxUint32 {
		return int(uid), nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, fmt.Errorf("there is no user %q", name)
	}
	return strconv.Atoi(u.Uid)
}

// clearStale removes the file of a socket that nobody listens on.
func clearStale(p place) error {
	info, err := os.Lstat(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return folderError(p.path, bare(err))
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("there is a file that is no socket: move it away, or choose another path")
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("cannot make a socket: %w", err)
	}
	defer unix.Close(fd)
	switch err := unix.Connect(fd, &unix.SockaddrUnix{Name: p.short}); {
	case errors.Is(err, unix.ECONNREFUSED):
		if err := os.Remove(p.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot remove the file of a socket that nobody listens on: %w", bare(err))
		}
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, unix.EACCES):
		return errors.New("a socket of somebody else is there: remove it, or choose another path")
	}
	return errors.New("address already in use: something else listens there: end it (`ss -lxp` says what it is), or choose another path")
}

// removeOwn removes the socket's file, unless something else has taken its
// place.
func removeOwn(s *socket) error {
	now, err := os.Lstat(s.def.Address)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return bare(err)
	}
	if s.inode == nil || !os.SameFile(now, s.inode) {
		return nil
	}
	if err := os.Remove(s.def.Address); err != nil {
		return bare(err)
	}
	return nil
}
