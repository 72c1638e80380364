package cli

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"systemg/ipc"
)

// A request whose supervisor has frozen meanwhile ends with the probe's error;
// any other trouble of the probe changes nothing.
func TestPulseEndsWhatNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		frozen := ipc.Errorf(ipc.CodeTimeout, "the supervisor does not answer")
		answers := []error{nil, ipc.Errorf(ipc.CodeNotRunning, "gone"), errors.New("no descriptors left"), frozen}
		began := time.Now()
		ctx, stop := withPulse(context.Background(), time.Second, func(context.Context) error {
			next := answers[0]
			answers = answers[1:]
			return next
		})
		defer stop()
		<-ctx.Done()
		if got := time.Since(began); got != 4*time.Second {
			t.Errorf("ended after %s, want 4s: the fourth probe is the first that times out", got)
		}
		if context.Cause(ctx) != error(frozen) {
			t.Errorf("cause = %v, want the probe's error", context.Cause(ctx))
		}
	})
}

// A pulse that is stopped has ended when stop returns.
func TestPulseStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := withPulse(context.Background(), time.Second, func(context.Context) error { return nil })
		time.Sleep(3 * time.Second)
		if ctx.Err() != nil {
			t.Errorf("ended by itself: %v", context.Cause(ctx))
		}
		stop()
		if ctx.Err() == nil {
			t.Error("still beats")
		}
	})
}
