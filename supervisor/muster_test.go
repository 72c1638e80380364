package supervisor

import (
	"strings"
	"testing"

	"systemg/supervisor/proc"
	"systemg/supervisor/store"
)

// survivor is the main process of a unit; the number is the pid and the marker.
func survivor(unitID string, run uint64, n int) proc.Survivor {
	return proc.Survivor{
		Tree:    proc.TreeID{Unit: unitID, Run: run},
		Process: proc.Process{PID: n, StartTicks: uint64(n), Mark: uint64(n)},
		Argv:    []string{"server", "--port", "80"}, Dir: "/srv",
	}
}

// What lives and is not known is taken back, once for each unit; what nobody
// can wait for is left to nobody.
func TestMuster(t *testing.T) {
	hook := survivor("shop/web", 3, 30)
	hook.Step = "hook"
	nameless := survivor("", 0, 40)
	web := store.UnitState{Project: "shop", Name: "web", PID: 10, Mark: 10, Run: 3, State: "running", Desired: "up", Definition: []byte("{}")}
	undefined := web
	undefined.Definition = nil
	for _, c := range []struct {
		name  string
		units []store.UnitState
		found []proc.Survivor
		// The run and pid of shop/web afterwards, the number of units and of
		// trees that belong to nobody, and a word of what is told.
		run            uint64
		pid            int
		known, strayed int
		told           string
	}{
		{"all is known", []store.UnitState{web}, []proc.Survivor{survivor("shop/web", 3, 10)}, 3, 10, 1, 0, ""},
		{"it is known by its process alone", []store.UnitState{undefined}, []proc.Survivor{survivor("shop/web", 3, 10)}, 3, 10, 1, 0, "nothing else is known"},
		{"nothing is known", nil, []proc.Survivor{survivor("shop/web", 3, 10)}, 3, 10, 1, 0, "taken back"},
		{"another run is known, and has ended", []store.UnitState{web}, []proc.Survivor{survivor("shop/web", 4, 11)}, 4, 11, 1, 0, "taken back"},
		{"another run is known, and lives", []store.UnitState{web}, []proc.Survivor{survivor("shop/web", 3, 10), survivor("shop/web", 4, 11)}, 3, 10, 1, 1, "is ended"},
		{"two runs, none known", nil, []proc.Survivor{survivor("shop/web", 3, 10), survivor("shop/web", 4, 11)}, 4, 11, 1, 1, "is ended"},
		{"a hook of it", []store.UnitState{web}, []proc.Survivor{survivor("shop/web", 3, 10), hook}, 3, 10, 1, 1, "nobody waits"},
		{"another unit", []store.UnitState{web}, []proc.Survivor{survivor("shop/web", 3, 10), survivor("shop/db", 1, 20)}, 3, 10, 2, 0, "shop/db"},
		{"of no unit", []store.UnitState{web}, []proc.Survivor{survivor("shop/web", 3, 10), nameless}, 3, 10, 1, 0, "left alone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			state, past, said := Muster(store.State{Units: c.units}, Past{}, c.found)
			if u := state.Units[0]; u.Definition == nil || u.Run != c.run || u.PID != c.pid || u.Mark != uint64(c.pid) || u.Desired != "up" {
				t.Errorf("web is %+v", u)
			}
			if len(state.Units) != c.known || len(past.Commands) != c.strayed {
				t.Errorf("%d units and %d strays, want %d and %d", len(state.Units), len(past.Commands), c.known, c.strayed)
			}
			if told := strings.Join(said, "\n"); !strings.Contains(told, c.told) || (c.told == "") != (told == "") {
				t.Errorf("told %q, want %q", told, c.told)
			}
		})
	}
}
