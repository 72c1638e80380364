package proc

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// room is a host over real children, in one of the two ways of holding trees.
type room struct {
	*testing.T
	host *Host
	run  uint64

	mu     sync.Mutex
	events map[TreeID]chan Event
}

// patience bounds every wait for a real process on a busy machine.
const patience = 20 * time.Second

func newRoom(t *testing.T, containment string) *room {
	t.Helper()
	r := &room{T: t, events: map[TreeID]chan Event{}}
	h, err := NewHost(Options{Name: fmt.Sprintf("test-%d-%s", os.Getpid(), containment), Notify: r.notify})
	if err != nil {
		t.Fatal(err)
	}
	if containment == ContainMarker {
		h.groups.close()
		h.groups = cgroups{}
		close(h.crew.quit)
		if h.crew, err = newCrew(&h.forking, true); err != nil {
			t.Fatal(err)
		}
	}
	if h.Containment() != containment {
		_ = h.Close()
		skip(t, "no cgroup v2 folder can be made here")
	}
	r.host = h
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// skip skips, unless everything is required.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("SYSG_TEST_REQUIRE") == "all" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// inBoth runs a test with cgroups and with markers.
func inBoth(t *testing.T, test func(*room)) {
	for _, c := range []string{ContainCgroup, ContainMarker} {
		t.Run(c, func(t *testing.T) { test(newRoom(t, c)) })
	}
}

func (r *room) of(id TreeID) chan Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.events[id]
	if !ok {
		c = make(chan Event, 4)
		r.events[id] = c
	}
	return c
}

func (r *room) notify(e Event) {
	switch e := e.(type) {
	case Exited:
		r.of(e.Tree) <- e
	case Emptied:
		r.of(e.Tree) <- e
	}
}

func (r *room) next(id TreeID) Event {
	r.Helper()
	select {
	case e := <-r.of(id):
		return e
	case <-time.After(patience):
		r.Fatalf("no news of %v", id)
		return nil
	}
}

func (r *room) exited(id TreeID) Exited {
	r.Helper()
	e, ok := r.next(id).(Exited)
	if !ok {
		r.Fatal("the tree was empty before its main process ended")
	}
	return e
}

func (r *room) emptied(id TreeID) {
	r.Helper()
	if _, ok := r.next(id).(Emptied); !ok {
		r.Fatal("the main process ended twice")
	}
}

// start starts a command and gives what it writes.
func (r *room) start(argv ...string) (TreeID, Process, *bufio.Reader) {
	r.Helper()
	return r.startHeld(0, argv...)
}

// startHeld starts one with the mark of a hold.
func (r *room) startHeld(mark uint64, argv ...string) (TreeID, Process, *bufio.Reader) {
	r.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		r.Fatal(err)
	}
	defer out.Close()
	r.Cleanup(func() { _ = in.Close() })
	r.run++
	id := TreeID{Unit: "demo/unit", Run: r.run}
	p, err := r.host.Start(Spec{Tree: id, Mark: mark, Argv: argv, Dir: "/", Env: os.Environ(), Stdout: out, Stderr: out})
	if err != nil {
		r.Fatal(err)
	}
	return id, p, bufio.NewReader(in)
}

func (r *room) line(in *bufio.Reader) string {
	r.Helper()
	text, err := in.ReadString('\n')
	if err != nil {
		r.Fatalf("it wrote no line: %v", err)
	}
	return strings.TrimSpace(text)
}

func (r *room) number(in *bufio.Reader) int {
	r.Helper()
	n, err := strconv.Atoi(r.line(in))
	if err != nil {
		r.Fatal(err)
	}
	return n
}

func lives(pid int) bool {
	st, err := readStat(pid)
	return err == nil && !st.dead()
}

func TestExitStatusIsTold(t *testing.T) {
	inBoth(t, func(r *room) {
		for script, want := range map[string]Status{
			"exit 0":        {Known: true},
			"exit 78":       {Known: true, Code: 78},
			"kill -KILL $$": {Known: true, Code: -1, Signal: syscall.SIGKILL},
		} {
			id, _, _ := r.start("sh", "-c", script)
			if got := r.exited(id).Status; got != want {
				r.Errorf("%s: %+v, want %+v", script, got, want)
			}
			r.emptied(id)
		}
	})
}

func TestStartSaysWhatIsMissing(t *testing.T) {
	r := newRoom(t, ContainMarker)
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	script := filepath.Join(dir, "script")
	for path, mode := range map[string]os.FileMode{plain: 0o600, script: 0o700} {
		if err := os.WriteFile(path, []byte("#!/no/such/interpreter\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"PATH=/no/such/folder:" + dir}
	for _, c := range []struct {
		argv []string
		dir  string
		want string
	}{
		{[]string{"nosuch"}, "/", `command "nosuch" not found in PATH=/no/such/folder:` + dir},
		{[]string{"/no/such/file"}, "/", "there is no /no/such/file"},
		{[]string{"plain"}, "/", plain + ": permission denied: it is not executable"},
		{[]string{plain}, "/", plain + ": permission denied: it is not executable"},
		{[]string{"./script"}, dir, script + ": the interpreter it names does not exist"},
		{[]string{dir}, "/", dir + ": it is a directory, not a program"},
		{[]string{"/bin/true"}, "/no/such/folder", "working_dir /no/such/folder: no such file or directory"},
		{[]string{"/bin/true"}, plain, "working_dir " + plain + ": it is not a directory"},
		{[]string{"/bin/true", "a\x00b"}, "/", "/bin/true: an argument or a variable has a NUL byte"},
	} {
		r.run++
		_, err := r.host.Start(Spec{Tree: TreeID{Unit: "x", Run: r.run}, Argv: c.argv, Dir: c.dir, Env: env})
		if err == nil || err.Error() != c.want {
			t.Errorf("%v in %s: %v, want %s", c.argv, c.dir, err, c.want)
		}
		// The stage on the way to a service with files says the same.
		r.run++
		_, err = r.host.Start(Spec{
			Tree: TreeID{Unit: "x", Run: r.run}, Argv: c.argv, Dir: c.dir, Env: env, Files: []*os.File{os.Stdin}, Names: []string{"in"},
		})
		if err == nil || err.Error() != c.want {
			t.Errorf("%v in %s by the stage: %v, want %s", c.argv, c.dir, err, c.want)
		}
	}
}

func TestTreeIsEmptyOnlyWhenEveryDescendantIsGone(t *testing.T) {
	inBoth(t, func(r *room) {
		// A double fork in a session of its own, with a clean environment.
		id, _, in := r.start("sh", "-c",
			`trap "exit 3" USR1
			env -i /usr/bin/setsid /bin/sh -c '(trap "" TERM; echo $$; kill -USR1 $0; exec sleep 1000) & wait' $$ & wait`)
		escaped := r.number(in)
		e := r.exited(id)
		if e.Status.Code != 3 || len(e.Leftover) == 0 {
			r.Fatalf("exited: %+v", e)
		}
		if !slices.Equal(sorted(r.host.Members(id)), sorted(e.Leftover)) {
			r.Errorf("members %v, leftover %v", r.host.Members(id), e.Leftover)
		}
		r.host.Kill(id)
		r.emptied(id)
		if lives(escaped) {
			r.Errorf("%d lives on", escaped)
		}
	})
}

func TestKillEndsTheMainProcessAndThoseThatLeftItsSession(t *testing.T) {
	inBoth(t, func(r *room) {
		id, p, in := r.start("sh", "-c", `trap "" TERM; setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 1000; done' & while :; do sleep 1000; done`)
		escaped := r.number(in)
		if err := r.host.Signal(id, syscall.SIGTERM); err != nil {
			r.Fatal(err)
		}
		r.host.Kill(id)
		if e := r.exited(id); e.Status.Signal != syscall.SIGKILL {
			r.Errorf("exited: %+v", e)
		}
		r.emptied(id)
		for _, pid := range []int{p.PID, escaped} {
			if lives(pid) {
				r.Errorf("%d lives on", pid)
			}
		}
	})
}

func TestSignalReachesLeftovers(t *testing.T) {
	inBoth(t, func(r *room) {
		id, _, in := r.start("sh", "-c", `setsid sleep 1000 & echo $!`)
		r.number(in)
		if e := r.exited(id); len(e.Leftover) == 0 {
			r.Fatalf("exited: %+v", e)
		}
		if err := r.host.Signal(id, syscall.SIGTERM); err != nil {
			r.Fatal(err)
		}
		r.emptied(id)
	})
}

func TestChildrenStartClean(t *testing.T) {
	inBoth(t, func(r *room) {
		// Signals: blocked, ignored and caught masks of the child.
		_, _, in := r.start("sh", "-c", `grep -E 'SigBlk|SigIgn' /proc/self/status; ls /proc/self/fd | tr '\n' ' '; echo; ulimit -n; ps -o sid= -p $$ | tr -d ' '; echo $$; readlink /proc/self/fd/0`)
		for _, want := range []string{"SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"} {
			if got := r.line(in); got != want {
				r.Errorf("%q, want %q", got, want)
			}
		}
		// ls itself holds 3 while it reads the folder.
		if got := r.line(in); got != "0 1 2 3" {
			r.Errorf("descriptors %q", got)
		}
		if got := r.line(in); got != strconv.FormatUint(originalNofile(r.T), 10) {
			r.Errorf("ulimit -n is %s, want %d", got, originalNofile(r.T))
		}
		if sid, pid := r.line(in), r.line(in); sid != pid {
			r.Errorf("session %s of process %s", sid, pid)
		}
		if got := r.line(in); got != "/dev/null" {
			r.Errorf("stdin is %s", got)
		}
	})
}

// originalNofile is the limit this test was started with: Go raises its own,
// and gives children the original.
func originalNofile(t *testing.T) uint64 {
	t.Helper()
	proc, err := os.StartProcess("/bin/sleep", []string{"sleep", "1000"}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = proc.Kill(); _, _ = proc.Wait() }()
	var lim unix.Rlimit
	if err := unix.Prlimit(proc.Pid, unix.RLIMIT_NOFILE, nil, &lim); err != nil {
		t.Fatal(err)
	}
	return lim.Cur
}

func TestManyAtOnceCostNoThreads(t *testing.T) {
	inBoth(t, func(r *room) {
		const many = 200
		before := threads(r.T)
		ids := make([]TreeID, many)
		var starts sync.WaitGroup
		for i := range ids {
			ids[i] = TreeID{Unit: fmt.Sprintf("demo/u%d", i), Run: 1}
			starts.Go(func() {
				argv := []string{"sh", "-c", "exit " + strconv.Itoa(i%100)}
				if i%2 == 0 {
					argv = []string{"sleep", "1000"}
				}
				if _, err := r.host.Start(Spec{Tree: ids[i], Argv: argv, Dir: "/", Env: os.Environ()}); err != nil {
					r.Error(err)
				}
			})
		}
		starts.Wait()
		if after := threads(r.T); after > before+100 {
			r.Errorf("%d threads for %d units, %d before", after, many, before)
		}
		for i, id := range ids {
			if i%2 == 0 {
				r.host.Kill(id)
			}
			e := r.exited(id)
			if i%2 == 1 && e.Status.Code != i%100 {
				r.Errorf("%v: %+v", id, e.Status)
			}
			r.emptied(id)
		}
		if n := len(r.host.Census()); n != 0 {
			r.Errorf("%d trees are left", n)
		}
	})
}

func threads(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestNoDescriptorIsLeaked(t *testing.T) {
	inBoth(t, func(r *room) {
		run := func() {
			id, _, _ := r.start("true")
			r.exited(id)
			r.emptied(id)
		}
		run()
		before := descriptors(r.T)
		for range 20 {
			run()
		}
		// Each start of the test leaves the reading end of its pipe.
		if after := descriptors(r.T); after > before+100 {
			r.Errorf("%d descriptors, %d before", after, before)
		}
	})
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestAdoptKnowsAProcessFromItsSuccessor(t *testing.T) {
	r := newRoom(t, ContainMarker)
	id, p, _ := r.start("sleep", "1000")
	second := newRoom(t, ContainMarker)
	ticks, err := readStat(p.PID)
	if err != nil {
		t.Fatal(err)
	}
	older := p
	older.Handle, older.StartTicks = 0, ticks.ticks
	if p.Handle == 0 && p.StartTicks != ticks.ticks {
		t.Errorf("it started at %d, noted is %d", ticks.ticks, p.StartTicks)
	}
	stranger := older
	stranger.StartTicks++
	if err := second.host.Adopt(id, stranger); !errors.Is(err, ErrGone) {
		t.Errorf("another start time: %v", err)
	}
	if p.Handle != 0 {
		stranger = p
		stranger.Handle++
		if err := second.host.Adopt(id, stranger); !errors.Is(err, ErrGone) {
			t.Errorf("another handle: %v", err)
		}
	}
	stranger = p
	stranger.BootID = "another boot"
	if err := second.host.Adopt(id, stranger); !errors.Is(err, ErrGone) {
		t.Errorf("another boot: %v", err)
	}
	third := newRoom(t, ContainMarker)
	if err := third.host.Adopt(id, older); err != nil {
		t.Errorf("as a kernel without handles notes it: %v", err)
	}
	if err := second.host.Adopt(id, p); err != nil {
		t.Fatal(err)
	}
	second.host.Kill(id)
	second.exited(id)
	second.emptied(id)
	third.exited(id)
	third.emptied(id)
	r.exited(id)
	r.emptied(id)
}

func TestWatchTellsOfAStrangersEnd(t *testing.T) {
	r := newRoom(t, ContainMarker)
	id, p, _ := r.start("sleep", "1000")
	gone := make(chan struct{})
	if err := r.host.Watch(p.PID, func() { close(gone) }); err != nil {
		t.Fatal(err)
	}
	r.host.Kill(id)
	<-gone
	r.exited(id)
	r.emptied(id)
	if err := r.host.Watch(p.PID, func() {}); !errors.Is(err, ErrGone) {
		t.Errorf("a process that has ended: %v", err)
	}
}

func TestStatLineWithABadName(t *testing.T) {
	line := "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20\n"
	st, err := parseStat([]byte(line))
	if err != nil || st.state != 'S' || st.ticks != 777 {
		t.Errorf("%+v, %v", st, err)
	}
	if _, err := parseStat([]byte("12 (a S 1")); err == nil {
		t.Error("a torn line is no error")
	}
}

func sorted(list []int) []int {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// A process that is about to become another program starts nothing, and is told of
// every end: it may die before that.
func TestAFrozenHostTellsOfEnds(t *testing.T) {
	inBoth(t, func(r *room) {
		var ids []TreeID
		var pids []int
		for range 5 {
			id, p, in := r.start("sh", "-c", "echo up; exec sleep 1000")
			r.line(in)
			ids, pids = append(ids, id), append(pids, p.PID)
		}
		r.host.Freeze()
		for i, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				r.Error(err)
			}
			r.exited(ids[i])
		}
		started := make(chan error, 1)
		id := TreeID{Unit: "demo/late", Run: 1}
		go func() {
			_, err := r.host.Start(Spec{Tree: id, Argv: []string{"true"}, Dir: "/", Env: os.Environ()})
			started <- err
		}()
		select {
		case <-started:
			r.Error("it was started by a frozen host")
		case <-time.After(50 * time.Millisecond):
		}
		r.host.Thaw()
		if err := <-started; err != nil {
			r.Error(err)
		}
		r.exited(id)
	})
}
