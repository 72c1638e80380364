package control

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/store"
)

// calm is how long nothing may happen in the state directory before what was
// removed is put back: whoever removes a directory removes what is in it first,
// and could not remove what came meanwhile.
const calm = 100 * time.Millisecond

// retryHome is how soon what could not be put back is tried again.
const retryHome = time.Second

// homeName is what the guardian calls the inotify descriptor. The kernel takes
// some twenty milliseconds to close the last one of it (it waits for those who
// may look at the watches), which a supervisor that dies would do before anybody
// hears of its death.
const homeName = "home"

// home keeps the state directory and the socket in their places. Without it a
// supervisor whose directory was removed would be one that nobody reaches, and
// beside it another one could be started.
type home struct {
	d    *daemon
	door *door
	// inotify tells of removals; reading it ends with its Close.
	inotify *os.File
	watched int
	stopped chan struct{}
	ended   chan struct{}
}

// keepHome watches over the directory until stop is called. The error says why
// it cannot.
func (d *daemon) keepHome(at *door) (stop func(), err error) {
	fd, err := d.watching()
	if err != nil {
		return nil, fmt.Errorf("cannot watch the state directory: %w", err)
	}
	h := &home{d: d, door: at, inotify: os.NewFile(uintptr(fd), "inotify"), watched: -1, stopped: make(chan struct{}), ended: make(chan struct{})}
	if err := h.watch(); err != nil {
		_ = h.inotify.Close()
		return nil, err
	}
	go h.run()
	return func() {
		close(h.stopped)
		_ = h.inotify.Close()
		<-h.ended
	}, nil
}

// watching is the inotify descriptor of the supervisor before this one, or a new
// one for both this and the next.
func (d *daemon) watching() (int, error) {
	if d.link != nil {
		if fd, ok := d.link.Inherited[homeName]; ok {
			delete(d.link.Inherited, homeName)
			return fd, nil
		}
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return -1, err
	}
	if err := d.link.Hold(homeName, fd); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// watch watches the directory that is in the place now.
func (h *home) watch() error {
	var wd int
	var err error
	raw, rawErr := h.inotify.SyscallConn()
	if rawErr != nil {
		return rawErr
	}
	failed := raw.Control(func(fd uintptr) {
		if h.watched >= 0 {
			// The kernel has forgotten one that was removed.
			_, _ = unix.InotifyRmWatch(int(fd), uint32(h.watched))
		}
		wd, err = unix.InotifyAddWatch(int(fd), h.d.paths.Runtime,
			unix.IN_DELETE|unix.IN_MOVED_FROM|unix.IN_DELETE_SELF|unix.IN_MOVE_SELF|unix.IN_ONLYDIR)
	})
	if err = errors.Join(failed, err); err != nil {
		return fmt.Errorf("cannot watch the state directory: %w", err)
	}
	h.watched = wd
	return nil
}

// run ends when the inotify file is closed.
func (h *home) run() {
	defer close(h.ended)
	for again := time.Duration(0); h.wait(again); {
		if h.complete() {
			if again > 0 {
				// It was mended by somebody else, or only looked gone: with
				// no descriptor left nothing can be looked at.
				again = 0
				h.d.sup.SetProblem("home", "")
			}
			continue
		}
		if err := h.mend(); err != nil {
			again = retryHome
			h.d.sup.SetProblem("home", fmt.Sprintf("the state directory was removed: %v", err))
			continue
		}
		again = 0
		h.d.sup.SetProblem("home", "")
	}
}

// complete is whether everything has its place.
func (h *home) complete() bool {
	_, err := os.Lstat(h.d.paths.StateFile())
	return err == nil && h.door.inPlace() && h.d.dir.InPlace()
}

// wait returns when something was removed and it has been calm since, or, if
// again is not 0, after that time; false when there is nothing to wait for any
// more.
func (h *home) wait(again time.Duration) bool {
	if again > 0 {
		select {
		case <-time.After(again):
			return true
		case <-h.stopped:
			return false
		}
	}
	buf := make([]byte, 4096)
	_ = h.inotify.SetReadDeadline(time.Time{})
	if !h.removal(buf) {
		return false
	}
	for {
		_ = h.inotify.SetReadDeadline(time.Now().Add(calm))
		_, err := h.inotify.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// removal reads until something was removed that is missed: files that are
// replaced come and go all the time.
func (h *home) removal(buf []byte) bool {
	for {
		n, err := h.inotify.Read(buf)
		if err != nil || n == 0 {
			return false
		}
		for b := buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
			mask, size := binary.NativeEndian.Uint32(b[4:]), int(binary.NativeEndian.Uint32(b[12:]))
			name := unix.ByteSliceToString(b[unix.SizeofInotifyEvent:min(unix.SizeofInotifyEvent+size, len(b))])
			if mask&(unix.IN_DELETE_SELF|unix.IN_MOVE_SELF|unix.IN_IGNORED|unix.IN_Q_OVERFLOW) != 0 || name == filepath.Base(h.d.paths.Socket()) || name == filepath.Base(h.d.paths.StateFile()) {
				return true
			}
			b = b[min(unix.SizeofInotifyEvent+size, len(b)):]
		}
	}
}

// mend puts everything back: the directory and its lock, the socket, and what
// is known.
func (h *home) mend() error {
	d := h.d
	anew, err := d.dir.Relock()
	if err != nil {
		return err
	}
	if anew {
		if err := d.link.Hold(lockName, int(d.dir.Held().Fd())); err != nil {
			d.log.Warn("the guardian does not hold the lock", "error", err)
		}
	}
	if !h.door.inPlace() {
		if err := h.door.open(); err != nil {
			return err
		}
	}
	d.saver.Again()
	for id, p := range d.sup.Snapshot().Projects {
		if p.Manifest != "" {
			d.changeHint(func(hint store.Hint) store.Hint { return hint.With(p.Manifest, id) })
		}
	}
	d.log.Warn("somebody removed the state directory, or what is in it: it was made again", "dir", d.paths.State)
	d.journal.Append(store.Event{Type: "problem", Reason: "somebody removed the state directory, or what is in it: it was made again"})
	return h.watch()
}
