package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"systemg/ipc"
)

// roller is the service that is replaced again and again, each time with a
// generation of its own in its environment.
const roller = "r0"

// rollbackEvery is after how many deploys it is taken back.
const rollbackEvery = 3

// deploys are what came of it, as the commands said.
type deploys struct {
	// done were replaced, back were taken back, undone were not because the
	// supervisor ended too often meanwhile, unbegun are commands that found nobody.
	done, back, undone, unbegun int
	// wrong are other ends.
	wrong []string
}

// deploying is the goroutine that replaces it until end.
type deploying struct {
	*system
	cancel context.CancelFunc
	ended  sync.WaitGroup
	// newest is the generation in the manifest.
	newest int
	deploys
}

// deploy begins to replace the roller, one deploy after the other.
func (s *system) deploy() *deploying {
	ctx, cancel := context.WithCancel(context.Background())
	if s.alone {
		cancel()
	}
	d := &deploying{system: s, cancel: cancel}
	d.ended.Go(func() {
		for ctx.Err() == nil {
			d.round()
		}
	})
	return d
}

// end lets the one under way come to its end.
func (d *deploying) end() deploys {
	d.cancel()
	d.ended.Wait()
	return d.deploys
}

// round deploys the next generation, and now and then takes it back.
func (d *deploying) round() {
	before := d.generation()
	d.newest++
	if err := d.write(d.newest); err != nil {
		d.fault("%v", err)
		return
	}
	if !d.give("deploy") {
		return
	}
	d.done++
	d.now(d.newest)
	if d.newest%rollbackEvery == 0 && d.give("rollback") {
		d.back++
		d.now(before)
	}
}

func (d *deploying) fault(format string, args ...any) {
	d.wrong = append(d.wrong, fmt.Sprintf(format, args...))
}

// give gives a command, and says whether the roller was replaced.
func (d *deploying) give(command string) bool {
	a := d.ask(command, roller)
	switch {
	case a.done():
		return true
	case strings.Contains(a.text, "the supervisor ended during a rollout"):
		d.undone++
	case a.unbegun():
		d.unbegun++
		ctx, cancel := context.WithTimeout(context.Background(), backTime)
		defer cancel()
		_, _ = d.answers(ctx, func(ipc.HelloResult) bool { return true })
	default:
		d.fault("%s", a)
	}
	return false
}

// now looks whether it is that generation which runs.
func (d *deploying) now(want int) {
	if got := d.generation(); got != want {
		d.fault("generation %d was put in place, and %d runs", want, got)
	}
}

// generation is that of the roller's present run.
func (d *deploying) generation() int {
	u, err := d.unit(roller)
	if err != nil {
		d.fault("%v", err)
	}
	for _, f := range only(d.truth("r", 0).read(), "generation") {
		if uint64(f.run) == u.Run {
			return f.value
		}
	}
	d.fault("run %d of %s was never started", u.Run, roller)
	return -1
}

// deployed looks whether the roller is there once, and each run of it was given
// one outcome.
func (a *audit) deployed(d deploys) {
	a.deploys = d
	for _, text := range d.wrong {
		a.fault("a deploy: %s", text)
	}
	// One that nobody waits for may be under way.
	if err := a.do("wait", roller, "--timeout", "60s"); err != nil {
		a.fault("%v", err)
	}
	u, err := a.settled()
	if err != nil {
		a.fault("%v", err)
		return
	}
	var alive []int
	for _, f := range only(a.truth("r", 0).read(), "start") {
		line, _ := os.ReadFile("/proc/" + strconv.Itoa(f.value) + "/cmdline")
		if strings.Contains(string(line), a.truth("r", 0).path) {
			alive = append(alive, f.value)
		}
	}
	if len(alive) != 1 || alive[0] != u.PID {
		a.fault("%s is process %d of run %d, and these live: %v", roller, u.PID, u.Run, alive)
	}
	a.outcomes()
}

// settled is the roller once no rollout of it is under way.
func (a *audit) settled() (ipc.Unit, error) {
	ctx, cancel := context.WithTimeout(context.Background(), backTime)
	defer cancel()
	c, err := a.dial(ctx)
	if err != nil {
		return ipc.Unit{}, err
	}
	defer c.Close()
	over, stop := context.WithCancel(ctx)
	defer stop()
	var last ipc.Unit
	look := func(list []ipc.Unit) error {
		for _, u := range list {
			last = u
		}
		if last.Rollout == nil && last.State == "running" {
			stop()
		}
		return nil
	}
	err = c.Subscribe(over, ipc.SubscribeParams{Selection: ipc.Selection{Units: []string{roller}}},
		func(r ipc.SubscribeResult) error { return look(r.Units) },
		func(d ipc.Delta) error { return look(d.Units) })
	if over.Err() != nil && ctx.Err() == nil {
		err = nil
	}
	return last, err
}

// outcomes looks whether a run was taken into service twice.
func (a *audit) outcomes() {
	out, err := a.command(a.binary, "events", roller, "-n", "0", "--json").Output()
	if err != nil {
		a.fault("%v", err)
		return
	}
	seen := map[uint64]bool{}
	for lines := json.NewDecoder(bytes.NewReader(out)); ; {
		var e ipc.Event
		if lines.Decode(&e) != nil {
			return
		}
		if e.Type != "deploy" || e.To != "draining" {
			continue
		}
		a.rollouts++
		if seen[e.Run] {
			a.fault("run %d of %s was put in place twice", e.Run, roller)
		}
		seen[e.Run] = true
	}
}
