package supervisor

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/health"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// fakeChecks look at every run once a second and find it well, unless the test
// says that its unit is sick.
type fakeChecks struct {
	mu   sync.Mutex
	sick map[string]bool
	// watching counts the watches under way, lines what runs wrote.
	watching int
}

func (*fakeChecks) Prepare(*config.Unit, uint64) ([]string, error) { return nil, nil }

func (c *fakeChecks) Watch(ctx context.Context, w Watched, report func(health.News)) {
	c.count(1)
	defer c.count(-1)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			c.mu.Lock()
			ok := !c.sick[w.Def.Name]
			c.mu.Unlock()
			report(health.Result{OK: ok, Text: "503", Time: now})
		}
	}
}

func (c *fakeChecks) Match(ctx context.Context, _ *config.Unit, _ uint64, _ string) error {
	c.count(1)
	defer c.count(-1)
	<-ctx.Done()
	return ctx.Err()
}

func (c *fakeChecks) count(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watching += n
}

func (c *fakeChecks) say(name string, sick bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sick[name] = sick
}

func (c *fakeChecks) wantWatching(t testing.TB, n int) {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watching != n {
		t.Errorf("%d watches are under way, want %d", c.watching, n)
	}
}

// inCheckedRoom is inRoom with fake checks.
func inCheckedRoom(t *testing.T, test func(*room, *fakeChecks)) {
	inRoom(t, func(r *room) {
		c := &fakeChecks{sick: map[string]bool{}}
		r.sup.loop.o.Checks = c
		test(r, c)
	})
}

// checkedUnit has a health check that fails after 30 s.
func checkedUnit(u *config.Unit) {
	u.Health = &config.HealthCheck{
		URL: "http://127.0.0.1/", Interval: time.Second, Timeout: 30 * time.Second, Retries: 3, Liveness: "mark",
	}
}

// crashed has the supervisor die and another one find the state that was saved.
// What the first one does from now on reaches nobody.
func (r *room) crashed() *room {
	r.Helper()
	state := r.saver.last
	r.end()
	next := &room{TB: r.TB, host: r.host, journal: r.journal, saver: &fakeSaver{}}
	o := r.sup.loop.o
	o.Saver = next.saver
	next.sup = New(o)
	r.host.sup = next.sup
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); next.sup.Run(ctx) }()
	next.end = func() { cancel(); <-done }
	r.Cleanup(next.end)
	if err := next.sup.Restore(ctx, state, Past{}); err != nil {
		r.Fatal(err)
	}
	synctest.Wait()
	return next
}

// saved is the newest state, once it is due.
func (r *room) saved() store.State {
	r.pass(time.Second)
	return r.saver.last
}

func TestAnAdoptedRunIsWatchedAgain(t *testing.T) {
	inCheckedRoom(t, func(r *room, c *fakeChecks) {
		r.up(service("db", checkedUnit), service("web", needs("db")))
		r.pass(5 * time.Second)
		web := r.view("web").Process.PID
		next := r.crashed()
		next.expect("db", "running", "web", "running")
		if v := next.view("db"); v.Unit.Health != unit.Well {
			t.Errorf("adopted, it is %s", v.Unit.Health)
		}
		c.say("db", true)
		next.pass(10 * time.Second)
		if v := next.view("db"); v.Unit.Health != unit.Ill {
			t.Errorf("ill, it is %s", v.Unit.Health)
		}
		c.say("db", false)
		next.pass(10 * time.Second)
		if v := next.view("db"); v.Unit.Health != unit.Well || next.view("web").Process.PID != web {
			t.Errorf("well again, it is %s, web is process %d, was %d", v.Unit.Health, next.view("web").Process.PID, web)
		}
	})
}

func TestAnAdoptedRunThatWasNotReadyIsNotTakenForReady(t *testing.T) {
	inCheckedRoom(t, func(r *room, c *fakeChecks) {
		c.say("db", true)
		r.up(service("db", checkedUnit), service("web", needs("db")))
		r.expect("db", "starting", "web", "pending")
		next := r.crashed()
		next.expect("db", "starting", "web", "pending")
		c.say("db", false)
		next.pass(3 * time.Second)
		next.expect("db", "running", "web", "running")
		if len(next.started()) != 2 {
			t.Errorf("started: %q", next.started())
		}
	})
}

func TestAnAdoptedRunThatWasNotReadyMayBeLate(t *testing.T) {
	inCheckedRoom(t, func(r *room, c *fakeChecks) {
		c.say("db", true)
		r.up(service("db", checkedUnit))
		next := r.crashed()
		next.pass(31 * time.Second)
		if v := next.view("db"); v.Unit.State != unit.Running || v.Unit.Ready || v.Unit.Health != unit.Ill {
			t.Errorf("it is %s, ready %v, %s", v.Unit.State, v.Unit.Ready, v.Unit.Health)
		}
		again := next.crashed()
		if v := again.view("db"); v.Unit.Ready || v.Unit.Health != unit.Ill {
			t.Errorf("adopted late it is ready %v, %s", v.Unit.Ready, v.Unit.Health)
		}
		c.say("db", false)
		again.pass(5 * time.Second)
		if v := again.view("db"); !v.Unit.Ready || v.Unit.Health != unit.Well {
			t.Errorf("it came, ready %v, %s", v.Unit.Ready, v.Unit.Health)
		}
	})
}

// A unit that waits for its next run, or for another unit, goes on waiting.
func TestWhatWaitedWhenTheSupervisorDiedComesUp(t *testing.T) {
	inRoom(t, func(r *room) {
		slow := func(u *config.Unit) { u.Backoff.Initial = 30 * time.Second }
		r.up(service("db", slow), service("web", needs("db")), service("off"), service("done", policyOf("never")))
		r.stop("off")
		r.exit("done", 0)
		r.exit("db", 1)
		r.saved()
		r.expect("db", "backoff", "web", "pending")
		next := r.crashed()
		next.pass(time.Minute)
		next.expect("db", "running", "web", "running", "off", "stopped", "done", "completed")
		if run := next.view("db").Unit.Run; run != 2 {
			t.Errorf("run %d, want 2", run)
		}
	})
}

// Killed in the middle of an operator's restart, the unit comes back; killed in
// the middle of a stop, it stays down.
func TestAStopThatWasUnderWayEndsAsItWasMeant(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("again"), service("down"))
		r.host.deaf["demo/again"], r.host.deaf["demo/down"] = true, true
		r.stop("down")
		r.restart(nil, "again")
		r.saved()
		r.expect("again", "stopping", "down", "stopping")
		next := r.crashed()
		next.pass(time.Minute)
		next.expect("again", "running", "down", "stopped")
	})
}

// The watches end with what they watch, and with the supervisor.
func TestNoWatchOutlivesItsRun(t *testing.T) {
	inCheckedRoom(t, func(r *room, c *fakeChecks) {
		onLog := func(u *config.Unit) {
			u.Depends = append(u.Depends, config.Dependency{Unit: "db", Condition: config.CondLog, Log: "ready", Cascade: true})
		}
		units := []config.Unit{service("db", checkedUnit), service("api", checkedUnit, rolling), service("web", onLog)}
		for i := range 5 {
			r.up(units...)
			c.wantWatching(t, 3)
			r.exit("db", 1)
			r.pass(5 * time.Second)
			r.restart(nil, "api")
			r.pass(10 * time.Second)
			c.wantWatching(t, 3)
			units[1].Exec = []string{"api", fmt.Sprint(i)}
			if _, err := r.sup.Apply(context.Background(), source(units[1:]...), ""); err != nil {
				t.Fatal(err)
			}
			r.pass(time.Minute)
			c.wantWatching(t, 1)
		}
		r.stop("api", "web")
		r.pass(time.Minute)
		c.wantWatching(t, 0)
		if _, _, err := r.sup.Purge(context.Background(), "demo"); err != nil {
			t.Fatal(err)
		}
		c.wantWatching(t, 0)
	})
}

func TestARolloutThatHasSwitchedIsCompletedByTheNextSupervisor(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", rolling, blueGreen, version("1")))
		r.restart(source(service("api", rolling, blueGreen, version("2"))), "api")
		r.pass(time.Second)
		r.endSteps(true)
		r.endSteps(true)
		r.saved()
		if phase := r.view("api").Rollout.Phase; phase != deploy.Grace {
			t.Fatalf("the phase is %s", phase)
		}
		next := r.crashed()
		next.pass(time.Second)
		v := next.view("api")
		if v.Unit.Run != 2 || v.Slot != "green" || v.Def.Exec[1] != "2" || v.Rolling || len(v.Good) != 1 || next.lives(proc.TreeID{Unit: "demo/api", Run: 1}) {
			t.Errorf("run %d of version %s, %d good generations, rolling %v", v.Unit.Run, v.Def.Exec[1], len(v.Good), v.Rolling)
		}
		if n := len(next.started()); n != 2 {
			t.Errorf("%d instances were started", n)
		}
	})
}

// Nobody knows how far a switch_command has come whose supervisor died: the
// rollout begins again from where it began.
func TestASwitchThatWasInterruptedIsUndoneByTheNextSupervisor(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("api", rolling, blueGreen))
		r.restart(nil, "api")
		r.saved()
		if phase := r.view("api").Rollout.Phase; phase != deploy.Switching {
			t.Fatalf("the phase is %s", phase)
		}
		next := r.crashed()
		if !next.lives(proc.TreeID{Unit: "demo/api:switch_back", Run: 2}) {
			t.Errorf("nothing switches back: %v", next.host.live)
		}
		if !next.lives(proc.TreeID{Unit: "demo/api", Run: 2}) {
			t.Error("the new instance was ended while the traffic may go there")
		}
		next.endSteps(true)
		next.pass(time.Second)
		v := next.view("api")
		if v.Unit.Run != 1 || v.Slot != "blue" || next.lives(proc.TreeID{Unit: "demo/api", Run: 2}) {
			t.Errorf("run %d in slot %s, rolling %v", v.Unit.Run, v.Slot, v.Rolling)
		}
		if v.Rollout.Run != 3 || v.Rollout.Phase != deploy.Switching {
			t.Errorf("the rollout of run %d is %s", v.Rollout.Run, v.Rollout.Phase)
		}
	})
}

// slowSaver is a disk that takes a second.
type slowSaver struct{ fakeSaver }

func (s *slowSaver) Flush(context.Context) error {
	time.Sleep(time.Second)
	return nil
}

func TestTheOldInstanceIsEndedOnceTheNewOneIsOnDisk(t *testing.T) {
	inRoom(t, func(r *room) {
		saver := &slowSaver{}
		r.sup.loop.o.Saver = saver
		r.up(service("api", rolling))
		r.restart(nil, "api")
		r.pass(5500 * time.Millisecond)
		saver.mu.Lock()
		saved := saver.last.Units[0].Run
		saver.mu.Unlock()
		old := proc.TreeID{Unit: "demo/api", Run: 1}
		if v := r.view("api"); v.Unit.Run != 2 || saved != 2 || !r.lives(old) {
			t.Errorf("run %d is the unit's, run %d in the state, the old one lives %v", v.Unit.Run, saved, r.lives(old))
		}
		r.pass(time.Second)
		if r.view("api").Rolling || r.lives(old) {
			t.Error("the rollout does not end")
		}
	})
}

func (r *room) lives(id proc.TreeID) bool {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	return r.host.live[id]
}
