package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrLocked is the error of Lock when another process holds the directory.
type ErrLocked struct {
	// PID is the holder as it said itself, 0 when it could not say.
	PID int
	Dir string
}

func (e *ErrLocked) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("cannot lock %s: another supervisor holds it", e.Dir)
	}
	return fmt.Sprintf("cannot lock %s: the supervisor with pid %d holds it", e.Dir, e.PID)
}

// Try is what to do about it.
func (e *ErrLocked) Try() string {
	return "sysg status; or set SYSG_STATE_DIR to run a second supervisor beside it"
}

// lock is an open file with a flock on it.
type lock struct {
	mu   sync.Mutex
	file *os.File
}

// Lock makes this process the only owner of the directory until Unlock or its
// end, and writes its pid to sysg.pid for people to read. It does not wait:
// the error is an *ErrLocked when another process holds it. Locking twice is
// one lock.
func (d *Dir) Lock() error {
	d.lock.mu.Lock()
	defer d.lock.mu.Unlock()
	if d.lock.file != nil {
		return nil
	}
	file, err := lockDir(d.paths)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return &ErrLocked{PID: readPID(d.paths.PidFile()), Dir: d.paths.Runtime}
	}
	if err != nil {
		return failed("lock", d.paths.Runtime, err)
	}
	d.lock.file = file
	// The file is for people: a disk too full for it costs no lock.
	_ = swapBytes(d.paths.PidFile(), []byte(strconv.Itoa(os.Getpid())+"\n"))
	return nil
}

// LockWith takes over a lock that an earlier owner had on this file (Held): it
// was never free in between.
func (d *Dir) LockWith(file *os.File) error {
	d.lock.mu.Lock()
	defer d.lock.mu.Unlock()
	// It is the same lock: this only makes sure that it is one.
	if err := flock(file); err != nil {
		return failed("take over the lock of", d.paths.Runtime, err)
	}
	d.lock.file = file
	_ = swapBytes(d.paths.PidFile(), []byte(strconv.Itoa(os.Getpid())+"\n"))
	return nil
}

// Held is the file that is locked, nil for none. Whoever has a duplicate of it
// has the lock too.
func (d *Dir) Held() *os.File {
	d.lock.mu.Lock()
	defer d.lock.mu.Unlock()
	return d.lock.file
}

// Relock makes the directories again and takes the lock of the one that has the
// place of the locked one now, where that is another: somebody removed it, or
// moved it away. The error is an *ErrLocked where another process was faster;
// then the old lock is kept. It says whether there is a new lock.
func (d *Dir) Relock() (bool, error) {
	again, err := Open(d.paths)
	if err != nil {
		return false, err
	}
	d.lock.mu.Lock()
	defer d.lock.mu.Unlock()
	if d.lock.file != nil && d.lockInPlace() {
		_ = swapBytes(d.paths.PidFile(), []byte(strconv.Itoa(os.Getpid())+"\n"))
		return false, nil
	}
	if err := again.Lock(); err != nil {
		return false, err
	}
	if d.lock.file != nil {
		_ = d.lock.file.Close()
	}
	d.lock.file = again.lock.file
	return true, nil
}

// InPlace is whether what is locked is what others would lock: not where
// somebody has removed the directory, or moved it away.
func (d *Dir) InPlace() bool {
	d.lock.mu.Lock()
	defer d.lock.mu.Unlock()
	return d.lock.file == nil || d.lockInPlace()
}

// lockInPlace is whether what is locked is what others would lock.
func (d *Dir) lockInPlace() bool {
	held, err := d.lock.file.Stat()
	if err != nil {
		return false
	}
	path := d.paths.Runtime
	if !held.IsDir() {
		path += "/sysg.lock"
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(held, now)
}

// Locked is whether a supervisor, or its guardian, has the directory. It does not
// wait, and changes nothing.
func Locked(p Paths) bool {
	file, err := os.Open(p.Runtime)
	if err != nil {
		return false
	}
	defer file.Close()
	// Where the lock is on a file of its own it cannot be seen from here.
	return errors.Is(flock(file), unix.EWOULDBLOCK)
}

// Unlock removes sysg.pid and gives the directory free, whoever else has a
// duplicate of the lock. Without a lock it does nothing.
func (d *Dir) Unlock() error {
	d.lock.mu.Lock()
	defer d.lock.mu.Unlock()
	if d.lock.file == nil {
		return nil
	}
	_ = os.Remove(d.paths.PidFile())
	_ = unix.Flock(int(d.lock.file.Fd()), unix.LOCK_UN)
	err := d.lock.file.Close()
	d.lock.file = nil
	return err
}

// lockDir locks the directory itself, so that nobody can remove what is
// locked; where a filesystem wants a file open for writing (NFS), a file.
func lockDir(p Paths) (*os.File, error) {
	file, err := os.Open(p.Runtime)
	if err != nil {
		return nil, err
	}
	err = flock(file)
	if err == nil || errors.Is(err, unix.EWOULDBLOCK) {
		return closeOn(file, err)
	}
	_ = file.Close()
	file, err = os.OpenFile(p.Runtime+"/sysg.lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err = file.Chmod(0o600); err == nil {
		err = flock(file)
	}
	return closeOn(file, err)
}

func closeOn(file *os.File, err error) (*os.File, error) {
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func flock(file *os.File) error {
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// readPID is the number in a pid file, 0 when there is none.
func readPID(path string) int {
	text, err := readPlain(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil || pid <= 0 {
		return 0
	}
	return pid
}
