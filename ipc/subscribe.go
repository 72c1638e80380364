package ipc

import (
	"context"
	"encoding/json"
	"errors"
)

// errGap says that a delta is missing.
var errGap = errors.New("a delta is missing")

// Subscribe calls snapshot with the state and then delta with each change, in
// this goroutine. Where a delta is missing it subscribes again, and snapshot
// is called again. It ends with ctx, with the connection, or with the error of
// one of the two functions.
func (c *Client) Subscribe(ctx context.Context, p SubscribeParams, snapshot func(SubscribeResult) error, delta func(Delta) error) error {
	for {
		err := c.subscribe(ctx, p, snapshot, delta)
		if !errors.Is(err, errGap) {
			return err
		}
	}
}

func (c *Client) subscribe(ctx context.Context, p SubscribeParams, snapshot func(SubscribeResult) error, delta func(Delta) error) error {
	k, err := c.send(MethodSubscribe, p)
	if err != nil {
		return err
	}
	defer c.leave(k)
	f := feed{snapshot: snapshot, delta: delta}
	f.ahead = gatherInto(&f.first)
	for err == nil {
		select {
		case m := <-k.notes:
			// The answer came before any delta, but a select does
			// not know.
			if m.Method == NoteDelta && f.generation == "" {
				err = f.begin(<-k.answer)
			}
			if err == nil {
				err = f.note(m)
			}
		case m := <-k.answer:
			err = f.begin(m)
		case <-c.ended:
			return c.lost(k, nil, nil)
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	c.cancel(k)
	return err
}

// feed is one subscription as it comes in.
type feed struct {
	snapshot func(SubscribeResult) error
	delta    func(Delta) error

	first      SubscribeResult
	ahead      *gather
	generation string
	seq        uint64
}

// begin takes the answer, which is the snapshot.
func (f *feed) begin(m message) error {
	if err := settle(m, &f.first, f.ahead); err != nil {
		return err
	}
	r := f.first
	f.first = SubscribeResult{}
	f.generation, f.seq = r.Generation, r.Seq
	return f.snapshot(r)
}

func (f *feed) note(m message) error {
	switch m.Method {
	case NotePage:
		return f.ahead.add(m.Params)
	case NoteDelta:
	default:
		return nil
	}
	var d Delta
	if err := json.Unmarshal(m.Params, &d); err != nil {
		return err
	}
	if d.Generation != f.generation || d.Seq != f.seq+1 {
		return errGap
	}
	f.seq = d.Seq
	return f.delta(d)
}
