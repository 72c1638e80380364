package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if role(os.Args[1:]) {
		return
	}
	os.Exit(m.Run())
}

// A short torture: a few deaths of each kind, and nothing is lost, doubled,
// torn or restarted. docs/reliability.md has the result of a long one.
func TestNothingIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	binary := filepath.Join(t.TempDir(), "sysg")
	if out, err := exec.Command("go", "build", "-o", binary, "systemg/cmd/sysg").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir, err := os.MkdirTemp("", "torture")
	if err != nil {
		t.Fatal(err)
	}
	p := plan{
		binary: binary, dir: dir, writers: 5, rate: 10_000,
		supervisor: 12, guardian: 4, both: 2, upgrades: 2, pause: 150 * time.Millisecond, seed: uint64(time.Now().UnixNano()),
	}
	faults, err := p.run(os.Stderr)
	if err != nil || faults > 0 {
		t.Fatalf("%d faults, %v; everything is in %s", faults, err, dir)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}
