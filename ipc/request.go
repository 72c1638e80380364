package ipc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Request is one request of a client. Its methods belong to the goroutine
// that serves it.
type Request struct {
	// ID goes into notifications as "request".
	ID     json.RawMessage
	Method string
	Peer   Peer
	// Reader is whether the client may look and nothing else.
	Reader bool
	// Confined is who the client is where it may not command the server.
	Confined string
	// Client is what the client called itself in hello.
	Client string
	// Quiet is whether the client wants no progress notifications.
	Quiet bool

	params  json.RawMessage
	conn    *conn
	ctx     context.Context
	replied bool
}

// Decode reads the params into v, a pointer to a struct. Members it does not
// know are an error, so that a typing error is never a silent no-op; missing
// params are an empty object. The error is an *Error and names the member.
func (r *Request) Decode(v any) error {
	params := bytes.TrimSpace(r.params)
	if len(params) == 0 || bytes.Equal(params, null) {
		return checked(v)
	}
	if params[0] != '{' {
		return Errorf(CodeUsage, "params have to be an object")
	}
	if err := decodeObject(params, reflect.ValueOf(v).Elem(), ""); err != nil {
		return Errorf(CodeUsage, "params: %s", err.Error())
	}
	return checked(v)
}

// checked looks at what the types leave open.
func checked(v any) error {
	if c, ok := v.(checker); ok {
		return c.check()
	}
	return nil
}

// Notify sends a notification that belongs to the request. It returns when the
// line is written; the error says that the request is canceled or
// the client gone.
func (r *Request) Notify(method string, v any) error {
	params, err := marshal(v)
	if err != nil {
		return fmt.Errorf("cannot encode a notification: %w", err)
	}
	line, refusal := encode(message{Method: method, Params: params})
	if refusal != nil {
		return refusal
	}
	return r.conn.out.note(r.ctx, line)
}

// Trickle says that notifications go on for as long as the client likes. From
// now on little is sent ahead of it until it takes more, so that one that takes
// nothing is left alone at once.
func (r *Request) Trickle() { r.conn.out.trickle() }

// Reply answers now; the request goes on, and what its handler returns later
// is dropped. Notifications after it arrive after the answer.
func (r *Request) Reply(v any) error {
	if r.replied {
		return errors.New("the request is answered already")
	}
	r.replied = true
	r.conn.answer(r.ID, v)
	return nil
}
