package logs

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Writer is a log file of this process's own, rotated like a stream. It never
// fails its writer: what a full disk does not take is counted, and told in the
// file once there is room again. It is safe for concurrent use.
type Writer struct {
	path     string
	maxBytes int64
	maxFiles int

	mu   sync.Mutex
	fd   int
	size int64
	lost int64
	// grew is told after each line; nil for nobody.
	grew func(path string)
}

// NewWriter opens the file for appending, mode 0600, and makes its folder
// where it is missing. maxBytes bounds one file, maxFiles their number.
func NewWriter(path string, maxBytes int64, maxFiles int) (*Writer, error) {
	w := &Writer{path: path, maxBytes: maxBytes, maxFiles: max(maxFiles, 1), fd: -1}
	return w, w.open()
}

func (w *Writer) open() error {
	fd, err := create(w.path)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	w.fd, w.size = fd, st.Size
	return nil
}

// Write appends b, which is to be whole lines. The error is always nil, so
// that a logger goes on.
func (w *Writer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look()
	if w.fd >= 0 && w.size > 0 && w.size+int64(len(b)) > w.maxBytes {
		w.turn()
	}
	if w.fd < 0 && w.open() != nil {
		w.lost++
		return len(b), nil
	}
	if w.lost > 0 && w.put(fmt.Appendf(nil, "%d lines could not be written\n", w.lost)) {
		w.lost = 0
	}
	if !w.put(b) {
		w.lost++
	}
	if w.grew != nil {
		w.grew(w.path)
	}
	return len(b), nil
}

// Tell has the readers that follow the file through the mover told when it
// grows.
func (w *Writer) Tell(m *Mover) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.grew = m.grew
}

// look finds that somebody deleted, renamed or cut the file: then lines go on
// in a new one, or at the end there is now.
func (w *Writer) look() {
	if w.fd < 0 {
		return
	}
	var here, there unix.Stat_t
	if unix.Fstat(w.fd, &here) == nil && unix.Stat(w.path, &there) == nil && here.Dev == there.Dev && here.Ino == there.Ino {
		w.size = here.Size
		return
	}
	_ = unix.Close(w.fd)
	w.fd = -1
}

// put writes b as a whole or not at all.
func (w *Writer) put(b []byte) bool {
	for done := 0; done < len(b); {
		n, err := unix.Pwrite(w.fd, b[done:], w.size+int64(done))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			_ = unix.Ftruncate(w.fd, w.size)
			return false
		}
		done += n
	}
	w.size += int64(len(b))
	return true
}

// turn rotates; where that fails the file grows on.
func (w *Writer) turn() {
	if rotate(w.path, w.maxFiles) != nil {
		return
	}
	_ = unix.Close(w.fd)
	w.fd = -1
}

// Close closes the file.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fd < 0 {
		return nil
	}
	err := unix.Close(w.fd)
	w.fd = -1
	if err != nil {
		return &os.PathError{Op: "close", Path: w.path, Err: err}
	}
	return nil
}
