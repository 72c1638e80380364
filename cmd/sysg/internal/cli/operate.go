package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"time"

	"systemg/cmd/sysg/internal/view"
	"systemg/ipc"
	"systemg/supervisor/guardian"
)

// operate makes a request that takes as long as units take, and shows how it
// goes on. Where the supervisor ends before it answers, and another one follows,
// that one is asked what came of it. It gives the hello of the one that answered.
func (a *app) operate(ctx context.Context, client *ipc.Client, method string, params ipc.Again, timeout time.Duration, result any) (ipc.HelloResult, error) {
	show := func(ipc.Progress) {}
	if a.showsProgress() {
		p := view.NewProgress(a.Stderr, a.remarks())
		defer p.Done()
		show = p.Update
	}
	o := operation{app: a, method: method, show: show}
	began, left := time.Now(), timeout
	if client.Hello().Can(ipc.FeatureOperations) && !o.beginsNothing() {
		o.name = rand.Text()
	}
	for {
		hello := client.Hello()
		err := o.ask(ctx, client, params.As(o.name, left.Seconds()), result)
		if !over(err) && !crowded(err) || ctx.Err() != nil {
			return hello, err
		}
		way := back{app: a}
		next := way.same(ctx, hello.PID, err)
		same := next != nil
		if !same && crowded(err) {
			return hello, err
		}
		if !same {
			var lost error
			if next, lost = o.next(ctx, hello, err); lost != nil {
				return hello, lost
			}
		}
		defer next.Close()
		if !o.beginsNothing() && (o.name == "" || !next.Hello().Can(ipc.FeatureOperations)) {
			return hello, unknownOutcome(method)
		}
		if !same {
			a.remark("the supervisor ended meanwhile; the next one goes on")
		}
		client = next
		if timeout > 0 {
			left = max(timeout-time.Since(began), time.Millisecond)
		}
	}
}

// operation is a request that may be made of several supervisors.
type operation struct {
	*app
	method string
	show   func(ipc.Progress)
	// name tells it from every other; empty where the supervisor knows none.
	name string
}

// beginsNothing is whether it can be asked for twice without a name: it only
// waits, or what is done is not there any more.
func (o *operation) beginsNothing() bool {
	return o.method == ipc.MethodWait || o.method == ipc.MethodPurge
}

// ask makes the request once.
func (o *operation) ask(ctx context.Context, client *ipc.Client, params, result any) error {
	ctx, stop := withPulse(ctx, pulseEvery, o.knock)
	defer stop()
	err := client.Stream(ctx, o.method, params, func(note string, raw json.RawMessage) error {
		switch note {
		case ipc.NoteWarnings:
			return o.warn(raw)
		case ipc.NoteProgress:
			var n ipc.Progress
			if err := json.Unmarshal(raw, &n); err != nil {
				return err
			}
			o.show(n)
		}
		return nil
	}, result)
	var e *ipc.Error
	switch {
	case errors.Is(err, context.Canceled):
		// The cause is the same, or that the supervisor does not answer.
		return context.Cause(ctx)
	case errors.As(err, &e) && e.Code == ipc.CodeCanceled:
		// Nobody here did: the supervisor ends.
		return ipc.Errorf(ipc.CodeShuttingDown, "the supervisor is shutting down")
	}
	return err
}

// strandedTime is how long a command waits for another one to start a supervisor,
// where its own has died and the guardian too.
const strandedTime = 10 * time.Second

// next connects to the supervisor that follows one that ended with err. Without one
// it gives the error to end with.
func (o *operation) next(ctx context.Context, last ipc.HelloResult, err error) (*ipc.Client, error) {
	next, lost := o.app.next(ctx, last)
	var e *ipc.Error
	died := errors.As(err, &e) && e.Code == ipc.CodeLost
	switch {
	case lost == nil:
		return next, nil
	case !died || last.Guardian == 0 || !notRunning(lost) || ctx.Err() != nil:
		return nil, err
	}
	o.remark("the supervisor and its guardian have died; waiting until somebody starts another one")
	ctx, cancel := context.WithTimeout(ctx, strandedTime)
	defer cancel()
	if next, lost = o.dialWhenThere(ctx); lost != nil {
		return nil, stranded(o.method)
	}
	return next, nil
}

// next connects to the supervisor that follows one that has ended. The error says
// that none does: only a guardian starts one, within the time that an upgrade and
// its way back may take, and ever later where each of them crashes.
//
// One that says that it has no guardian may be about to become it.
func (a *app) next(ctx context.Context, last ipc.HelloResult) (*ipc.Client, error) {
	if last.Guardian == 0 && last.PID == os.Getpid() {
		return nil, ipc.Errorf(ipc.CodeNotRunning, "nobody starts another supervisor")
	}
	soon, cancel := context.WithTimeout(ctx, takeoverTime)
	defer cancel()
	go func() {
		// Where the guardian dies the supervisor takes its place.
		untilGone(soon, last.PID)
		if last.Guardian != 0 {
			untilGone(soon, last.Guardian)
		}
		cancel()
	}()
	atOnce, stop := context.WithTimeout(soon, patience)
	defer stop()
	client, err := a.dialWhenThere(atOnce)
	if err == nil {
		return client, nil
	}
	if _, crashes := guardian.ReadNote(a.paths.Trouble()); crashes {
		return nil, err
	}
	if client, err = a.dialWhenThere(soon); err != nil && ctx.Err() == nil {
		client, err = a.dial(ctx)
	}
	return client, err
}

// stranded is the error of an operation that nobody goes on with as yet.
func stranded(method string) error {
	e := ipc.Errorf(ipc.CodeLost, "the supervisor and its guardian have died, and nobody has started another one; it will know what was begun")
	e.Try = "sysg start -d, then sysg status and sysg events to see what came of the " + method
	return e
}

// unknownOutcome is the error of an operation that two supervisors have in
// common which cannot tell each other of it.
func unknownOutcome(method string) error {
	e := ipc.Errorf(ipc.CodeLost, "the supervisor ended, and the next one cannot tell whether it had begun")
	e.Try = "sysg status shows how the units are, sysg events whether the " + method + " was noted; then ask again"
	return e
}
