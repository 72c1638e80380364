package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Dir is a state directory that exists and can be written by this process.
// Its methods may be called from any goroutine, but each file is to have one
// writer: see Lock.
type Dir struct {
	paths Paths
	lock  lock
}

// Open makes the directories that are missing and checks those that are
// there: each has to be a directory of this user and writable; permissions
// wider than 0700 are narrowed. It does not lock. Every error is an *Error.
func Open(p Paths) (*Dir, error) {
	for _, dir := range []string{p.State, p.Logs, p.Runtime, p.Events()} {
		if err := prepare(dir); err != nil {
			return nil, err
		}
	}
	// Figures are a convenience: whoever keeps them says what is wrong.
	_ = prepare(p.Metrics())
	return &Dir{paths: p}, nil
}

// Paths says where everything lies.
func (d *Dir) Paths() Paths { return d.paths }

// prepare makes dir and whatever is missing above it, 0700 each, and checks it.
func prepare(dir string) error {
	if err := makeAll(dir); err != nil {
		return failed("make the directory", dir, err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return failed("use the directory", dir, err)
	}
	if !info.IsDir() {
		return &Error{
			Op: "use the directory", Path: dir, Err: errors.New("it is not a directory"),
			Cure: "remove it, or set SYSG_STATE_DIR to another folder",
		}
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return &Error{
			Op: "use the directory", Path: dir,
			Err:  fmt.Errorf("it belongs to uid %d and this is uid %d", owner.Uid, os.Geteuid()),
			Cure: "run as its owner, or set SYSG_STATE_DIR to a folder of your own",
		}
	}
	if info.Mode().Perm() != 0o700 {
		if foreign(dir, info) {
			return &Error{
				Op: "use the directory", Path: dir, Err: errors.New("others use it, and nobody else may see into a state directory"),
				Cure: "set SYSG_STATE_DIR to a folder below it",
			}
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			return failed("narrow the permissions of", dir, err)
		}
	}
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return failed("write to the directory", dir, err)
	}
	return nil
}

// foreign is whether dir is a directory of the system's, such as /tmp or /var,
// which root owns and must not close to everybody else: it stands at the root
// or is sticky, and holds something, but nothing of ours.
func foreign(dir string, info fs.FileInfo) bool {
	if filepath.Dir(filepath.Dir(dir)) != filepath.Dir(dir) && info.Mode()&fs.ModeSticky == 0 {
		return false
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return true
	}
	others := 0
	for _, e := range entries {
		switch e.Name() {
		case "sysg.pid", "state.json", "events":
			return false
		case "lost+found":
		default:
			others++
		}
	}
	return others > 0
}

// makeAll is os.MkdirAll for which the umask does not matter: with a umask of
// 0777 the second level could not be made inside the first.
func makeAll(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		if err := makeAll(filepath.Dir(dir)); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o700)
	}
	switch {
	case err == nil:
		return os.Chmod(dir, 0o700)
	case errors.Is(err, fs.ErrExist):
		return nil
	}
	return err
}
