package keys

import (
	"slices"
	"strings"
	"testing"
)

// No key of the table means two things in one place.
func TestDefaultIsUnambiguous(t *testing.T) {
	if err := Default().check(); err != nil {
		t.Error(err)
	}
}

// Terminals and their users keep these for themselves.
func TestNoBindingTakesWhatTerminalsUse(t *testing.T) {
	for _, b := range Default() {
		for _, key := range b.Keys {
			taken := []string{"ctrl+s", "ctrl+q", "ctrl+z", "ctrl+c", "ctrl+\\", "ctrl+@"}
			if slices.Contains(taken, key) || strings.HasPrefix(key, "alt+") || len(key) > 1 && key[0] == 'f' && key[1] <= '9' {
				t.Errorf("%s is bound to %s", b.Action, key)
			}
		}
	}
}

func TestEveryBindingExplainsItself(t *testing.T) {
	for _, b := range Default() {
		if b.Long == "" || b.Group == "" || b.In == 0 || b.Footer > 0 && b.Help == "" {
			t.Errorf("%+v lacks a word", b)
		}
	}
}

func TestTheSameKeyMayDifferByPlace(t *testing.T) {
	m := Default()
	if a := m.Find(InUnits, "l"); a != OpenLogs {
		t.Errorf("l in the table is %q", a)
	}
	if a := m.Find(InGraph, "l"); a != Right {
		t.Errorf("l in the graph is %q", a)
	}
	if a := m.Find(InUnits, "F"); a != "" {
		t.Errorf("F in the table is %q", a)
	}
}

func TestLookingOnlyLeavesOutWhatChanges(t *testing.T) {
	for _, b := range Default().At(Anywhere, true) {
		if b.Mutates {
			t.Errorf("%s is offered", b.Action)
		}
	}
}

func TestKeysCanBeChanged(t *testing.T) {
	m, err := Default().With(map[string][]string{"restart": {"ctrl+r"}})
	if err != nil || m.Find(InUnits, "ctrl+r") != Restart || m.Find(InUnits, "r") != "" {
		t.Errorf("restart is not on ctrl+r alone: %v", err)
	}
	if Default().Find(InUnits, "r") != Restart {
		t.Error("the default changed with it")
	}
	for name, keys := range map[string][]string{"restrat": {"ctrl+r"}, "restart": {"s"}} {
		if _, err := Default().With(map[string][]string{name: keys}); err == nil {
			t.Errorf("%s on %v is taken", name, keys)
		}
	}
}
