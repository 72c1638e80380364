package graph

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"systemg/config"
	"systemg/supervisor/unit"
)

func edge(name string) Edge { return Edge{Unit: name, Condition: config.CondReady, Cascade: true} }

func TestOrderPutsDependenciesFirst(t *testing.T) {
	g := New([]Node{
		{ID: "web", Needs: []Edge{edge("api"), edge("cache")}},
		{ID: "api", Needs: []Edge{edge("db")}},
		{ID: "db"},
		{ID: "cache"},
	})
	if got := g.Order(); !slices.Equal(got, []string{"db", "api", "cache", "web"}) {
		t.Errorf("%v", got)
	}
	all := g.Closure([]string{"api"})
	if len(all) != 2 || !all["api"] || !all["db"] {
		t.Errorf("api needs %v", all)
	}
	if d := g.Dependents("db"); len(d) != 1 || d[0].Unit != "api" {
		t.Errorf("dependents of db %v", d)
	}
}

// In any graph without a circle every unit comes after all it needs, once.
func TestOrderOfAnyGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := make([]Node, rapid.IntRange(0, 12).Draw(t, "nodes"))
		for i := range nodes {
			nodes[i].ID = string(rune('a' + i))
			for j := range i {
				if rapid.Bool().Draw(t, "edge") {
					nodes[i].Needs = append(nodes[i].Needs, edge(nodes[j].ID))
				}
			}
		}
		shuffled := rapid.Permutation(nodes).Draw(t, "order")
		order := New(shuffled).Order()
		if len(order) != len(nodes) {
			t.Fatalf("%d of %d units", len(order), len(nodes))
		}
		for _, n := range nodes {
			for _, e := range n.Needs {
				if slices.Index(order, e.Unit) > slices.Index(order, n.ID) {
					t.Errorf("%s before %s in %v", n.ID, e.Unit, order)
				}
			}
		}
	})
}

func TestJudge(t *testing.T) {
	oneshot, checked := unit.Policy{Oneshot: true}, unit.Policy{Health: true}
	for _, c := range []struct {
		name string
		cond config.Condition
		fact Fact
		want Verdict
	}{
		{"a service that is up", config.CondReady, Fact{Unit: unit.Unit{State: unit.Running, Desired: unit.Up, Ready: true}}, Satisfied},
		{"a service in its first moment", config.CondReady, Fact{Unit: unit.Unit{State: unit.Starting, Desired: unit.Up}}, Waiting},
		{"a service that ended well", config.CondReady, Fact{Unit: unit.Unit{State: unit.Completed, Desired: unit.Up}}, Satisfied},
		{"a service that ended well after it had been healthy", config.CondReady, Fact{Unit: unit.Unit{State: unit.Completed, Desired: unit.Up, Ready: true, Policy: checked}}, Satisfied},
		{"a service that ended well and never was healthy", config.CondReady, Fact{Unit: unit.Unit{State: unit.Completed, Desired: unit.Up, Policy: checked}}, Hopeless},
		{"a service that failed", config.CondReady, Fact{Unit: unit.Unit{State: unit.Failed, Desired: unit.Up}}, Hopeless},
		{"a service that tries again", config.CondReady, Fact{Unit: unit.Unit{State: unit.Backoff, Desired: unit.Up}}, Waiting},
		{"a skipped unit", config.CondReady, Fact{Unit: unit.Unit{State: unit.Skipped, Desired: unit.Up}}, Satisfied},
		{"a one-shot at work", config.CondReady, Fact{Unit: unit.Unit{State: unit.Running, Desired: unit.Up, Policy: oneshot}}, Waiting},
		{"a one-shot at work that only has to be started", config.CondStarted, Fact{Unit: unit.Unit{State: unit.Running, Desired: unit.Up, Policy: oneshot, Spawned: true, Main: true}}, Satisfied},
		{"a unit that is stopped", config.CondReady, Fact{Unit: unit.Unit{State: unit.Stopped, Desired: unit.Down}}, Hopeless},
		{"a unit that is on its way out", config.CondReady, Fact{Unit: unit.Unit{State: unit.Running, Desired: unit.Up, Ready: true}, Leaving: true}, Waiting},
		{"a service that is well", config.CondReady, Fact{Unit: unit.Unit{State: unit.Running, Desired: unit.Up, Ready: true, Health: unit.Well, Policy: checked}}, Satisfied},
		{"a service that was well and is not", config.CondReady, Fact{Unit: unit.Unit{State: unit.Running, Desired: unit.Up, Ready: true, Health: unit.Ill, Policy: checked}}, Waiting},
		{"a service that is late", config.CondHealthy, Fact{Unit: unit.Unit{State: unit.Running, Desired: unit.Up, Health: unit.Ill, Policy: checked}}, Waiting},
		{"a service whose line came before it was ready", config.CondLog, Fact{Unit: unit.Unit{State: unit.Starting, Desired: unit.Up}, Matched: map[string]bool{"ready": true}}, Satisfied},
		{"a service whose line has not come", config.CondLog, Fact{Unit: unit.Unit{State: unit.Running, Desired: unit.Up, Ready: true}}, Waiting},
		{"a service that ended well after its line", config.CondLog, Fact{Unit: unit.Unit{State: unit.Completed, Desired: unit.Up}, Heard: true, Matched: map[string]bool{"ready": true}}, Satisfied},
		{"a service that ended well and whose last words are not read yet", config.CondLog, Fact{Unit: unit.Unit{State: unit.Completed, Desired: unit.Up}, Heard: true}, Waiting},
		{"a service that ended well without its line", config.CondLog, Fact{Unit: unit.Unit{State: unit.Completed, Desired: unit.Up}, Heard: true, Unheard: map[string]bool{"ready": true}}, Hopeless},
		{"a service that ended well before anybody listened", config.CondLog, Fact{Unit: unit.Unit{State: unit.Completed, Desired: unit.Up}}, Satisfied},
		{"a job between two runs", config.CondReady, Fact{Unit: unit.Unit{State: unit.Scheduled, Desired: unit.Up}}, Satisfied},
		{"a blocked unit", config.CondReady, Fact{Unit: unit.Unit{State: unit.Blocked, Desired: unit.Up}}, Hopeless},
		{"a running service that has to complete", config.CondCompleted, Fact{Unit: unit.Unit{State: unit.Running, Desired: unit.Up, Ready: true}}, Waiting},
	} {
		got, why := Judge(Edge{Condition: c.cond, Log: "ready"}, "db", c.fact, true)
		if got != c.want {
			t.Errorf("%s: verdict %v (%s), want %v", c.name, got, why, c.want)
		}
		if got != Satisfied && why == "" {
			t.Errorf("%s: it does not say why", c.name)
		}
	}
	if got, why := Judge(Edge{Condition: config.CondReady}, "db", Fact{}, false); got != Hopeless || why == "" {
		t.Errorf("a unit nobody knows: %v %q", got, why)
	}
}
