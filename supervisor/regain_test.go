package supervisor

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"systemg/config"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
)

// keeping has the room keep a diary. Nothing is saved any more from now on, as
// if the supervisor died before it came to it.
func (r *room) keeping() string {
	r.Helper()
	dir := r.TempDir()
	d, err := store.OpenDiary(dir, "")
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = d.Close() })
	r.tell(func(l *loop) { l.o.Diary = d })
	return dir
}

// tell has the loop do something.
func (r *room) tell(do func(*loop)) {
	r.Helper()
	_, err := ask(context.Background(), r.sup, func(l *loop) (struct{}, error) {
		do(l)
		return struct{}{}, nil
	})
	if err != nil {
		r.Fatal(err)
	}
}

// killed has the supervisor die at once, and the next one find nothing but the
// diary, and what else is known of the past.
func (r *room) killed(dir string, more ...store.Entry) *room {
	r.Helper()
	entries, err := store.ReadDiary(dir, "", 0)
	if err != nil {
		r.Fatal(err)
	}
	state, ended, commands := store.Replay(store.State{BootID: r.sup.loop.o.BootID}, append(entries, more...))
	r.end()
	next := &room{TB: r.TB, host: r.host, journal: r.journal, saver: &fakeSaver{}}
	o := r.sup.loop.o
	o.Saver, o.Diary = next.saver, nil
	next.sup = New(o)
	r.host.sup = next.sup
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); next.sup.Run(ctx) }()
	next.end = func() { cancel(); <-done }
	r.Cleanup(next.end)
	if err := next.sup.Restore(ctx, state, Past{Ended: ended, Commands: commands, Certain: true, Told: r.journal.told}); err != nil {
		r.Fatal(err)
	}
	synctest.Wait()
	return next
}

// started is how often a tree of that name was started.
func (h *fakeHost) started(name string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range h.starts {
		if id.Unit == name {
			n++
		}
	}
	return n
}

// A run that was started a moment before the death, and is in no saved state,
// is adopted.
func TestAKilledSupervisorStartsNothingTwice(t *testing.T) {
	inRoom(t, func(r *room) {
		dir := r.keeping()
		r.up(service("web"))
		next := r.killed(dir)
		next.pass(time.Second)
		next.expect("web", "running")
		if n := r.host.started("demo/web"); n != 1 {
			t.Errorf("it was started %d times", n)
		}
	})
}

// One that was ordered, and of which the launcher had not told yet, is found by
// its hold.
func TestWhatWasOrderedIsFoundByItsHold(t *testing.T) {
	inRoom(t, func(r *room) {
		dir := r.keeping()
		r.up(service("web"))
		entries, err := store.ReadDiary(dir, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range entries {
			if e.Unit != nil && len(e.Unit.Trees) > 0 {
				// What came later was not written any more.
				next := r.killed(t.TempDir(), entries[:i+1]...)
				next.pass(time.Second)
				next.expect("web", "running")
				if n := r.host.started("demo/web"); n != 1 {
					t.Errorf("it was started %d times", n)
				}
				return
			}
		}
		t.Fatal("the diary tells of no order")
	})
}

// How a run ended is known to the next supervisor, and judged once.
func TestAnExitBeforeTheDeathIsJudgedOnce(t *testing.T) {
	inRoom(t, func(r *room) {
		dir := r.keeping()
		r.up(service("work", func(u *config.Unit) { u.Kind, u.Restart = config.Oneshot, config.RestartNever }))
		id := proc.TreeID{Unit: "demo/work", Run: 1}
		r.host.mu.Lock()
		delete(r.host.live, id)
		r.host.mu.Unlock()
		ended := EndedOf(id, proc.Process{}, proc.Status{Known: true, Code: 78}, time.Now())
		next := r.killed(dir, store.Entry{Ended: &ended})
		next.expect("work", "failed")
		if x := next.view("work").Unit.LastExit; x == nil || x.Code != 78 {
			t.Errorf("its exit is %+v", x)
		}
		if n := r.host.started("demo/work"); n != 1 {
			t.Errorf("it was started %d times", n)
		}
	})
}

// An operator's stop that was answered is not forgotten: what ends by it is not
// started again.
func TestAStopIsNotForgotten(t *testing.T) {
	inRoom(t, func(r *room) {
		dir := r.keeping()
		r.up(service("web", func(u *config.Unit) { u.Restart = config.RestartAlways }))
		r.pass(time.Second)
		r.host.mu.Lock()
		r.host.deaf["demo/web"] = true
		r.host.mu.Unlock()
		if _, err := r.sup.Stop(context.Background(), Selection{Units: []string{"web"}}, false, ""); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		next := r.killed(dir)
		r.host.end(proc.TreeID{Unit: "demo/web", Run: 1}, proc.Status{Known: true, Code: -1, Signal: syscall.SIGTERM})
		next.pass(time.Second)
		next.expect("web", "stopped")
	})
}

// A pre_start that runs is waited for, not run again.
func TestAStepUnderWayIsWaitedFor(t *testing.T) {
	inRoom(t, func(r *room) {
		dir := r.keeping()
		r.up(service("web", func(u *config.Unit) { u.Deployment.PreStart = "migrate" }))
		next := r.killed(dir)
		next.expect("web", "starting")
		r.host.end(proc.TreeID{Unit: "demo/web:pre_start", Run: 1}, proc.Status{Known: true})
		next.pass(time.Second)
		next.expect("web", "running")
		if n := r.host.started("demo/web:pre_start"); n != 1 {
			t.Errorf("pre_start was run %d times", n)
		}
	})
}

// A back-off goes on where it was.
func TestABackOffGoesOn(t *testing.T) {
	inRoom(t, func(r *room) {
		dir := r.keeping()
		r.up(service("web", func(u *config.Unit) {
			u.Restart = config.RestartAlways
			u.Backoff = config.Backoff{Initial: 10 * time.Second, Factor: 1, Max: 10 * time.Second}
		}))
		r.pass(time.Second)
		r.host.end(proc.TreeID{Unit: "demo/web", Run: 1}, proc.Status{Known: true, Code: 1})
		synctest.Wait()
		r.pass(4 * time.Second)
		next := r.killed(dir)
		next.expect("web", "backoff")
		next.pass(5 * time.Second)
		next.expect("web", "backoff")
		next.pass(2 * time.Second)
		next.expect("web", "running")
		if v := next.view("web"); v.Unit.Restarts != 1 {
			t.Errorf("%d restarts", v.Unit.Restarts)
		}
	})
}

// deafDiary is a diary that for a while cannot be written.
type deafDiary struct {
	Diary
	deaf atomic.Bool
}

func (d *deafDiary) Write(entries ...store.Entry) error {
	if d.deaf.Load() {
		return syscall.EMFILE
	}
	return d.Diary.Write(entries...)
}

// A diary that could not be written has everything as soon as it can, without
// anything having to happen, and only then is the problem over.
func TestADiaryIsMadeGood(t *testing.T) {
	inRoom(t, func(r *room) {
		dir := r.keeping()
		deaf := &deafDiary{}
		deaf.deaf.Store(true)
		r.tell(func(l *loop) { deaf.Diary, l.o.Diary = l.o.Diary, deaf })
		r.up(service("web"))
		r.pass(5 * time.Second)
		if problems := r.sup.Snapshot().Problems; len(problems) != 1 || !strings.Contains(problems[0], "done twice") {
			t.Errorf("the problems are %q", problems)
		}
		deaf.deaf.Store(false)
		r.pass(2 * diaryRetry)
		if problems := r.sup.Snapshot().Problems; len(problems) != 0 {
			t.Errorf("the problems still are %q", problems)
		}
		next := r.killed(dir)
		next.pass(time.Second)
		next.expect("web", "running")
		if n := r.host.started("demo/web"); n != 1 {
			t.Errorf("it was started %d times", n)
		}
	})
}

// strict is a diary that finds fault with what is done before it was told.
type strict struct {
	Diary
	host  *fakeHost
	told  map[string]bool
	early []string
}

func (d *strict) Write(entries ...store.Entry) error {
	d.look()
	for _, e := range entries {
		if e.Unit != nil {
			d.told[e.Unit.Project+"/"+e.Unit.Name] = true
		}
	}
	return d.Diary.Write(entries...)
}

// look finds what was started that the diary does not have.
func (d *strict) look() {
	d.host.mu.Lock()
	defer d.host.mu.Unlock()
	for _, id := range d.host.starts {
		if !d.told[UnitOf(id)] {
			d.early = append(d.early, id.Unit)
		}
	}
}

// Many units are written down some at a time, and none is started before it is.
func TestNothingIsDoneBeforeItIsWritten(t *testing.T) {
	inRoom(t, func(r *room) {
		r.keeping()
		diary := &strict{host: r.host, told: map[string]bool{}}
		r.tell(func(l *loop) { diary.Diary, l.o.Diary = l.o.Diary, diary })
		var many []config.Unit
		for i := range 5 * stride {
			many = append(many, service("web-"+strconv.Itoa(i)))
		}
		r.up(many...)
		r.pass(time.Second)
		r.tell(func(*loop) { diary.look() })
		if len(diary.early) > 0 {
			t.Errorf("started before the diary had them: %q", diary.early)
		}
		if len(r.host.starts) != len(many) {
			t.Errorf("%d of %d were started", len(r.host.starts), len(many))
		}
	})
}
