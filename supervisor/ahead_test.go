package supervisor

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"systemg/supervisor/deploy"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
)

// A rollout that was interrupted is undone, and begun again: whoever asked for
// it gets it.
func TestARolloutThatWasInterruptedIsBegunAgain(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", rolling, version("1")))
		b := r.restart(source(service("api", rolling, version("2"))), "api")
		r.pass(2 * time.Second)
		candidate := proc.TreeID{Unit: "demo/api", Run: 2}
		if beside := r.saver.last.Units[0].Beside; !r.lives(candidate) || len(beside) != 1 {
			t.Fatalf("the candidate is not in the state: %+v", beside)
		}
		next := r.crashed()
		next.pass(time.Second)
		if v := next.view("api"); v.Unit.Run != 1 || next.lives(candidate) || v.Rollout.Run != 3 {
			t.Errorf("run %d, candidate %d; the interrupted one lives %v", v.Unit.Run, v.Rollout.Run, next.lives(candidate))
		}
		if list := b.Standings(next.sup.Snapshot(), RestartPatience); list[0].Done {
			t.Errorf("it is taken for done: %+v", list[0])
		}
		next.pass(time.Minute)
		list := b.Standings(next.sup.Snapshot(), RestartPatience)
		if v := list[0].View; !list[0].OK || v.Unit.Run != 3 || v.Def.Exec[1] != "2" || v.Rollouts != 1 || !v.Last.OK {
			t.Errorf("it ends as run %d of version %s: %+v", v.Unit.Run, v.Def.Exec[1], v.Last)
		}
		var told []string
		for _, x := range r.journal.events {
			if x.Type == "deploy" && (x.To == "done" || x.To == "failed") {
				told = append(told, x.To+": "+x.Reason)
			}
		}
		if want := []string{"failed: " + interrupted, "done: "}; !slices.Equal(told, want) {
			t.Errorf("the journal has %q, want %q", told, want)
		}
	})
}

// Not for ever, for it may be what the supervisor dies of; that it failed then is
// known to whoever asked for it, however many supervisors ago.
func TestARolloutIsNotBegunAgainForEver(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", rolling))
		b := r.restart(nil, "api")
		for range triesMost + 1 {
			r.saved()
			if !r.view("api").Rolling {
				t.Fatal("no rollout is under way")
			}
			r = r.crashed()
		}
		r.pass(time.Minute)
		list := b.Standings(r.sup.Snapshot(), RestartPatience)
		v := list[0].View
		if !list[0].Done || list[0].OK || v.Unit.Run != 1 || v.Last.OK || v.Last.Reason != interrupted {
			t.Errorf("run %d, rolling %v: %+v", v.Unit.Run, v.Rolling, v.Last)
		}
		// The next one has its tries again.
		r.restart(nil, "api")
		r.saved()
		r = r.crashed()
		r.pass(time.Minute)
		if v := r.view("api"); !v.Last.OK {
			t.Errorf("run %d: %+v", v.Unit.Run, v.Last)
		}
	})
}

// What a rollout comes to is known to whoever asked for it, also where it was
// decided when the supervisor died.
func TestARolloutThatWasDecidedIsNotBegunAgain(t *testing.T) {
	for _, phase := range []deploy.Phase{deploy.Draining, deploy.Aborting} {
		t.Run(string(phase), func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.up(service("api", rolling, version("1")))
				r.host.deaf["demo/api"] = true
				b := r.restart(source(service("api", rolling, version("2"))), "api")
				if phase == deploy.Aborting {
					r.pass(time.Second)
					r.rollback("api")
				} else {
					r.pass(5500 * time.Millisecond)
				}
				r.saved()
				if now := r.view("api").Rollout.Phase; now != phase {
					t.Fatalf("the phase is %s", now)
				}
				next := r.crashed()
				next.pass(time.Minute)
				st := b.Standings(next.sup.Snapshot(), RestartPatience)[0]
				if v := st.View; !st.Done || st.OK != (phase == deploy.Draining) || v.Rolling || v.Rollouts != 1 || v.Last.OK != st.OK {
					t.Errorf("run %d, %d rollouts, the last %+v; done %v, well %v", v.Unit.Run, v.Rollouts, v.Last, st.Done, st.OK)
				}
				if n := len(next.started()); n != 2 {
					t.Errorf("%d instances were started", n)
				}
			})
		})
	}
}

// A stop and a restart of everything go on where they were, in their order.
func TestWhatWaitsForOthersOutlivesTheSupervisor(t *testing.T) {
	inRoom(t, func(r *room) {
		units := []string{"db", "web"}
		r.up(service("db", version("1")), service("web", needs("db")))
		r.host.deaf["demo/web"] = true
		b := r.restart(source(service("db", version("2")), service("web", needs("db"))))
		r.saved()
		r.expect("db", "running", "web", "stopping")
		next := r.crashed()
		if v := next.view("db"); !v.Leaving || v.Unit.Run != 1 {
			t.Errorf("db is to be restarted no more: run %d", v.Unit.Run)
		}
		next.pass(time.Minute)
		for _, st := range b.Standings(next.sup.Snapshot(), RestartPatience) {
			if !st.OK || st.View.Unit.Run != 2 {
				t.Errorf("%s: run %d, done %v, well %v", st.Mark.ID, st.View.Unit.Run, st.Done, st.OK)
			}
		}
		if now := next.view("db").Def.Exec[1]; now != "2" {
			t.Errorf("db is version %s", now)
		}
		next.stop(units...)
		next.saved()
		next.expect("db", "running", "web", "stopping")
		next = next.crashed()
		next.pass(time.Minute)
		next.expect("db", "stopped", "web", "stopped")
	})
}

// Replicas are replaced one at a time under the next supervisor too, each once.
func TestReplicasGoOnToBeReplaced(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(replicas("web", 3, rolling)...)
		b := r.restart(nil)
		r.pass(8 * time.Second)
		r.saved()
		if one, two := r.view("web.1").Unit.Run, r.view("web.2").Rolling; one != 2 || !two {
			t.Fatalf("web.1 is in run %d, web.2 rolls %v", one, two)
		}
		next := r.crashed()
		next.pass(time.Minute)
		for _, st := range b.Standings(next.sup.Snapshot(), RestartPatience) {
			if !st.OK || st.View.Rollouts != 1 {
				t.Errorf("%s: run %d after %d rollouts", st.Mark.ID, st.View.Unit.Run, st.View.Rollouts)
			}
		}
		if run := next.view("web.1").Unit.Run; run != 2 {
			t.Errorf("web.1 was replaced again: run %d", run)
		}
	})
}

// An earlier definition that was on its way is a way back under the next
// supervisor too.
func TestARollbackGoesOn(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", rolling, version("1")))
		for _, v := range []string{"2", "3"} {
			r.restart(source(service("api", rolling, version(v))), "api")
			r.pass(time.Minute)
		}
		r.rollback("api")
		r.saved()
		next := r.crashed()
		next.pass(time.Minute)
		if v := next.view("api"); v.Def.Exec[1] != "2" || len(v.Good) != 1 || v.Good[0].Exec[1] != "1" {
			t.Errorf("version %s, %d good ones", v.Def.Exec[1], len(v.Good))
		}
	})
}

// An operation that has a name is begun once, and known to every supervisor that
// comes.
func TestAnOperationIsBegunOnce(t *testing.T) {
	inRoom(t, func(r *room) {
		dir := r.keeping()
		r.up(service("web"), service("db"))
		named := As(context.Background(), "a")
		first, err := r.sup.Restart(named, nil, Selection{Units: []string{"web"}}, "")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		next := r.killed(dir)
		next.pass(time.Second)
		for range 2 {
			again, err := next.sup.Restart(named, nil, Selection{Units: []string{"web"}}, "")
			if err != nil || fmt.Sprint(again) != fmt.Sprint(first) {
				t.Errorf("%+v, at first %+v: %v", again, first, err)
			}
			next.pass(time.Second)
		}
		b, ok, err := next.sup.Begun(named, "a")
		if err != nil || !ok || !b.Standings(next.sup.Snapshot(), RestartPatience)[0].OK {
			t.Errorf("known %v: %+v, %v", ok, b, err)
		}
		if run := next.view("web").Unit.Run; run != 2 {
			t.Errorf("web is in run %d", run)
		}
		if _, ok, _ := next.sup.Begun(named, "b"); ok {
			t.Error("an operation that nobody has begun is known")
		}
		// In the state as well, until nobody asks any more.
		if n := len(next.saved().Operations); n != 1 {
			t.Errorf("%d operations are kept", n)
		}
		next.sup.Answered("a")
		next.pass(2 * operationKept)
		next.stop("web")
		if n := len(next.saved().Operations); n != 0 {
			t.Errorf("%d operations are kept for nobody", n)
		}
	})
}

// A stop of everything does not end with the supervisor that began it, and tells
// what it did as a whole.
func TestAStopOfEverythingIsGoneOnWith(t *testing.T) {
	inRoom(t, func(r *room) {
		dir := r.keeping()
		r.up(service("db"), service("web", needs("db")))
		named := As(context.Background(), "end")
		if _, err := r.sup.Close(named, false, ""); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		next := r.killed(dir)
		next.pass(time.Second)
		b, err := next.sup.Close(named, false, "")
		if err != nil || !next.sup.Snapshot().Closing {
			t.Errorf("the next supervisor goes on: %v", err)
		}
		for _, st := range b.Standings(next.sup.Snapshot(), StartPatience) {
			if !st.OK || !st.Mark.Changed {
				t.Errorf("%s: %+v", st.Mark.ID, st.Mark)
			}
		}
		if len(b.Units) != 2 {
			t.Errorf("it is about %d units", len(b.Units))
		}
	})
}

// What is kept for those who ask later is bounded: by the units that it is about.
func TestOperationsThatWereAnsweredAreBounded(t *testing.T) {
	inRoom(t, func(r *room) {
		r.tell(func(l *loop) {
			units := make([]store.Mark, marksKept/10)
			for i := range 30 {
				name := fmt.Sprint(i)
				l.begun(store.Operation{Name: name, Units: units})
				l.operations[name].forget = time.Now().Add(operationKept)
			}
			l.begun(store.Operation{Name: "waited for", Units: make([]store.Mark, 2*marksKept)})
			if n := len(l.operationList()); n > 10 || l.operations["waited for"] == nil {
				t.Errorf("%d operations are kept", n)
			}
		})
	})
}

func (r *room) rollback(names ...string) {
	r.Helper()
	if _, err := r.sup.Rollback(context.Background(), Selection{Units: names}); err != nil {
		r.Fatal(err)
	}
	synctest.Wait()
}
