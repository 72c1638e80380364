package supervisor

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"systemg/config"
	"systemg/supervisor/unit"
	"systemg/supervisor/watch"
)

// rewatchTime is how long a watch that could not be begun is left alone.
const rewatchTime = 30 * time.Second

// watching is the watch over the files of a unit.
type watching struct {
	stop context.CancelFunc
	spec *config.Watch
}

// oversee begins or ends the watch over a unit's files: there is one while the
// unit is wanted up, also after it has failed or completed.
func (l *loop) oversee(e *entry) {
	wanted := l.o.Watch != nil && e.def.Watch != nil && e.u.Desired == unit.Up && !e.orphan && !l.closing
	if w := e.watching; w != nil && (!wanted || !reflect.DeepEqual(w.spec, e.def.Watch)) {
		w.stop()
		e.watching = nil
	}
	if !wanted || e.watching != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.watching = &watching{stop: cancel, spec: e.def.Watch}
	go l.s.watch(ctx, e.def)
}

// watch watches until ctx ends, or the loop.
func (s *Supervisor) watch(ctx context.Context, def *config.Unit) {
	id := def.ID()
	problem := func(text string) {
		if text != "" {
			text = id + ": " + text
		}
		s.SetProblem("watch "+id, text)
	}
	defer problem("")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		select {
		case <-s.ended:
		case <-ctx.Done():
		}
	}()
	spec := watch.Spec{
		Paths: def.Watch.Paths, Ignore: def.Watch.Ignore, Debounce: def.Watch.Debounce, Problem: problem,
		Started: func() time.Time {
			if v, ok := s.Snapshot().Find(id); ok {
				return v.StartedAt
			}
			return time.Time{}
		},
	}
	for {
		err := s.loop.o.Watch(ctx, spec, func(paths []string) bool { return s.changed(ctx, id, paths) })
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			problem(err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(rewatchTime):
			problem("")
		}
	}
}

// changed restarts a unit whose files changed, and says whether it will be.
func (s *Supervisor) changed(ctx context.Context, id string, paths []string) bool {
	restarts, err := ask(ctx, s, func(l *loop) (bool, error) {
		e, ok := l.entries[id]
		if !ok || e.watching == nil || e.wish == wishStop || over(ctx) {
			return false, nil
		}
		l.batch++
		l.want(e, wishRestart, changedText(e.def.Dir, paths))
		return true, nil
	})
	return restarts && err == nil
}

// over is whether the watch has ended.
func over(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// changedText names what changed, seen from the unit's folder.
func changedText(dir string, paths []string) string {
	name := paths[0]
	if rel, err := filepath.Rel(dir, name); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
		name = rel
	}
	switch more := len(paths) - 1; more {
	case 0:
		return name + " changed"
	case 1:
		return name + " and 1 more file changed"
	default:
		return fmt.Sprintf("%s and %d more files changed", name, more)
	}
}
