package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"

	"systemg/supervisor/watch/ignore"
)

// papers is a source without a kernel.
type papers struct {
	list []string
	err  error
}

func (p *papers) Add(dir string) error {
	if slices.Contains(p.list, dir) {
		return nil
	}
	if p.err != nil {
		return p.err
	}
	p.list = append(p.list, dir)
	return nil
}

func (p *papers) Remove(string) error { return nil }

func (p *papers) WatchList() []string { return p.list }

// desk is a Watch with a fake clock and a fake kernel.
type desk struct {
	dir    string
	paper  *papers
	events chan fsnotify.Event
	errs   chan error
	began  time.Time

	mu       sync.Mutex
	fired    []time.Duration
	problems []string
	started  time.Time
	// onFire is what the unit does when it is restarted.
	onFire func()
}

// heard is what was told when nothing is under way any more.
func (d *desk) heard() (fired []time.Duration, problems []string) {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.fired), slices.Clone(d.problems)
}

// restarting sets what the unit does when it is restarted.
func (d *desk) restarting(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onFire = do
}

// start begins a run.
func (d *desk) start() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.started = time.Now()
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{dir: t.TempDir(), events: make(chan fsnotify.Event), errs: make(chan error), paper: &papers{}, began: time.Now(), onFire: func() {}}
	ig, err := ignore.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := newWatcher(Spec{
		Paths: []string{d.dir}, Debounce: 200 * time.Millisecond,
		Started: func() time.Time {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.started
		},
		Problem: func(text string) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.problems = append(d.problems, text)
		},
	}, ig, d.paper, func([]string) bool {
		d.mu.Lock()
		d.fired = append(d.fired, time.Since(d.began))
		do := d.onFire
		d.mu.Unlock()
		do()
		return true
	})
	if err := w.trees.sync(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx, d.events, d.errs) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *desk) write(name string) {
	d.events <- fsnotify.Event{Name: filepath.Join(d.dir, name), Op: fsnotify.Write}
}

// Changes that follow one another are told once, a debounce after the last.
func TestDebounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		for range 5 {
			d.write("a")
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		fired, _ := d.heard()
		if len(fired) != 1 || fired[0] != 600*time.Millisecond {
			t.Errorf("told after %v", fired)
		}
	})
}

// A unit that writes what it watches at each start ends after ten restarts,
// with words; after a pause it is trusted again.
func TestLoopEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.restarting(func() {
			time.AfterFunc(time.Second, func() {
				d.start()
				d.write("state.json")
			})
		})
		d.write("main.go")
		time.Sleep(15 * time.Second)
		fired, problems := d.heard()
		if len(fired) != mostInARow {
			t.Errorf("restarted %d times", len(fired))
		}
		if len(problems) != 1 || !strings.Contains(problems[0], "state.json right after each of 10 restarts in a row") {
			t.Errorf("told %q", problems)
		}
		time.Sleep(time.Minute)
		if _, problems = d.heard(); len(problems) != 2 || problems[1] != "" {
			t.Errorf("told %q", problems)
		}
		d.restarting(func() {})
		d.write("main.go")
		time.Sleep(time.Second)
		fired, _ = d.heard()
		if len(fired) != mostInARow+1 {
			t.Error("a real change did not restart it again")
		}
	})
}

// A unit that never stops writing is restarted ten times too.
func TestWriterThatNeverPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.restarting(d.start)
		for range 10 * 60 * 5 {
			d.write("app.db")
			time.Sleep(100 * time.Millisecond)
		}
		fired, problems := d.heard()
		if len(fired) == 0 || len(fired) > mostInARow || len(problems) != 1 {
			t.Errorf("restarted %d times, told %q", len(fired), problems)
		}
	})
}

// Changes that the kernel could not keep count as one.
func TestOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.errs <- fsnotify.ErrEventOverflow
		time.Sleep(time.Second)
		fired, problems := d.heard()
		if len(fired) != 1 || len(problems) != 0 {
			t.Errorf("told %v, %q", fired, problems)
		}
		d.errs <- errors.New("out of luck")
		time.Sleep(time.Second)
		fired, problems = d.heard()
		if len(fired) != 2 || strings.Join(problems, "|") != "cannot watch files: out of luck|" {
			t.Errorf("told %v, %q", fired, problems)
		}
	})
}

// A limit that is reached later is told, the rest is watched, and what could
// not be is tried again with the next change.
func TestLimitReachedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		synctest.Wait()
		d.paper.err = syscall.ENOSPC
		dir := filepath.Join(d.dir, "new")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		d.events <- fsnotify.Event{Name: dir, Op: fsnotify.Create}
		time.Sleep(time.Second)
		fired, problems := d.heard()
		if len(fired) != 1 || len(problems) != 1 || !strings.Contains(problems[0], "cannot watch "+dir+": this user watches as many") {
			t.Errorf("told %v, %q", fired, problems)
		}
		d.paper.err = nil
		d.write("a")
		time.Sleep(time.Second)
		if _, problems = d.heard(); len(problems) != 2 || problems[1] != "" || !slices.Contains(d.paper.list, dir) {
			t.Errorf("told %q, watches %q", problems, d.paper.list)
		}
	})
}

// The limits of the kernel are told with their names and what to do.
func TestLimits(t *testing.T) {
	dir := t.TempDir()
	ig, _ := ignore.New(nil)
	for cause, want := range map[error][]string{
		syscall.ENOSPC: {dir, "fs.inotify.max_user_watches", "watch.ignore"},
		syscall.EMFILE: {dir, "fs.inotify.max_user_instances"},
		syscall.EACCES: {dir, "permission denied"},
	} {
		err := newTrees([]string{dir}, ig, &papers{err: cause}).sync()
		if err == nil {
			t.Fatalf("%v is no error", cause)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%v: %q does not say %q", cause, err, w)
			}
		}
	}
}
