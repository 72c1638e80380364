package ipc

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Client is a client's end of a connection. Its methods may be called from any
// goroutine; see the package comment for what a slow one holds up.
type Client struct {
	net   net.Conn
	hello HelloResult
	// ended is closed when nothing will be read any more.
	ended chan struct{}

	writing sync.Mutex

	mu    sync.Mutex
	next  uint64
	calls map[string]*call
	// parting is what the supervisor said to nobody in particular before it
	// closed the connection, nil for nothing.
	parting *Error
}

// call is one request of this client.
type call struct {
	id string
	// answer has room for one.
	answer chan message
	// notes are taken by the caller.
	notes chan message
	// gone is closed when the caller takes nothing any more.
	gone chan struct{}
}

// Dial connects and says hello. The error is an *Error: CodeNotRunning where
// nobody listens, CodeTimeout where somebody does and does not answer before
// ctx ends, CodeRefused where the other end is not to be trusted.
func Dial(ctx context.Context, path, client string) (*Client, error) {
	return DialAs(ctx, path, HelloParams{Client: client})
}

// DialAs is Dial with all that a client can say of itself; the protocol's
// version is filled in.
func DialAs(ctx context.Context, path string, hello HelloParams) (*Client, error) {
	nc, err := connect(ctx, path)
	if err != nil {
		return nil, dialError(err, path)
	}
	peer, err := peerOf(nc)
	if err == nil && peer.UID != os.Geteuid() && peer.UID != 0 {
		err = Errorf(CodeRefused, "the supervisor belongs to user %d", peer.UID)
	}
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	c, err := greet(ctx, nc, hello)
	if errors.Is(err, context.DeadlineExceeded) {
		e := Errorf(CodeTimeout, "the supervisor (pid %d) does not answer", peer.PID)
		e.Try = fmt.Sprintf("kill -CONT %d if it was stopped, or kill -9 %d and sysg start: its units run on", peer.PID, peer.PID)
		err = e
	}
	return c, err
}

// greet says hello on a new connection.
func greet(ctx context.Context, nc net.Conn, hello HelloParams) (*Client, error) {
	hello.Protocol = Protocol
	c := &Client{net: nc, ended: make(chan struct{}), calls: map[string]*call{}}
	go c.read()
	if err := c.Call(ctx, MethodHello, hello, &c.hello); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// dialError says what a failed connection means.
func dialError(err error, path string) error {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP):
		e := Errorf(CodeNotRunning, "no supervisor runs (nobody listens on %s)", path)
		e.Try = "sysg start -d"
		return e
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		e := Errorf(CodeTimeout, "the supervisor does not accept connections")
		e.Try = "look whether it is stopped: its pid is in sysg.pid beside the socket"
		return e
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		e := Errorf(CodeRefused, "%s belongs to somebody else", path)
		e.Try = "use the user who started the supervisor, or sudo"
		return e
	}
	return Errorf(CodeFailed, "cannot connect to the supervisor: %v", err)
}

// Hello is what the supervisor said of itself.
func (c *Client) Hello() HelloResult { return c.hello }

// Close ends the connection; requests under way end with it.
func (c *Client) Close() error {
	err := c.net.Close()
	<-c.ended
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Call makes a request and waits for its answer; notifications are dropped.
// The error is an *Error where the supervisor sent one, or ctx's.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	return c.Stream(ctx, method, params, func(string, json.RawMessage) error { return nil }, result)
}

// Status asks for the state of the selected units, however many.
func (c *Client) Status(ctx context.Context, p StatusParams) (r StatusResult, err error) {
	err = c.Call(ctx, MethodStatus, p, &r)
	return r, err
}

// Graph asks for the dependency graph, however large.
func (c *Client) Graph(ctx context.Context, p GraphParams) (r GraphResult, err error) {
	err = c.Call(ctx, MethodGraph, p, &r)
	return r, err
}

// Stream makes a request and calls note, in this goroutine, for each of its
// notifications, in order. Pages of the answer are no notifications to note:
// they are put into result. An error of note cancels the request and is
// returned.
func (c *Client) Stream(ctx context.Context, method string, params any, note func(method string, params json.RawMessage) error, result any) error {
	k, err := c.send(method, params)
	if err != nil {
		return err
	}
	defer c.leave(k)
	ahead := gatherInto(result)
	for {
		select {
		case m := <-k.notes:
			take := note
			if m.Method == NotePage {
				take = func(_ string, params json.RawMessage) error { return ahead.add(params) }
			}
			if err := take(m.Method, m.Params); err != nil {
				c.cancel(k)
				return err
			}
		case m := <-k.answer:
			return c.tooNew(method, settle(m, result, ahead))
		case <-c.ended:
			return c.tooNew(method, c.lost(k, result, ahead))
		case <-ctx.Done():
			c.cancel(k)
			return ctx.Err()
		}
	}
}

// send registers a call and writes its request. A connection that is closed
// is no error here: what the supervisor said last is still to be read.
func (c *Client) send(method string, params any) (*call, error) {
	encoded, err := marshal(params)
	if err != nil {
		return nil, fmt.Errorf("cannot encode a request: %w", err)
	}
	k := &call{answer: make(chan message, 1), notes: make(chan message), gone: make(chan struct{})}
	c.mu.Lock()
	c.next++
	k.id = strconv.FormatUint(c.next, 10)
	c.calls[k.id] = k
	c.mu.Unlock()
	err = c.write(message{ID: json.RawMessage(k.id), Method: method, Params: encoded})
	if err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		c.leave(k)
		return nil, err
	}
	return k, nil
}

// writeTime is how long a supervisor may take to read a request.
const writeTime = 10 * time.Second

func (c *Client) write(m message) error {
	line, refusal := encode(m)
	if refusal != nil {
		return refusal
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.net.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := c.net.Write(line)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return Errorf(CodeTimeout, "the supervisor (pid %d) does not read", c.hello.PID)
	}
	if err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		return errLost()
	}
	return err
}

// errLost is the error of a connection that ended before the answer came.
func errLost() error {
	e := Errorf(CodeLost, "the supervisor closed the connection")
	e.Try = "sysg status shows whether it runs; sysg logs --kind supervisor says why it ended"
	return e
}

// lost is the end of a call whose connection ended: its answer may have come
// just before, or the reason.
func (c *Client) lost(k *call, result any, ahead *gather) error {
	select {
	case m := <-k.answer:
		return settle(m, result, ahead)
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parting != nil {
		return c.parting
	}
	return errLost()
}

// leave ends a call: what still comes for it is dropped.
func (c *Client) leave(k *call) {
	close(k.gone)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, k.id)
}

// cancel tells the supervisor that nobody waits for a call any more. It does
// not wait for the answer.
func (c *Client) cancel(k *call) {
	c.mu.Lock()
	c.next++
	id := strconv.FormatUint(c.next, 10)
	c.mu.Unlock()
	params, err := json.Marshal(CancelParams{Request: json.RawMessage(k.id)})
	if err == nil {
		// A connection that cannot be written to has no call to cancel.
		_ = c.write(message{ID: json.RawMessage(id), Method: MethodCancel, Params: params})
	}
}

// settle is what an answer means.
func settle(m message, result any, ahead *gather) error {
	if m.Error != nil {
		return m.Error.decode()
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(m.Result, result); err != nil {
		return fmt.Errorf("cannot read the supervisor's answer: %w", err)
	}
	return ahead.finish()
}

// clientBuffer is how much a client reads at once: log lines come by the million,
// and a note of them should not have to be pieced together.
const clientBuffer = 256 << 10

// read hands what comes to the calls it belongs to, until the connection ends.
func (c *Client) read() {
	defer close(c.ended)
	in := &lines{in: bufio.NewReaderSize(c.net, clientBuffer)}
	for {
		line, err := in.next()
		if errors.Is(err, errTooLong) {
			continue
		}
		if err != nil {
			return
		}
		// What is handed over outlives the line's buffer.
		if m, err := open(in.own(line)); err == nil {
			c.deliver(m)
		}
	}
}

func (c *Client) deliver(m message) {
	if len(m.ID) > 0 {
		c.deliverAnswer(m)
		return
	}
	k := c.find(requestOf(m.Params))
	if k == nil {
		return
	}
	select {
	case k.notes <- m:
	case <-k.gone:
	}
}

// deliverAnswer hands an answer over. One without an id is about a line the
// server could not read, or about the connection: every call fails with it.
func (c *Client) deliverAnswer(m message) {
	var waiting []*call
	if k := c.find(m.ID); k != nil {
		waiting = append(waiting, k)
	} else if string(m.ID) == "null" && m.Error != nil {
		c.mu.Lock()
		c.parting = m.Error.decode()
		for _, k := range c.calls {
			waiting = append(waiting, k)
		}
		c.mu.Unlock()
	}
	for _, k := range waiting {
		select {
		case k.answer <- m:
		default:
		}
	}
}

func (c *Client) find(id json.RawMessage) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[string(id)]
}
