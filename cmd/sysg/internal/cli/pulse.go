package cli

import (
	"context"
	"errors"
	"time"

	"systemg/ipc"
)

// pulseEvery is how often a command that waits as long as units take looks
// whether the supervisor still answers.
const pulseEvery = 5 * time.Second

// withPulse is ctx until the probe says that the supervisor does not answer;
// that is the cause of its end then. Other errors of the probe are left to the
// request under way, which meets them too. The pulse ends with stop.
func withPulse(ctx context.Context, every time.Duration, probe func(context.Context) error) (beating context.Context, stop func()) {
	beating, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-beating.Done():
				return
			case <-tick.C:
			}
			var e *ipc.Error
			if err := probe(beating); errors.As(err, &e) && e.Code == ipc.CodeTimeout {
				cancel(e)
				return
			}
		}
	}()
	return beating, func() { cancel(nil); <-ended }
}

// knock is whether the supervisor still says hello.
func (a *app) knock(ctx context.Context) error {
	client, err := a.dial(ctx)
	if err != nil {
		return err
	}
	return client.Close()
}
