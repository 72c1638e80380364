package hooks

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"systemg/config"
	"systemg/supervisor/proc"
	"systemg/supervisor/unit"
)

// Host starts process trees and ends them. *proc.Host is the real one.
type Host interface {
	Start(proc.Spec) (proc.Process, error)
	Kill(proc.TreeID)
}

// Trees runs commands as process trees of a Host. The owner of the Host gives
// it the Host's events first: see Notify.
type Trees struct {
	host   Host
	output func(def *config.Unit, run uint64) (stdout, stderr *os.File, err error)

	mu      sync.Mutex
	last    uint64
	waiting map[proc.TreeID]*wait
}

// wait is what one command has come to.
type wait struct {
	exit  unit.Exit
	empty chan struct{}
}

// NewTrees makes Trees for a host. Output opens what a command of the unit's
// writes to; a nil function, or an error from it, means nowhere.
func NewTrees(host Host, output func(def *config.Unit, run uint64) (stdout, stderr *os.File, err error)) *Trees {
	// A TreeID is never used twice, by a later supervisor neither.
	return &Trees{host: host, output: output, last: uint64(time.Now().UnixNano()), waiting: map[proc.TreeID]*wait{}}
}

// Notify takes an event of the host, and says whether it was about a hook. It
// never blocks.
func (t *Trees) Notify(e proc.Event) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := e.(type) {
	case proc.Exited:
		w, ours := t.waiting[e.Tree]
		if ours {
			w.exit = exitOf(e)
		}
		return ours
	case proc.Emptied:
		w, ours := t.waiting[e.Tree]
		if ours {
			delete(t.waiting, e.Tree)
			close(w.empty)
		}
		return ours
	}
	return false
}

// Run starts the command and returns when nothing of its tree is left. When
// ctx ends before that, the whole tree is killed.
func (t *Trees) Run(ctx context.Context, c Command) (unit.Exit, error) {
	id, w := t.expect(c.Def)
	if err := t.start(id, c); err != nil {
		t.mu.Lock()
		delete(t.waiting, id)
		t.mu.Unlock()
		return unit.Exit{}, err
	}
	select {
	case <-w.empty:
	case <-ctx.Done():
		t.host.Kill(id)
		<-w.empty
	}
	return w.exit, nil
}

// expect makes the tree known before it exists: its end may come before its
// start is told.
func (t *Trees) expect(def *config.Unit) (proc.TreeID, *wait) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	id := proc.TreeID{Unit: def.ID() + ":hook", Run: t.last}
	w := &wait{empty: make(chan struct{}), exit: unit.Exit{Code: -1, Text: "ended, and nobody saw how"}}
	t.waiting[id] = w
	return id, w
}

func (t *Trees) start(id proc.TreeID, c Command) error {
	spec := proc.Spec{Tree: id, Argv: []string{"/bin/sh", "-c", c.Line}, Dir: c.Def.Dir, Env: c.Env}
	if t.output != nil {
		if stdout, stderr, err := t.output(c.Def, c.Run); err == nil {
			defer stdout.Close()
			defer stderr.Close()
			spec.Stdout, spec.Stderr = stdout, stderr
		}
	}
	if _, err := t.host.Start(spec); err != nil {
		return fmt.Errorf("cannot start: %w", err)
	}
	return nil
}

func exitOf(e proc.Exited) unit.Exit {
	exit := unit.Exit{Code: e.Status.Code, Core: e.Status.Core, Time: e.Time, Text: e.Status.String()}
	exit.OK = e.Status.Known && e.Status.Signal == 0 && e.Status.Code == 0
	if !e.Status.Known {
		exit.Code = -1
	}
	if e.Status.Signal != 0 {
		exit.Code, exit.Signal = -1, unix.SignalName(e.Status.Signal)
	}
	return exit
}
