package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"sync"

	"systemg/ipc"
)

// roller is the service that is replaced again and again.
const roller = "r0"

// deploys are what came of it, as the commands said.
type deploys struct {
	// done were replaced, undone were not because the supervisor ended too often
	// meanwhile, unanswered is what nobody could tell because both were dead.
	done, undone, unanswered int
	// wrong are other ends.
	wrong []string
}

// deploying is the goroutine that replaces it until end.
type deploying struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup
	deploys
}

// deploy begins to replace the roller, one deploy after the other.
func (s *system) deploy() *deploying {
	ctx, cancel := context.WithCancel(context.Background())
	d := &deploying{cancel: cancel}
	d.ended.Go(func() {
		for ctx.Err() == nil {
			d.note(s.do("deploy", roller), s.both+s.points > 0)
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

// note sorts an end in.
func (d *deploys) note(err error, maybeAlone bool) {
	lost := func(text string) bool {
		for _, one := range []string{"no supervisor runs", "closed the connection", "shutting down", "supervisor is ending"} {
			if strings.Contains(text, one) {
				return true
			}
		}
		return false
	}
	switch {
	case err == nil:
		d.done++
	case strings.Contains(err.Error(), "the supervisor ended during a rollout"):
		d.undone++
	case maybeAlone && lost(err.Error()):
		d.unanswered++
	default:
		d.wrong = append(d.wrong, err.Error())
	}
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
