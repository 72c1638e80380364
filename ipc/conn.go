package ipc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

// conn is a server's end of a connection.
type conn struct {
	s    *Server
	net  net.Conn
	peer Peer
	// hello is what the client said of itself.
	hello HelloParams
	out   *outbox

	mu       sync.Mutex
	under    map[string]context.CancelFunc
	retiring bool
	requests sync.WaitGroup
}

func newConn(s *Server, nc net.Conn, peer Peer) *conn {
	return &conn{s: s, net: nc, peer: peer, under: map[string]context.CancelFunc{}, out: newOutbox(nc, s.o.WriteTimeout)}
}

// serve reads until the client leaves. With refused it says why not, and ends.
func (c *conn) serve(refused error) {
	written := make(chan struct{})
	go func() { defer close(written); c.out.run() }()
	ctx, cancel := context.WithCancel(c.s.ctx)
	if refused != nil {
		c.reject(null, refused)
	} else {
		c.read(ctx)
	}
	c.mu.Lock()
	retiring := c.retiring
	c.mu.Unlock()
	if !retiring {
		// Nobody is there any more to answer to.
		cancel()
	}
	c.requests.Wait()
	cancel()
	c.out.finish()
	<-written
	_ = c.net.Close()
}

// read handles lines until the connection ends.
func (c *conn) read(ctx context.Context) {
	in := newLines(c.net)
	_ = c.net.SetReadDeadline(time.Now().Add(helloTime))
	for greeted := false; ; {
		line, err := in.next()
		switch {
		case errors.Is(err, errTooLong):
			c.reject(null, Errorf(CodeTooLarge, "a line may have %d bytes", MaxMessage))
			if !greeted {
				return
			}
			continue
		case err != nil:
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
				c.s.o.Log.Debug("a client left", "pid", c.peer.PID, "error", err)
			}
			return
		}
		m, refusal := parse(line)
		if refusal != nil {
			c.reject(m.ID, refusal)
			if !greeted {
				return
			}
			continue
		}
		if !greeted {
			if !c.greet(m) {
				return
			}
			greeted = true
			_ = c.net.SetReadDeadline(time.Time{})
			continue
		}
		c.begin(ctx, m)
	}
}

// parse makes a request of a line. On an error the message has the id, or
// null.
func parse(line []byte) (message, *Error) {
	if line[0] == '[' {
		return message{ID: null}, Errorf(codeInvalid, "batches are not supported: send one request per line")
	}
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		return message{ID: null}, Errorf(codeParse, "the line is no JSON-RPC message: %v", err)
	}
	if !validID(m.ID) {
		return message{ID: null}, Errorf(codeInvalid, "a request needs an id, which is a string or a number")
	}
	switch {
	case m.Version != version:
		return m, Errorf(codeInvalid, `"jsonrpc" has to be "2.0"`)
	case m.Method == "":
		return m, Errorf(codeInvalid, "a request needs a method")
	}
	return m, nil
}

// greet handles the first request.
func (c *conn) greet(m message) bool {
	if m.Method != MethodHello {
		c.reject(m.ID, Errorf(CodeHelloFirst, "the first request has to be hello, not %s", m.Method))
		return false
	}
	r := &Request{ID: m.ID, params: m.Params}
	var p HelloParams
	if err := r.Decode(&p); err != nil {
		c.reject(m.ID, err)
		return false
	}
	if p.Protocol != Protocol {
		e := Errorf(CodeVersion, "the client speaks protocol %d, this supervisor speaks %d", p.Protocol, Protocol)
		e.Try = "use the sysg the supervisor was started with, or restart the supervisor"
		e.Data = map[string]any{"client": p.Protocol, "server": Protocol}
		c.reject(m.ID, e)
		return false
	}
	c.hello = p
	c.answer(m.ID, HelloResult{Server: "sysg " + c.s.o.Version, Protocol: Protocol, PID: os.Getpid(), StateDir: c.s.o.StateDir})
	return true
}

// begin starts a request, or says why not.
func (c *conn) begin(ctx context.Context, m message) {
	switch m.Method {
	case MethodHello:
		c.reject(m.ID, Errorf(codeInvalid, "hello was said already"))
		return
	case MethodCancel:
		c.cancel(m)
		return
	}
	key := string(m.ID)
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	_, twice := c.under[key]
	var refusal *Error
	switch {
	case c.retiring:
		refusal = Errorf(CodeShuttingDown, "the supervisor is shutting down")
	case twice:
		refusal = Errorf(codeInvalid, "the id %s is under way already", key)
	case len(c.under) >= maxRequests:
		refusal = Errorf(CodeRefused, "%d requests are under way on this connection", maxRequests)
	default:
		c.under[key] = cancel
		c.requests.Add(1)
	}
	c.mu.Unlock()
	if refusal != nil {
		cancel()
		c.reject(m.ID, refusal)
		return
	}
	r := &Request{ID: append(json.RawMessage(nil), m.ID...), Method: m.Method, Peer: c.peer, Client: c.hello.Client, Quiet: c.hello.Quiet, params: m.Params, conn: c, ctx: ctx}
	go func() {
		defer c.requests.Done()
		defer c.forget(key, cancel)
		c.handle(ctx, r)
	}()
}

func (c *conn) forget(key string, cancel context.CancelFunc) {
	cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.under, key)
}

// handle runs the handler and answers.
func (c *conn) handle(ctx context.Context, r *Request) {
	result, err := c.call(ctx, r)
	if r.replied {
		return
	}
	if err != nil {
		c.reject(r.ID, err)
		return
	}
	c.answer(r.ID, result)
}

// call runs the handler; a panic ends the request and nothing else.
func (c *conn) call(ctx context.Context, r *Request) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.s.o.Log.Error("a request panicked", "method", r.Method, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = Errorf(CodeInternal, "the supervisor made a mistake in %s: its log says more", r.Method)
		}
	}()
	return c.s.h.Serve(ctx, r)
}

func (c *conn) cancel(m message) {
	var p CancelParams
	r := &Request{ID: m.ID, params: m.Params}
	if err := r.Decode(&p); err != nil {
		c.reject(m.ID, err)
		return
	}
	c.mu.Lock()
	end, ok := c.under[string(p.Request)]
	c.mu.Unlock()
	if ok {
		end()
	}
	c.answer(m.ID, map[string]bool{"canceled": ok})
}

// retire stops reading; requests under way get to answer.
func (c *conn) retire() {
	c.mu.Lock()
	c.retiring = true
	c.mu.Unlock()
	_ = c.net.SetReadDeadline(time.Unix(1, 0))
}

func (c *conn) answer(id json.RawMessage, result any) {
	encoded, err := marshal(result)
	if err != nil {
		c.reject(id, Errorf(CodeInternal, "cannot encode the answer: %v", err))
		return
	}
	line, refusal := encode(message{ID: id, Result: encoded})
	if refusal != nil {
		c.reject(id, refusal)
		return
	}
	c.out.put(line)
}

func (c *conn) reject(id json.RawMessage, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = Errorf(CodeInternal, "%s", err.Error())
	}
	if len(id) == 0 {
		id = null
	}
	line, tooLarge := encode(message{ID: id, Error: e.encode()})
	if tooLarge != nil {
		line, _ = encode(message{ID: id, Error: tooLarge.encode()})
	}
	c.out.put(line)
}
