package supervisor

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"systemg/config"
	"systemg/supervisor/store"
)

// fakeLedger is a disk that keeps what it was given last.
type fakeLedger struct {
	mu   sync.Mutex
	last store.CronHistory
	err  error
}

func (f *fakeLedger) SaveCron(h store.CronHistory) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	kept := store.CronHistory{Schema: store.CronSchema, Jobs: map[string][]store.CronRun{}, Last: map[string]time.Time{}, Off: map[string]bool{}}
	for k, v := range h.Jobs {
		kept.Jobs[k] = v
	}
	for k, v := range h.Last {
		kept.Last[k] = v
	}
	for k, v := range h.Off {
		kept.Off[k] = v
	}
	f.last = kept
	return nil
}

// cronJob is a unit that runs every minute.
func cronJob(name string, change ...func(*config.Cron)) config.Unit {
	return service(name, func(u *config.Unit) {
		u.Kind, u.Restart = config.CronJob, config.RestartNever
		u.Cron = &config.Cron{Expression: "0 * * * * *", Timezone: "UTC", Overlap: "skip", CatchUp: "none", History: 10}
		for _, c := range change {
			c(u.Cron)
		}
	})
}

func overlap(how string) func(*config.Cron) { return func(c *config.Cron) { c.Overlap = how } }

// told is the job's history in words.
func (r *room) told(name string) string {
	var words []string
	for _, run := range r.view(name).History {
		words = append(words, run.Status)
	}
	return strings.Join(words, " ")
}

func (r *room) wantTold(name, want string) {
	r.Helper()
	if got := r.told(name); got != want {
		r.Errorf("the history of %s is %q, want %q", name, got, want)
	}
}

func (r *room) runs(name string) int {
	n := 0
	for _, s := range r.started() {
		if s == name {
			n++
		}
	}
	return n
}

func TestAJobRunsWhenItIsDue(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(cronJob("backup"))
		r.expect("backup", "scheduled")
		if next := r.view("backup").NextRun; next.IsZero() || next.Second() != 0 {
			t.Errorf("it runs next at %s", next)
		}
		r.pass(time.Minute)
		r.expect("backup", "running")
		r.exit("backup", 0)
		r.expect("backup", "scheduled")
		r.pass(time.Minute)
		r.exit("backup", 3)
		r.wantTold("backup", "completed failed")
	})
}

func TestOverlapInTheLoop(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(cronJob("skip"), cronJob("queue", overlap("queue")), cronJob("replace", overlap("replace")))
		r.pass(2 * time.Minute)
		r.wantTold("skip", "running skipped")
		r.wantTold("queue", "running queued")
		r.wantTold("replace", "failed running")
		r.pass(time.Minute)
		r.wantTold("queue", "running queued skipped")
		r.exit("queue", 0)
		r.wantTold("queue", "completed running skipped")
		if n := r.runs("skip"); n != 1 {
			t.Errorf("skip was started %d times", n)
		}
	})
}

func TestAJobThatTakesTooLong(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(cronJob("slow", func(c *config.Cron) { c.Timeout = 10 * time.Second }))
		r.pass(time.Minute + 15*time.Second)
		r.expect("slow", "scheduled")
		r.wantTold("slow", "failed")
		if why := r.view("slow").History[0].Reason; why != "timed out after 10s" {
			t.Errorf("it says %q", why)
		}
	})
}

func TestStoppingAJobWhileItRuns(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(cronJob("backup", overlap("queue")))
		r.pass(2 * time.Minute)
		r.stop("backup")
		r.expect("backup", "stopped")
		r.wantTold("backup", "failed skipped")
		r.pass(time.Hour)
		r.wantTold("backup", "failed skipped")
		r.up(cronJob("backup", overlap("queue")))
		r.pass(time.Minute)
		r.wantTold("backup", "failed skipped running")
	})
}

func TestAJobWhoseDependencyIsNotUp(t *testing.T) {
	inRoom(t, func(r *room) {
		backup := cronJob("backup")
		needs("db")(&backup)
		r.up(service("db", policyOf(config.RestartNever)), backup)
		r.expect("backup", "scheduled")
		r.exit("db", 1)
		r.pass(time.Minute)
		r.wantTold("backup", "failed")
		if n := r.runs("backup"); n != 0 {
			t.Errorf("it was started %d times", n)
		}
	})
}

func TestTriggerByHand(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(cronJob("backup"), service("web"))
		a, err := r.sup.Trigger(context.Background(), "demo/backup")
		if err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		if run, ok := a.Find(r.view("backup")); !ok || run.Status != store.CronRunning {
			t.Errorf("the run is %v", run)
		}
		b, err := r.sup.Trigger(context.Background(), "demo/backup")
		if err != nil {
			t.Fatal(err)
		}
		if run, ok := b.Find(r.view("backup")); !ok || run.Status != store.CronSkipped {
			t.Errorf("the second run is %v", run)
		}
		if _, err := r.sup.Trigger(context.Background(), "demo/web"); err == nil {
			t.Error("a service was triggered")
		}
		r.stop("backup")
		if _, err := r.sup.Trigger(context.Background(), "demo/backup"); err == nil {
			t.Error("a stopped job was triggered")
		}
	})
}

// A supervisor that comes back adopts the run that lives, and neither doubles
// nor loses one.
func TestARestartNeitherDoublesNorLoses(t *testing.T) {
	inRoom(t, func(r *room) {
		ledger := &fakeLedger{}
		first := r.again(ledger, store.State{}, store.CronHistory{})
		if _, err := first.sup.Start(context.Background(), source(cronJob("backup"), cronJob("idle")), Selection{}); err != nil {
			t.Fatal(err)
		}
		first.pass(time.Minute + time.Second)
		first.exit("idle", 0)
		first.pass(time.Second)
		first.end()
		second := first.again(ledger, first.saver.last, ledger.last)
		second.pass(time.Second)
		second.expect("backup", "running", "idle", "scheduled")
		second.wantTold("backup", "running")
		second.wantTold("idle", "completed")
		second.exit("backup", 0)
		second.pass(time.Minute)
		second.wantTold("backup", "completed running")
		second.wantTold("idle", "completed running")
		if n := second.runs("backup"); n != 2 {
			t.Errorf("backup was started %d times", n)
		}
	})
}

// again is another supervisor over the same machines. It ends with end, or
// with the test.
func (r *room) again(ledger Ledger, state store.State, h store.CronHistory) *room {
	next := &room{TB: r.TB, host: r.host, journal: r.journal, saver: &fakeSaver{}}
	next.sup = New(Options{
		Host: r.host, Outputs: fakeOutputs{}, Journal: r.journal, Saver: next.saver, Log: r.sup.loop.o.Log,
		BootID: "boot", Ledger: ledger, History: h, Spread: func() float64 { return 0 },
	})
	r.host.sup = next.sup
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); next.sup.Run(ctx) }()
	next.end = func() { cancel(); <-done }
	r.Cleanup(next.end)
	if err := next.sup.Restore(ctx, state, Past{}); err != nil {
		r.Fatal(err)
	}
	return next
}

// The skipped hour of the spring runs once, the doubled hour of the autumn
// does not run twice.
func TestTheClocksChangeInTheLoop(t *testing.T) {
	inRoom(t, func(r *room) {
		nightly := func(c *config.Cron) { c.Expression, c.Timezone = "0 30 2 * * *", "Europe/Berlin" }
		// The bubble begins on 1 January 2000; the clocks changed on
		// 26 March and 29 October.
		r.pass(time.Until(time.Date(2000, 3, 25, 12, 0, 0, 0, time.UTC)))
		r.up(cronJob("backup", nightly))
		for range 3 {
			r.pass(24 * time.Hour)
			r.exit("backup", 0)
		}
		r.wantTold("backup", "completed completed completed")
		r.stop("backup")
		r.pass(time.Until(time.Date(2000, 10, 28, 12, 0, 0, 0, time.UTC)))
		r.up(cronJob("backup", nightly))
		for range 2 {
			r.pass(24 * time.Hour)
			r.exit("backup", 0)
		}
		if n := r.runs("backup"); n != 5 {
			t.Errorf("it ran %d times, want 5", n)
		}
	})
}
