package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// talk is a unit that says something all the time, and counts.
const talk = "'n=0; while :; do n=$((n+1)); echo line $n; sleep 0.05; done'"

// problems are what the supervisor says it suffers from.
func (h *house) problems() string { return strings.Join(h.status().Problems, "\n") }

// A disk that is full costs output, and says so; state, answers and services go
// on, and all is well when there is room again.
func TestAFullDisk(t *testing.T) {
	asRoot(t)
	h := newHouse(t, "version: \"1\"\nproject: full\nservices:\n  web: {command: "+talk+"}\n  other: {command: exec sleep 1000}\n")
	if err := unix.Mount("tmpfs", h.state, "tmpfs", 0, "size=2m,mode=0700"); err != nil {
		required(t, fmt.Sprintf("cannot mount a small disk: %v", err))
	}
	t.Cleanup(func() { _ = unix.Unmount(h.state, unix.MNT_DETACH) })
	// It has to be there for the stop after the test.
	t.Cleanup(func() { _, _ = h.try("stop", "--kill") })
	h.start()
	web := h.unit("web").PID
	filler := h.fill()
	h.until("status tells of the full disk", func() bool { return strings.Contains(h.problems(), "no space left on device") })
	h.run("restart", "other")
	h.run("stop", "other")
	h.run("inspect", "web")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	h.until("the problem is over", func() bool { return h.problems() == "" })
	if u := h.unit("web"); u.PID != web || u.State != "running" {
		t.Errorf("web was %d and is %d, %s", web, u.PID, u.State)
	}
	h.until("output is kept again", func() bool {
		a, b := h.run("logs", "web", "-n", "1"), h.run("logs", "web", "-n", "1")
		return a != b
	})
	if u := h.unit("other"); u.State != "stopped" {
		t.Errorf("what was done on the full disk is forgotten: other is %s", u.State)
	}
	h.run("stop")
}

// fill leaves no byte free, and gives the file that has them all.
func (h *house) fill() string {
	h.Helper()
	path := filepath.Join(h.state, "filler")
	f, err := os.Create(path)
	if err != nil {
		h.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			h.Fatal(err)
		}
	}
	return path
}

// A state directory that cannot be written to costs no service and no answer;
// status says so until it can.
func TestAReadOnlyStateDirectory(t *testing.T) {
	asRoot(t)
	h := newHouse(t, "version: \"1\"\nproject: ro\nservices:\n  web: {command: "+talk+"}\n  other: {command: exec sleep 1000}\n")
	h.demote()
	h.start()
	web := h.unit("web").PID
	if err := errors.Join(os.Chown(h.state, 0, 0), os.Chmod(h.state, 0o755)); err != nil {
		t.Fatal(err)
	}
	h.run("restart", "other")
	h.until("status tells of it", func() bool { return strings.Contains(h.problems(), "permission denied") })
	if err := errors.Join(os.Chown(h.state, nobody, nobody), os.Chmod(h.state, 0o700)); err != nil {
		t.Fatal(err)
	}
	h.until("the problem is over", func() bool { return h.problems() == "" })
	if u := h.unit("web"); u.PID != web {
		t.Errorf("web was %d and is %d", web, u.PID)
	}
	h.run("stop")

	// A supervisor does not start in one, and says what to do.
	if err := errors.Join(os.Chown(h.state, 0, 0), os.Chmod(h.state, 0o755)); err != nil {
		t.Fatal(err)
	}
	out, code := h.try("start", "-d", "-c", h.path("sysg.yaml"))
	if code != 1 || !strings.Contains(out, "belongs to uid 0") || !strings.Contains(out, "try: ") {
		t.Errorf("start: exit %d\n%s", code, out)
	}
	_ = os.Chown(h.state, nobody, nobody)
}

// limit sets a limit of the supervisor and gives the way back.
func (h *house) limit(pid, resource int, soft uint64) (back func()) {
	h.Helper()
	var old unix.Rlimit
	if err := unix.Prlimit(pid, resource, nil, &old); err != nil {
		h.Fatal(err)
	}
	if err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: soft, Max: old.Max}, nil); err != nil {
		h.Fatal(err)
	}
	return func() {
		if err := unix.Prlimit(pid, resource, &old, nil); err != nil {
			h.Error(err)
		}
	}
}

// Without free descriptors nothing new can be started, and that is all: what
// runs goes on, and starts work again when there are some.
func TestNoFreeDescriptors(t *testing.T) {
	t.Parallel()
	asRoot(t)
	h := newHouse(t, "version: \"1\"\nproject: fds\nservices:\n  web: {command: "+talk+"}\n  other: {command: exec sleep 1000}\n")
	h.start()
	pid, web := h.status().Supervisor.PID, h.unit("web").PID
	back := h.limit(pid, unix.RLIMIT_NOFILE, 1)
	if out, code := h.try("restart", "other", "--timeout", "3s"); code == 0 {
		t.Errorf("a start without descriptors worked:\n%s", out)
	}
	back()
	h.run("start", "-d", "other")
	s := h.status()
	if s.Supervisor.PID != pid {
		t.Errorf("the supervisor was %d and is %d", pid, s.Supervisor.PID)
	}
	if u := h.unit("web"); u.PID != web || u.Restarts != 0 {
		t.Errorf("web was %d and is %d", web, u.PID)
	}
	h.until("nothing is wrong any more", func() bool {
		left := h.problems()
		if left != "" {
			t.Log(left)
		}
		return left == ""
	})
	h.run("stop")
}

// A supervisor that is stopped (SIGSTOP) holds up no service and no command for
// long, and loses nothing.
func TestAStoppedSupervisor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "version: \"1\"\nproject: ice\nservices:\n  web: {command: "+talk+"}\n")
	h.start()
	pid := h.status().Supervisor.PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	out, code := h.try("status")
	if code == 0 || code == -1 || !strings.Contains(out, fmt.Sprintf("kill -CONT %d", pid)) {
		t.Errorf("status of a stopped supervisor: exit %d\n%s", code, out)
	}
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	h.run("stop", "web")
	for i, line := range strings.Split(strings.TrimSpace(h.run("logs", "web", "-n", "-1")), "\n") {
		if want := fmt.Sprintf("line %d", i+1); !strings.HasSuffix(line, want) {
			t.Fatalf("%q, want %s", line, want)
		}
	}
	h.run("stop")
}

// A unit that ends at once and is started again at once costs the others
// nothing.
func TestAUnitThatRestartsAsFastAsItCan(t *testing.T) {
	h := newHouse(t, "version: \"1\"\nproject: fast\nservices:\n  mad: {exec: [\"true\"], restart_policy: always, backoff: 0s}\n  web: {command: "+talk+"}\n")
	_, _ = h.output(h.command(h.path("sysg"), "start", "-d", "-c", h.path("sysg.yaml")))
	web, before := h.unit("web").PID, h.unit("mad").Run
	alone := h.asked()
	after := h.unit("mad")
	t.Logf("%d runs while %d times the status was asked: median %v, p99 %v", after.Run-before, askings, percentile(alone, 50), percentile(alone, 99))
	if after.Run == before {
		t.Error("it did not restart")
	}
	if u := h.unit("web"); u.PID != web || u.State != "running" {
		t.Errorf("web was %d and is %d, %s", web, u.PID, u.State)
	}
	h.run("restart", "web")
	h.run("stop", "mad")
	h.run("stop")
}

// processes sets how many processes the user of the supervisor and its guardian
// may have, as these see it; empty for as many as at first.
func (h *house) processes(soft string) {
	h.Helper()
	if soft == "" {
		soft = fmt.Sprint(h.most(unix.RLIMIT_NPROC))
	}
	s := h.status().Supervisor
	for _, pid := range []int{s.PID, s.Guardian} {
		// Only the user itself may, where root lacks CAP_SYS_RESOURCE.
		if out, code := h.output(h.command("prlimit", "--pid", fmt.Sprint(pid), "--nproc="+soft+":")); code != 0 {
			h.Fatalf("prlimit: exit %d\n%s", code, out)
		}
	}
}

// most is the soft limit of the test.
func (h *house) most(resource int) uint64 {
	h.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(resource, &limit); err != nil {
		h.Fatal(err)
	}
	return limit.Cur
}

// Where the user may have no more processes nothing new starts, which names the
// limit and is tried again; the supervisor, which may have no more threads
// either, answers and stops, and starts work again when there is room.
func TestNoFreeProcesses(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("prlimit")
	need(t, err == nil, "prlimit(1)")
	h := newHouse(t, "version: \"1\"\nproject: np\nservices:\n  web: {command: "+talk+"}\n  other: {exec: [sleep, '1000'], restart_policy: always, backoff: 100ms}\n")
	h.demote()
	h.start()
	pid := h.status().Supervisor.PID
	h.processes("1")
	if err := syscall.Kill(h.unit("other").PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	h.until("the limit is named, and a start tried again", func() bool {
		u := h.unit("other")
		return u.State == "backoff" && u.Restarts > 2 && strings.Contains(u.Reason, "RLIMIT_NPROC")
	})
	for range 20 {
		h.run("events", "-n", "50")
		h.run("logs", "web", "-n", "-1")
	}
	h.run("stop", "web")
	if out, code := h.try("start", "-d", "web"); code != 1 || !strings.Contains(out, "RLIMIT_NPROC") {
		t.Errorf("start: exit %d\n%s", code, out)
	}
	h.processes("")
	h.until("it starts again by itself", func() bool { return h.unit("other").State == "running" })
	h.run("start", "-d", "web")
	if s := h.status(); s.Supervisor.PID != pid {
		t.Errorf("the supervisor was %d and is %d", pid, s.Supervisor.PID)
	}
	h.run("stop")
}

// A guardian that cannot start a supervisor says so, and no command takes what
// runs on for stopped.
func TestNoProcessForASupervisor(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("prlimit")
	need(t, err == nil, "prlimit(1)")
	h := newHouse(t, "version: \"1\"\nproject: np\nservices:\n  web: {command: "+talk+"}\n")
	h.demote()
	h.start()
	s, web := h.status().Supervisor, h.unit("web").PID
	h.processes("1")
	if err := syscall.Kill(s.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	h.until("status says why there is no supervisor", func() bool {
		out, code := h.try("status")
		return code == 3 && strings.Contains(out, "no start: resource temporarily unavailable")
	})
	if out, code := h.try("stop", "web"); code != 3 || !strings.Contains(out, fmt.Sprintf("np/web (pid %d)", web)) {
		t.Errorf("stop: exit %d\n%s", code, out)
	}
	soft := fmt.Sprintf("--nproc=%d:", h.most(unix.RLIMIT_NPROC))
	if out, code := h.output(h.command("prlimit", "--pid", fmt.Sprint(s.Guardian), soft)); code != 0 {
		t.Fatalf("prlimit: exit %d\n%s", code, out)
	}
	h.until("it is back", func() bool { _, code := h.try("status"); return code == 0 })
	if u := h.unit("web"); u.PID != web {
		t.Errorf("web was %d and is %d", web, u.PID)
	}
	h.run("stop")
}
