package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait for the kernel on a busy machine.
const patience = 20 * time.Second

// yard is a folder that is really watched.
type yard struct {
	*testing.T
	dir    string
	bursts chan []string
	n      int
}

// watchYard watches paths of a folder that hold what setup makes there. The
// debounce is short, so each step is one burst or several.
func watchYard(t *testing.T, ignore []string, setup func(y *yard), paths ...string) *yard {
	t.Helper()
	real, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	y := &yard{T: t, dir: real, bursts: make(chan []string, 1000)}
	y.mkdir("always")
	if setup != nil {
		setup(y)
	}
	spec := Spec{Ignore: ignore, Debounce: 20 * time.Millisecond}
	for _, p := range append(paths, "always") {
		spec.Paths = append(spec.Paths, filepath.Join(real, p))
	}
	w, notify, err := open(spec, func(paths []string) bool {
		y.bursts <- paths
		return false
	})
	y.do(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx, notify.Events, notify.Errors) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		y.do(notify.Close())
	})
	return y
}

func (y *yard) at(name string) string { return filepath.Join(y.dir, name) }

func (y *yard) do(err error) {
	y.Helper()
	if err != nil {
		y.Fatal(err)
	}
}

func (y *yard) mkdir(name string) { y.Helper(); y.do(os.MkdirAll(y.at(name), 0o755)) }

func (y *yard) write(name, text string) {
	y.Helper()
	y.do(os.WriteFile(y.at(name), []byte(text), 0o644))
}

func (y *yard) rename(from, to string) { y.Helper(); y.do(os.Rename(y.at(from), y.at(to))) }

// told are the paths that were told since it was asked last, without the mark
// that ends them: what was not told before a later change is never told.
func (y *yard) told() string {
	y.Helper()
	y.n++
	mark := fmt.Sprintf("always/mark-%d", y.n)
	y.write(mark, "")
	set := map[string]bool{}
	for {
		select {
		case paths := <-y.bursts:
			for _, p := range paths {
				rel, _ := filepath.Rel(y.dir, p)
				set[rel] = true
			}
			if !set[mark] {
				continue
			}
			var names []string
			for name := range set {
				if !strings.HasPrefix(name, "always") {
					names = append(names, name)
				}
			}
			slices.Sort(names)
			return strings.Join(names, " ")
		case <-time.After(patience):
			y.Fatal("nothing is told")
		}
	}
}

func (y *yard) want(want string) {
	y.Helper()
	if got := y.told(); got != want {
		y.Errorf("told %q, want %q", got, want)
	}
}

// Files at any depth count, new and removed directories too; what is ignored
// does not.
func TestDirectories(t *testing.T) {
	y := watchYard(t, []string{"*.log", "gen/out", "cache/"}, func(y *yard) {
		y.mkdir("src/a/b")
		y.mkdir("src/gen/out")
		y.mkdir("src/.git")
		y.write("src/a/b/c.go", "1")
	}, "src")

	y.write("src/a/b/c.go", "2")
	y.want("src/a/b/c.go")
	y.write("src/a/b/app.log", "1")
	y.write("src/.git/HEAD", "1")
	y.write("src/gen/out/x", "1")
	y.write("src/.c.go.swp", "1")
	y.write("other", "1")
	y.want("")
	y.mkdir("src/cache")
	y.do(os.Remove(y.at("src/cache")))
	y.want("")

	y.mkdir("src/new/deep")
	y.told()
	y.write("src/new/deep/d.go", "1")
	y.want("src/new/deep/d.go")
	y.rename("src/new", "src/moved")
	y.told()
	y.write("src/moved/deep/d.go", "2")
	y.want("src/moved/deep/d.go")
	y.rename("src/moved", "away")
	y.told()
	y.write("away/deep/d.go", "3")
	y.want("")
	y.do(os.RemoveAll(y.at("src/a")))
	if got := y.told(); !strings.Contains(got, "src/a/b/c.go") {
		t.Errorf("told %q", got)
	}
	y.mkdir("src/a/b")
	y.told()
	y.write("src/a/b/c.go", "4")
	y.want("src/a/b/c.go")
}

// A file counts by its name: editors write a new one and put it in its place.
func TestAtomicRename(t *testing.T) {
	y := watchYard(t, nil, func(y *yard) { y.write("app.conf", "1"); y.write("other.conf", "1") }, "app.conf")
	for range 3 {
		y.write("app.conf.tmp", "2")
		y.want("")
		y.rename("app.conf.tmp", "app.conf")
		y.want("app.conf")
	}
	y.write("other.conf", "2")
	y.want("")
	// Vim: the old one becomes a backup, the new one is written in place.
	y.rename("app.conf", "app.conf~")
	y.write("app.conf", "3")
	y.want("app.conf")
	y.write("app.conf", "4")
	y.want("app.conf")
}

// A path that does not exist yet counts when it comes, and after it went.
func TestMissingPath(t *testing.T) {
	y := watchYard(t, nil, nil, "one/two/three")
	y.mkdir("one")
	y.mkdir("zero")
	y.write("one/noise", "1")
	y.want("")
	y.mkdir("one/two")
	y.want("")
	y.write("one/two/noise", "1")
	y.want("")
	y.mkdir("one/two/three")
	y.want("one/two/three")
	y.write("one/two/three/x", "1")
	y.want("one/two/three/x")
	y.do(os.RemoveAll(y.at("one")))
	if got := y.told(); !strings.Contains(got, "one/two/three") {
		t.Errorf("told %q", got)
	}
	y.mkdir("one/two/three")
	if got := y.told(); got == "" {
		t.Error("it came back and nobody was told")
	}
	y.write("one/two/three/y", "1")
	y.want("one/two/three/y")
}

// Symbolic links inside are not followed; a path that is one is, and counts
// when it points elsewhere.
func TestSymbolicLinks(t *testing.T) {
	y := watchYard(t, nil, func(y *yard) {
		y.mkdir("outside")
		y.mkdir("src")
		y.mkdir("releases/1")
		y.mkdir("releases/2")
		y.do(os.Symlink(y.at("outside"), y.at("src/link")))
		y.do(os.Symlink("releases/1", y.at("current")))
	}, "src", "current")
	y.write("outside/x", "1")
	y.want("")
	y.write("releases/2/x", "1")
	y.want("")
	y.write("releases/1/x", "1")
	y.want("releases/1/x")
	y.do(os.Symlink("releases/2", y.at("next")))
	y.rename("next", "current")
	y.want("current")
	y.write("releases/1/x", "2")
	y.want("")
	y.write("releases/2/x", "2")
	y.want("releases/2/x")
	y.do(os.Symlink(y.at("outside"), y.at("src/second")))
	y.want("src/second")
	y.write("outside/x", "2")
	y.want("")
}

// A touch counts; a change of permissions does not.
func TestTouch(t *testing.T) {
	y := watchYard(t, nil, func(y *yard) {
		y.write("f", "1")
		y.do(os.Chtimes(y.at("f"), time.Now(), time.Now().Add(-time.Hour)))
	}, "f")
	y.do(os.Chmod(y.at("f"), 0o600))
	y.want("")
	y.do(os.Chtimes(y.at("f"), time.Now(), time.Now()))
	y.want("f")
}

// Watch ends with its context, and that is no error.
func TestWatchEnds(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Watch(ctx, Spec{Paths: []string{dir}, Debounce: time.Hour}, nil); err != nil {
		t.Error(err)
	}
}

// A pattern that cannot be read ends the watch before it begins.
func TestBadPattern(t *testing.T) {
	err := Watch(t.Context(), Spec{Paths: []string{t.TempDir()}, Ignore: []string{"!x"}}, nil)
	if err == nil || !strings.Contains(err.Error(), `"!x"`) {
		t.Errorf("%v", err)
	}
}
