package supervisor

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"systemg/config"
	"systemg/supervisor/proc"
	"systemg/supervisor/unit"
)

// census watches every start: a unit has one run that lives, a rollout two.
type census struct {
	*fakeHost
	t     *rapid.T
	rolls map[string]bool
}

func (c *census) Start(s proc.Spec) (proc.Process, error) {
	name, _ := splitTree(s.Tree)
	c.mu.Lock()
	runs := map[uint64]bool{s.Tree.Run: true}
	for id := range c.live {
		if other, _ := splitTree(id); other == name {
			runs[id.Run] = true
		}
	}
	most := 1
	if c.rolls[name] {
		most = 2
	}
	if len(runs) > most {
		c.t.Errorf("run %d of %s starts while %v live", s.Tree.Run, name, runs)
	}
	for _, id := range c.starts {
		// A supervisor that finds a switch half undone undoes it again.
		if _, step := splitTree(id); id == s.Tree && step != stepBack {
			c.t.Errorf("%v is started twice", id)
		}
	}
	c.mu.Unlock()
	return c.fakeHost.Start(s)
}

// anyDefinition is a unit of that name, of any kind.
func anyDefinition(t *rapid.T, name string) config.Unit {
	u := service(name, version(fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "version"))))
	u.Restart = rapid.SampledFrom([]config.RestartPolicy{"always", "on-failure", "never"}).Draw(t, "restart")
	u.Backoff.Initial = time.Duration(rapid.IntRange(0, 2).Draw(t, "backoff")) * time.Second
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		oneshot(&u)
	case 1, 2:
		u = cronJob(name, func(c *config.Cron) {
			c.Expression = "*/3 * * * * *"
			c.Overlap = rapid.SampledFrom([]string{"skip", "queue", "replace"}).Draw(t, "overlap")
			c.Timeout = time.Duration(rapid.IntRange(0, 5).Draw(t, "timeout")) * time.Second
		})
	case 3:
		rolling(&u)
	case 4:
		rolling(&u)
		blueGreen(&u)
	}
	if u.Kind == config.Service && rapid.Bool().Draw(t, "checked") {
		checkedUnit(&u)
		u.Health.Liveness = rapid.SampledFrom([]string{"none", "mark", "restart"}).Draw(t, "liveness")
	}
	if rapid.IntRange(0, 3).Draw(t, "pre") == 0 {
		u.Deployment.PreStart = "make"
	}
	return u
}

func anyDefinitions(t *rapid.T) []config.Unit {
	var units []config.Unit
	for i := range 4 {
		if i > 0 && rapid.IntRange(0, 5).Draw(t, "absent") == 0 {
			continue
		}
		u := anyDefinition(t, fmt.Sprintf("u%d", i))
		if len(units) > 0 && rapid.IntRange(0, 2).Draw(t, "edge") == 0 {
			needs(units[len(units)-1].Name)(&u)
		}
		units = append(units, u)
	}
	return units
}

// mixed does one thing; the room that comes back is a later supervisor's where
// the thing was the death of the present one.
func (c *census) mixed(t *rapid.T, r *room, checks *fakeChecks) *room {
	ctx := context.Background()
	name := fmt.Sprintf("u%d", rapid.IntRange(0, 3).Draw(t, "unit"))
	if _, known := r.sup.Snapshot().Find("demo/" + name); !known {
		name = "u0"
	}
	sel := Selection{Units: []string{name}}
	// Not every unit can do everything: what is refused changes nothing.
	switch rapid.IntRange(0, 15).Draw(t, "what") {
	case 0:
		_, _ = r.sup.Start(ctx, nil, sel)
	case 1:
		_, _ = r.sup.Stop(ctx, sel, rapid.Bool().Draw(t, "kill"), "")
	case 2:
		_, _ = r.sup.Restart(ctx, nil, sel, "")
	case 3, 4, 5:
		units := anyDefinitions(t)
		c.mu.Lock()
		for _, u := range units {
			c.rolls[u.ID()] = c.rolls[u.ID()] || rolls(&u)
		}
		c.mu.Unlock()
		switch rapid.IntRange(0, 2).Draw(t, "how") {
		case 0:
			_, _ = r.sup.Start(ctx, source(units...), Selection{})
		case 1:
			_, _ = r.sup.Restart(ctx, source(units...), Selection{}, "")
		default:
			_, _ = r.sup.Apply(ctx, source(units...), "")
		}
	case 6:
		_, _ = r.sup.Rollback(ctx, sel)
	case 7:
		_, _ = r.sup.Trigger(ctx, "demo/"+name)
	case 8:
		checks.say(name, rapid.Bool().Draw(t, "sick"))
	case 9, 10:
		r.endSteps(rapid.IntRange(0, 3).Draw(t, "fails") != 0)
	case 11:
		// The state is that of the last moment: what a supervisor did in the
		// moment before it was killed is not what this test is about.
		synctest.Wait()
		r.end()
		c.forgetSteps()
		return r.crashed()
	case 12:
		c.mu.Lock()
		c.deaf["demo/"+name] = !c.deaf["demo/"+name]
		c.mu.Unlock()
	default:
		found := c.living("demo/" + name)
		if rapid.Bool().Draw(t, "newest first") {
			slices.Reverse(found)
		}
		for _, id := range found {
			if _, step := splitTree(id); step == unit.NoStep {
				c.end(id, exitStatus(rapid.IntRange(0, 1).Draw(t, "code")))
			}
		}
	}
	return r
}

// forgetSteps has the commands that are no main process go with the supervisor:
// the state does not tell the next one of them.
func (c *census) forgetSteps() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.live {
		if _, step := splitTree(id); step != unit.NoStep {
			delete(c.live, id)
		}
	}
}

// Every kind of unit, definitions that change under way, operators, crashes and
// supervisors that die, in any order: no run is started twice or beside another
// one outside a rollout, what lives is known, and in the end a stop ends.
func TestAnyMixtureOfEvents(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var thrown any
		synctest.Test(t, func(t *testing.T) {
			defer func() { thrown = recover() }()
			r, checks := newRoom(t), &fakeChecks{sick: map[string]bool{}}
			c := &census{fakeHost: r.host, t: rt, rolls: map[string]bool{}}
			r.sup.loop.o.Host, r.sup.loop.o.Checks = c, checks
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { defer close(done); r.sup.Run(ctx) }()
			r.end = func() { cancel(); <-done }
			defer func() { r.end() }()
			units := anyDefinitions(rt)
			for _, u := range units {
				c.rolls[u.ID()] = rolls(&u)
			}
			if _, err := r.sup.Start(ctx, source(units...), Selection{}); err != nil {
				rt.Error(err)
			}
			for range rapid.IntRange(1, 20).Draw(rt, "events") {
				r = c.mixed(rt, r, checks)
				r.pass(time.Duration(rapid.IntRange(0, 4000).Draw(rt, "ms")) * time.Millisecond)
				c.known(r)
			}
			b, err := r.sup.Close(context.Background(), false, "the end")
			if err != nil {
				rt.Error(err)
			}
			r.pass(time.Minute)
			r.endSteps(true)
			r.pass(time.Minute)
			if !allDone(b.Standings(r.sup.Snapshot(), StartPatience)) || len(r.host.live) != 0 {
				rt.Errorf("stopped, and yet %v live; %s", r.host.live, left(r.sup.Snapshot()))
			}
		})
		if thrown != nil {
			panic(thrown)
		}
	})
}

// known checks that every unit says so where something of it lives.
func (c *census) known(r *room) {
	for _, v := range r.sup.Snapshot().Units {
		switch v.Unit.State {
		case unit.Running, unit.Starting, unit.Stopping:
		default:
			if c.alive(v.ID) && !v.Rolling {
				c.t.Errorf("%s is %s and lives", v.ID, v.Unit.State)
			}
		}
		if (v.Unit.State == unit.Scheduled) && v.Def.Kind != config.CronJob && v.Unit.Desired == unit.Up && !v.Orphaned {
			c.t.Errorf("%s is no job, and scheduled", v.ID)
		}
	}
}
