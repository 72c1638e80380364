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
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// conn is a server's end of a connection.
type conn struct {
	s    *Server
	net  net.Conn
	peer Peer
	// access is what the peer may do.
	access access
	// confined is what ServerOptions.Confined says of it.
	confined string
	// hello is what the client said of itself.
	hello HelloParams
	out   *outbox
	// slots has room for the requests under way; a request leaves it when
	// its answer is written. jammed is whether the last one that wanted in
	// waited in vain. Both are the reader's to wait on.
	slots  chan struct{}
	jammed bool

	mu       sync.Mutex
	under    map[string]context.CancelFunc
	retiring bool
	// displaced is whether another one has its place, parted whether the outbox
	// says why. asked is whether it has ever made a request, rested when it came,
	// was greeted or had the last one done.
	displaced, parted, asked bool
	rested                   time.Time
	requests                 sync.WaitGroup
}

func newConn(s *Server, nc net.Conn, peer Peer) *conn {
	return &conn{
		s: s, net: nc, peer: peer, under: map[string]context.CancelFunc{},
		out: newOutbox(nc, s.o.WriteTimeout), slots: make(chan struct{}, maxRequests),
		rested: time.Now(),
	}
}

// serve reads until the client has said everything, and answers that. With
// refused it says why not, and ends.
func (c *conn) serve(refused error) {
	written := make(chan struct{})
	go func() { defer close(written); c.out.run() }()
	ctx, cancel := context.WithCancel(c.s.ctx)
	defer cancel()
	if refused != nil {
		c.reject(null, refused)
	} else if gone := c.read(ctx); gone && !c.isRetiring() {
		// Nobody is there any more to answer to.
		cancel()
	}
	c.finish(cancel)
	c.out.finish()
	<-written
	_ = c.net.Close()
}

// finish waits for the requests under way. A client that has only closed its
// writing half still gets its answers; one that goes away ends its requests.
func (c *conn) finish(cancel context.CancelFunc) {
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if hangup(c.net); !c.isRetiring() {
			cancel()
		}
	}()
	c.requests.Wait()
	_ = c.net.SetReadDeadline(time.Unix(1, 0))
	<-watched
}

func (c *conn) isRetiring() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.retiring
}

// read handles lines until the last one, and says whether the client is gone,
// which an end of its lines alone does not mean.
func (c *conn) read(ctx context.Context) (gone bool) {
	in := newLines(c.net)
	in.loose = true
	_ = c.net.SetReadDeadline(time.Now().Add(helloTime))
	for greeted := false; ; {
		line, err := in.next()
		displaced, told := c.isDisplaced()
		switch {
		case errors.Is(err, errTooLong):
			c.reject(null, Errorf(CodeTooLarge, "a line may have at most %d bytes, its newline included", MaxMessage))
			if !greeted {
				return true
			}
			continue
		case err != nil && displaced:
			if !told {
				c.reject(null, errDisplaced())
			}
			return true
		case errors.Is(err, os.ErrDeadlineExceeded) && !greeted && !c.isRetiring():
			c.reject(null, Errorf(CodeHelloFirst, "no hello came within %s", helloTime))
			return true
		case err != nil:
			c.left(err)
			return !errors.Is(err, io.EOF)
		}
		m, refusal := parse(line)
		switch {
		case refusal != nil:
			c.reject(m.ID, refusal)
			if !greeted {
				return true
			}
		case greeted:
			c.begin(ctx, m)
		case !c.greet(m):
			return true
		default:
			greeted = true
			c.welcome()
		}
	}
}

// welcome lets a client that has said hello take its time, unless it is sent
// away at this moment.
func (c *conn) welcome() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rested = time.Now(); !c.displaced && !c.retiring {
		_ = c.net.SetReadDeadline(time.Time{})
	}
}

// left notes an end that is out of the ordinary.
func (c *conn) left(err error) {
	if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
		c.s.o.Log.Debug("a client left", "pid", c.peer.PID, "error", err)
	}
}

// greet handles the first request. The version is looked at before anything
// else: what a later version's hello may say is not for this one to judge.
func (c *conn) greet(m message) bool {
	if m.Method != MethodHello {
		c.reject(m.ID, Errorf(CodeHelloFirst, "the first request has to be hello, not %s", clipped([]byte(m.Method))))
		return false
	}
	p, err := helloOf(m)
	if err != nil {
		c.reject(m.ID, err)
		return false
	}
	c.hello = p
	c.answer(m.ID, HelloResult{Server: "sysg " + c.s.o.Version, Protocol: Protocol, PID: os.Getpid(), StateDir: c.s.o.StateDir, Guardian: c.s.o.guardian(), Flags: c.s.o.Flags, Features: []string{FeatureBlocks, FeatureOperations}})
	return true
}

// maxClient is how long a client's name for itself may be, in bytes.
const maxClient = 128

// helloOf reads and checks what a client says of itself.
func helloOf(m message) (p HelloParams, err error) {
	var first struct {
		Protocol json.Number `json:"protocol"`
	}
	if json.Unmarshal(m.Params, &first) == nil && first.Protocol != "" {
		if n, err := first.Protocol.Float64(); err != nil || n != Protocol {
			return p, versionError(first.Protocol.String())
		}
	}
	r := &Request{ID: m.ID, params: m.Params}
	if err := r.Decode(&p); err != nil {
		return p, err
	}
	switch {
	case p.Protocol != Protocol:
		return p, Errorf(CodeUsage, `params: hello has to name its "protocol": this supervisor speaks %d`, Protocol)
	case len(p.Client) > maxClient || strings.ContainsFunc(p.Client, unicode.IsControl):
		return p, Errorf(CodeUsage, `params: "client" has to be a name of at most %d bytes without control characters`, maxClient)
	}
	return p, nil
}

// versionError names both versions.
func versionError(theirs string) error {
	theirs = clipped([]byte(theirs))
	e := Errorf(CodeVersion, "the client speaks protocol %s, this supervisor speaks %d", theirs, Protocol)
	e.Try = "use the sysg the supervisor was started with, or restart the supervisor"
	e.Data = map[string]any{"client": theirs, "server": Protocol}
	if n, err := strconv.Atoi(theirs); err == nil {
		e.Data["client"] = n
	}
	return e
}

// begin starts a request, or says why not.
func (c *conn) begin(ctx context.Context, m message) {
	switch m.Method {
	case MethodHello:
		c.reject(m.ID, Errorf(CodeInvalid, "hello was said already"))
		return
	case MethodCancel:
		c.cancel(m)
		return
	}
	if !c.slot(ctx) {
		e := Errorf(CodeTooMany, "%d requests are under way on this connection", maxRequests)
		e.Try = "wait for answers, cancel some, or open another connection"
		c.reject(m.ID, e)
		return
	}
	if refusal := c.access.mayCall(m.Method); refusal != nil {
		<-c.slots
		c.s.o.Log.Warn("refused a request", "method", clipped([]byte(m.Method)), "uid", c.peer.UID, "pid", c.peer.PID)
		c.reject(m.ID, refusal)
		return
	}
	key := idKey(m.ID)
	ctx, cancel := context.WithCancel(ctx)
	if refusal := c.register(key, cancel); refusal != nil {
		cancel()
		<-c.slots
		c.reject(m.ID, refusal)
		return
	}
	r := &Request{ID: m.ID, Method: m.Method, Peer: c.peer, Reader: c.access == accessRead, Confined: c.confined, Client: c.hello.Client, Quiet: c.hello.Quiet, params: m.Params, conn: c, ctx: ctx}
	go func() {
		defer c.requests.Done()
		defer func() { <-c.slots }()
		defer cancel()
		c.handle(ctx, r, key)
	}()
}

// slot takes a place for a request. One is waited for, so that many requests
// in one write are done in turn. Once that was in vain, which means that streams
// hold all places, the wait is short: long enough only for the place of an
// answer that the client has just read.
func (c *conn) slot(ctx context.Context) bool {
	select {
	case c.slots <- struct{}{}:
		c.jammed = false
		return true
	default:
	}
	patience := slotPatience
	if c.jammed {
		patience = jammedPatience
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case c.slots <- struct{}{}:
		c.jammed = false
		return true
	case <-t.C:
		c.jammed = true
	case <-ctx.Done():
	}
	return false
}

// register notes a request as under way.
func (c *conn) register(key string, cancel context.CancelFunc) *Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, twice := c.under[key]; twice {
		return Errorf(CodeInvalid, "the id %s is under way already", key)
	}
	if c.retiring {
		return Errorf(CodeShuttingDown, "the supervisor is shutting down")
	}
	if c.displaced {
		return errDisplaced()
	}
	c.under[key], c.asked = cancel, true
	c.requests.Add(1)
	return nil
}

func (c *conn) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.under, key)
	c.rested = time.Now()
}

// handle runs the handler and answers. The id is free again before the answer
// is on its way, so that a client may use it at once.
func (c *conn) handle(ctx context.Context, r *Request, key string) {
	result, err := c.call(ctx, r)
	c.forget(key)
	switch {
	case r.replied:
	case err != nil:
		c.reject(r.ID, err)
	default:
		c.answer(r.ID, result)
	}
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
	err := r.Decode(&p)
	if err == nil && len(p.Request) == 0 {
		err = Errorf(CodeUsage, `params: cancel has to name the "request" to end by its id`)
	}
	if err != nil {
		c.reject(m.ID, err)
		return
	}
	c.mu.Lock()
	end, ok := c.under[idKey(p.Request)]
	c.mu.Unlock()
	if ok {
		end()
	}
	c.answer(m.ID, CancelResult{Canceled: ok})
}

// retire stops reading; requests under way get to answer.
func (c *conn) retire() {
	c.mu.Lock()
	c.retiring = true
	c.mu.Unlock()
	_ = c.net.SetReadDeadline(time.Unix(1, 0))
	c.out.hasten(partingTime)
}

// answer sends a result and returns when it is written. One too long for a
// message goes in pages.
func (c *conn) answer(id json.RawMessage, result any) {
	encoded, err := marshal(result)
	if err != nil {
		c.reject(id, Errorf(CodeInternal, "cannot encode the answer: %v", err))
		return
	}
	if len(encoded) > MaxMessage-envelope {
		if encoded, err = c.page(id, encoded); err != nil {
			c.reject(id, err)
			return
		}
	}
	line, refusal := encode(message{ID: id, Result: encoded})
	if refusal != nil {
		c.reject(id, refusal)
		return
	}
	c.out.answer(line)
}

// reject sends an error and returns when it is written.
func (c *conn) reject(id json.RawMessage, err error) {
	c.out.answer(rejection(id, err))
}

// rejection is the line of an error. Where its data makes it too long the
// data is left out, but for the code.
func rejection(id json.RawMessage, err error) []byte {
	var e *Error
	switch {
	case errors.As(err, &e):
	case errors.Is(err, context.Canceled):
		e = Errorf(CodeCanceled, "the request was canceled")
	default:
		e = Errorf(CodeInternal, "%s", err.Error())
	}
	if len(id) == 0 {
		id = null
	}
	line, tooLarge := encode(message{ID: id, Error: e.encode()})
	if tooLarge != nil {
		short := &Error{Code: e.Code, Message: clip(e.Message), Try: clip(e.Try), Data: map[string]any{"truncated": true}}
		line, _ = encode(message{ID: id, Error: short.encode()})
	}
	return line
}

// clip keeps what a message has room for in any case.
func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), 4<<10)], "") }
