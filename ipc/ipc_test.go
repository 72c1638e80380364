package ipc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// handlerFunc makes a function a Handler.
type handlerFunc func(ctx context.Context, r *Request) (any, error)

func (f handlerFunc) Serve(ctx context.Context, r *Request) (any, error) { return f(ctx, r) }

// serve runs a server on a socket of its own until the test ends.
func serve(t *testing.T, h handlerFunc) (path string, s *Server) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "control.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s = NewServer(h, ServerOptions{Version: "1.2.3", StateDir: "/state"})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return path, s
}

func dial(t *testing.T, path string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), path, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// echo answers with what it was asked, and knows a few tricks.
func echo(ctx context.Context, r *Request) (any, error) {
	switch r.Method {
	case "echo":
		var p struct {
			Text string `json:"text"`
		}
		if err := r.Decode(&p); err != nil {
			return nil, err
		}
		return p, nil
	case "fail":
		e := Errorf(CodeUnknownUnit, "no unit is called %q", "web")
		e.Try, e.Data = "sysg status", map[string]any{"unit": "web"}
		return nil, e
	case "panic":
		panic("a mistake")
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "count":
		for i := range 100 {
			if err := r.Notify("number", map[string]any{"request": r.ID, "n": i}); err != nil {
				return nil, err
			}
		}
		return "done", nil
	case "flood":
		text := strings.Repeat("x", 100<<10)
		for {
			if err := r.Notify("text", map[string]any{"request": r.ID, "text": text}); err != nil {
				return nil, err
			}
		}
	case "large":
		return strings.Repeat("x", MaxMessage), nil
	}
	return nil, Errorf(CodeUnknownMethod, "there is no method %q", r.Method)
}

// The lines of a session, as docs/protocol.md promises them.
func TestSessions(t *testing.T) {
	const hello = `{"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"test","protocol":1}}` + "\n"
	for name, c := range map[string]struct {
		send string
		want []string
	}{
		"hello first":        {`{"jsonrpc":"2.0","id":1,"method":"status"}` + "\n", []string{`"code":"hello_first"`}},
		"another version":    {`{"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"x","protocol":2}}` + "\n", []string{`speaks protocol 2, this supervisor speaks 1`}},
		"hello":              {hello, []string{`"protocol":1`}},
		"hello twice":        {hello + strings.Replace(hello, `"id":1`, `"id":2`, 1), []string{`"protocol":1`, `hello was said already`}},
		"echo":               {hello + `{"jsonrpc":"2.0","id":"a","method":"echo","params":{"text":"hi"}}` + "\n", []string{`"protocol":1`, `{"jsonrpc":"2.0","id":"a","result":{"text":"hi"}}`}},
		"unknown member":     {hello + `{"jsonrpc":"2.0","id":2,"method":"echo","params":{"txet":"hi"}}` + "\n", []string{`"protocol":1`, `"code":"usage"`}},
		"wrong type":         {hello + `{"jsonrpc":"2.0","id":2,"method":"echo","params":{"text":7}}` + "\n", []string{`"protocol":1`, `has to be a string, not 7`}},
		"unknown method":     {hello + `{"jsonrpc":"2.0","id":2,"method":"dance"}` + "\n", []string{`"protocol":1`, `-32601`}},
		"an error with data": {hello + `{"jsonrpc":"2.0","id":2,"method":"fail"}` + "\n", []string{`"protocol":1`, `"data":{"code":"unknown_unit","try":"sysg status","unit":"web"}`}},
		"no JSON":            {hello + "hello?\n", []string{`"protocol":1`, `-32700`}},
		"a batch":            {hello + "[]\n", []string{`"protocol":1`, `batches are not supported`}},
		"no id":              {hello + `{"jsonrpc":"2.0","method":"echo"}` + "\n", []string{`"protocol":1`, `a request needs an id`}},
		"no version":         {hello + `{"id":2,"method":"echo"}` + "\n", []string{`"protocol":1`, `"id":2,"error":{"code":-32600`}},
		"a panic":            {hello + `{"jsonrpc":"2.0","id":2,"method":"panic"}` + "\n", []string{`"protocol":1`, `"code":"internal"`}},
		"an answer too long": {hello + `{"jsonrpc":"2.0","id":2,"method":"large"}` + "\n", []string{`"protocol":1`, `"code":"too_large"`}},
		"a line too long":    {hello + strings.Repeat("x", MaxMessage+1) + "\n" + `{"jsonrpc":"2.0","id":2,"method":"echo"}` + "\n", []string{`"protocol":1`, `"code":"too_large"`, `"id":2`}},
		"blank lines":        {"\n\n" + hello + "\r\n\n", []string{`"protocol":1`}},
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := serve(t, echo)
			nc, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			go func() { _, _ = nc.Write([]byte(c.send)) }()
			in := bufio.NewReaderSize(nc, 2*MaxMessage)
			for i, want := range c.want {
				line, err := in.ReadString('\n')
				if err != nil || !strings.Contains(line, want) {
					t.Fatalf("line %d is %.300q (%v), want %q", i+1, line, err, want)
				}
			}
		})
	}
}

func TestCallAndErrors(t *testing.T) {
	path, _ := serve(t, echo)
	c := dial(t, path)
	if c.Hello().Server != "sysg 1.2.3" || c.Hello().StateDir != "/state" || c.Hello().PID != os.Getpid() {
		t.Errorf("hello %+v", c.Hello())
	}
	var got struct{ Text string }
	if err := c.Call(t.Context(), "echo", map[string]string{"text": "a < b & c"}, &got); err != nil || got.Text != "a < b & c" {
		t.Errorf("%+v %v", got, err)
	}
	var e *Error
	if err := c.Call(t.Context(), "fail", nil, nil); !errors.As(err, &e) || e.Code != CodeUnknownUnit || e.Try != "sysg status" || e.Data["unit"] != "web" {
		t.Errorf("%+v", e)
	}
}

func TestNotificationsComeInOrderBeforeTheAnswer(t *testing.T) {
	path, _ := serve(t, echo)
	c := dial(t, path)
	next := 0
	var answer string
	err := c.Stream(t.Context(), "count", nil, func(_ string, raw json.RawMessage) error {
		var n struct{ N int }
		if err := json.Unmarshal(raw, &n); err != nil {
			return err
		}
		if n.N != next {
			t.Errorf("%d comes when %d is due", n.N, next)
		}
		next++
		return nil
	}, &answer)
	if err != nil || next != 100 || answer != "done" {
		t.Errorf("%d numbers, answer %q, %v", next, answer, err)
	}
}

func TestRequestsDoNotWaitForEachOther(t *testing.T) {
	path, _ := serve(t, echo)
	c := dial(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- c.Call(ctx, "wait", nil, nil) }()
	for range 10 {
		if err := c.Call(t.Context(), "echo", nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestCancelEndsTheRequest(t *testing.T) {
	ended := make(chan struct{})
	path, _ := serve(t, func(ctx context.Context, _ *Request) (any, error) {
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	})
	c := dial(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Call(ctx, "wait", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-ended
}

func TestALeavingClientEndsItsRequests(t *testing.T) {
	began, ended := make(chan struct{}), make(chan struct{})
	path, _ := serve(t, func(ctx context.Context, _ *Request) (any, error) {
		close(began)
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	})
	c, err := Dial(t.Context(), path, "test")
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan error, 1)
	go func() { left <- c.Call(context.Background(), "wait", nil, nil) }()
	<-began
	_ = c.Close()
	<-ended
	if err := <-left; err == nil {
		t.Error("the call succeeded")
	}
}

// A client that reads nothing holds up neither others nor its own server end.
func TestAFrozenClientHarmsNobody(t *testing.T) {
	path, _ := serve(t, echo)
	frozen, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer frozen.Close()
	_, err = frozen.Write([]byte(`{"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"x","protocol":1}}` + "\n" +
		`{"jsonrpc":"2.0","id":2,"method":"flood"}` + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, path)
	for range 20 {
		if err := c.Call(t.Context(), "echo", nil, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// A call that gives up a stream leaves the connection usable.
func TestAStreamThatIsLeft(t *testing.T) {
	path, _ := serve(t, echo)
	c := dial(t, path)
	enough := errors.New("enough")
	if err := c.Stream(t.Context(), "flood", nil, func(string, json.RawMessage) error { return enough }, nil); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
	if err := c.Call(t.Context(), "echo", nil, nil); err != nil {
		t.Error(err)
	}
}

func TestManyUnitsComeInPages(t *testing.T) {
	units := make([]Unit, 1001)
	for i := range units {
		units[i].Run = uint64(i)
	}
	path, _ := serve(t, func(_ context.Context, r *Request) (any, error) {
		rest, err := SendUnits(r, units)
		return StatusResult{Units: rest}, err
	})
	r, err := dial(t, path).Status(t.Context(), StatusParams{})
	if err != nil || len(r.Units) != len(units) {
		t.Fatalf("%d units, %v", len(r.Units), err)
	}
	for i, u := range r.Units {
		if u.Run != uint64(i) {
			t.Fatalf("unit %d is %d", i, u.Run)
		}
	}
}

// A subscriber gets the snapshot, then every delta; a gap makes it begin anew.
func TestSubscribeBeginsAnewAfterAGap(t *testing.T) {
	var mu sync.Mutex
	asked := 0
	path, _ := serve(t, func(ctx context.Context, r *Request) (any, error) {
		mu.Lock()
		asked++
		first := asked == 1
		mu.Unlock()
		if err := r.Reply(SubscribeResult{Generation: "g", Seq: 5}); err != nil {
			return nil, err
		}
		for _, seq := range map[bool][]uint64{true: {6, 8}, false: {6, 7}}[first] {
			if err := r.Notify(NoteDelta, Delta{Request: r.ID, Generation: "g", Seq: seq}); err != nil {
				return nil, err
			}
		}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	done := errors.New("done")
	snapshots, deltas := 0, 0
	err := dial(t, path).Subscribe(t.Context(), SubscribeParams{},
		func(SubscribeResult) error { snapshots++; return nil },
		func(d Delta) error {
			if deltas++; snapshots == 2 && d.Seq == 7 {
				return done
			}
			return nil
		})
	if !errors.Is(err, done) || snapshots != 2 || deltas != 3 {
		t.Errorf("%d snapshots, %d deltas, %v", snapshots, deltas, err)
	}
}

func TestLongPaths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "control.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(handlerFunc(echo), ServerOptions{})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	if err := dial(t, path).Call(t.Context(), "echo", nil, nil); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	<-done
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	var e *Error
	if _, err := Dial(t.Context(), path, "test"); !errors.As(err, &e) || e.Code != CodeNotRunning || e.Try == "" {
		t.Errorf("no socket: %v", err)
	}
	// A stale one.
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	if _, err := Dial(t.Context(), path, "test"); !errors.As(err, &e) || e.Code != CodeNotRunning {
		t.Errorf("a stale socket: %v", err)
	}
	fresh, err := Listen(path)
	if err != nil {
		t.Fatalf("a stale socket is in the way: %v", err)
	}
	_ = fresh.Close()
}

// A server that accepts and says nothing is frozen.
func TestAFrozenServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var e *Error
	if _, err := Dial(ctx, path, "test"); !errors.As(err, &e) || e.Code != CodeTimeout || e.Code.ExitStatus() != 5 {
		t.Errorf("%v", err)
	}
}

// Requests under way are answered before a server is gone.
func TestShutdownAnswers(t *testing.T) {
	began, goOn := make(chan struct{}), make(chan struct{})
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(handlerFunc(func(context.Context, *Request) (any, error) {
		close(began)
		<-goOn
		return "last words", nil
	}), ServerOptions{})
	go func() { _ = s.Serve(l) }()
	c := dial(t, path)
	got := make(chan string, 1)
	go func() {
		var text string
		if err := c.Call(context.Background(), "x", nil, &text); err != nil {
			text = err.Error()
		}
		got <- text
	}()
	<-began
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	close(goOn)
	if text := <-got; text != "last words" {
		t.Errorf("%q", text)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

// Whatever a client sends, a server answers with lines of JSON or leaves.
func FuzzServer(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":2,"method":"echo","params":{"text":"hi"}}`))
	f.Add([]byte("[1]\n{\"id\":null}\n\x00\n"))
	f.Add([]byte("\xff\n" + strings.Repeat("[", 20000) + "\n{}{}"))
	f.Add([]byte(`{"jsonrpc":"2.0","id":null,"method":"echo"}` + "\n" + `{"jsonrpc":"2.0","id":null,"method":"echo"}`))
	f.Add([]byte(`{"jsonrpc":"2.0","id":{"a":1},"method":"cancel","params":{"request":[]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		near, far := net.Pipe()
		s := NewServer(handlerFunc(func(context.Context, *Request) (any, error) { return 1, nil }),
			ServerOptions{Peer: func(net.Conn) (Peer, error) { return Peer{UID: os.Geteuid()}, nil }})
		s.take(far)
		go func() {
			_, _ = near.Write([]byte(`{"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"x","protocol":1}}` + "\n"))
			_, _ = near.Write(data)
			_, _ = near.Write([]byte("\n" + `{"jsonrpc":"2.0","id":"last","method":"x"}` + "\n"))
		}()
		in := bufio.NewReader(near)
		for {
			line, err := in.ReadBytes('\n')
			if err != nil {
				break
			}
			if !json.Valid(line) {
				t.Fatalf("%q", line)
			}
			if bytes.Contains(line, []byte(`"last"`)) {
				break
			}
		}
		_ = near.Close()
		s.working.Wait()
	})
}
