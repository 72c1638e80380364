package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/fsnotify/fsnotify"

	"systemg/supervisor/watch/ignore"
)

// trees is what is watched for a set of paths. The kernel watches directories,
// not what is below them, so there is one watch per directory.
type trees struct {
	roots   []root
	ignored ignore.Set
	from    source
	// partial is why something is not watched.
	partial error
}

// root is one path of the manifest.
type root struct {
	// path is as written, real where it leads to; link whether it is a
	// symbolic link itself.
	path, real string
	link       bool
	kind       kind
	// above is the nearest directory that exists, of a path that does not.
	above string
}

type kind int

const (
	missing kind = iota
	file
	directory
)

func newTrees(paths []string, ignored ignore.Set, from source) *trees {
	t := &trees{ignored: ignored, from: from}
	for _, p := range paths {
		t.roots = append(t.roots, root{path: filepath.Clean(p)})
	}
	return t
}

// look sees what the path is now.
func look(path string) root {
	r := root{path: path, real: path}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		r.link = true
	}
	info, err := os.Stat(path)
	if err == nil {
		if real, bad := filepath.EvalSymlinks(path); bad == nil {
			r.real = real
		}
		r.kind = file
		if info.IsDir() {
			r.kind = directory
		}
		return r
	}
	for r.above = filepath.Dir(path); ; r.above = filepath.Dir(r.above) {
		info, err := os.Stat(r.above)
		if err == nil && info.IsDir() || r.above == filepath.Dir(r.above) {
			return r
		}
	}
}

// sync looks at every path again and watches what has to be watched now.
func (t *trees) sync() error {
	t.partial = nil
	for i := range t.roots {
		t.roots[i] = look(t.roots[i].path)
	}
	for _, dir := range t.from.WatchList() {
		if !t.needed(dir) {
			_ = t.from.Remove(dir)
		}
	}
	for i := range t.roots {
		if err := t.enter(i); err != nil {
			return err
		}
	}
	return nil
}

// enter watches what one path needs. What a missing path needs may have come
// into being meanwhile: then it is looked at again.
func (t *trees) enter(i int) error {
	for {
		r := t.roots[i]
		if err := t.watch(r); err != nil {
			return err
		}
		again := look(r.path)
		if again == r {
			return nil
		}
		t.roots[i] = again
	}
}

func (t *trees) watch(r root) error {
	if r.link {
		if err := t.add(filepath.Dir(r.path)); err != nil {
			return err
		}
	}
	switch r.kind {
	case directory:
		return t.addAll(r, r.real)
	case file:
		// Its directory: an editor puts another file in its place.
		return t.add(filepath.Dir(r.real))
	case missing:
		return t.add(r.above)
	}
	return nil
}

// needed is whether some path still needs the directory watched.
func (t *trees) needed(dir string) bool {
	for _, r := range t.roots {
		switch {
		case r.link && dir == filepath.Dir(r.path):
			return true
		case r.kind == file && dir == filepath.Dir(r.real):
			return true
		case r.kind == missing && dir == r.above:
			return true
		case r.kind == directory:
			if rel, ok := below(r.real, dir); ok && !t.ignored.Match(r.real, rel, true) && isDir(dir) {
				return true
			}
		}
	}
	return false
}

// add watches one directory. One that is gone again is no error.
func (t *trees) add(dir string) error {
	err := t.from.Add(dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return explain("watch", dir, err)
}

// addAll watches a directory and what is below it. Each is watched before it
// is read, so nothing comes into being unseen. Symbolic links are not
// followed.
func (t *trees) addAll(r root, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if path == r.real {
				return explain("watch", path, err)
			}
			t.partial = explain("watch", path, err)
			return fs.SkipDir
		}
		if !d.IsDir() {
			return nil
		}
		if rel, _ := below(r.real, path); t.ignored.Match(r.real, rel, true) {
			return fs.SkipDir
		}
		err = t.add(path)
		if err != nil && path != r.real && errors.Is(err, fs.ErrPermission) {
			t.partial = err
			return fs.SkipDir
		}
		return err
	})
}

// event keeps the watches in step with a change, and says whether it counts.
func (t *trees) event(e fsnotify.Event) (counts bool, err error) {
	name := filepath.Clean(e.Name)
	if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) || e.Has(fsnotify.Create) {
		// Whatever was watched under this name is something else now.
		t.forget(name)
		if t.pivotal(name) {
			before := slices.Clone(t.roots)
			err = t.sync()
			if !sameKinds(before, t.roots) {
				return true, err
			}
		}
	}
	info, gone := os.Lstat(name)
	// Of what is gone nobody knows whether it was a directory.
	folder := gone != nil || info.IsDir()
	dir := gone == nil && folder && e.Has(fsnotify.Create)
	for _, r := range t.roots {
		if r.kind == missing {
			continue
		}
		if name == r.path || name == r.real {
			counts = true
			continue
		}
		rel, ok := below(r.real, name)
		if r.kind != directory || !ok || t.ignored.Match(r.real, rel, folder) {
			continue
		}
		counts = true
		if dir && err == nil {
			err = t.addAll(r, name)
		}
	}
	return counts, err
}

// forget drops the watches of a name and of what was below it.
func (t *trees) forget(name string) {
	for _, dir := range t.from.WatchList() {
		if _, ok := below(name, dir); ok {
			_ = t.from.Remove(dir)
		}
	}
}

// pivotal is whether a name is one of the paths, or leads to one.
func (t *trees) pivotal(name string) bool {
	for _, r := range t.roots {
		_, leads := below(name, r.path)
		if leads || name == r.real {
			return true
		}
	}
	return false
}

// sameKinds is whether every path is what it was.
func sameKinds(a, b []root) bool {
	for i := range a {
		if a[i].kind != b[i].kind || a[i].real != b[i].real {
			return false
		}
	}
	return true
}

// below is the way from a directory to a name in it, "." for itself.
func below(dir, name string) (rel string, ok bool) {
	if name == dir {
		return ".", true
	}
	prefix := strings.TrimSuffix(dir, string(filepath.Separator)) + string(filepath.Separator)
	return strings.CutPrefix(name, prefix)
}

func isDir(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.IsDir()
}

// explain says why something cannot be watched, and what to do where the
// kernel's words mislead.
func explain(what, name string, err error) error {
	if name != "" {
		what += " " + name
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("cannot %s: this user watches as many directories as the kernel allows%s; "+
			"add what need not be watched to watch.ignore, or raise it: sysctl fs.inotify.max_user_watches=524288", what, inForce("max_user_watches"))
	case errors.Is(err, syscall.EMFILE):
		return fmt.Errorf("cannot %s: this user has as many watchers, or this process as many open files, as are allowed%s; "+
			"raise it: sysctl fs.inotify.max_user_instances=1024", what, inForce("max_user_instances"))
	}
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("cannot %s: %w", what, err)
}

// inForce is a limit of inotify(7) in words, or nothing where it cannot be
// read.
func inForce(limit string) string {
	data, err := os.ReadFile("/proc/sys/fs/inotify/" + limit)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (fs.inotify.%s is %s)", limit, strings.TrimSpace(string(data)))
}
