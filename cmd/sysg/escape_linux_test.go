package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"systemg/supervisor/proc"
)

// escape is one way in which a descendant tries to outlive a stop. The kinds
// are carried out by testdata/escape/escape.c.
type escape struct {
	kind string
	// needs is what it takes: "root", "cgroup" (root, and a tree held by
	// one), "userns" (a user namespace), or nothing.
	needs string
	// unclaimed is the containment under which nothing tells any more whose
	// it is but the kernel, where that tells of forks. Then it may live until
	// the supervisor is stopped. Shared is whether the kernel tells only of some
	// trees that it is of one of them: then it may live as long as any of those.
	unclaimed string
	shared    bool
}

var escapes = []escape{
	{kind: "double_fork"},
	{kind: "new_session"},
	{kind: "new_group"},
	{kind: "clean_env"},
	{kind: "no_term"},
	{kind: "no_signal"},
	{kind: "stopped"},
	{kind: "zombies"},
	{kind: "bomb"},
	{kind: "chain"},
	{kind: "unmarked_chain"},
	{kind: "pair"},
	{kind: "traced"},
	{kind: "vforked"},
	{kind: "renamed"},
	{kind: "closed"},
	{kind: "chrooted", needs: "userns"},
	{kind: "nowhere"},
	{kind: "orphan"},
	{kind: "nohupped"},
	{kind: "daemonized"},
	{kind: "unmarked"},
	{kind: "unmarked_env"},
	{kind: "unmarked_closed"},
	{kind: "unmarked_child"},
	{kind: "stealth", unclaimed: "marker"},
	{kind: "user_ns", needs: "userns"},
	{kind: "mount_ns", needs: "userns"},
	{kind: "pid_ns", needs: "userns"},
	{kind: "moved", needs: "cgroup"},
	{kind: "moved_stealth", needs: "cgroup", unclaimed: "cgroup"},
	{kind: "moved_unmarked", needs: "cgroup"},
	{kind: "leaderless"},
	{kind: "holds_pipe"},
	{kind: "other_user", needs: "root"},
	{kind: "subreaper"},
	{kind: "heir"},
	{kind: "sibling"},
	{kind: "unmarked_sibling"},
	{kind: "orphan_sibling", unclaimed: "marker"},
	{kind: "sibling_chain"},
	{kind: "scrubbed_sibling"},
	{kind: "moved_sibling", needs: "cgroup", unclaimed: "cgroup", shared: true},
	{kind: "faceless"},
}

// prison is a house in which every escape is tried.
type prison struct {
	*house
	// bin has a copy of the program for each kind.
	bin string
	// kinds are those that are to be tried, asking what a unit of theirs asks
	// for.
	kinds  []escape
	asking string
	tried  []escape
	ready  map[string]*os.File
}

// After a stop nothing of a tree lives, whatever it tried, and nothing else was
// touched; after a stop of everything nothing at all.
func TestNobodyOutlivesAStop(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gcc"); err != nil {
		required(t, "the escapes are a C program, and there is no gcc")
	}
	t.Run("plain-marker", func(t *testing.T) {
		p := newPrison(t)
		p.demote()
		p.escapes("marker")
	})
	t.Run("root-cgroup", func(t *testing.T) {
		asRoot(t)
		newPrison(t).escapes("cgroup")
	})
	t.Run("root-marker", func(t *testing.T) {
		long(t, "5 s of two cores")
		asRoot(t)
		p := newPrison(t)
		p.by = withoutCgroups
		p.escapes("marker")
	})
	t.Run("root-namespace", func(t *testing.T) {
		asRoot(t)
		p := newPrison(t)
		p.by = withoutCgroups
		p.asking = ", isolation: {pid: true}"
		p.kinds = []escape{{kind: "stealth"}, {kind: "unmarked_chain"}, {kind: "unmarked_sibling"}}
		p.escapes("marker")
	})
}

// withoutCgroups begins a command where no cgroup v2 is mounted, as in many
// containers.
var withoutCgroups = []string{"unshare", "--mount", "sh", "-c", `umount -l $(awk '$3 == "cgroup2" {print $2}' /proc/mounts) && exec "$0" "$@"`}

func newPrison(t *testing.T) *prison {
	t.Helper()
	p := &prison{house: newHouse(t, ""), kinds: escapes, ready: map[string]*os.File{}}
	p.bin = p.path("bin")
	if err := os.Mkdir(p.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(p.bin, "bystander")
	cc := exec.Command("gcc", "-O1", "-pthread", "-o", first, "testdata/escape/escape.c")
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Cleanup(func() {
		for _, pids := range programs(t, p.bin) {
			for _, pid := range pids {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	for _, e := range escapes {
		if err := os.Link(first, filepath.Join(p.bin, e.kind)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// can says why a kind cannot be tried here; empty where it can.
func (p *prison) can(e escape, containment string) string {
	switch {
	case e.needs == "root" && (p.user != nil || os.Geteuid() != 0):
		return "takes root"
	case e.needs == "cgroup" && containment != "cgroup":
		return "there is no cgroup to leave"
	case e.needs == "userns":
		if out, code := p.output(p.command("unshare", "--user", "true")); code != 0 {
			return "there are no user namespaces: " + out
		}
	}
	return ""
}

func (p *prison) escapes(containment string) {
	p.Helper()
	var manifest strings.Builder
	manifest.WriteString("version: \"1\"\nproject: prison\nservices:\n")
	for _, e := range append([]escape{{kind: "bystander"}}, p.kinds...) {
		if why := p.can(e, containment); why != "" {
			p.Logf("%s: not tried: %s", e.kind, why)
			continue
		}
		p.tried = append(p.tried, e)
		fmt.Fprintf(&manifest, "  %s: {exec: [%s/%s, %s, %s, %s], stop_timeout: 500ms%s}\n", e.kind, p.bin, e.kind, e.kind, p.pipe(e.kind), otherCgroup(), p.asking)
	}
	p.write("sysg.yaml", manifest.String())
	p.start()
	for _, e := range p.tried {
		p.await(e.kind)
	}
	if got := p.unit("bystander").Containment; got != containment {
		required(p.T, fmt.Sprintf("trees are held by a %s here", got))
	}
	away := programs(p.T, p.bin)
	for _, e := range p.tried {
		if strings.HasSuffix(e.kind, "_sibling") && len(away[e.kind]) < 2 {
			p.Errorf("%s: nobody is away, the unit has the processes %v", e.kind, away[e.kind])
		}
	}
	stop := []string{"stop", "--timeout", "20s"}
	for _, e := range p.tried[1:] {
		stop = append(stop, e.kind)
	}
	began := time.Now()
	p.run(stop...)
	p.Logf("%d kinds, stopped in %v", len(p.tried)-1, time.Since(began).Round(time.Millisecond))
	left, untold := programs(p.T, p.bin), proc.TellsOfForks()
	if untold != nil {
		p.Log(untold)
	}
	for _, e := range p.tried[1:] {
		switch pids := left[e.kind]; {
		case e.unclaimed == containment && (e.shared || untold != nil):
			p.Logf("%s: %d processes are left to the supervisor", e.kind, len(pids))
		case len(pids) > 0:
			p.Errorf("%s: outlived the stop: %s", e.kind, describe(pids))
		case p.locked(e.kind):
			p.Errorf("%s: outlived the stop", e.kind)
		}
	}
	if len(left["bystander"]) != 1 {
		p.Errorf("the unit that was not stopped has the processes %v", left["bystander"])
	}
	p.run("stop")
	for kind, pids := range programs(p.T, p.bin) {
		p.Errorf("%s: outlived the stop of everything: %s", kind, describe(pids))
	}
}

// pipe makes the pipe by which a kind says that it is away.
func (p *prison) pipe(kind string) string {
	p.Helper()
	path := p.path(kind)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		p.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { _ = f.Close() })
	if p.user != nil {
		if err := os.Chown(path, int(p.user.Uid), int(p.user.Gid)); err != nil {
			p.Fatal(err)
		}
	}
	p.ready[kind] = f
	return path
}

// await waits until a kind is away.
func (p *prison) await(kind string) {
	p.Helper()
	f := p.ready[kind]
	if err := f.SetReadDeadline(time.Now().Add(patience / 2)); err != nil {
		p.Fatal(err)
	}
	if _, err := f.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		p.Fatalf("%s never got away:\n%s", kind, p.run("logs", "-k", "all", kind))
	} else if err != nil {
		p.Fatal(err)
	}
}

// otherCgroup is the cgroup.procs of the root of the cgroup v2 tree.
func otherCgroup() string {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "-"
	}
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); slices.Contains(f[2:3], "cgroup2") {
			return filepath.Join(f[1], "cgroup.procs")
		}
	}
	return "-"
}

// locked is whether a kind that is never seen is there: it holds a lock.
func (p *prison) locked(kind string) bool {
	p.Helper()
	f, err := os.Open(p.path(kind + ".lock"))
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	if err != nil {
		p.Fatal(err)
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}

// A process that the kernel does not let die is waited for by name, and is gone
// once it is let go.
func TestAStopNamesWhoCannotDie(t *testing.T) {
	asRoot(t)
	h := newHouse(t, "version: \"1\"\nproject: ice\nservices:\n  frozen: {exec: [sleep, '1000'], stop_timeout: 100ms}\n")
	h.start()
	pid := h.unit("frozen").PID
	thaw := freeze(t, pid)
	out, code := h.try("stop", "--timeout", "2s", "frozen")
	if want := fmt.Sprintf("waits for %d sleep 1000 (in uninterruptible sleep)", pid); code != 5 || !strings.Contains(out, want) {
		t.Errorf("stop: exit %d, want 5 with %q:\n%s", code, want, out)
	}
	thaw()
	h.run("wait", "frozen", "--for", "stopped", "--timeout", "20s")
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("%d lives on", pid)
	}
}

// freeze has a process sleep so that not even SIGKILL wakes it: the freezer of
// cgroup v1 does.
func freeze(t *testing.T, pid int) (thaw func()) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	var freezer string
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); f[2] == "cgroup" && slices.Contains(strings.Split(f[3], ","), "freezer") {
			freezer = filepath.Join(f[1], fmt.Sprintf("sysg-test-%d", os.Getpid()))
		}
	}
	if freezer == "" {
		t.Skip("there is no freezer of cgroup v1")
	}
	if err := os.Mkdir(freezer, 0o755); err != nil {
		t.Fatal(err)
	}
	put := func(file, text string) {
		if err := os.WriteFile(filepath.Join(freezer, file), []byte(text), 0); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() { _ = os.Remove(freezer) })
	put("cgroup.procs", fmt.Sprint(pid))
	put("freezer.state", "FROZEN")
	thaw = func() { put("freezer.state", "THAWED") }
	t.Cleanup(thaw)
	return thaw
}
