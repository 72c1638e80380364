package supervisor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/unit"
)

// rolling is a deployment side by side with a grace period of five seconds.
func rolling(u *config.Unit) {
	u.Deployment.Strategy, u.Deployment.GracePeriod = "rolling", 5*time.Second
}

func blueGreen(u *config.Unit) {
	u.Deployment.BlueGreen = &config.BlueGreen{
		EnvVar: "SLOT", Slots: [2]string{"blue", "green"},
		SwitchCommand: "to {candidate_slot} from {slot}", SwitchVerify: "check {candidate_slot}",
	}
}

func version(v string) func(*config.Unit) {
	return func(u *config.Unit) { u.Exec = []string{u.Name, v} }
}

func (r *room) restart(src *Source, names ...string) Baseline {
	r.Helper()
	b, err := r.sup.Restart(context.Background(), src, Selection{Units: names}, "")
	if err != nil {
		r.Fatal(err)
	}
	synctest.Wait()
	return b
}

// candidate ends the main process of the rollout's new instance.
func (r *room) exitCandidate(name string, code int) {
	v := r.view(name)
	r.host.end(treeID(v.Def, unit.NoStep, v.Rollout.Run), exitStatus(code))
	synctest.Wait()
}

// finish ends a command of the rollout.
func (r *room) finish(name string, step unit.StepKind, code int) {
	r.Helper()
	v := r.view(name)
	id := treeID(v.Def, step, v.Rollout.Run)
	if !r.host.live[id] {
		r.Fatalf("%v does not run; the rollout is %s", id, v.Rollout.Phase)
	}
	r.host.end(id, exitStatus(code))
	synctest.Wait()
}

func (r *room) phase(name string, want deploy.Phase) {
	r.Helper()
	if got := r.view(name).Rollout; got.Phase != want {
		r.Errorf("the rollout of %s is %s (%s), want %s", name, got.Phase, got.Reason, want)
	}
}

// ended checks how the newest rollout ended, and what the command says.
func (r *room) outcome(b Baseline, ok bool, reason string) {
	r.Helper()
	for _, s := range b.Standings(r.sup.Snapshot(), RestartPatience) {
		if !s.Done || s.OK != ok {
			r.Errorf("%s: done %v, ok %v, want ok %v (%+v)", s.Mark.ID, s.Done, s.OK, ok, s.View.Last)
		}
		if last := s.View.Last; !ok && (last == nil || !strings.Contains(last.Reason, reason)) {
			r.Errorf("%s says %+v, want %q", s.Mark.ID, last, reason)
		}
	}
}

func TestARolloutReplacesTheInstanceWithoutAGap(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", rolling))
		old := r.view("api")
		b := r.restart(nil, "api")
		r.expect("api", "running")
		r.phase("api", deploy.Starting)
		r.pass(time.Second)
		r.phase("api", deploy.Grace)
		if v := r.view("api"); v.Process.PID != old.Process.PID || len(v.Beside) != 1 {
			t.Errorf("in the grace period: pid %d, beside %v", v.Process.PID, v.Beside)
		}
		r.pass(6 * time.Second)
		v := r.view("api")
		if v.Process.PID == old.Process.PID || v.Unit.Run != 2 || !v.Unit.Ready || v.Rolling || len(v.Beside) != 0 {
			t.Errorf("after: %+v", v)
		}
		r.outcome(b, true, "")
	})
}

// Whatever the new instance does wrong, the old one is as it was.
func TestACandidateThatFailsLeavesTheOldInstance(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*config.Unit)
		story  func(*room)
		reason string
	}{
		{"pre_start fails", func(u *config.Unit) { u.Deployment.PreStart = "make" }, func(r *room) { r.finish("api", unit.PreStart, 2) }, "pre_start: exit 2"},
		{"it dies at once", rolling, func(r *room) { r.exitCandidate("api", 3) }, "exit 3"},
		{"it ends well at once", rolling, func(r *room) { r.exitCandidate("api", 0) }, "ended by itself"},
		{"it is never healthy", func(u *config.Unit) { u.Health = &config.HealthCheck{TCP: "x:1", Timeout: 30 * time.Second} }, func(r *room) { r.pass(31 * time.Second) }, "not healthy after 30s"},
		{"it dies in the grace period", rolling, func(r *room) { r.pass(2 * time.Second); r.phase("api", deploy.Grace); r.exitCandidate("api", 4) }, "exit 4"},
		{"the switch fails", blueGreen, func(r *room) {
			r.pass(time.Second)
			r.finish("api", stepSwitch, 1)
			r.finish("api", stepBack, 0)
		}, "switch_command: exit 1"},
		{"the check of the switch fails", blueGreen, func(r *room) {
			r.pass(time.Second)
			r.finish("api", stepSwitch, 0)
			r.finish("api", stepVerify, 1)
			r.finish("api", stepBack, 0)
		}, "switch_verify: exit 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.up(service("api", rolling), service("web", needs("api")))
				old, web := r.view("api"), r.view("web").Process.PID
				b := r.restart(source(service("api", rolling, c.change, version("2")), service("web", needs("api"))), "api")
				c.story(r)
				r.pass(time.Second)
				v := r.view("api")
				if v.Process.PID != old.Process.PID || v.Unit.Run != 1 || v.Unit.State != unit.Running || v.Def != old.Def || v.Rolling || len(v.Beside) != 0 {
					t.Errorf("the old instance is %+v", v)
				}
				if r.view("web").Process.PID != web {
					t.Error("a dependent was touched")
				}
				r.outcome(b, false, c.reason)
			})
		})
	}
}

func TestABlueGreenRolloutTakesTheFreeSlot(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", blueGreen))
		if slot := r.view("api").Slot; slot != "blue" {
			t.Fatalf("it stands in %q", slot)
		}
		for _, want := range []string{"green", "blue"} {
			b := r.restart(nil, "api")
			r.pass(time.Second)
			r.finish("api", stepSwitch, 0)
			r.finish("api", stepVerify, 0)
			r.pass(time.Second)
			if slot := r.view("api").Slot; slot != want {
				t.Errorf("it stands in %q, want %q", slot, want)
			}
			r.outcome(b, true, "")
		}
	})
}

func TestReplicasAreReplacedOneAtATime(t *testing.T) {
	for _, strategy := range []func(*config.Unit){rolling, func(*config.Unit) {}} {
		inRoom(t, func(r *room) {
			r.up(replicas("web", 3, strategy)...)
			b := r.restart(nil, "web")
			for range 200 {
				r.pass(100 * time.Millisecond)
				ready := 0
				for _, v := range r.sup.Snapshot().Units {
					if v.Unit.State == unit.Running && v.Unit.Ready {
						ready++
					}
				}
				if ready < 2 {
					t.Fatalf("%d of 3 are ready", ready)
				}
			}
			r.outcome(b, true, "")
		})
	}
}

func TestAReplicaThatFailsStopsTheOthersFromBeingReplaced(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(replicas("web", 3, rolling)...)
		b := r.restart(nil, "web")
		r.exitCandidate("web.1", 1)
		r.pass(time.Minute)
		for _, name := range []string{"web.1", "web.2", "web.3"} {
			if v := r.view(name); v.Unit.Run != 1 || v.Unit.State != unit.Running {
				t.Errorf("%s is in run %d, %s", name, v.Unit.Run, v.Unit.State)
			}
		}
		r.outcome(b, false, "")
	})
}

func TestAStopDuringARolloutEndsBothInstances(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", rolling))
		r.restart(nil, "api")
		r.stop("api")
		r.pass(time.Second)
		r.expect("api", "stopped")
		if len(r.host.live) != 0 {
			t.Errorf("%v live", r.host.live)
		}
	})
}

func TestRollbackReturnsToTheLastGoodGeneration(t *testing.T) {
	inRoom(t, func(r *room) {
		one, two, broken := service("api", rolling, version("1")), service("api", rolling, version("2")), service("api", version("3"))
		r.up(one)
		_, err := r.sup.Rollback(context.Background(), Selection{Units: []string{"api"}})
		var none *NoGenerationError
		if !errors.As(err, &none) {
			t.Fatalf("rollback of the first generation: %v", err)
		}
		r.restart(source(two))
		r.pass(10 * time.Second)
		r.restart(source(broken))
		r.pass(10 * time.Second)
		r.exit("api", 1)
		for _, want := range []string{"2", "1"} {
			b, err := r.sup.Rollback(context.Background(), Selection{Units: []string{"api"}})
			if err != nil {
				t.Fatal(err)
			}
			r.pass(10 * time.Second)
			r.outcome(b, true, "")
			if got := r.view("api").Def.Exec[1]; got != want {
				t.Errorf("version %s runs, want %s", got, want)
			}
		}
	})
}

// A deploy that is on its way is given up by a rollback, and what runs stays.
func TestRollbackDuringARolloutGivesItUp(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", rolling, version("1")))
		r.restart(source(service("api", rolling, version("2"))))
		r.pass(time.Minute)
		r.restart(source(service("api", rolling, version("3"))))
		r.pass(2 * time.Second)
		before := r.view("api")
		if !before.Rolling {
			t.Fatal("there is no rollout")
		}
		for range 2 {
			// The second one has nothing to give up, and goes back.
			b, err := r.sup.Rollback(context.Background(), Selection{Units: []string{"api"}})
			if err != nil {
				t.Fatal(err)
			}
			r.pass(time.Minute)
			r.outcome(b, true, "")
			v := r.view("api")
			if before != nil && (v.Def.Exec[1] != "2" || v.Process.PID != before.Process.PID || v.Last.OK) {
				t.Errorf("version %s runs, pid %d, was %d; %+v", v.Def.Exec[1], v.Process.PID, before.Process.PID, v.Last)
			}
			before = nil
		}
		if got := r.view("api").Def.Exec[1]; got != "1" {
			t.Errorf("version %s runs in the end, want 1", got)
		}
	})
}

// An apply gives a rollback up that is under way, and no generation is lost.
func TestAnApplyDuringARollbackLosesNoGeneration(t *testing.T) {
	inRoom(t, func(r *room) {
		back := func() {
			t.Helper()
			if _, err := r.sup.Rollback(context.Background(), Selection{Units: []string{"api"}}); err != nil {
				t.Fatal(err)
			}
		}
		r.up(service("api", rolling, version("1")))
		for _, v := range []string{"2", "3"} {
			r.restart(source(service("api", rolling, version(v))))
			r.pass(time.Minute)
		}
		back()
		r.pass(time.Second)
		patient := service("api", rolling, version("3"))
		patient.Stop.Timeout = time.Minute
		r.apply(patient)
		r.pass(time.Minute)
		if v := r.view("api"); v.Def.Exec[1] != "3" || v.Def.Stop.Timeout != time.Minute {
			t.Fatalf("version %s runs, with a stop timeout of %v", v.Def.Exec[1], v.Def.Stop.Timeout)
		}
		for _, want := range []string{"3", "2", "1"} {
			back()
			r.pass(time.Minute)
			if got := r.view("api").Def.Exec[1]; got != want {
				t.Errorf("version %s runs, want %s", got, want)
			}
		}
	})
}

// So it is with replicas: what has begun is given up, what was to follow does
// not, and what was done is undone.
func TestRollbackInTheMiddleOfReplicas(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(replicas("web", 3, rolling, version("1"))...)
		deployed := r.restart(source(replicas("web", 3, rolling, version("2"))...))
		for !r.view("web.2").Rolling {
			r.pass(10 * time.Millisecond)
		}
		if got := r.view("web.1").Def.Exec[1]; got != "2" {
			t.Fatalf("web.1 has version %s", got)
		}
		b, err := r.sup.Rollback(context.Background(), Selection{Units: []string{"web"}})
		if err != nil {
			t.Fatal(err)
		}
		r.pass(time.Minute)
		r.outcome(b, true, "")
		if !allDone(deployed.Standings(r.sup.Snapshot(), RestartPatience)) {
			t.Error("the deploy still waits")
		}
		for _, name := range []string{"web.1", "web.2", "web.3"} {
			if v := r.view(name); v.Def.Exec[1] != "1" || !v.Unit.Ready || v.Rolling {
				t.Errorf("%s has version %s", name, v.Def.Exec[1])
			}
		}
	})
}

// What a deploy that stopped half-way has reached goes back, and the others,
// which have an older generation too, stay where they are.
func TestRollbackOfReplicasTakesBackThoseThatAreAhead(t *testing.T) {
	inRoom(t, func(r *room) {
		versions := func() string {
			text := ""
			for _, name := range []string{"web.1", "web.2", "web.3"} {
				text += r.view(name).Def.Exec[1]
			}
			return text
		}
		r.up(replicas("web", 3, rolling, version("1"))...)
		r.restart(source(replicas("web", 3, rolling, version("2"))...))
		r.pass(time.Minute)
		r.restart(source(replicas("web", 3, rolling, version("3"))...))
		for r.view("web.1").Unit.Run != 3 {
			r.pass(10 * time.Millisecond)
		}
		r.pass(10 * time.Millisecond)
		r.exitCandidate("web.2", 1)
		r.pass(time.Minute)
		if got := versions(); got != "322" {
			t.Fatalf("versions %s run after the deploy, want 322", got)
		}
		for _, want := range []string{"222", "111"} {
			b, err := r.sup.Rollback(context.Background(), Selection{Units: []string{"web"}})
			if err != nil {
				t.Fatal(err)
			}
			r.pass(time.Minute)
			r.outcome(b, true, "")
			if got := versions(); got != want {
				t.Errorf("versions %s run, want %s", got, want)
			}
		}
		_, err := r.sup.Rollback(context.Background(), Selection{Units: []string{"web"}})
		var none *NoGenerationError
		if !errors.As(err, &none) || none.Name() != "web" {
			t.Errorf("rollback of the first generation: %v", err)
		}
	})
}

func TestACommandOfARolloutMayEndUnderAnotherDefinition(t *testing.T) {
	plain := service("api")
	for _, step := range []unit.StepKind{stepSwitch, stepVerify, stepBack} {
		if line := shellLine(&plain, step); line != "" {
			t.Errorf("%s: %q", step, line)
		}
	}
}
