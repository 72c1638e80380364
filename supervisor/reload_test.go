package supervisor

import (
	"context"
	"testing"
	"time"

	"systemg/config"
	"systemg/supervisor/unit"
)

func (r *room) apply(units ...config.Unit) Baseline {
	r.Helper()
	b, err := r.sup.Apply(context.Background(), source(units...), "")
	if err != nil {
		r.Fatal(err)
	}
	return b
}

func TestAnApplyDuringARolloutIsWhereItLeads(t *testing.T) {
	one, two, three := service("api", rolling, version("1")), service("api", rolling, version("2")), service("api", rolling, version("3"))
	patient := service("api", rolling, version("2"))
	patient.Stop.Timeout = time.Minute
	tests := []struct {
		name    string
		second  config.Unit
		version string
		run     uint64
	}{
		{"the same again rolls out once", two, "2", 2},
		{"back to what runs gives it up", one, "1", 1},
		{"what needs no new run is taken along", patient, "2", 2},
		{"another one follows", three, "3", 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				r.up(one)
				r.pass(time.Second)
				r.apply(two)
				r.pass(100 * time.Millisecond)
				if v := r.view("api"); !v.Rolling {
					t.Fatal("there is no rollout")
				}
				b := r.apply(test.second)
				r.pass(time.Minute)
				v := r.view("api")
				if v.Def.Exec[1] != test.version || v.Unit.Run != test.run || v.Def.Stop.Timeout != test.second.Stop.Timeout {
					t.Errorf("run %d of version %s runs, with a stop timeout of %v", v.Unit.Run, v.Def.Exec[1], v.Def.Stop.Timeout)
				}
				if !allDone(b.Standings(r.sup.Snapshot(), RestartPatience)) {
					t.Error("the command still waits")
				}
			})
		})
	}
}

// Whatever kind a unit becomes while it is at rest, a start brings it to life.
func TestAUnitAtRestMayBecomeAJobAndBack(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("a", policyOf("never")), cronJob("b"))
		r.exit("a", 0)
		r.expect("a", "completed", "b", "scheduled")
		r.up(cronJob("a"), service("b"))
		r.expect("a", "scheduled", "b", "running")
	})
}

// A job that the manifest of a start does not name goes on, as a service does.
func TestAStartLeavesJobsThatItDoesNotName(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("a"), cronJob("b"))
		r.up(service("a"))
		if v := r.view("b"); v.Orphaned || v.Unit.State != unit.Scheduled {
			t.Errorf("it is %s, orphaned %v", v.Unit.State, v.Orphaned)
		}
	})
}

func TestDeadlinesThatPassedByAreForgotten(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("a", func(u *config.Unit) { u.Backoff, u.RestartReset = config.Backoff{}, 24*time.Hour }))
		for range 500 {
			r.pass(300 * time.Millisecond)
			r.exit("a", 1)
		}
		r.pass(time.Second)
		if n := len(r.sup.loop.deadlines); n > 100 {
			t.Errorf("%d deadlines are kept for one unit", n)
		}
	})
}

// Replicas that no manifest names any more are found by their own names only.
func TestANameDoesNotMeanReplicasThatAreNoMore(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(replicas("web", 3)...)
		r.apply(replicas("web", 2)...)
		r.pass(time.Second)
		for name, want := range map[string]int{"web": 2, "web.3": 1, "demo/web": 2} {
			views, err := r.sup.Snapshot().Select(Selection{Units: []string{name}}, true)
			if err != nil || len(views) != want {
				t.Errorf("%s stands for %d units, %v; want %d", name, len(views), err, want)
			}
		}
		// Where all are gone it still says which they were.
		r.apply(service("other"))
		r.pass(time.Second)
		views, err := r.sup.Snapshot().Select(Selection{Units: []string{"web"}}, true)
		if err != nil || len(views) != 3 {
			t.Errorf("web stands for %d units, %v; want 3", len(views), err)
		}
	})
}

// A service that became replicas is remembered, and its name means them.
func TestANameMeansTheReplicasThatTookItsPlace(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("web"))
		if _, err := r.sup.Apply(context.Background(), source(replicas("web", 2)...), ""); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		views, err := r.sup.Snapshot().Select(Selection{Units: []string{"web"}}, true)
		if err != nil || len(views) != 2 || views[0].Def.Replica != 1 || views[1].Def.Replica != 2 {
			t.Errorf("web is %v, %v", views, err)
		}
	})
}

// What is removed goes, whatever an operator still asks of it on its way out.
func TestARemovedUnitDoesNotComeBack(t *testing.T) {
	for _, gone := range []config.Unit{service("gone"), service("gone", rolling), cronJob("gone")} {
		for _, ask := range []string{"start", "restart", "deploy", "start everything", "restart everything"} {
			t.Run(string(gone.Kind)+", "+ask, func(t *testing.T) {
				inRoom(t, func(r *room) {
					r.up(gone, service("stays"))
					r.pass(time.Minute)
					r.host.deaf["demo/gone"] = true
					if !r.host.alive("demo/gone") {
						t.Fatal("it does not live")
					}
					r.apply(service("stays"))
					r.pass(time.Second)
					ctx, one := context.Background(), Selection{Units: []string{"gone"}}
					// It may be refused.
					switch ask {
					case "start":
						_, _ = r.sup.Start(ctx, nil, one)
					case "restart":
						_, _ = r.sup.Restart(ctx, nil, one, "")
					case "deploy":
						_, _ = r.sup.Deploy(ctx, nil, one)
					case "start everything":
						_, _ = r.sup.Start(ctx, nil, Selection{})
					case "restart everything":
						_, _ = r.sup.Restart(ctx, nil, Selection{}, "")
					}
					r.pass(5 * time.Minute)
					v := r.view("gone")
					if !v.Orphaned || v.Unit.State != unit.Stopped || v.Alive() || r.host.alive("demo/gone") {
						t.Errorf("it is %s (%s), orphaned %v", v.Unit.State, v.Unit.Reason, v.Orphaned)
					}
				})
			})
		}
	}
}

// A unit that comes back to the manifest while it is on its way out comes back to
// life, by what the manifest says of it then.
func TestARemovedUnitThatTheManifestNamesAgain(t *testing.T) {
	for _, v := range []string{"1", "2"} {
		for _, how := range []string{"start", "apply", "restart"} {
			t.Run(how+" version "+v, func(t *testing.T) {
				inRoom(t, func(r *room) {
					r.up(service("web", version("1")), service("stays"))
					r.host.deaf["demo/web"] = true
					r.apply(service("stays"))
					r.pass(time.Second)
					src := source(service("web", version(v)), service("stays"))
					var b Baseline
					var err error
					switch how {
					case "start":
						b, err = r.sup.Start(context.Background(), src, Selection{})
					case "apply":
						b, err = r.sup.Apply(context.Background(), src, "")
					case "restart":
						b, err = r.sup.Restart(context.Background(), src, Selection{}, "")
					}
					if err != nil {
						t.Fatal(err)
					}
					r.pass(time.Minute)
					r.outcome(b, true, "")
					r.expect("web", "running")
					if got := r.view("web"); got.Def.Exec[1] != v || got.Unit.Run != 2 || got.Orphaned {
						t.Errorf("run %d of version %s, orphaned %v", got.Unit.Run, got.Def.Exec[1], got.Orphaned)
					}
				})
			})
		}
	}
}

// That a unit was removed is known to the next supervisor too.
func TestARemovedUnitGoesOverARestart(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("gone"), service("stays"))
		r.host.deaf["demo/gone"] = true
		r.apply(service("stays"))
		r.pass(time.Second)
		next := r.crashed()
		next.expect("gone", "stopping")
		next.pass(time.Minute)
		if v := next.view("gone"); !v.Orphaned || v.Unit.State != unit.Stopped || v.Leaving {
			t.Errorf("it is %s, orphaned %v, leaving %v", v.Unit.State, v.Orphaned, v.Leaving)
		}
		next.expect("stays", "running")
	})
}
