package usage

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// errNoRoom is why a history is not begun.
var errNoRoom = errors.New("spillover_max_bytes is reached")

// stored is one file of an archive.
type stored struct {
	path  string
	size  int64
	wrote time.Time
}

// room makes sure that one more history fits into the bound: histories of
// units that do not run go first, the least recently written of them before
// the others. The caller holds the lock.
func (a *archive) room(live func() map[string]bool) error {
	if a.most <= 0 {
		return nil
	}
	if a.used < 0 {
		a.used = 0
		for _, f := range a.files() {
			a.used += f.size
		}
	}
	if a.used+a.layout.size() <= a.most {
		return nil
	}
	files, kept := a.files(), live()
	slices.SortFunc(files, func(x, y stored) int {
		return cmp.Or(x.wrote.Compare(y.wrote), strings.Compare(x.path, y.path))
	})
	gone := 0
	for _, f := range files {
		if a.used+a.layout.size() <= a.most {
			break
		}
		if !kept[f.path] {
			a.drop(f.path)
			gone++
		}
	}
	if gone > 0 {
		a.say(fmt.Sprintf("forgot %d histories of units that do not run: spillover_max_bytes (%d) is reached", gone, a.most))
	}
	if a.used+a.layout.size() > a.most {
		return errNoRoom
	}
	return nil
}

// files are all histories.
func (a *archive) files() []stored {
	var all []stored
	_ = filepath.WalkDir(a.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ringSuffix {
			return nil //nolint:nilerr // What cannot be looked at does not count.
		}
		if info, err := e.Info(); err == nil {
			all = append(all, stored{path: path, size: info.Size(), wrote: info.ModTime()})
		}
		return nil
	})
	return all
}
