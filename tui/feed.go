package tui

import (
	"context"
	"errors"
	"sync"
	"time"

	"systemg/ipc"
	"systemg/tui/board"
)

// The feed is the dashboard's ear. Its goroutines read what the supervisor
// sends, at their own pace, and put it into an inbox; the dashboard takes what
// is there when it draws. So no frame waits for the supervisor.
//
// One connection is for the state, one for the journal, one for each log
// stream, and one for each question: a stream that is not read for a while
// holds up nothing but itself. What is not taken in time:
//
//   - states: the reader waits, and the supervisor merges what it missed;
//   - events: the reader waits, they are all in the journal;
//   - log lines: the oldest that were not taken are let go, and a mark says how
//     many. The newest are what people look at.
//
// Every goroutine ends with the context of run, which waits for all of them.
type feed struct {
	reach Reach
	// project is "" for all.
	project string
	clock   func() time.Time
	// woken has room for one: something is in the inbox.
	woken chan struct{}

	mu    sync.Mutex
	inbox news
	// taken is signalled when the inbox was emptied.
	taken *sync.Cond
	// up is closed while the connection is live, and another channel after
	// it was lost.
	up      chan struct{}
	isUp    bool
	streams map[int]*stream
	wait    sync.WaitGroup
	retry   chan struct{}
	ctx     context.Context
}

// Reach is how the dashboard gets at a supervisor.
type Reach struct {
	// Dial connects, or says at once why not.
	Dial func(context.Context) (*ipc.Client, error)
	// Arrive waits until a supervisor runs and connects to it.
	Arrive func(context.Context) (*ipc.Client, error)
}

// news is what came since the last look.
type news struct {
	// states are *board.Link, ipc.SubscribeResult, ipc.Delta and
	// []ipc.Event, in the order in which they came.
	states []any
	lines  map[int]*arrivals
}

// unreadStates is how many states wait at most.
const unreadStates = 32

func newFeed(reach Reach, project string) *feed {
	f := &feed{
		reach: reach, project: project, clock: time.Now, woken: make(chan struct{}, 1), up: make(chan struct{}),
		streams: map[int]*stream{}, retry: make(chan struct{}, 1),
	}
	f.inbox.lines = map[int]*arrivals{}
	f.taken = sync.NewCond(&f.mu)
	return f
}

// run listens until ctx ends.
func (f *feed) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.taken.Broadcast()
	})
	defer stop()
	f.wait.Go(func() { f.journal(ctx) })
	f.state(ctx)
	f.wait.Wait()
}

// take gives what came, and makes room.
func (f *feed) take() news {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.inbox
	f.inbox = news{lines: map[int]*arrivals{}}
	f.taken.Broadcast()
	return n
}

// put adds a state; it waits while too many are unread.
func (f *feed) put(ctx context.Context, one any) {
	f.mu.Lock()
	for len(f.inbox.states) >= unreadStates && ctx.Err() == nil {
		f.taken.Wait()
	}
	f.inbox.states = append(f.inbox.states, one)
	f.mu.Unlock()
	f.wake()
}

func (f *feed) wake() {
	select {
	case f.woken <- struct{}{}:
	default:
	}
}

// again tries to connect now rather than later.
func (f *feed) again() {
	select {
	case f.retry <- struct{}{}:
	default:
	}
}

// state keeps the subscription.
func (f *feed) state(ctx context.Context) {
	had := false
	pause := firstPause
	var live time.Time
	var client *ipc.Client
	for ctx.Err() == nil {
		if client == nil {
			client = f.connect(ctx, had)
			continue
		}
		began := false
		err := client.Subscribe(ctx, ipc.SubscribeParams{Selection: ipc.Selection{Project: f.project}, Metrics: true},
			func(r ipc.SubscribeResult) error {
				began, had, live = true, true, f.clock()
				f.put(ctx, r)
				f.put(ctx, board.Link{State: board.Live, Since: f.clock()})
				f.raise()
				return nil
			},
			func(d ipc.Delta) error {
				f.put(ctx, d)
				return nil
			})
		_ = client.Close()
		client = nil
		f.lower()
		if began && f.clock().Sub(live) >= longestPause {
			pause = firstPause
		}
		switch {
		case ctx.Err() != nil:
		case began && code(err) == ipc.CodeTooMany:
			// Others have its place: they may need it for a while.
			f.linger(ctx, pause, board.Link{State: board.Lost, Since: f.clock(), Text: said(err), Cure: cure(err)})
			pause = min(2*pause, longestPause)
		case began:
			f.put(ctx, board.Link{State: board.Lost, Since: f.clock(), Text: said(err)})
		default:
			// It talks to us, but not about this: a project it does not know.
			f.linger(ctx, pause, board.Link{State: board.Refused, Since: f.clock(), Text: said(err), Cure: cure(err)})
			pause = min(2*pause, longestPause)
		}
	}
	if client != nil {
		_ = client.Close()
	}
}

// The pauses between attempts to connect where nothing tells when it would be
// of use: they double from the first to the longest.
const (
	firstPause   = time.Second
	longestPause = 10 * time.Second
)

// connect tries until there is a connection or ctx ends; nil then.
func (f *feed) connect(ctx context.Context, had bool) *ipc.Client {
	since := f.clock()
	pause := firstPause
	for try := 1; ; try++ {
		client, err := f.reach.Dial(ctx)
		if err == nil {
			return client
		}
		l := board.Link{State: board.Lost, Since: since, Text: said(err), Cure: cure(err), Try: try}
		if code(err) == ipc.CodeNotRunning {
			if !had {
				l.State = board.Absent
			}
			f.put(ctx, l)
			client, err = f.reach.Arrive(ctx)
			if err == nil {
				return client
			}
			l.Text, l.Cure = said(err), cure(err)
		}
		if ctx.Err() != nil {
			return nil
		}
		if c := code(err); c == ipc.CodeVersion || c == ipc.CodeRefused {
			l.State = board.Refused
		}
		f.linger(ctx, pause, l)
		pause = min(2*pause, longestPause)
	}
}

// linger tells how it is and waits: for a while, or until somebody wants another
// try now.
func (f *feed) linger(ctx context.Context, pause time.Duration, l board.Link) {
	l.Next = f.clock().Add(pause)
	f.put(ctx, l)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.retry:
	case <-ctx.Done():
	}
}

// raise tells the other streams that there is a supervisor.
func (f *feed) raise() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.isUp {
		f.isUp = true
		close(f.up)
	}
}

// lower has them wait for the next one.
func (f *feed) lower() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isUp {
		f.isUp = false
		f.up = make(chan struct{})
	}
}

// ready is closed while there is a supervisor.
func (f *feed) ready() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.up
}

// whileUp calls once with a connection of its own, again and again, whenever
// there is a supervisor. An error that is not the connection's ends it. Where others
// have its place it is in less of a hurry each time.
func (f *feed) whileUp(ctx context.Context, once func(*ipc.Client) error) error {
	crowded := firstPause
	for {
		select {
		case <-f.ready():
		case <-ctx.Done():
			return ctx.Err()
		}
		began := f.clock()
		client, err := f.reach.Dial(ctx)
		if err == nil {
			err = once(client)
			_ = client.Close()
			if err == nil {
				return nil
			}
		}
		if ctx.Err() != nil || !passing(err) {
			return err
		}
		// The state's connection notices as well; until it has, there is
		// no use in trying.
		d := settleTime
		if f.clock().Sub(began) >= longestPause {
			crowded = firstPause
		}
		if code(err) == ipc.CodeTooMany {
			d, crowded = crowded, min(2*crowded, longestPause)
		}
		pause := time.NewTimer(d)
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
		pause.Stop()
	}
}

// settleTime is how long a stream that broke waits before it is opened again,
// so that a supervisor that is on its way out is not asked many times.
const settleTime = 100 * time.Millisecond

// eventsAtFirst is how many events are asked for when the dashboard opens.
const eventsAtFirst = 500

// journal follows the events.
func (f *feed) journal(ctx context.Context) {
	p := ipc.EventsParams{Selection: ipc.Selection{Project: f.project}, Follow: true, Limit: eventsAtFirst}
	_ = f.whileUp(ctx, func(client *ipc.Client) error {
		err := stream1(ctx, client, ipc.MethodEvents, p, ipc.NoteEvent, func(b ipc.EventBatch) error {
			if n := len(b.Events); n > 0 {
				// Those of this very time come again, and are known.
				p.Since, p.Limit = b.Events[n-1].Time, 0
			}
			f.put(ctx, b.Events)
			return nil
		})
		if err == nil {
			err = errEnded
		}
		return err
	})
}

// errEnded says that a stream which has no end ended.
var errEnded = ipc.Errorf(ipc.CodeLost, "the supervisor ended the stream")

// code is an error's word.
func code(err error) ipc.Code {
	var e *ipc.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// said is an error in words, cure what to do about it.
func said(err error) string {
	if err == nil {
		return "the supervisor ended"
	}
	return err.Error()
}

func cure(err error) string {
	var e *ipc.Error
	if errors.As(err, &e) {
		return e.Try
	}
	return ""
}

// passing is whether an error may be gone the next time.
func passing(err error) bool {
	switch code(err) {
	case ipc.CodeLost, ipc.CodeShuttingDown, ipc.CodeCanceled, ipc.CodeNotRunning, ipc.CodeTimeout, ipc.CodeTooMany:
		return true
	}
	return false
}
