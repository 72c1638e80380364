package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// fallbackPath is searched where the environment has no PATH, as sh does
// (the default of dash and of execvp in glibc).
const fallbackPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// burst is for how long a file that was found is looked for first where it was:
// many units of one program are started with one search.
const burst = 100 * time.Millisecond

// finder remembers the last file that was found.
type finder struct {
	mu    sync.Mutex
	asked [3]string // name, dir, PATH
	path  string
	at    time.Time
}

// resolve is resolve, with the last search remembered for the length of a burst.
func (f *finder) resolve(name, dir string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return resolve(name, dir, env)
	}
	asked, now := [3]string{name, dir, pathOf(env)}, time.Now()
	f.mu.Lock()
	path, known := f.path, f.asked == asked && now.Sub(f.at) < burst
	f.mu.Unlock()
	if known && executable(path) == nil {
		return path, nil
	}
	path, err := resolve(name, dir, env)
	if err == nil {
		f.mu.Lock()
		f.asked, f.path, f.at = asked, path, now
		f.mu.Unlock()
	}
	return path, err
}

// resolve finds the file of a command as a shell in dir would.
func resolve(name, dir string, env []string) (string, error) {
	if name == "" {
		return "", &NotFoundError{Name: `""`}
	}
	if strings.Contains(name, "/") {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		return path, nil
	}
	search := pathOf(env)
	var denied string
	for _, folder := range filepath.SplitList(search) {
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(dir, folder)
		}
		path := folder + "/" + name
		switch err := executable(path); {
		case err == nil:
			return path, nil
		case errors.Is(err, fs.ErrPermission):
			denied = path
		}
	}
	if denied != "" {
		return "", &StartError{Name: denied, Err: errors.New("permission denied: it is not executable")}
	}
	return "", &NotFoundError{Name: name, Path: search}
}

// pathOf is the last PATH of an environment.
func pathOf(env []string) string {
	path := fallbackPath
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			path = v
		}
	}
	return path
}

// executable is nil for a file that may be executed.
func executable(path string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return fs.ErrNotExist
	}
	return unix.Access(path, unix.X_OK)
}

// explain says why a start failed: the kernel gives one number for a missing
// folder, a missing file and a missing interpreter alike.
func explain(s Spec, path string, cause error) error {
	if err := checkDir(s.Dir); err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &NotFoundError{Name: path}
	case err != nil:
		return &StartError{Name: path, Err: reason(err)}
	case info.IsDir():
		return &StartError{Name: path, Err: errors.New("it is a directory, not a program")}
	case errors.Is(cause, syscall.EACCES):
		return &StartError{Name: path, Err: errors.New("permission denied: it is not executable")}
	case errors.Is(cause, syscall.ENOEXEC):
		return &StartError{Name: path, Err: errors.New("it is neither a program for this machine nor a script with a #! line")}
	case errors.Is(cause, syscall.ENOENT):
		return &StartError{Name: path, Err: errors.New("the interpreter it names does not exist")}
	case errors.Is(cause, syscall.EAGAIN):
		return &StartError{Name: path, Err: fmt.Errorf("%w: the limit on processes is reached (RLIMIT_NPROC or pids.max)", cause)}
	}
	return &StartError{Name: path, Err: cause}
}

// checkDir says what is wrong with a working directory.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("it is not a directory")
	}
	if err == nil {
		err = unix.Access(dir, unix.X_OK)
	}
	if err != nil {
		return &StartError{Name: "working_dir " + dir, Err: reason(err)}
	}
	return nil
}

// reason is an error without the path it repeats.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
