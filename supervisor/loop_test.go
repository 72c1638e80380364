package supervisor

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"systemg/config"
	"systemg/supervisor/unit"
)

func TestDependentsStartAfterTheirDependenciesAreReady(t *testing.T) {
	inRoom(t, func(r *room) {
		_, err := r.sup.Start(context.Background(), source(service("web", needs("db")), service("db")), Selection{})
		if err != nil {
			t.Fatal(err)
		}
		r.pass(100 * time.Millisecond)
		r.expect("db", "starting", "web", "pending")
		if got := r.view("web").Unit.Reason; got != "waits for db: running" {
			t.Errorf("web says %q", got)
		}
		r.pass(time.Second)
		r.expect("db", "running", "web", "running")
		if got := r.started(); !slices.Equal(got, []string{"db", "web"}) {
			t.Errorf("started %v", got)
		}
	})
}

func TestOneshotLetsItsDependentsStartOnceItHasCompleted(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("migrate", oneshot), service("web", needs("migrate")))
		r.expect("migrate", "running", "web", "pending")
		r.exit("migrate", 0)
		r.pass(time.Second)
		r.expect("migrate", "completed", "web", "running")
	})
}

func TestFailedDependencyBlocksUntilItIsStartedAgain(t *testing.T) {
	inRoom(t, func(r *room) {
		b := r.up(service("migrate", oneshot), service("web", needs("migrate")), service("app", needs("web")))
		r.exit("migrate", 3)
		r.expect("migrate", "failed", "web", "blocked", "app", "blocked")
		if got := r.view("app").Unit.Reason; got != "web is blocked: migrate failed: exit 3" {
			t.Errorf("app says %q", got)
		}
		for _, s := range b.Standings(r.sup.Snapshot(), StartPatience) {
			if !s.Done || s.OK {
				t.Errorf("%s: done %v, ok %v", s.Mark.ID, s.Done, s.OK)
			}
		}
		if _, err := r.sup.Start(context.Background(), nil, Selection{Units: []string{"migrate"}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r.exit("migrate", 0)
		r.pass(time.Second)
		r.expect("migrate", "completed", "web", "running", "app", "running")
	})
}

func TestCrashCascadesAndRecoveryBringsDependentsBackInOrder(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("db"), service("api", needs("db")), service("web", needs("api")), service("other"))
		other := r.view("other").Process.PID
		r.exit("db", 1)
		r.expect("db", "backoff", "api", "pending", "web", "pending", "other", "running")
		r.pass(3 * time.Second)
		r.expect("db", "running", "api", "running", "web", "running")
		// "other" needs nobody, so its place among the starts is anybody's.
		chain := slices.DeleteFunc(r.started(), func(name string) bool { return name == "other" })
		if want := []string{"db", "api", "web", "db", "api", "web"}; !slices.Equal(chain, want) {
			t.Errorf("started %v, want %v", chain, want)
		}
		if r.view("other").Process.PID != other {
			t.Error("a unit that depends on nothing was touched")
		}
	})
}

func TestCascadeCanBeTurnedOff(t *testing.T) {
	inRoom(t, func(r *room) {
		loose := service("api", needs("db"))
		loose.Depends[0].Cascade = false
		r.up(service("db"), loose)
		r.exit("db", 1)
		r.expect("db", "backoff", "api", "running")
	})
}

func TestCleanExitAndManualStopDoNotCascade(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("db"), service("queue"), service("api", needs("db", "queue")))
		r.exit("db", 0)
		r.stop("queue")
		r.pass(time.Second)
		r.expect("db", "completed", "queue", "stopped", "api", "running")
	})
}

func TestStopGoesFromDependentsToDependencies(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("db"), service("api", needs("db")))
		r.host.deaf["demo/api"] = true
		r.stop()
		r.expect("db", "running", "api", "stopping")
		r.pass(10 * time.Second)
		r.expect("db", "stopped", "api", "stopped")
		if got := r.view("api").Unit.Reason; got != "stopped by an operator, killed" {
			t.Errorf("api says %q", got)
		}
	})
}

func TestRestartOfEverythingStopsInReverseAndStartsInOrder(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("db"), service("api", needs("db")))
		b, err := r.sup.Restart(context.Background(), nil, Selection{}, "")
		if err != nil {
			t.Fatal(err)
		}
		r.pass(2 * time.Second)
		r.expect("db", "running", "api", "running")
		if got := r.started(); !slices.Equal(got, []string{"db", "api", "db", "api"}) {
			t.Errorf("started %v", got)
		}
		for _, s := range b.Standings(r.sup.Snapshot(), RestartPatience) {
			if !s.Done || !s.OK || s.View.Unit.Run != 2 {
				t.Errorf("%s: done %v, ok %v, run %d", s.Mark.ID, s.Done, s.OK, s.View.Unit.Run)
			}
		}
	})
}

func TestUnitThatDiesRightAfterARestartMakesItFail(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", policyOf(config.RestartAlways)))
		b, err := r.sup.Restart(context.Background(), nil, Selection{Units: []string{"api"}}, "")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r.exit("api", 1)
		s := b.Standings(r.sup.Snapshot(), RestartPatience)[0]
		if !s.Done || s.OK {
			t.Errorf("done %v, ok %v after exit 1", s.Done, s.OK)
		}
	})
}

func TestFailuresInARowEndInFailed(t *testing.T) {
	inRoom(t, func(r *room) {
		limit := 2
		r.up(service("api", func(u *config.Unit) { u.MaxRestarts = &limit }))
		for range limit + 1 {
			r.exit("api", 7)
			r.pass(5 * time.Second)
		}
		r.expect("api", "failed")
		if got := r.view("api").Unit.Reason; got != "exit 7, gave up after 2 restarts" {
			t.Errorf("api says %q", got)
		}
		if n := len(r.started()); n != limit+1 {
			t.Errorf("started %d times, want %d", n, limit+1)
		}
	})
}

func TestFailuresAreForgottenAfterReset(t *testing.T) {
	inRoom(t, func(r *room) {
		limit := 1
		r.up(service("api", func(u *config.Unit) { u.MaxRestarts = &limit }))
		for range 4 {
			r.exit("api", 7)
			r.pass(30 * time.Second)
			r.expect("api", "running")
		}
		if f := r.view("api").Unit.Failures; f != 0 {
			t.Errorf("%d failures are remembered", f)
		}
	})
}

func TestCommandThatDoesNotExistIsJudgedLikeAnExit(t *testing.T) {
	inRoom(t, func(r *room) {
		r.host.missing["demo/api"] = true
		r.up(service("api", policyOf(config.RestartNever)))
		r.expect("api", "failed")
		if got := r.view("api").Unit.LastExit; got == nil || got.Code != 127 {
			t.Errorf("last exit %+v", got)
		}
	})
}

func TestStepsRunBeforeTheUnit(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", func(u *config.Unit) {
			u.Skip.Command, u.Deployment.PreStart = "false", "make"
		}))
		r.expect("api", "starting")
		r.host.end(treeID(r.view("api").Def, unit.SkipCheck, 1), exitStatus(1))
		synctest.Wait()
		r.host.end(treeID(r.view("api").Def, unit.PreStart, 1), exitStatus(0))
		r.pass(time.Second)
		r.expect("api", "running")
	})
}

func TestSkippedUnitSatisfiesItsDependents(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("opt", func(u *config.Unit) { u.Skip.Always = true }), service("api", needs("opt")))
		r.expect("opt", "skipped", "api", "running")
	})
}

func TestStopReachesAHungPreStart(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", func(u *config.Unit) { u.Deployment.PreStart = "sleep inf" }))
		r.stop("api")
		r.pass(time.Second)
		r.expect("api", "stopped")
		if r.host.alive("demo/api:pre_start") {
			t.Error("pre_start lives on")
		}
	})
}

func TestApplyTouchesOnlyWhatChanged(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("keep"), service("change"), service("gone"), service("soft"))
		pid := func(n string) int { return r.view(n).Process.PID }
		keep, change, soft := pid("keep"), pid("change"), pid("soft")
		changed := service("change")
		changed.Exec = []string{"change", "-v"}
		slow := service("soft")
		slow.Stop.Timeout = time.Minute
		b, err := r.sup.Apply(context.Background(), source(service("keep"), changed, slow, service("new")), "")
		if err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		r.expect("keep", "running", "change", "running", "new", "running", "gone", "stopped", "soft", "running")
		if pid("keep") != keep || pid("soft") != soft || pid("change") == change {
			t.Error("the wrong units have new processes")
		}
		if !r.view("gone").Orphaned {
			t.Error("what no manifest names is not an orphan")
		}
		if !allDone(b.Standings(r.sup.Snapshot(), RestartPatience)) {
			t.Error("apply is not done")
		}
	})
}

func TestStartingWhatRunsChangesNothing(t *testing.T) {
	inRoom(t, func(r *room) {
		units := []config.Unit{service("db"), service("migrate", oneshot, needs("db")), service("api", needs("migrate"))}
		r.up(units...)
		r.exit("migrate", 0)
		r.pass(time.Second)
		before := r.started()
		r.up(units...)
		if after := r.started(); len(after) != len(before) {
			t.Errorf("started %v again", after[len(before):])
		}
	})
}

func TestStartBringsDependenciesUpToo(t *testing.T) {
	inRoom(t, func(r *room) {
		units := source(service("db"), service("api", needs("db")), service("other"))
		if _, err := r.sup.Start(context.Background(), units, Selection{Units: []string{"api"}}); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		r.expect("db", "running", "api", "running", "other", "stopped")
	})
}

func TestUnknownNamesTouchNothing(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api"))
		_, err := r.sup.Stop(context.Background(), Selection{Units: []string{"api", "nosuch"}}, false, "")
		var unknown *UnknownUnitError
		if !errors.As(err, &unknown) || unknown.Name != "nosuch" {
			t.Errorf("error %v", err)
		}
		synctest.Wait()
		r.expect("api", "running")
	})
}

func TestClosingStartsNothingMore(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", policyOf(config.RestartAlways)))
		if _, err := r.sup.Close(context.Background(), false, "bye"); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Minute)
		r.expect("api", "stopped")
		if _, err := r.sup.Start(context.Background(), nil, Selection{}); !errors.Is(err, ErrClosing) {
			t.Errorf("start while closing: %v", err)
		}
	})
}

func TestRefusedKeysKeepAUnitFromStarting(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", func(u *config.Unit) { u.Privileges.Isolation = map[string]string{"apparmor_profile": "x"} }))
		r.expect("api", "failed")
		if got := r.view("api").Unit.Reason; got != "refused: isolation.apparmor_profile: this kernel does not have AppArmor in force" {
			t.Errorf("api says %q", got)
		}
		if len(r.started()) != 0 {
			t.Error("it was started all the same")
		}
	})
}

// A restart with a manifest is about the manifest's projects.
func TestRestartWithAManifestLeavesOtherProjectsAlone(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api"))
		other := service("web")
		other.Project = "other"
		two := &Source{Plan: &config.Plan{File: "/o/systemg.yaml", Projects: []config.Project{{ID: "other", Units: []config.Unit{other}}, {ID: "third"}}}}
		if _, err := r.sup.Start(context.Background(), two, Selection{}); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		if _, err := r.sup.Restart(context.Background(), two, Selection{}, ""); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		web, _ := r.sup.Snapshot().Find("other/web")
		if r.view("api").Unit.Run != 1 || web.Unit.Run != 2 {
			t.Errorf("api is in run %d, web in run %d", r.view("api").Unit.Run, web.Unit.Run)
		}
	})
}
