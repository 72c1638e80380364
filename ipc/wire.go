package ipc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// message is any line: a request, an answer or a notification.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *wireError      `json:"error,omitempty"`
}

// version is what "jsonrpc" has to say; start says it too.
const version = "2.0"

// null is the id of an answer to a line whose id could not be read.
var null = json.RawMessage("null")

// marshal is json.Marshal without the escapes that only HTML needs.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := writeJSON(&b, v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// writeJSON writes v and a newline.
func writeJSON(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// encode makes a line of a message, newline included. Params and Result are
// encoded already and go in as they are: encoding a message of 1 MiB once
// more costs several milliseconds.
func encode(m message) ([]byte, *Error) {
	b := make([]byte, 0, len(m.Params)+len(m.Result)+128)
	b = append(b, start...)
	add := func(name string, value []byte) {
		if len(value) > 0 {
			b = append(append(append(append(b, `,"`...), name...), `":`...), value...)
		}
	}
	add("id", m.ID)
	if m.Method != "" {
		name, err := marshal(m.Method)
		if err != nil {
			return nil, Errorf(CodeInternal, "cannot encode a message: %v", err)
		}
		add("method", name)
	}
	add("params", m.Params)
	add("result", m.Result)
	if m.Error != nil {
		text, err := marshal(m.Error)
		if err != nil {
			return nil, Errorf(CodeInternal, "cannot encode a message: %v", err)
		}
		add("error", text)
	}
	b = append(b, "}\n"...)
	if len(b) > MaxMessage {
		return nil, tooLong(len(b))
	}
	return b, nil
}

func tooLong(n int) *Error {
	return Errorf(CodeTooLarge, "the message has %d bytes, more than %d", n, MaxMessage)
}

// start begins every line that encode makes.
const start = `{"jsonrpc":"2.0"`

// open reads a line as encode makes them, with one look instead of a parse;
// any other line is parsed. What is inside is checked by whoever decodes it.
func open(line []byte) (m message, err error) {
	if rest, ok := bytes.CutPrefix(line, []byte(start+`,"method":"`)); ok {
		name, params, found := bytes.Cut(rest, []byte(`","params":`))
		if found && !bytes.ContainsAny(name, `\"`) && len(params) > 1 {
			return message{Method: string(name), Params: params[:len(params)-1]}, nil
		}
	}
	if rest, ok := bytes.CutPrefix(line, []byte(start+`,"id":`)); ok {
		id, result, found := bytes.Cut(rest, []byte(`,"result":`))
		if found && isNumber(id) && len(result) > 1 {
			return message{ID: id, Result: result[:len(result)-1]}, nil
		}
	}
	err = json.Unmarshal(line, &m)
	return m, err
}

func isNumber(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// requestOf is the id a notification belongs to. Every notification has it as
// its first member.
func requestOf(params []byte) json.RawMessage {
	if rest, ok := bytes.CutPrefix(params, []byte(`{"request":`)); ok {
		if end := bytes.IndexAny(rest, ",}"); end > 0 && isNumber(rest[:end]) {
			return rest[:end]
		}
	}
	var about struct {
		Request json.RawMessage `json:"request"`
	}
	if json.Unmarshal(params, &about) != nil {
		return nil
	}
	return about.Request
}

// errTooLong says that a line was longer than a message may be. It was
// skipped; the next line can be read.
var errTooLong = errors.New("the line is longer than a message may be")

// lines reads lines of at most MaxMessage bytes.
type lines struct {
	in  *bufio.Reader
	buf []byte
	// loose takes a last line without its newline. A server does, for
	// people who type; to a client such a line is an answer cut off.
	loose bool
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, 4<<10)} }

// keptLine is the largest buffer that is used for the next line too.
const keptLine = 64 << 10

// own is a line that next gave, to be kept.
func (l *lines) own(line []byte) []byte {
	if cap(l.buf) > keptLine {
		return line
	}
	return bytes.Clone(line)
}

// next is the next line without its newline, valid until the call after. Blank
// lines are skipped.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.one()
		if err != nil && (!l.loose || !errors.Is(err, io.EOF)) {
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (l *lines) one() ([]byte, error) {
	if cap(l.buf) > keptLine {
		l.buf = nil
	}
	l.buf = l.buf[:0]
	long := false
	for {
		part, err := l.in.ReadSlice('\n')
		if !long {
			if cap(l.buf)-len(l.buf) < len(part) {
				// A line that is long is likely to be a page.
				l.buf = slices.Grow(l.buf, min(8*len(l.buf), MaxMessage)+len(part))
			}
			l.buf = append(l.buf, part...)
		}
		if len(l.buf) > MaxMessage {
			long = true
			l.buf = nil
		}
		switch {
		case err == nil && long:
			return nil, errTooLong
		case errors.Is(err, io.EOF) && long:
			return nil, errTooLong
		case err == nil || errors.Is(err, io.EOF):
			return l.buf, err
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}
