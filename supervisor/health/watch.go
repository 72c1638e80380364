package health

import (
	"context"
	"time"
)

// Spec is what to watch, and in which rhythm.
type Spec struct {
	Probe Probe
	// Interval is the pause between the end of an attempt and the next.
	Interval time.Duration
	// AttemptTimeout bounds each attempt.
	AttemptTimeout time.Duration
}

// Probe is one kind of looking: URL, TCP, Command, Notify or Log.
type Probe interface {
	// Awaits says, for a person, what has not come yet.
	Awaits() string
	// watch reports until ctx ends.
	watch(ctx context.Context, s Spec, report func(News))
}

// The pauses before a first success begin here and double up to the interval,
// so a service that starts in a moment is not kept waiting for a whole one.
const firstPause = 100 * time.Millisecond

// leastPause keeps a manifest's mistake from becoming a busy loop.
const leastPause = 10 * time.Millisecond

// Watch watches one run until ctx ends, and returns once nothing it began is
// left. The reports come one at a time and never after it has returned; a
// report that blocks delays what follows of this run alone. Commands that do
// not obey their context delay the return, so the loop does not wait for it.
func Watch(ctx context.Context, s Spec, report func(News)) {
	s.Interval = max(s.Interval, leastPause)
	s.AttemptTimeout = max(s.AttemptTimeout, leastPause)
	s.Probe.watch(ctx, s, func(n News) {
		if ctx.Err() == nil {
			report(n)
		}
	})
}

// attempt is one try, the nth of its run, counted from 1. It ends soon after
// ctx does.
type attempt func(ctx context.Context, n uint64) (text string, ok bool)

// repeat makes attempts until ctx ends; name is what its own texts begin with.
func repeat(ctx context.Context, s Spec, name string, try attempt, report func(News)) {
	pause := min(firstPause, s.Interval)
	for n := uint64(1); ctx.Err() == nil; n++ {
		ok := once(ctx, s, name, n, try, report)
		if ok {
			pause = s.Interval
		}
		if !rest(ctx, pause) {
			return
		}
		pause = min(2*pause, s.Interval)
	}
}

// outcome is what an attempt found.
type outcome struct {
	text string
	ok   bool
}

// once makes one attempt in a goroutine of its own and returns when that has
// ended. One that goes past its time is reported at once, and again after each
// interval, for as long as it does not end: no second one is started beside it.
func once(ctx context.Context, s Spec, name string, n uint64, try attempt, report func(News)) bool {
	begun := time.Now()
	told := begun
	bounded, cancel := context.WithTimeout(ctx, s.AttemptTimeout)
	defer cancel()
	done := make(chan outcome, 1)
	go func() {
		text, ok := try(bounded, n)
		done <- outcome{text: text, ok: ok}
	}()
	tell := func(o outcome) {
		now := time.Now()
		report(Result{OK: o.ok, Text: o.text, Time: now, Took: now.Sub(told)})
		told = now
	}
	select {
	case o := <-done:
		// What an attempt says when it is cut short is not what was wrong.
		if !o.ok && (bounded.Err() != nil || time.Since(begun) >= s.AttemptTimeout) {
			o.text = name + ": no answer within " + span(s.AttemptTimeout)
		}
		tell(o)
		return o.ok
	case <-bounded.Done():
	}
	tell(outcome{text: name + ": no answer within " + span(s.AttemptTimeout)})
	for {
		late := time.NewTimer(s.Interval)
		select {
		case <-done:
			late.Stop()
			return false
		case <-ctx.Done():
			late.Stop()
			<-done
			return false
		case <-late.C:
			tell(outcome{text: name + ": an attempt has not ended for " + span(time.Since(begun))})
		}
	}
}

// rest waits, and says false when ctx ended first.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
