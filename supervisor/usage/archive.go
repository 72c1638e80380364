package usage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

const (
	ringSuffix = ".ring"
	// elsewhere is a file in the metrics directory that names the
	// directory where the histories are instead.
	// No project can have its name.
	elsewhere = "%spillover"
)

// archive is the histories on disk. Its lock is held while a file is written
// or removed, so that a removed history does not come back; reading takes no
// lock.
type archive struct {
	dir    string
	layout layout
	// most bounds the bytes of all files, 0 for no bound.
	most int64
	// say tells of what happened once.
	say func(text string)

	mu sync.Mutex
	// used is the bytes of all files, -1 while nobody has counted.
	used int64
}

// ringPath is the file of a unit, "project/name"; false for a name that would
// be outside of the directory.
func ringPath(dir, unit string) (string, bool) {
	if dir == "" || unit == "." || !filepath.IsLocal(unit) || filepath.Clean(unit) != unit {
		return "", false
	}
	return filepath.Join(dir, unit+ringSuffix), true
}

// load is a unit's history; an empty one where there is none that can be read.
func (a *archive) load(unit string) rings {
	if path, ok := ringPath(a.dir, unit); ok {
		if r, err := readRings(path); err == nil {
			return r
		}
	}
	return a.layout.empty()
}

func readRings(path string) (rings, error) {
	data, err := readPlain(path)
	if err != nil {
		return rings{}, err
	}
	return decode(data)
}

// remove forgets a unit's history, and its project's directory when it was
// the last there.
func (a *archive) remove(unit string) {
	path, ok := ringPath(a.dir, unit)
	if !ok {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.drop(path)
}

// drop is remove under the lock.
func (a *archive) drop(path string) {
	info, err := os.Lstat(path)
	if err != nil || os.Remove(path) != nil {
		return
	}
	if a.used >= 0 {
		a.used -= info.Size()
	}
	if parent := filepath.Dir(path); parent != a.dir {
		_ = os.Remove(parent) // fails while others are in it
	}
}

// write puts records into a unit's history, which it begins where there is
// none. wanted is asked under the lock whether the unit is still known; live
// gives the paths that must not be removed to make room.
func (a *archive) write(unit string, points [2][]record, wanted func() bool, live func() map[string]bool) error {
	path, ok := ringPath(a.dir, unit)
	if !ok {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !wanted() {
		return nil
	}
	file, err := a.open(path, live)
	if err != nil {
		return err
	}
	err = a.put(file, points)
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

// put writes each stretch of neighbours at once.
func (a *archive) put(file *os.File, points [2][]record) error {
	for of, list := range points {
		for len(list) > 0 {
			at := a.layout.offset(of, list[0].slot)
			stretch := appendRecord(nil, list[0])
			n := 1
			for n < len(list) && a.layout.offset(of, list[n].slot) == at+int64(n*recordSize) {
				stretch = appendRecord(stretch, list[n])
				n++
			}
			if _, err := file.WriteAt(stretch, at); err != nil {
				return err
			}
			list = list[n:]
		}
	}
	return nil
}

// open opens a history of the present layout: begun where there is none, made
// over where it has another layout, begun again where it makes no sense.
func (a *archive) open(path string, live func() map[string]bool) (*os.File, error) {
	file, err := openPlain(path, os.O_RDWR)
	if err != nil && (errors.Is(err, errNoFile) || !errors.Is(err, fs.ErrNotExist) && irregular(path)) {
		err = os.Remove(path)
		a.say(fmt.Sprintf("cannot use the history %s: %v; began it again", path, errNoFile))
		if err == nil {
			err = fs.ErrNotExist
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err := a.room(live); err != nil {
			return nil, err
		}
		return a.begin(path, a.layout.empty())
	}
	if err != nil {
		return nil, err
	}
	head := make([]byte, headerSize)
	_, err = file.ReadAt(head, 0)
	info, statErr := file.Stat()
	if err == nil && statErr == nil && bytes.Equal(head, a.layout.header()) && info.Size() == a.layout.size() {
		return file, nil
	}
	old, err := io.ReadAll(file)
	_ = file.Close()
	if err != nil {
		return nil, err
	}
	fresh := a.layout.empty()
	was, err := decode(old)
	if err != nil {
		a.say(fmt.Sprintf("cannot use the history %s: %v; began it again", path, err))
	} else {
		fresh.carry(was)
	}
	if a.used >= 0 {
		a.used -= int64(len(old))
	}
	return a.begin(path, fresh)
}

// begin puts a new history in place, whole or not at all.
func (a *archive) begin(path string, r rings) (*os.File, error) {
	if err := makePrivate(a.dir, filepath.Dir(path)); err != nil {
		return nil, err
	}
	// One writer at a time: a fixed name, so that no crash leaves litter.
	beside := filepath.Join(a.dir, "%new")
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(beside, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err = file.Chmod(0o600); err == nil {
		_, err = file.Write(r.encode(a.layout))
	}
	if err == nil && !r.blank() {
		// What is carried over is worth the wait; an empty one is not.
		err = file.Sync()
	}
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		_ = file.Close()
		_ = os.Remove(beside)
		return nil, err
	}
	if a.used >= 0 {
		a.used += a.layout.size()
	}
	return file, nil
}

// blank is whether nothing is known.
func (r *rings) blank() bool {
	for i := range r {
		for _, p := range r[i].records {
			if p.slot != 0 {
				return false
			}
		}
	}
	return true
}

// makePrivate makes directories of mode 0700 whatever the umask.
func makePrivate(dirs ...string) error {
	for _, dir := range dirs {
		err := os.Mkdir(dir, 0o700)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if errors.Is(err, fs.ErrNotExist) {
			if err := makePrivate(filepath.Dir(dir)); err != nil {
				return err
			}
			err = os.Mkdir(dir, 0o700)
		}
		if err == nil {
			err = os.Chmod(dir, 0o700)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// point leaves word in the metrics directory that histories are elsewhere, or
// takes it back.
func point(metrics, histories string) error {
	word := filepath.Join(metrics, elsewhere)
	if metrics == histories {
		if err := os.Remove(word); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := makePrivate(metrics); err != nil {
		return err
	}
	return os.WriteFile(word, []byte(histories+"\n"), 0o600)
}

// follow is where the histories of a metrics directory are.
func follow(metrics string) string {
	word, err := readPlain(filepath.Join(metrics, elsewhere))
	if dir := strings.TrimSpace(string(word)); err == nil && filepath.IsAbs(dir) {
		return dir
	}
	return metrics
}
