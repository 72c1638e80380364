package logs

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/failpoint"
)

// gapLimit is how many numbers in a row may be missing among the segments of
// a stream: a crash within a rotation leaves one gap, beside a current
// segment that does not exist yet.
const gapLimit = 3

// segmentPath is the name of a stream's segment; 0 is the current one.
func segmentPath(path string, number int) string {
	if number == 0 {
		return path
	}
	return path + "." + strconv.Itoa(number)
}

// indexPath is the name of a segment's index.
func indexPath(path string, number int) string { return segmentPath(path, number) + ".idx" }

// numbers are the segments of a stream that exist, newest first, and their
// sizes in bytes.
func numbers(path string) (list []int, sizes []int64) {
	for k, missing := 0, 0; missing < gapLimit; k++ {
		var st unix.Stat_t
		if err := unix.Stat(segmentPath(path, k), &st); err != nil {
			missing++
			continue
		}
		missing = 0
		list = append(list, k)
		sizes = append(sizes, st.Size)
	}
	return list, sizes
}

// Size says how many bytes a stream keeps and in how many segments. Both are 0
// for a stream that has kept nothing.
func Size(path string) (bytes int64, segments int) {
	list, sizes := numbers(path)
	for _, n := range sizes {
		bytes += n
	}
	return bytes, len(list)
}

// Delete removes every segment and index of a stream that nobody has open. A
// stream that does not exist is deleted already.
func Delete(path string) error {
	list, _ := numbers(path)
	last := 0
	if len(list) > 0 {
		last = list[len(list)-1]
	}
	var errs []error
	for k := last; k >= 0; k-- {
		errs = append(errs, removeSegment(path, k))
	}
	return errors.Join(errs...)
}

// removeSegment removes a segment and, first, its index.
func removeSegment(path string, number int) error {
	for _, name := range []string{indexPath(path, number), segmentPath(path, number)} {
		if err := unix.Unlink(name); err != nil && !errors.Is(err, unix.ENOENT) {
			return &os.PathError{Op: "unlink", Path: name, Err: err}
		}
	}
	return nil
}

// PipeOf is the pipe of a run that has one of its own beside the first.
func PipeOf(fifo string, run uint64) string { return fifo + "." + strconv.FormatUint(run, 10) }

// mend gives an index that a crash left a name behind its segment the
// segment's name.
func mend(path string, list []int) {
	for _, k := range list {
		if k == 0 || exists(indexPath(path, k)) || exists(segmentPath(path, k-1)) {
			continue
		}
		// A failure costs the times of one segment.
		_ = unix.Rename(indexPath(path, k-1), indexPath(path, k))
	}
}

func exists(path string) bool {
	var st unix.Stat_t
	return unix.Lstat(path, &st) == nil
}

// create opens a file for reading and writing and makes it, mode 0600 whatever
// the umask, and its directories, mode 0700, where they are missing. What has
// the file's place and cannot be it is moved aside.
func create(path string) (int, error) {
	fd, err := openOwn(path)
	if err != nil && impostor(err) && moveAside(path) == nil {
		fd, err = openOwn(path)
	}
	if !errors.Is(err, unix.ENOENT) {
		return fd, err
	}
	fd, err = open(path, unix.O_RDWR|unix.O_CREAT)
	if errors.Is(err, unix.ENOENT) {
		if err := makeDirs(filepath.Dir(path)); err != nil {
			return -1, err
		}
		fd, err = open(path, unix.O_RDWR|unix.O_CREAT)
	}
	if err != nil {
		return -1, err
	}
	if err := unix.Fchmod(fd, 0o600); err != nil {
		_ = unix.Close(fd)
		return -1, &os.PathError{Op: "chmod", Path: path, Err: err}
	}
	return fd, nil
}

// openOwn opens a file for reading and writing; errNoFile where it is none.
func openOwn(path string) (int, error) {
	fd, err := open(path, unix.O_RDWR|unix.O_NONBLOCK)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		_ = unix.Close(fd)
		return -1, errors.Join(&os.PathError{Op: "open", Path: path, Err: errNoFile}, err)
	}
	return fd, nil
}

// impostor is whether an error says that something else, or a file of somebody
// else's, has a file's place.
func impostor(err error) bool {
	for _, e := range []error{errNoFile, unix.EISDIR, unix.ELOOP, unix.ENXIO, unix.EACCES} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// moveAside makes room.
func moveAside(path string) error {
	return os.Rename(path, path+".corrupt-"+time.Now().UTC().Format("20060102T150405.000Z"))
}

// open opens a file of its own descriptor that no child inherits.
func open(path string, flags int) (int, error) {
	for {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NOCTTY, 0o600)
		if err == nil {
			return fd, nil
		}
		if !errors.Is(err, unix.EINTR) {
			return -1, &os.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// makeDirs makes a directory and those above it that are missing, each with
// mode 0700 whatever the umask.
func makeDirs(path string) error {
	err := unix.Mkdir(path, 0o700)
	if errors.Is(err, unix.ENOENT) {
		if parent := filepath.Dir(path); parent != path {
			if err := makeDirs(parent); err != nil {
				return err
			}
			err = unix.Mkdir(path, 0o700)
		}
	}
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	if err == nil {
		err = unix.Chmod(path, 0o700)
	}
	if err != nil {
		return &os.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}

// rotate renames every segment to the next number; those past maxFiles go.
func rotate(path string, maxFiles int) error {
	list, _ := numbers(path)
	for i := len(list) - 1; i >= 0; i-- {
		k := list[i]
		if k >= maxFiles-1 {
			if err := removeSegment(path, k); err != nil {
				return err
			}
			continue
		}
		for _, name := range []func(string, int) string{segmentPath, indexPath} {
			if err := unix.Rename(name(path, k), name(path, k+1)); err != nil && !errors.Is(err, unix.ENOENT) {
				return &os.PathError{Op: "rename", Path: name(path, k), Err: err}
			}
			failpoint.Here(failpoint.Paged)
		}
	}
	return nil
}
