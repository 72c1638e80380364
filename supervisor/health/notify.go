package health

import (
	"context"
	"strconv"
	"time"
)

// Notify is well when the run says READY=1, and where there is a watchdog, as
// long as it says WATCHDOG=1 often enough after that.
type Notify struct {
	// Inbox was opened before the run was spawned; Watch does not close it.
	Inbox *Inbox
	// Watchdog is how long a ready run may be silent; 0 for ever.
	Watchdog time.Duration
	// Ready is whether the run has said READY=1 to an earlier supervisor.
	Ready bool
}

// Env are the variables that tell a service where and how often to report.
func (p Notify) Env(socket string) []string {
	env := []string{"NOTIFY_SOCKET=" + socket}
	if p.Watchdog > 0 {
		env = append(env, "WATCHDOG_USEC="+strconv.FormatInt(p.Watchdog.Microseconds(), 10))
	}
	return env
}

// Awaits says what has not come yet.
func (Notify) Awaits() string { return "no READY=1 yet" }

func (p Notify) watch(ctx context.Context, _ Spec, report func(News)) {
	w := &vigil{p: p, report: report, begun: time.Now()}
	w.timer = time.NewTimer(time.Hour)
	defer w.timer.Stop()
	w.timer.Stop()
	if p.Ready {
		w.arm()
	}
	for n := 1; ; n++ {
		if n%chatter == 0 && !rest(ctx, quiet) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-p.Inbox.word:
			w.hear(p.Inbox.take())
		case <-w.timer.C:
			// What was said in the last moment is in time.
			if m := p.Inbox.take(); !m.empty() {
				w.hear(m)
			}
			w.silence()
		}
	}
}

// After each chatter messages the watch is quiet for a while, in which the
// inbox goes on gathering: whoever talks without end is reported at most 320
// times a second.
const (
	chatter = 16
	quiet   = 50 * time.Millisecond
)

// vigil is one watch by notify.
type vigil struct {
	p      Notify
	report func(News)
	begun  time.Time
	timer  *time.Timer
	// armed is whether the watchdog watches, and fed when it last had what
	// it wants.
	armed bool
	fed   time.Time
}

// arm gives the run a whole watchdog interval from now.
func (w *vigil) arm() {
	if w.p.Watchdog > 0 {
		w.armed, w.fed = true, time.Now()
		w.timer.Reset(w.p.Watchdog)
	}
}

// hear reports a message. WATCHDOG=1 before READY=1, and after STOPPING=1,
// means nothing.
func (w *vigil) hear(m message) {
	now := time.Now()
	if m.status != nil {
		w.report(Status{Text: *m.status})
	}
	if m.extend > 0 {
		w.report(Extend{For: m.extend, Time: now})
	}
	if m.ready {
		w.arm()
		w.report(Result{OK: true, Text: "READY=1", Time: now, Took: now.Sub(w.begun)})
	} else if m.alive && w.armed {
		w.arm()
		w.report(Result{OK: true, Text: "WATCHDOG=1", Time: now})
	}
	if m.trigger {
		w.report(Result{Text: "it says WATCHDOG=trigger", Time: now, Final: true})
	}
	if m.stopping {
		w.armed = false
		w.timer.Stop()
		w.report(Stopping{})
	}
}

// silence reports that a whole watchdog interval has passed without a word.
func (w *vigil) silence() {
	if !w.armed || time.Since(w.fed) < w.p.Watchdog {
		return
	}
	w.arm()
	w.report(Result{Text: "no WATCHDOG=1 for " + span(w.p.Watchdog), Time: time.Now(), Took: w.p.Watchdog, Final: true})
}
