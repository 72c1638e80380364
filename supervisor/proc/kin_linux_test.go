package proc

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// runaway builds the program that tries to get away, and gives its path.
func runaway(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		skip(t, "the program that gets away is in C, and there is no gcc")
	}
	program := filepath.Join(t.TempDir(), "escape")
	cc := exec.Command("gcc", "-O1", "-pthread", "-o", program, "../../cmd/sysg/testdata/escape/escape.c")
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// away starts a kind of escape and waits until it is away. Lost is whether a
// process of it lives, as the kernel alone says.
func (r *room) away(program, kind string) (id TreeID, lost func() bool) {
	r.Helper()
	report := filepath.Join(r.TempDir(), kind)
	if err := syscall.Mkfifo(report, 0o600); err != nil {
		r.Fatal(err)
	}
	in, err := os.OpenFile(report, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		r.Fatal(err)
	}
	defer in.Close()
	// As units do, it writes to a named pipe.
	if err := syscall.Mkfifo(report+".output", 0o600); err != nil {
		r.Fatal(err)
	}
	out, err := os.OpenFile(report+".output", os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		r.Fatal(err)
	}
	defer out.Close()
	r.run++
	id = TreeID{Unit: "demo/unit", Run: r.run}
	env := append(os.Environ(), "SYSG_PROJECT=demo", "SYSG_SERVICE=unit", "SYSG_RUN="+strconv.FormatUint(r.run, 10))
	if _, err := r.host.Start(Spec{Tree: id, Argv: []string{program, kind, report}, Dir: "/", Env: env, Stdout: out, Stderr: out}); err != nil {
		r.Fatal(err)
	}
	if err := in.SetReadDeadline(time.Now().Add(patience)); err != nil {
		r.Fatal(err)
	}
	if _, err := in.Read(make([]byte, 1)); err != nil {
		text := make([]byte, 4096)
		n, _ := out.Read(text)
		r.Fatalf("%s never got away: %v\n%s", kind, err, text[:n])
	}
	return id, func() bool { return len(executing(program)) > 0 || locked(report+".lock") }
}

// untold has the kernel tell of nothing any more.
func (r *room) untold() {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	if b := r.host.births; b != nil {
		r.host.births = nil
		r.Cleanup(func() { _ = b.forks.close() })
	}
}

// executing are the processes of which a thread executes a program.
func executing(program string) (list []string) {
	threads, _ := filepath.Glob("/proc/[0-9]*/task/*/exe")
	for _, link := range threads {
		if exe, err := os.Readlink(link); err == nil && exe == program {
			list = append(list, link)
		}
	}
	return list
}

// locked is whether somebody holds a lock on a file, which a chain of
// processes does that nobody ever sees.
func locked(file string) bool {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}

// A tree is told to be empty when it is, also where its marker or cgroup has
// lost a process, or looking for one is always too late.
func TestEmptyMeansEmpty(t *testing.T) {
	program := runaway(t)
	inBoth(t, func(r *room) {
		kinds := []string{"unmarked", "unmarked_env", "unmarked_closed", "unmarked_child", "leaderless", "chain", "unmarked_chain", "sibling", "unmarked_sibling", "sibling_chain", "heir"}
		if os.Geteuid() == 0 {
			kinds = append(kinds, "other_user")
		}
		for _, kind := range kinds {
			id, lost := r.away(program, kind)
			began := time.Now()
			r.host.Kill(id)
			r.exited(id)
			r.emptied(id)
			r.Logf("%s: %v", kind, time.Since(began))
			if lost() {
				r.Errorf("%s lives on: %v", kind, executing(program))
			}
		}
	})
}

// A tree that nobody ends, and of which nobody ever sees anything alive, keeps no
// other waiting: it is chased for none of them.
func TestNoTreeWaitsForAnothers(t *testing.T) {
	program := runaway(t)
	inBoth(t, func(r *room) {
		chain, _ := r.away(program, "unmarked_chain")
		var others []TreeID
		for range 20 {
			id, _ := r.away(program, "unmarked")
			others = append(others, id)
		}
		looked, chased := r.host.looked.Load(), r.host.chased.Load()
		r.end(others...)
		looked, chased = r.host.looked.Load()-looked, r.host.chased.Load()-chased
		r.Logf("%d trees: %d looks, %d rounds of a chase", len(others), looked, chased)
		// A chase of a chain that nobody is to catch takes dozens.
		if chased > int64(len(others)) {
			r.Errorf("%d trees took %d rounds of a chase", len(others), chased)
		}
		r.end(chain)
	})
}

// A process that ended before it could be asked anything may have started
// others: its own tree is in doubt then, and no other one.
func TestWhoEndedLeavesADoubtWithItsOwnTree(t *testing.T) {
	program := runaway(t)
	r := newRoom(t, ContainCgroup)
	id, _ := r.away(program, "unmarked_closed")
	other, _ := r.away(program, "unmarked")
	// Nothing is reaped while somebody forks.
	r.host.forking.RLock()
	var ended int
	for _, s := range r.host.strangers(nil) {
		pid := s.pid
		if owner, ok := r.host.holder(hold{cgroup: cgroupOf(pid)}); ok && owner == id {
			ended = pid
			kill(t, pid)
		}
	}
	if ended == 0 {
		t.Fatal("nobody got away")
	}
	c := r.host.gather(nil)
	if of := r.host.trees; c.doubt || !c.doubts[of[id]] || c.doubts[of[other]] {
		t.Errorf("%d is a doubt of %v, and of everybody's: %v", ended, c.doubts, c.doubt)
	}
	r.host.forking.RUnlock()
	for _, id := range []TreeID{id, other} {
		r.host.Kill(id)
		r.exited(id)
		r.emptied(id)
	}
}

// kill ends a process, which nobody reaps.
func kill(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil {
		t.Fatal(err)
	}
	if !awaitEnds(t.Context(), []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}) {
		t.Fatalf("%d lives on", pid)
	}
}

// What nothing can be told of is swept up at the end; a child that was not
// started by a tree is left alone.
func TestSweepEndsWhatNobodyClaims(t *testing.T) {
	program := runaway(t)
	r := newRoom(t, ContainMarker)
	own := exec.Command("sleep", "1000")
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = own.Process.Kill(); _ = own.Wait() }()
	r.untold()
	id, lost := r.away(program, "stealth")
	r.host.Kill(id)
	r.exited(id)
	r.emptied(id)
	if !lost() {
		t.Error("something told whose it was")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if left := r.host.Sweep(ctx); len(left) > 0 || lost() {
		t.Errorf("%v outlived the sweep: %v", left, executing(program))
	}
	if !lives(own.Process.Pid) {
		t.Error("the sweep ended a child that no tree has started")
	}
}

func TestBeltIsNamedAfterTheCgroup(t *testing.T) {
	mark := newMark()
	if got := beltOf("/sys/fs/cgroup/sysg-x/" + strconv.FormatUint(mark&markMask, 36)); got&markMask != mark&markMask || isMark(got) {
		t.Errorf("the belt of marker %d is %d", mark, got)
	}
	for _, folder := range []string{"", "/", "/sys/fs/cgroup/some.slice", "/zzzzzzzzzzzzzzzzzzz"} {
		if got := beltOf(folder); got != 0 {
			t.Errorf("%q has the belt %d", folder, got)
		}
	}
}

func TestLimitsAsTextHaveTheMarker(t *testing.T) {
	const text = "Limit Soft Limit Hard Limit Units\nMax realtime priority 0 0\nMax realtime timeout      1502543157818681387  unlimited            us\n"
	for limits, want := range map[string]uint64{
		text: 1502543157818681387, strings.Replace(text, "1502543157818681387", "unlimited", 1): 0, "": 0, "Max realtime timeout": 0,
	} {
		if got := parseRealTime([]byte(limits)); got != want {
			t.Errorf("%q: %d, want %d", limits, got, want)
		}
	}
}

// A process whose first thread has ended looks like a zombie.
func TestDeadIsWhoHasNoThread(t *testing.T) {
	const line = "12 (x) %s 1 2 3 4 5 4 7 8 9 10 11 12 13 14 15 16 %s 18 777 20\n"
	for _, c := range []struct {
		state, threads string
		dead           bool
	}{{"S", "1", false}, {"Z", "1", true}, {"Z", "3", false}, {"X", "0", true}, {"D", "1", false}} {
		st, err := parseStat([]byte(strings.NewReplacer("%s 1 2", c.state+" 1 2", "16 %s", "16 "+c.threads).Replace(line)))
		if err != nil || st.dead() != c.dead || st.group != 2 || st.session != 3 {
			t.Errorf("%s with %s threads: %+v, %v", c.state, c.threads, st, err)
		}
	}
}
