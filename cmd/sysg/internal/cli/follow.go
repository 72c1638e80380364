package cli

import (
	"context"
	"time"

	"systemg/ipc"
)

// follower prints lines as they come, also those of the supervisors that come
// after the one that runs now. What was printed is remembered per stream as the
// time of its last line and the number of lines of that time, so that the next
// supervisor can be asked from there, and no line comes twice or is missed.
type follower struct {
	*app
	began  time.Time
	params ipc.LogsParams
	emit   func(ipc.LogBatch) error
	marks  map[stream]*mark
	newest time.Time
}

// stream is one of a unit's two.
type stream struct{ unit, kind string }

// mark is how far a stream was printed: n lines of the time at. Of those, skip
// are still to come a second time while again is true; where they do not, they are
// not there any more, nor is what may have come after them.
type mark struct {
	at      time.Time
	n, skip int
	again   bool
}

// lateness is by how much a line may come after a younger one of another
// stream.
const lateness = 2 * time.Second

// newFollower follows with emit.
func newFollower(a *app, p ipc.LogsParams, emit func(ipc.LogBatch) error) *follower {
	return &follower{app: a, began: time.Now(), params: p, emit: emit, marks: map[stream]*mark{}}
}

// run prints until ctx ends. The client is nil where no supervisor runs yet.
// It closes the clients.
func (f *follower) run(ctx context.Context, client *ipc.Client) error {
	var err error
	if client == nil {
		p := f.params
		p.Follow = false
		err = f.offlineLogs(ctx, p, f.batch)
	}
	if err != nil {
		return err
	}
	return f.throughout(ctx, client, func(client *ipc.Client) error {
		return streamLogs(ctx, client, f.params, f.batch)
	}, f.resume)
}

// resume makes the next request one for what was not printed.
func (f *follower) resume() {
	since := f.began
	if !f.newest.IsZero() {
		since = f.newest.Add(-lateness)
	}
	if since.After(f.params.Since) {
		f.params.Since = since
	}
	f.params.Lines = -1
	for _, m := range f.marks {
		m.skip, m.again = m.n, true
	}
}

// batch prints what was not printed yet.
func (f *follower) batch(b ipc.LogBatch) error {
	fresh := b
	fresh.Lines = nil
	for _, l := range b.Lines {
		if f.isGap(&l) {
			fresh.Skipped = append(fresh.Skipped, ipc.LogSkip{Unit: l.Unit, Kind: l.Kind, Lines: -1, Why: ipc.SkipAway})
		}
		if f.fresh(&l) {
			fresh.Lines = append(fresh.Lines, l)
		}
	}
	return f.emit(fresh)
}

// isGap is whether a line is the first one of a stream that begins again, and
// those that were printed last are gone.
func (f *follower) isGap(l *ipc.LogLine) bool {
	m := f.marks[stream{unit: l.Unit, kind: l.Kind}]
	return m != nil && m.again && m.skip == m.n && l.Time.After(m.at) && !m.at.Before(f.params.Since)
}

// fresh is whether a line was not printed yet; it counts as printed then. Of
// several lines of one time it leaves those that were not.
func (f *follower) fresh(l *ipc.LogLine) bool {
	key := stream{unit: l.Unit, kind: l.Kind}
	m := f.marks[key]
	n := l.Count()
	switch {
	case m == nil:
		m = &mark{at: l.Time}
		f.marks[key] = m
	case m.again && l.Time.Before(m.at):
		return false
	case m.again && m.skip >= n && l.Time.Equal(m.at):
		m.skip -= n
		return false
	case m.again && m.skip > 0 && l.Time.Equal(m.at):
		l.Drop(m.skip)
		n -= m.skip
	}
	if !l.Time.Equal(m.at) {
		m.at, m.n = l.Time, 0
	}
	m.n += n
	m.again = false
	if l.Time.After(f.newest) {
		f.newest = l.Time
	}
	return true
}
