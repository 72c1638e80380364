package supervisor

import (
	"context"
	"fmt"
	"testing"
	"time"

	"systemg/config"
	"systemg/supervisor/store"
)

// begun are the times at which the unit's runs were started.
func (r *room) begun(name string) string {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	text := ""
	for _, id := range r.host.starts {
		if id.Unit == "demo/"+name {
			text += r.host.since[id].UTC().Format("15:04:05 ")
		}
	}
	return text
}

// What was due while no supervisor ran is made up for once, where the job wants
// that; the history says what was missed.
func TestCatchUpInTheLoop(t *testing.T) {
	inRoom(t, func(r *room) {
		ledger := &fakeLedger{}
		first := r.again(ledger, store.State{}, store.CronHistory{})
		hourly := func(catchUp string) func(*config.Cron) {
			return func(c *config.Cron) { c.Expression, c.CatchUp = "0 0 * * * *", catchUp }
		}
		units := []config.Unit{cronJob("none", hourly("none")), cronJob("once", hourly("once"))}
		if _, err := first.sup.Start(context.Background(), source(units...), Selection{}); err != nil {
			t.Fatal(err)
		}
		first.pass(time.Hour + 30*time.Minute)
		first.exit("none", 0)
		first.exit("once", 0)
		first.pass(time.Second)
		first.end()
		// Due are 02:00, 03:00 and 04:00.
		r.pass(3 * time.Hour)
		second := first.again(ledger, first.saver.last, ledger.last)
		second.pass(time.Second)
		second.expect("none", "scheduled", "once", "running")
		second.wantTold("none", "completed missed missed missed")
		second.wantTold("once", "completed missed missed running")
		second.exit("once", 0)
		second.pass(time.Hour)
		if got, want := second.begun("none"), "01:00:00 05:00:00 "; got != want {
			t.Errorf("none began at %s, want %s", got, want)
		}
		if got, want := second.begun("once"), "01:00:00 04:30:01 05:00:00 "; got != want {
			t.Errorf("once began at %s, want %s", got, want)
		}
		if due := second.view("once").History[3].Scheduled.UTC().Format("15:04"); due != "04:00" {
			t.Errorf("the run that made up for it was due at %s", due)
		}
	})
}

// A supervisor that is stopped stops no job: what is due until the next start is
// missed, or made up for, as after a crash. A job that was stopped by its name
// misses nothing.
func TestCatchUpAfterAStopOfEverything(t *testing.T) {
	inRoom(t, func(r *room) {
		ledger := &fakeLedger{}
		first := r.again(ledger, store.State{}, store.CronHistory{})
		hourly := func(c *config.Cron) { c.Expression, c.CatchUp = "0 0 * * * *", "once" }
		units := source(cronJob("job", hourly), cronJob("off", hourly))
		if _, err := first.sup.Start(context.Background(), units, Selection{}); err != nil {
			t.Fatal(err)
		}
		first.pass(30 * time.Minute)
		first.stop("off")
		if _, err := first.sup.Close(context.Background(), false, "the supervisor was stopped"); err != nil {
			t.Fatal(err)
		}
		first.pass(time.Second)
		first.end()
		r.pass(2 * time.Hour)
		second := first.again(ledger, first.saver.last, ledger.last)
		// It comes back before anybody starts anything.
		second.pass(time.Hour)
		second.expect("job", "stopped", "off", "stopped")
		b, err := second.sup.Start(context.Background(), units, Selection{})
		if err != nil {
			t.Fatal(err)
		}
		second.pass(time.Second)
		// Nobody waits for the run that makes up for what was missed.
		second.outcome(b, true, "")
		second.wantTold("job", "missed missed running")
		second.wantTold("off", "")
	})
}

// A run begins up to its jitter late, by as much as chance says, and the times
// at which it is due stay those of the schedule.
func TestJitterInTheLoop(t *testing.T) {
	inRoom(t, func(r *room) {
		chance := make(chan float64, 1)
		chance <- -1
		r.sup.loop.o.Spread = func() float64 {
			f := <-chance
			chance <- f
			return f
		}
		r.up(cronJob("job", func(c *config.Cron) { c.Jitter = 20 * time.Second }))
		r.pass(29 * time.Second)
		for _, f := range []float64{0, 0.5, 1, 0} {
			// What is drawn is for the due time after the next.
			<-chance
			chance <- f
			r.pass(time.Minute)
			r.exit("job", 0)
		}
		if got, want := r.begun("job"), "00:01:00 00:02:10 00:03:15 00:04:19 "; got != want {
			t.Errorf("it began at %s, want %s", got, want)
		}
		for i, run := range r.view("job").History {
			if got, want := run.Scheduled.UTC().Format("04:05"), fmt.Sprintf("%02d:00", i+1); got != want {
				t.Errorf("run %d was due at %s, want %s", run.Run, got, want)
			}
		}
	})
}

// That the clock was set makes every job look at it anew. Where nothing is due
// nothing runs, and nothing is lost or doubled.
func TestAClockThatIsSetToWhatItWas(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(cronJob("job"))
		for range 3 {
			r.pass(20 * time.Second)
			r.sup.ClockSet()
			r.sup.ClockSet()
		}
		r.pass(time.Second)
		r.exit("job", 0)
		r.pass(time.Minute)
		if got, want := r.begun("job"), "00:01:00 00:02:00 "; got != want {
			t.Errorf("it began at %s, want %s", got, want)
		}
	})
}
