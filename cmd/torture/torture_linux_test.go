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
	torture(t, plan{writers: 5, rate: 10_000, supervisor: 12, guardian: 4, both: 2, upgrades: 2, pause: 150 * time.Millisecond})
}

// Somebody dies at each failpoint, and nothing is lost either.
func TestNothingIsLostAtFailpoints(t *testing.T) {
	if os.Getenv("SYSG_TEST_REQUIRE") != "all" {
		t.Skip("takes 20 s; SYSG_TEST_REQUIRE=all tries it")
	}
	torture(t, plan{writers: 3, rate: 30_000, points: 1, pause: 100 * time.Millisecond}, "-tags", "failpoints")
}

func torture(t *testing.T, p plan, flags ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	p.binary, p.seed = filepath.Join(t.TempDir(), "sysg"), uint64(time.Now().UnixNano())
	build := append(append([]string{"build"}, flags...), "-o", p.binary, "systemg/cmd/sysg")
	if out, err := exec.Command("go", build...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var err error
	if p.dir, err = os.MkdirTemp("", "torture"); err != nil {
		t.Fatal(err)
	}
	faults, err := p.run(os.Stderr)
	if err != nil || faults > 0 {
		t.Fatalf("%d faults, %v; everything is in %s", faults, err, p.dir)
	}
	if err := os.RemoveAll(p.dir); err != nil {
		t.Error(err)
	}
}
