package control

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"systemg/ipc"
)

// children has a boss that may start some, and starts n that end at once.
func (s *system) children(n int) {
	s.Helper()
	s.start(`
version: "1"
project: demo
services:
  boss:
    command: exec sleep 1000
    spawn: {mode: dynamic}
`)
	for i := range n {
		s.spawn("boss", fmt.Sprintf("c%d", i), "true")
	}
}

// spawn starts a child from outside.
func (s *system) spawn(parent, name string, command ...string) {
	s.Helper()
	var r ipc.OperationResult
	s.call(ipc.MethodSpawn, ipc.SpawnParams{Name: name, Exec: ipc.Texts(command), Dir: "/", ParentPID: s.unit(parent).PID}, &r)
}

// Of a child that is forgotten, to make room for others, nothing stays on disk.
func TestForgottenChildrenLeaveNothing(t *testing.T) {
	s := begin(t)
	s.children(11)
	figures := filepath.Join(s.dir, "state", "metrics", "demo", "c0.ring")
	if err := os.MkdirAll(filepath.Dir(figures), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(figures, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.spawn("boss", "last", "true")
	for _, pattern := range []string{"logs/demo/c0_*", "metrics/demo/c0.*"} {
		if left, err := filepath.Glob(filepath.Join(s.dir, "state", pattern)); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// Inspect shows all generations below a unit.
func TestInspectShowsTheWholeFamily(t *testing.T) {
	s := begin(t)
	s.children(0)
	s.spawn("boss", "b", "sleep", "1000")
	s.spawn("b", "bb", "sleep", "1000")
	s.spawn("boss", "a", "sleep", "1000")
	s.spawn("bb", "bbb", "sleep", "1000")
	var r ipc.InspectResult
	s.call(ipc.MethodInspect, ipc.InspectParams{Unit: "boss"}, &r)
	got := ""
	for _, u := range r.Children {
		got += u.Name + " of " + u.Parent + "; "
	}
	if want := "b of demo/boss; a of demo/boss; bb of demo/b; bbb of demo/bb; "; got != want {
		t.Errorf("children: %s\nwant      %s", got, want)
	}
}
