package cli

import (
	"context"
	"slices"
	"time"

	"systemg/ipc"
)

// A stop whose progress is not drawn says on stderr what it waits for: after
// lingerAfter for the first time, then again every lingerEvery.
const (
	lingerAfter = time.Second
	lingerEvery = 5 * time.Second
)

// lingerNamed is how many units are told by name at a time.
const lingerNamed = 10

// nameLingering tells each unit of the selection that is still stopping after
// a while, once. It asks on a connection of its own, so that a quick stop
// costs nothing. It ends with done, which waits for it.
func (a *app) nameLingering(ctx context.Context, sel ipc.Selection) (done func()) {
	if a.Quiet || a.JSON || a.showsProgress() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		told := map[string]bool{}
		timer := time.NewTimer(lingerAfter)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			a.tellLingering(ctx, sel, told)
			timer.Reset(lingerEvery)
		}
	}()
	return func() { cancel(); <-ended }
}

// tellLingering tells what is not in told. Errors are left to the stop itself.
func (a *app) tellLingering(ctx context.Context, sel ipc.Selection, told map[string]bool) {
	client, err := a.dial(ctx)
	if err != nil {
		return
	}
	defer client.Close()
	list, _ := a.unitsOf(ctx, client, sel)
	list = slices.DeleteFunc(list, func(u ipc.Unit) bool { return u.State != "stopping" || told[u.ID] })
	if ctx.Err() != nil {
		return
	}
	for _, u := range list[:min(lingerNamed, len(list))] {
		told[u.ID] = true
		a.remark("waiting for %s to end (pid %d)", u.Name, u.PID)
	}
	if more := len(list) - lingerNamed; more > 0 {
		a.remark("waiting for %d more to end", more)
	}
}
