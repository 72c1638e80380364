package watch

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"systemg/supervisor/watch/ignore"
)

// Spec is what to watch.
type Spec struct {
	// Paths are absolute: files, directories with all that is in them, or
	// neither yet.
	Paths []string
	// Ignore are patterns that do not count, besides the default ones.
	Ignore []string
	// Debounce is how long nothing has to change before it is told.
	Debounce time.Duration
	// Started is when the present run of the unit began, zero or nil where
	// that is unknown. It is called from Watch's goroutine.
	Started func() time.Time
	// Problem gets what a person has to know, and an empty text when that
	// is over. It may be nil.
	Problem func(text string)
}

const (
	// mostPaths is how many changed paths are told by name.
	mostPaths = 64
	// burstFactor and leastBurst bound a burst: changes that never pause
	// are told after burstFactor debounces, or leastBurst if that is longer.
	burstFactor = 10
	leastBurst  = 5 * time.Second
	// touchTime is how old a modification time may be for a change of
	// metadata to be a touch.
	touchTime = 2 * time.Second
)

// burst is changes that belong together.
type burst struct {
	first, last time.Time
	paths       []string
}

func (b *burst) add(name string, now time.Time) {
	if b.first.IsZero() {
		b.first = now
	}
	b.last = now
	if len(b.paths) < mostPaths && !slices.Contains(b.paths, name) {
		b.paths = append(b.paths, name)
	}
}

// due is when the burst is to be told; zero where there is none.
func (b *burst) due(debounce time.Duration) time.Time {
	if b.first.IsZero() {
		return time.Time{}
	}
	due, most := b.last.Add(debounce), b.first.Add(max(burstFactor*debounce, leastBurst))
	if most.Before(due) {
		return most
	}
	return due
}

// source tells of changes in directories. *fsnotify.Watcher is behind the real
// one.
type source interface {
	Add(dir string) error
	Remove(dir string) error
	WatchList() []string
}

// Watch calls changed, from its own goroutine, after each burst of changes,
// with the paths that changed (64 at most). Changed says whether the unit will
// be restarted for it. Watch ends when ctx does, with nil; an error says why
// nothing is or can be watched, and what to do.
func Watch(ctx context.Context, s Spec, changed func(paths []string) bool) error {
	w, notify, err := open(s, changed)
	if err != nil {
		return err
	}
	defer func() { _ = notify.Close() }()
	return w.run(ctx, notify.Events, notify.Errors)
}

// open watches what has to be watched; what changes from then on is told by
// run.
func open(s Spec, changed func(paths []string) bool) (*watcher, *fsnotify.Watcher, error) {
	ignored, err := ignore.New(s.Ignore)
	if err != nil {
		return nil, nil, err
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, nil, explain("watch files", "", err)
	}
	w := newWatcher(s, ignored, notify, changed)
	if err := w.trees.sync(); err != nil {
		_ = notify.Close()
		return nil, nil, err
	}
	return w, notify, nil
}

// watcher is one Watch under way. Only its goroutine uses it.
type watcher struct {
	spec    Spec
	trees   *trees
	changed func([]string) bool
	burst   burst
	guard   guard
	// said is what Problem is told about restarts, told the last text it got.
	said, told string
}

func newWatcher(s Spec, ignored ignore.Set, from source, changed func([]string) bool) *watcher {
	if s.Problem == nil {
		s.Problem = func(string) {}
	}
	return &watcher{spec: s, trees: newTrees(s.Paths, ignored, from), changed: changed}
}

func (w *watcher) run(ctx context.Context, events <-chan fsnotify.Event, errs <-chan error) error {
	w.tell()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		w.arm(timer)
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-events:
			if !ok {
				return errors.New("cannot watch files any longer: the kernel ended it")
			}
			w.event(e)
		case err, ok := <-errs:
			if ok {
				w.failed(err)
			}
		case <-timer.C:
			w.expire(time.Now())
		}
	}
}

// arm sets the timer to what is due first.
func (w *watcher) arm(timer *time.Timer) {
	due := w.burst.due(w.spec.Debounce)
	if q := w.guard.quiet(); !q.IsZero() && (due.IsZero() || q.Before(due)) {
		due = q
	}
	if due.IsZero() {
		timer.Stop()
		return
	}
	timer.Reset(time.Until(due))
}

// event takes one change in.
func (w *watcher) event(e fsnotify.Event) {
	counts, err := w.trees.event(e)
	if err != nil {
		w.trees.partial = err
	}
	w.tell()
	if counts && (e.Op&^fsnotify.Chmod != 0 || touched(e.Name)) {
		w.burst.add(e.Name, time.Now())
	}
}

// touched is whether a change of metadata was one of the modification time.
func touched(name string) bool {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	age := time.Since(info.ModTime())
	return age < touchTime && age > -touchTime
}

// failed takes an error of the source: changes were missed, so everything is
// looked at again and counts as changed.
func (w *watcher) failed(err error) {
	if errors.Is(err, fsnotify.ErrEventOverflow) {
		err = w.trees.sync()
	} else {
		err = explain("watch files", "", err)
	}
	if err != nil {
		w.trees.partial = err
	}
	w.tell()
	for _, p := range w.spec.Paths {
		w.burst.add(p, time.Now())
	}
}

// expire does what is due.
func (w *watcher) expire(now time.Time) {
	if due := w.burst.due(w.spec.Debounce); !due.IsZero() && !now.Before(due) {
		w.fire()
	}
	if q := w.guard.quiet(); !q.IsZero() && !now.Before(q) && w.burst.first.IsZero() {
		w.guard.tripped, w.guard.inARow = false, 0
		w.said = ""
		w.tell()
	}
}

// fire tells a burst, unless the guard knows better. What could not be watched
// is tried again.
func (w *watcher) fire() {
	b := w.burst
	w.burst = burst{}
	if w.trees.partial != nil {
		if err := w.trees.sync(); err != nil {
			w.trees.partial = err
		}
		w.tell()
	}
	var started time.Time
	if w.spec.Started != nil {
		started = w.spec.Started()
	}
	if !w.guard.allow(b, started) {
		if w.said == "" {
			w.said = w.guard.words(b)
			w.tell()
		}
		return
	}
	w.said = ""
	w.tell()
	slices.Sort(b.paths)
	w.guard.asked(time.Now(), w.changed(b.paths))
}

// tell says what is wrong, once for each text.
func (w *watcher) tell() {
	text := w.said
	if w.trees.partial != nil {
		text = w.trees.partial.Error()
	}
	if text != w.told {
		w.told = text
		w.spec.Problem(text)
	}
}
