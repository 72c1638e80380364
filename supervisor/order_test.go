package supervisor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"systemg/config"
	"systemg/supervisor/proc"
	"systemg/supervisor/unit"
)

// guard watches every start for what must never happen, whatever the order
// of events.
type guard struct {
	*fakeHost
	r    *room
	t    *rapid.T
	defs map[string]config.Unit
}

func (g *guard) Start(s proc.Spec) (proc.Process, error) {
	name, step := splitTree(s.Tree)
	g.mu.Lock()
	runs := map[uint64]bool{s.Tree.Run: true}
	for id := range g.live {
		if other, _ := splitTree(id); other == name && id.Run != s.Tree.Run {
			runs[id.Run] = true
		}
	}
	// A rollout has two, anything else one.
	most := 1
	if def := g.defs[name]; rolls(&def) {
		most = 2
	}
	if len(runs) > most {
		g.t.Errorf("run %d of %s starts while %v live", s.Tree.Run, name, runs)
	}
	g.mu.Unlock()
	// A run begins with its pre_start; while that works a dependency may be
	// stopped by an operator, which does not cascade.
	first := unit.NoStep
	if g.defs[name].Deployment.PreStart != "" {
		first = unit.PreStart
	}
	if step == first {
		g.dependenciesReady(name)
	}
	return g.fakeHost.Start(s)
}

// dependenciesReady checks on the machines themselves, not on what the loop
// believes: a service lives for the stability window or has ended well, a
// one-shot has ended well.
func (g *guard) dependenciesReady(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range g.defs[name].Depends {
		id := "demo/" + d.Unit
		since, lives := time.Time{}, false
		for tree := range g.live {
			if tree.Unit == id && (!lives || g.since[tree].Before(since)) {
				since, lives = g.since[tree], true
			}
		}
		if !lives && time.Now().Equal(g.ended[id]) {
			// The news of its end is on its way.
			continue
		}
		end, ended := g.last[id]
		well := !lives && ended && clean(end)
		if def := g.defs[id]; rolls(&def) {
			// The end that counts, its own instance's, may have been followed
			// by those of candidates, or one may still live.
			v, _ := g.r.sup.Snapshot().Find(id)
			end, ended = g.ends[TreeOf(v)]
			well = ended && clean(end)
		}
		service := g.defs[id].Kind == config.Service
		if !well && (!service || !lives || time.Since(since) < 250*time.Millisecond) {
			g.t.Errorf("%s starts while %s is not ready (lives %v since %v, last end %v)", name, id, lives, since, end)
		}
	}
}

// clean is whether a tree ended well.
func clean(s proc.Status) bool { return s.Known && s.Code == 0 && s.Signal == 0 }

func anyUnits(t *rapid.T) []config.Unit {
	units := make([]config.Unit, rapid.IntRange(1, 6).Draw(t, "units"))
	for i := range units {
		u := service(fmt.Sprintf("u%d", i))
		u.Restart = rapid.SampledFrom([]config.RestartPolicy{"always", "on-failure", "never"}).Draw(t, "restart")
		u.Backoff.Initial = time.Duration(rapid.IntRange(0, 2).Draw(t, "backoff")) * time.Second
		if rapid.IntRange(0, 3).Draw(t, "oneshot") == 0 {
			oneshot(&u)
		}
		if rapid.IntRange(0, 3).Draw(t, "pre") == 0 {
			u.Deployment.PreStart = "make"
		}
		if u.Kind == config.Service && rapid.IntRange(0, 2).Draw(t, "rolling") == 0 {
			u.Deployment.Strategy = "rolling"
			u.Deployment.GracePeriod = time.Duration(rapid.IntRange(0, 2).Draw(t, "grace")) * time.Second
		}
		for j := range i {
			if rapid.IntRange(0, 2).Draw(t, "edge") == 0 {
				needs(units[j].Name)(&u)
			}
		}
		units[i] = u
	}
	return units
}

// act does one thing an operator or a process may do.
func (g *guard) act(t *rapid.T, units []config.Unit) {
	name := rapid.SampledFrom(units).Draw(t, "unit").Name
	sel := Selection{Units: []string{name}}
	ctx := context.Background()
	var err error
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		_, err = g.r.sup.Start(ctx, nil, sel)
	case 1:
		_, err = g.r.sup.Stop(ctx, sel, rapid.Bool().Draw(t, "kill"), "")
	case 2:
		_, err = g.r.sup.Restart(ctx, nil, sel, "")
	case 3:
		_, err = g.r.sup.Restart(ctx, nil, Selection{}, "")
	case 4:
		_, err = g.r.sup.Apply(ctx, source(units...), "")
	case 5:
		g.mu.Lock()
		g.deaf["demo/"+name] = !g.deaf["demo/"+name]
		g.mu.Unlock()
	default:
		g.crash(t, "demo/"+name)
	}
	if err != nil {
		t.Error(err)
	}
}

// crash ends something of the unit that lives.
func (g *guard) crash(t *rapid.T, unitID string) {
	found := g.living(unitID)
	if rapid.Bool().Draw(t, "newest first") {
		slices.Reverse(found)
	}
	for _, id := range found {
		g.end(id, exitStatus(rapid.IntRange(0, 1).Draw(t, "code")))
	}
}

// watch checks what must hold whenever everybody waits: a unit that has just
// been started has its dependencies ready, and what is at rest has no process.
func (g *guard) watch(t *rapid.T) {
	snap := g.r.sup.Snapshot()
	for _, v := range snap.Units {
		switch v.Unit.State {
		case unit.Running, unit.Starting, unit.Stopping:
		default:
			if g.alive(v.ID) && !v.Rolling {
				t.Errorf("%s is %s and lives", v.ID, v.Unit.State)
			}
		}
		if v.Unit.State == unit.Pending && v.Unit.Reason == "" {
			t.Errorf("%s is pending and does not say why", v.ID)
		}
	}
}

// Operators and crashes in any order: never two live runs of a unit, and
// when everything is stopped in the end, nothing lives.
func TestAnyOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		units := anyUnits(rt)
		var thrown any
		synctest.Test(t, func(t *testing.T) {
			// A draw that gives up panics, which must not leave the
			// bubble on its own.
			defer func() { thrown = recover() }()
			r := newRoom(t)
			g := &guard{fakeHost: r.host, r: r, t: rt, defs: map[string]config.Unit{}}
			for _, u := range units {
				g.defs[u.ID()] = u
			}
			r.sup.loop.o.Host = g
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); r.sup.Run(ctx) }()
			defer func() { cancel(); <-done }()
			if _, err := r.sup.Start(ctx, source(units...), Selection{}); err != nil {
				rt.Error(err)
			}
			for range rapid.IntRange(1, 30).Draw(rt, "events") {
				g.act(rt, units)
				r.pass(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "ms")) * time.Millisecond)
				g.watch(rt)
			}
			b, err := r.sup.Close(ctx, false, "the end")
			if err != nil {
				rt.Error(err)
			}
			r.pass(2 * time.Minute)
			if !allDone(b.Standings(r.sup.Snapshot(), StartPatience)) || len(r.host.live) != 0 {
				rt.Errorf("stopped, and yet %v live; %s", r.host.live, left(r.sup.Snapshot()))
			}
		})
		if thrown != nil {
			panic(thrown)
		}
	})
}

// Whatever the candidates of a rolling unit do: one instance is ready at every
// moment, and as long as none took its place it is the same process.
func TestARollingUnitIsReadyThroughAnyRollouts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var thrown any
		synctest.Test(t, func(t *testing.T) {
			defer func() { thrown = recover() }()
			r := newRoom(t)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); r.sup.Run(ctx) }()
			defer func() { cancel(); <-done }()
			u := service("api", rolling)
			if rapid.Bool().Draw(rt, "pre_start") {
				u.Deployment.PreStart = "make"
			}
			if rapid.Bool().Draw(rt, "blue-green") {
				blueGreen(&u)
			}
			r.up(u)
			r.endSteps(true)
			r.pass(time.Second)
			for range rapid.IntRange(1, 30).Draw(rt, "events") {
				before := r.view("api")
				r.disturb(rt, u)
				r.pass(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "ms")) * time.Millisecond)
				after := r.view("api")
				if after.Unit.State != unit.Running || !after.Unit.Ready {
					rt.Fatalf("it is %s, ready %v", after.Unit.State, after.Unit.Ready)
				}
				if after.Unit.Run == before.Unit.Run && after.Process.PID != before.Process.PID {
					rt.Fatal("the same run is another process")
				}
			}
		})
		if thrown != nil {
			panic(thrown)
		}
	})
}

// Of replicas none is missing at any moment, whatever becomes of candidates,
// deploys that follow each other and rollbacks in the middle of them.
func TestReplicasAreAllReadyThroughAnyRollouts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var thrown any
		synctest.Test(t, func(t *testing.T) {
			defer func() { thrown = recover() }()
			r := newRoom(t)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); r.sup.Run(ctx) }()
			defer func() { cancel(); <-done }()
			r.up(replicas("web", 3, rolling)...)
			for range rapid.IntRange(1, 30).Draw(rt, "events") {
				r.disturbReplicas(rt)
				r.pass(time.Duration(rapid.IntRange(0, 4000).Draw(rt, "ms")) * time.Millisecond)
				for _, v := range r.sup.Snapshot().Units {
					if !v.Orphaned && (v.Unit.State != unit.Running || !v.Unit.Ready) {
						rt.Fatalf("%s is %s (%s), ready %v", v.ID, v.Unit.State, v.Unit.Reason, v.Unit.Ready)
					}
				}
			}
			r.pass(time.Minute)
			for _, v := range r.sup.Snapshot().Units {
				if v.Rolling || v.Leaving || len(v.Beside) > 0 {
					rt.Errorf("%s is not done after a minute: %+v", v.ID, v.Rollout)
				}
			}
		})
		if thrown != nil {
			panic(thrown)
		}
	})
}

// disturbReplicas does one thing to three rolling replicas that must not take
// any of them down. What is refused changes nothing.
func (r *room) disturbReplicas(t *rapid.T) {
	ctx, sel := context.Background(), Selection{Units: []string{"web"}}
	one := fmt.Sprintf("web.%d", rapid.IntRange(1, 3).Draw(t, "replica"))
	if rapid.Bool().Draw(t, "one") {
		sel.Units[0] = one
	}
	units := replicas("web", 3, rolling, version(fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "version"))))
	switch rapid.IntRange(0, 6).Draw(t, "what") {
	case 0:
		_, _ = r.sup.Restart(ctx, nil, sel, "")
	case 1:
		_, _ = r.sup.Apply(ctx, source(units...), "")
	case 2:
		_, _ = r.sup.Deploy(ctx, source(units...), sel)
	case 3:
		_, _ = r.sup.Rollback(ctx, sel)
	default:
		if v := r.view(one); v.Rolling && v.Rollout.Run != v.Unit.Run {
			r.exitCandidate(one, rapid.IntRange(0, 1).Draw(t, "code"))
		}
	}
}

// disturb does one thing to a rolling unit that must not take it down.
func (r *room) disturb(t *rapid.T, u config.Unit) {
	var err error
	switch rapid.IntRange(0, 4).Draw(t, "what") {
	case 0:
		_, err = r.sup.Restart(context.Background(), nil, Selection{Units: []string{"api"}}, "")
	case 1:
		changed := u
		changed.Exec = []string{"api", fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "version"))}
		_, err = r.sup.Apply(context.Background(), source(changed), "")
	case 2:
		if v := r.view("api"); v.Rolling && v.Rollout.Run != v.Unit.Run {
			r.exitCandidate("api", rapid.IntRange(0, 1).Draw(t, "code"))
		}
	default:
		r.endSteps(rapid.IntRange(0, 3).Draw(t, "fails") != 0)
	}
	if err != nil {
		t.Error(err)
	}
}

// endSteps ends every command that is not a main process.
func (r *room) endSteps(ok bool) {
	synctest.Wait()
	for _, id := range r.host.living("") {
		_, step := splitTree(id)
		if step == unit.NoStep {
			continue
		}
		code := 1
		if ok || step == stepBack {
			code = 0
		}
		r.host.end(id, exitStatus(code))
	}
	synctest.Wait()
}

// left says which units are not down.
func left(s *Snapshot) string {
	var b strings.Builder
	for _, v := range s.Units {
		if v.Alive() || v.Leaving || v.Rolling {
			fmt.Fprintf(&b, "%s: %+v, leaving %v, rollout %+v; ", v.ID, v.Unit, v.Leaving, v.Rollout)
		}
	}
	return b.String()
}
