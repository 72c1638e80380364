package tui

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/pane/logs"
)

// played is a supervisor that is played over a real socket.
type played struct {
	t    *testing.T
	path string
	// deltas, events and lines are sent on as they come.
	deltas chan ipc.Delta
	events chan ipc.EventBatch
	lines  chan ipc.LogBatch
	// asked are the requests for lines.
	asked chan ipc.LogsParams
	// refusal is what a subscription is answered with, nil for the state.
	refusal error
	end     func()
}

// Serve answers what the feed asks for.
func (p *played) Serve(ctx context.Context, r *ipc.Request) (any, error) {
	switch r.Method {
	case ipc.MethodSubscribe:
		if p.refusal != nil {
			return nil, p.refusal
		}
		if err := r.Reply(shop()); err != nil {
			return nil, err
		}
		return nil, pass(ctx, p.deltas, func(d ipc.Delta) error {
			d.Request, d.Generation = r.ID, shop().Generation
			return r.Notify(ipc.NoteDelta, d)
		})
	case ipc.MethodEvents:
		return nil, pass(ctx, p.events, func(b ipc.EventBatch) error {
			b.Request = r.ID
			return r.Notify(ipc.NoteEvent, b)
		})
	case ipc.MethodLogs:
		var params ipc.LogsParams
		if err := r.Decode(&params); err != nil {
			return nil, err
		}
		p.asked <- params
		if !params.Follow {
			return ipc.LogsResult{}, nil
		}
		return nil, pass(ctx, p.lines, func(b ipc.LogBatch) error {
			b.Request = r.ID
			return r.Notify(ipc.NoteLog, b)
		})
	}
	return nil, ipc.Errorf(ipc.CodeUnknownMethod, "no %s here", r.Method)
}

// pass sends on what comes until ctx ends.
func pass[T any](ctx context.Context, from <-chan T, send func(T) error) error {
	for {
		select {
		case one := <-from:
			if err := send(one); err != nil {
				return err
			}
		case <-ctx.Done():
			return ipc.Errorf(ipc.CodeCanceled, "the request was canceled")
		}
	}
}

// play begins a supervisor on a socket.
func play(t *testing.T, path string) *played {
	t.Helper()
	p := &played{
		t: t, path: path, deltas: make(chan ipc.Delta), events: make(chan ipc.EventBatch), lines: make(chan ipc.LogBatch),
		asked: make(chan ipc.LogsParams, 8),
	}
	l, err := ipc.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s := ipc.NewServer(p, ipc.ServerOptions{Version: "1", StateDir: filepath.Dir(path)})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	p.end = func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), <-done); err != nil {
			t.Error(err)
		}
	}
	return p
}

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

// next waits for news.
func next(t *testing.T, f *feed) news {
	t.Helper()
	select {
	case <-f.woken:
	case <-time.After(patience):
		t.Fatal("nothing comes")
	}
	return f.take()
}

// until takes news until one is as wanted.
func until(t *testing.T, f *feed, wanted func(news) bool) {
	t.Helper()
	for !wanted(next(t, f)) {
	}
}

// asked is the next request for lines.
func asked(t *testing.T, p *played) ipc.LogsParams {
	t.Helper()
	select {
	case params := <-p.asked:
		return params
	case <-time.After(patience):
		t.Fatal("nobody asks for lines")
	}
	return ipc.LogsParams{}
}

func linkIs(s board.LinkState) func(news) bool {
	return func(n news) bool {
		return slices.ContainsFunc(n.states, func(one any) bool { l, ok := one.(board.Link); return ok && l.State == s })
	}
}

// A feed's whole life: no supervisor, one that appears, what it says, its end,
// and the next one, with what was missed told as a gap.
func TestTheFeedFollowsSupervisors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	// It has room, for a feed that comes late needs nobody to wake it.
	appeared := make(chan struct{}, 2)
	dial := func(ctx context.Context) (*ipc.Client, error) { return ipc.Dial(ctx, path, "test") }
	f := newFeed(Reach{Dial: dial, Arrive: func(ctx context.Context) (*ipc.Client, error) {
		select {
		case <-appeared:
			return dial(ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}, "")
	ctx, cancel := context.WithCancel(t.Context())
	f.ctx = ctx
	ended := make(chan struct{})
	go func() { defer close(ended); f.run(ctx) }()
	defer func() { cancel(); <-ended }()

	until(t, f, linkIs(board.Absent))
	p := play(t, path)
	appeared <- struct{}{}
	until(t, f, linkIs(board.Live))

	f.open(3, ipc.LogsParams{Selection: ipc.Selection{Units: []string{"shop/api"}}, Kinds: []string{"stdout"}, Lines: 5, Follow: true})
	if got := asked(t, p); got.Lines != 5 || !got.Follow {
		t.Errorf("it asked for %+v", got)
	}
	at := time.Now().Add(-time.Minute).Truncate(time.Millisecond)
	p.lines <- ipc.LogBatch{Lines: []ipc.LogLine{{Unit: "shop/api", Kind: "stdout", Time: at, Run: 1, Text: "hello"}}}
	until(t, f, func(n news) bool { return n.lines[3] != nil && n.lines[3].lines[0].Text == "hello" })
	p.deltas <- ipc.Delta{Seq: 2, Removed: []string{"shop/web"}}
	until(t, f, func(n news) bool {
		return slices.ContainsFunc(n.states, func(one any) bool { d, ok := one.(ipc.Delta); return ok && len(d.Removed) == 1 })
	})
	p.events <- ipc.EventBatch{Events: journal()}
	until(t, f, func(n news) bool {
		return slices.ContainsFunc(n.states, func(one any) bool { e, ok := one.([]ipc.Event); return ok && len(e) == len(journal()) })
	})

	p.end()
	until(t, f, linkIs(board.Lost))
	p = play(t, path)
	defer func() { p.end() }()
	appeared <- struct{}{}
	until(t, f, linkIs(board.Live))
	if got := asked(t, p); !got.Since.Equal(at.Add(-2*time.Second)) || got.Lines != -1 {
		t.Errorf("after the gap it asked for %+v", got)
	}
	until(t, f, func(n news) bool { return n.lines[3] != nil && n.lines[3].lines[0].Mark == logs.Gap })
	p.lines <- ipc.LogBatch{Lines: []ipc.LogLine{
		{Unit: "shop/api", Kind: "stdout", Time: at, Run: 1, Text: "hello"},
		{Unit: "shop/api", Kind: "stdout", Time: at.Add(time.Second), Run: 1, Text: "again"},
	}}
	until(t, f, func(n news) bool {
		return n.lines[3] != nil && len(n.lines[3].lines) == 1 && n.lines[3].lines[0].Text == "again"
	})
}

// A dashboard that does not take its states holds up the reader, not itself; of
// lines it keeps the newest.
func TestTheFeedIsBounded(t *testing.T) {
	f := newFeed(Reach{}, "")
	ctx, cancel := context.WithCancel(t.Context())
	f.ctx = ctx
	s := &stream{key: 1}
	f.streams[1] = s
	for range 100 {
		f.bring(s, logs.Batch{Lines: make([]logs.Line, perBeat)})
	}
	n := f.take()
	if a := n.lines[1]; len(a.lines) > unreadLines*5/4 || a.count != 100*perBeat || int64(len(a.lines))+a.dropped != a.count {
		t.Errorf("%d lines wait, %d were dropped, of %d", len(a.lines), a.dropped, a.count)
	}
	put := make(chan struct{})
	go func() {
		defer close(put)
		for range unreadStates + 1 {
			f.put(ctx, ipc.Delta{})
		}
	}()
	<-f.woken
	got := 0
	for got < unreadStates+1 {
		got += len(f.take().states)
	}
	<-put
	cancel()
}

// A supervisor that runs and does not give what is asked for is told of in words,
// and asked again after a while, not at once.
func TestTheFeedToleratesARefusal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	p := play(t, path)
	defer func() { p.end() }()
	p.refusal = ipc.Errorf(ipc.CodeUnknownProject, "no project is called lab")
	dials := make(chan struct{}, 100)
	f := newFeed(Reach{Dial: func(ctx context.Context) (*ipc.Client, error) {
		dials <- struct{}{}
		return ipc.Dial(ctx, path, "test")
	}}, "lab")
	ctx, cancel := context.WithCancel(t.Context())
	f.ctx = ctx
	ended := make(chan struct{})
	go func() { defer close(ended); f.run(ctx) }()
	until(t, f, func(n news) bool {
		return slices.ContainsFunc(n.states, func(one any) bool {
			l, ok := one.(board.Link)
			return ok && l.State == board.Refused && l.Text == "no project is called lab" && l.Next.After(time.Now().Add(-time.Minute))
		})
	})
	cancel()
	<-ended
	if len(dials) > 3 {
		t.Errorf("it was dialed %d times", len(dials))
	}
}

// rude is a supervisor that answers one subscription on each connection, and sends
// the client away.
func rude(t *testing.T, path string) {
	t.Helper()
	l, err := ipc.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	state, err := json.Marshal(shop())
	if err != nil {
		t.Fatal(err)
	}
	answer := func(c net.Conn) {
		in := bufio.NewScanner(c)
		for in.Scan() {
			var r struct {
				ID     json.RawMessage
				Method string
			}
			_ = json.Unmarshal(in.Bytes(), &r)
			switch r.Method {
			case ipc.MethodHello:
				_, _ = fmt.Fprintf(c, `{"jsonrpc":"2.0","id":%s,"result":{"protocol":1}}`+"\n", r.ID)
			case ipc.MethodSubscribe:
				_, _ = fmt.Fprintf(c, `{"jsonrpc":"2.0","id":%s,"result":%s}`+"\n", r.ID, state)
				_, _ = fmt.Fprintln(c, `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"others need the place","data":{"code":"too_many"}}}`)
				_ = c.Close()
			}
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answer(c)
		}
	}()
}

// A dashboard whose place others need says so, and comes back after a while.
func TestTheFeedMakesRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	rude(t, path)
	f := newFeed(Reach{Dial: func(ctx context.Context) (*ipc.Client, error) { return ipc.Dial(ctx, path, "test") }}, "")
	ctx, cancel := context.WithCancel(t.Context())
	f.ctx = ctx
	ended := make(chan struct{})
	go func() { defer close(ended); f.run(ctx) }()
	defer func() { cancel(); <-ended }()
	for range 2 {
		until(t, f, func(n news) bool {
			return slices.ContainsFunc(n.states, func(one any) bool {
				l, ok := one.(board.Link)
				return ok && l.State == board.Lost && l.Text == "others need the place" && l.Next.Sub(l.Since) >= firstPause
			})
		})
	}
}
