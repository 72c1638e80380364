package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// memory is where Linux keeps a filesystem in memory for everybody. A pipe
// made there costs some ten microseconds; on a disk's filesystem, which has
// to write an inode, up to a millisecond, and a start of many units waits
// for that.
const memory = "/dev/shm"

// pipeDir is the folder of the units' pipes: one in memory that belongs to
// this state directory alone, or, where there is none to be had, one in the
// state directory. It is the same for every supervisor of the directory, so
// that a new one finds the pipes of services that still run.
func pipeDir(runtime string) string {
	if dir := inMemory(runtime); ownPrivate(dir) {
		return dir
	}
	return filepath.Join(runtime, "fifo")
}

// inMemory is what it is called where it can be in memory.
func inMemory(runtime string) string {
	sum := sha256.Sum256([]byte(resolved(runtime)))
	return filepath.Join(memory, fmt.Sprintf("sysg-%d-%s", os.Geteuid(), hex.EncodeToString(sum[:6])))
}

// knownPipeDir is the folder for who only looks: it makes none.
func knownPipeDir(runtime string) string {
	dir := inMemory(runtime)
	if info, err := os.Lstat(dir); err == nil && info.IsDir() && owned(info) {
		return dir
	}
	return filepath.Join(runtime, "fifo")
}

// owned is whether a file is this user's.
func owned(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == os.Geteuid()
}

// resolved is the folder's name without symbolic links: by whichever name the
// state directory is called, it is the same.
func resolved(dir string) string {
	if to, err := filepath.EvalSymlinks(dir); err == nil {
		return to
	}
	return dir
}

// Identity names the state directory among all of the machine.
func (p Paths) Identity() string { return resolved(p.State) }

// ownPrivate makes the folder, or checks that the one that is there is this
// user's and closed to everybody else: anyone may make names in memory.
func ownPrivate(dir string) bool {
	err := os.Mkdir(dir, pipeDirMode())
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return false
	}
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || !owned(info) {
		return false
	}
	return os.Chmod(dir, pipeDirMode()) == nil
}

// pipeDirMode are the permissions of the folder of the pipes. The units of root
// run as other users, which have to reach the notify socket in it; the pipes lie
// in folders of their own, which only root enters.
func pipeDirMode() fs.FileMode {
	if os.Geteuid() == 0 {
		return 0o711
	}
	return 0o700
}

// pipeDirs remembers the folder of each state directory: it is asked for twice
// for each unit that starts.
var pipeDirs sync.Map

// PipeDir is the folder of the units' pipes; it makes it where it can be in
// memory. See RemovePipes.
func (p Paths) PipeDir() string {
	if known, ok := pipeDirs.Load(p.Runtime); ok {
		return known.(string)
	}
	dir := pipeDir(p.Runtime)
	pipeDirs.Store(p.Runtime, dir)
	return dir
}

// RemovePipes removes the folder of the pipes. Call it when no unit runs.
func (p Paths) RemovePipes() error {
	dir := p.PipeDir()
	pipeDirs.Delete(p.Runtime)
	return os.RemoveAll(dir)
}
