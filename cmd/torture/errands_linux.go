package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"systemg/ipc"
)

// The units on which errands are run.
const (
	// boss spawns children.
	boss = "m0"
	// called is a job that runs when it is called.
	called = "t0"
	// switched is stopped and started.
	switched = "s0"
)

// errandPause is the longest time between two errands.
const errandPause = 200 * time.Millisecond

// errands are commands that are given while everything dies.
type errands struct {
	*system
	random *rand.Rand
	cancel context.CancelFunc
	ended  sync.WaitGroup

	// told are the commands that were answered, unbegun those that found nobody.
	told, unbegun int
	// children are those that were spawned, by their numbers: whether the
	// command was answered. runs are those of the job that were accepted.
	children []child
	runs     map[uint64]ipc.CronRun
	faults   []string
}

// child is a unit that was spawned.
type child struct {
	begun bool
	exit  *ipc.Exit
}

// runErrands begins to give commands, one after the other.
func (s *system) runErrands() *errands {
	ctx, cancel := context.WithCancel(context.Background())
	if s.alone {
		cancel()
	}
	e := &errands{system: s, random: rand.New(rand.NewPCG(s.seed, 2)), cancel: cancel, runs: map[uint64]ipc.CronRun{}}
	e.ended.Go(func() {
		for ctx.Err() == nil {
			for _, errand := range []func(){e.spawn, e.call, e.halt} {
				e.pause()
				errand()
			}
		}
	})
	return e
}

// end lets the one under way come to its end.
func (e *errands) end() *errands {
	e.cancel()
	e.ended.Wait()
	return e
}

func (e *errands) pause() { time.Sleep(time.Duration(e.random.Int64N(int64(errandPause)))) }

func (e *errands) fault(format string, args ...any) {
	e.faults = append(e.faults, fmt.Sprintf(format, args...))
}

// give gives a command, and says whether somebody took it.
func (e *errands) give(args ...string) (answer, bool) {
	a := e.ask(args...)
	switch {
	case a.unbegun():
		e.unbegun++
		return a, false
	case a.untold():
		e.fault("nobody could tell of %s", a)
		return a, false
	}
	e.told++
	return a, true
}

// spawn spawns a child, which ends by itself with a known status.
func (e *errands) spawn() {
	n := len(e.children)
	starts := only(e.truth("m", 0).read(), "start")
	name, self := fmt.Sprintf("x%d", n), e.self
	a, begun := e.give("spawn", "--name", name, "--ttl", "2m", "--parent-pid", strconv.Itoa(starts[len(starts)-1].value),
		"--", self, childRole, e.truth("x", 0).path, strconv.Itoa(n))
	e.children = append(e.children, child{begun: begun})
	if !begun {
		return
	}
	if !a.done() && !strings.Contains(a.text, "failed (exit") && !strings.Contains(a.text, unseenText) {
		e.fault("%s", a)
	}
	// Where both are dead it is asked again, for nothing is begun by that.
	for {
		a, heard := e.give("wait", name, "--for", "stopped", "--timeout", "60s")
		if heard && !a.done() {
			e.fault("%s", a)
			return
		}
		if heard {
			break
		}
	}
	u, err := e.unit(name)
	if err != nil {
		e.fault("%v", err)
		return
	}
	e.children[n].exit = u.LastExit
}

// call has the job run.
func (e *errands) call() {
	a, begun := e.give("trigger", called, "--wait")
	if !begun {
		return
	}
	run := a.run
	if a.done() {
		var r ipc.TriggerResult
		if err := json.Unmarshal(a.out, &r); err != nil {
			e.fault("%s: %v", a, err)
			return
		}
		run = r.Run
	}
	_, twice := e.runs[run.Run]
	switch {
	case run.Run == 0:
		e.fault("%s", a)
	case twice:
		e.fault("two triggers of %s are run %d", called, run.Run)
	}
	e.runs[run.Run] = run
}

// halt stops a unit, and starts it again after a while.
func (e *errands) halt() {
	notes := e.truth("s", 0)
	if a, begun := e.give("stop", switched); !begun || !a.done() {
		if begun {
			e.fault("%s", a)
		}
		return
	}
	before := only(notes.read(), "start")
	e.pause()
	starts := only(notes.read(), "start")
	if u, err := e.unit(switched); err != nil || u.State != "stopped" || e.lives(notes, starts) != 0 || len(starts) != len(before) {
		e.fault("%s was stopped, and is %s, process %d; started %d times before and %d now; %v", switched, u.State, u.PID, len(before), len(starts), err)
	}
	for {
		a, begun := e.give("start", "-d", switched)
		if begun && !a.done() {
			e.fault("%s", a)
		}
		if begun {
			break
		}
	}
	starts = only(notes.read(), "start")
	if u, err := e.unit(switched); err != nil || u.State != "running" || e.lives(notes, starts) != u.PID || len(starts) != len(before)+1 {
		e.fault("%s was started, and is %s, process %d; started %d times before and %d now; %v", switched, u.State, u.PID, len(before), len(starts), err)
	}
}

// lives is the process among those that were started which lives, 0 where none
// does.
func (e *errands) lives(notes truth, starts []fact) int {
	pid := 0
	for _, f := range starts {
		line, _ := os.ReadFile("/proc/" + strconv.Itoa(f.value) + "/cmdline")
		if !strings.Contains(string(line), notes.path) {
			continue
		}
		if pid != 0 {
			e.fault("that of %s lives as %d and %d", notes.path, pid, f.value)
		}
		pid = f.value
	}
	return pid
}

// ran looks at what came of the errands.
func (a *audit) ran(e *errands) {
	a.errands = e
	a.faults = append(a.faults, e.faults...)
	a.spawned()
	starts := map[uint64]int{}
	for _, f := range only(a.truth("t", 0).read(), "start") {
		starts[uint64(f.run)]++
	}
	for run, r := range e.runs {
		if starts[run] != 1 && !a.unforked(starts[run], r.Exit) {
			a.fault("run %d of %s was accepted, and started %d times", run, called, starts[run])
		}
	}
	for run := range starts {
		if _, ok := e.runs[run]; !ok {
			a.fault("run %d of %s was started, and nobody asked for it", run, called)
		}
	}
	if s := only(a.truth("m", 0).read(), "start"); len(s) != 1 {
		a.fault("%s was started %d times", boss, len(s))
	}
}

// unforked counts a run that was never forked, which nobody could know: both died
// when it was about to be, so it is taken for run.
func (a *audit) unforked(starts int, x *ipc.Exit) bool {
	return starts == 0 && x != nil && a.forgiven(x, x.Time)
}

// spawned looks whether each child was started once, and its exit told.
func (a *audit) spawned() {
	facts := a.truth("x", 0).read()
	starts, ends := map[int]int{}, map[int]time.Time{}
	for _, f := range facts {
		switch f.what {
		case "start":
			starts[f.run]++
		case "end":
			ends[f.run] = f.at
		}
	}
	for n, c := range a.errands.children {
		switch {
		case !c.begun && starts[n] > 0:
			a.fault("child %d was started, and the command found nobody", n)
		case !c.begun:
		case a.unforked(starts[n], c.exit):
		case starts[n] != 1:
			a.fault("child %d was started %d times", n, starts[n])
		case c.exit == nil:
			a.fault("child %d has no exit", n)
		case c.exit.Code != childStatus(n) && !a.forgiven(c.exit, ends[n]):
			a.fault("child %d ended with %q at %s, want %d", n, c.exit.Text, ends[n], childStatus(n))
		}
	}
}
