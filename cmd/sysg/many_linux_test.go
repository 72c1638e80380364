package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// many is how many units there are.
const many = 4096

// Thousands of units start, keep their processes over a kill -9 of the
// supervisor, and stop to the last one.
func TestThousandsOfUnits(t *testing.T) {
	long(t, "15 s and a gigabyte of memory")
	// A unit costs the supervisor three descriptors.
	var files unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files)
	need(t, err == nil && files.Max >= 4*many, fmt.Sprintf("%d descriptors (ulimit -Hn)", 4*many))

	h := newHouse(t, "")
	h.write("sysg.yaml", h.manyUnits())
	h.took("start", func() { h.start() })
	before := h.status()
	h.took("status", func() { h.run("status") })
	t.Logf("its own memory: %d MiB", resident(t, before.Supervisor.PID)>>10)

	if err := syscall.Kill(before.Supervisor.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	h.took("kill -9 until the status is known again", func() {
		h.until("it is back", func() bool {
			_, code := h.try("status", "-q")
			return code == 0 && h.status().Supervisor.PID != before.Supervisor.PID
		})
	})
	after := h.status()
	t.Logf("its own memory: %d MiB", resident(t, after.Supervisor.PID)>>10)
	if len(before.Units) != many || len(after.Units) != many {
		t.Fatalf("there were %d units and are %d", len(before.Units), len(after.Units))
	}
	for i, u := range after.Units {
		if was := before.Units[i]; u.PID != was.PID || u.Run != 1 || u.State != "running" {
			t.Errorf("%s was %d and is %d in run %d, %s", u.Name, was.PID, u.PID, u.Run, u.State)
		}
	}
	if n := len(programs(t, h.path("bin"))["sleep"]); n != many {
		t.Errorf("%d processes live", n)
	}
	h.took("status", func() { h.run("status") })
	h.took("stop", func() { h.run("stop") })
	if left := programs(t, h.path("bin"))["sleep"]; len(left) > 0 {
		t.Errorf("%d outlived the stop: %s", len(left), describe(left[:1]))
	}
}

// manyUnits is a manifest of units that sleep, each a process of a program that
// nobody else runs.
func (h *house) manyUnits() string {
	h.Helper()
	bin := h.path("bin/sleep")
	program, err := os.ReadFile("/bin/sleep")
	if err != nil {
		h.Fatal(err)
	}
	if err := os.Mkdir(filepath.Dir(bin), 0o755); err != nil {
		h.Fatal(err)
	}
	if err := os.WriteFile(bin, program, 0o755); err != nil {
		h.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("version: \"1\"\nproject: many\nservices:\n")
	for i := range many {
		fmt.Fprintf(&b, "  u%d: {exec: [%s, '100000']}\n", i, bin)
	}
	return b.String()
}

// took tells how long something takes.
func (h *house) took(what string, do func()) {
	h.Helper()
	began := time.Now()
	do()
	h.Logf("%s: %v", what, time.Since(began).Round(time.Millisecond))
}
