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
	if rapid.IntRange(0, 2).Draw(t, "spawns") == 0 {
		spawns(2, 2, 3)(&u)
	}
	return u
}

// replicated is the unit, or some replicas of it.
func replicated(t *rapid.T, u config.Unit) []config.Unit {
	n := rapid.IntRange(0, 3).Draw(t, "replicas")
	if n == 0 || u.Kind == config.CronJob {
		return []config.Unit{u}
	}
	var list []config.Unit
	for i := range n {
		r := u
		r.Name, r.Replica, r.Replicas = fmt.Sprintf("%s.%d", u.Name, i+1), i+1, n
		list = append(list, r)
	}
	return list
}

func anyDefinitions(t *rapid.T) []config.Unit {
	var units []config.Unit
	var before []string
	for i := range 4 {
		if i > 0 && rapid.IntRange(0, 5).Draw(t, "absent") == 0 {
			continue
		}
		u := anyDefinition(t, fmt.Sprintf("u%d", i))
		if len(units) > 0 && rapid.IntRange(0, 2).Draw(t, "edge") == 0 {
			needs(before...)(&u)
		}
		before = nil
		for _, one := range replicated(t, u) {
			units, before = append(units, one), append(before, one.Name)
		}
	}
	return units
}

// anyName is the name of a unit there is, or what several replicas are called.
func (r *room) anyName(t *rapid.T) string {
	units := r.sup.Snapshot().Units
	v := units[rapid.IntRange(0, len(units)-1).Draw(t, "unit")]
	if v.Def.Replica > 0 && rapid.Bool().Draw(t, "all replicas") {
		return v.Def.Base
	}
	return v.Def.Name
}

// mixed does one thing; the room that comes back is a later supervisor's where
// the thing was the death of the present one.
func (c *census) mixed(t *rapid.T, r *room, checks *fakeChecks) *room {
	ctx := context.Background()
	name := r.anyName(t)
	sel := Selection{Units: []string{name}}
	// Not every unit can do everything: what is refused changes nothing.
	switch rapid.IntRange(0, 19).Draw(t, "what") {
	case 0:
		_, _ = r.sup.Start(ctx, nil, sel)
	case 1:
		_, _ = r.sup.Stop(ctx, sel, rapid.Bool().Draw(t, "kill"), "")
	case 2:
		_, _ = r.sup.Restart(ctx, nil, sel, "")
	case 3, 4, 5:
		c.define(t, r)
	case 6:
		_, _ = r.sup.Rollback(ctx, sel)
	case 7:
		_, _ = r.sup.Trigger(ctx, "demo/"+name)
	case 8:
		checks.say(name, rapid.Bool().Draw(t, "sick"))
	case 9, 10:
		r.endSteps(rapid.IntRange(0, 3).Draw(t, "fails") != 0)
	case 11:
		return c.die(r)
	case 12:
		c.mu.Lock()
		c.deaf["demo/"+name] = !c.deaf["demo/"+name]
		c.mu.Unlock()
	case 13, 14, 15:
		c.spawn(t, r, name)
	case 16:
		return c.close(t, r)
	default:
		c.crash(t, name)
	}
	return r
}

// define has a manifest read: to start, to restart or to apply it.
func (c *census) define(t *rapid.T, r *room) {
	units := anyDefinitions(t)
	c.mu.Lock()
	for _, u := range units {
		c.rolls[u.ID()] = c.rolls[u.ID()] || rolls(&u)
	}
	c.mu.Unlock()
	ctx := context.Background()
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		_, _ = r.sup.Start(ctx, source(units...), Selection{})
	case 1:
		_, _ = r.sup.Restart(ctx, source(units...), Selection{}, "")
	default:
		_, _ = r.sup.Apply(ctx, source(units...), "")
	}
}

// spawn has the unit's present run start a child.
func (c *census) spawn(t *rapid.T, r *room, name string) {
	v, ok := r.sup.Snapshot().Find("demo/" + name)
	if !ok {
		return
	}
	child := Child{
		Tree: TreeOf(v), Name: fmt.Sprintf("c%d", rapid.IntRange(0, 5).Draw(t, "child")), Exec: []string{"child"}, Dir: "/",
		TTL: time.Duration(rapid.IntRange(0, 3).Draw(t, "ttl")) * time.Second,
	}
	_, _ = r.sup.Spawn(context.Background(), child)
}

// crash ends what lives of a unit.
func (c *census) crash(t *rapid.T, name string) {
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

// die has the supervisor die. The state is that of the last moment: what a
// supervisor did in the moment before it was killed is not what this test is
// about.
func (c *census) die(r *room) *room {
	synctest.Wait()
	r.end()
	c.forgetSteps()
	return r.crashed()
}

// close stops the supervisor in good order, or has it die on its way.
func (c *census) close(t *rapid.T, r *room) *room {
	b, err := r.sup.Close(context.Background(), rapid.Bool().Draw(t, "kill"), "the supervisor was stopped")
	if err != nil {
		t.Error(err)
	}
	if rapid.Bool().Draw(t, "patient") {
		c.down(r, b)
	} else {
		r.pass(time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms")) * time.Millisecond)
	}
	return c.die(r)
}

// down waits until everything has ended.
func (c *census) down(r *room, b Baseline) {
	for range 2 {
		r.pass(time.Minute)
		r.endSteps(true)
	}
	r.pass(time.Minute)
	if !allDone(b.Standings(r.sup.Snapshot(), StartPatience)) || len(r.host.live) != 0 {
		c.t.Errorf("stopped, and yet %v live; %s", r.host.live, left(r.sup.Snapshot()))
	}
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

// Every kind of unit, replicas, children, definitions that change under way,
// operators, crashes and supervisors that die or are stopped, in any order: no run is started twice or beside another
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
			c.down(r, b)
		})
		if thrown != nil {
			panic(thrown)
		}
	})
}

// known checks that every unit says so where something of it lives, and that no
// child goes on when its parent's run does not.
func (c *census) known(r *room) {
	synctest.Wait()
	strays, err := ask(context.Background(), r.sup, func(l *loop) ([]string, error) {
		var list []string
		for id, e := range l.entries {
			if l.ofEndedRun(e) && !e.over() && e.wish != wishStop && e.u.State != unit.Stopping {
				list = append(list, id+" is "+string(e.u.State))
			}
		}
		return list, nil
	})
	if err != nil || len(strays) > 0 {
		c.t.Errorf("go on after their parent's run: %v, %v", strays, err)
	}
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
