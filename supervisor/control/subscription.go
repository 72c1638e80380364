package control

import (
	"slices"

	"systemg/ipc"
	"systemg/supervisor"
)

// subscription is what one client knows.
type subscription struct {
	server  *server
	request *ipc.Request
	sel     ipc.Selection

	known    map[string]*supervisor.View
	problems []string
	seq      uint64
}

// begin answers with the snapshot; the request goes on after its answer.
func (c *subscription) begin(snap *supervisor.Snapshot, views []*supervisor.View) error {
	c.known = make(map[string]*supervisor.View, len(views))
	for _, v := range views {
		c.known[v.ID] = v
	}
	c.problems = snap.Problems
	c.seq = 1
	status, err := c.server.report(c.request, snap, views)
	if err != nil {
		return err
	}
	return c.request.Reply(ipc.SubscribeResult{
		Generation: c.server.generation, Seq: c.seq, StatusResult: status,
	})
}

// send sends what differs from what the client knows, if anything does;
// with figures every unit that runs counts as different.
func (c *subscription) send(snap *supervisor.Snapshot, figures bool) error {
	views, err := snap.Select(selectionOf(c.sel), false)
	if err != nil {
		views = nil
	}
	delta := ipc.Delta{Request: c.request.ID, Generation: c.server.generation}
	now := make(map[string]*supervisor.View, len(views))
	for _, v := range views {
		now[v.ID] = v
		if c.known[v.ID] != v || figures && v.Process.PID != 0 {
			delta.Units = append(delta.Units, c.server.unit(v))
		}
	}
	for id := range c.known {
		if _, ok := now[id]; !ok {
			delta.Removed = append(delta.Removed, id)
		}
	}
	changed := !slices.Equal(c.problems, snap.Problems)
	c.known, c.problems = now, snap.Problems
	if len(delta.Units) == 0 && len(delta.Removed) == 0 && !changed {
		return nil
	}
	delta.Problems = snap.Problems
	return c.notify(delta)
}

// notify sends a delta, in several where it does not fit one message.
func (c *subscription) notify(delta ipc.Delta) error {
	units := delta.Units
	for {
		n := ipc.Fitting(units)
		c.seq++
		delta.Seq, delta.Units = c.seq, units[:n]
		if err := c.request.Notify(ipc.NoteDelta, delta); err != nil {
			return err
		}
		units = units[n:]
		delta.Removed = nil
		if len(units) == 0 {
			return nil
		}
	}
}
