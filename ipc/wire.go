package ipc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
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

// version is what "jsonrpc" has to say.
const version = "2.0"

// null is the id of an answer to a line whose id could not be read.
var null = json.RawMessage("null")

// encode makes a line of a message, newline included.
func encode(m message) ([]byte, *Error) {
	m.Version = version
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		return nil, Errorf(CodeInternal, "cannot encode a message: %v", err)
	}
	if b.Len() > MaxMessage {
		return nil, Errorf(CodeTooLarge, "the message has %d bytes, more than %d", b.Len(), MaxMessage)
	}
	return b.Bytes(), nil
}

// errTooLong says that a line was longer than a message may be. It was
// skipped; the next line can be read.
var errTooLong = errors.New("the line is longer than a message may be")

// lines reads lines of at most MaxMessage bytes.
type lines struct {
	in  *bufio.Reader
	buf []byte
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, 16<<10)} }

// next is the next line without its newline, valid until the call after. Blank
// lines are skipped. A line that the end of the stream cut off is dropped.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.one()
		if err != nil {
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

func (l *lines) one() ([]byte, error) {
	if cap(l.buf) > 64<<10 {
		l.buf = nil
	}
	l.buf = l.buf[:0]
	long := false
	for {
		part, err := l.in.ReadSlice('\n')
		if !long {
			l.buf = append(l.buf, part...)
		}
		if len(l.buf) > MaxMessage {
			long = true
			l.buf = nil
		}
		switch {
		case err == nil && long:
			return nil, errTooLong
		case err == nil:
			return l.buf, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// validID is whether an id is a string or a number.
func validID(id json.RawMessage) bool {
	if len(id) == 0 || len(id) > 256 {
		return false
	}
	return id[0] == '"' || id[0] == '-' || id[0] >= '0' && id[0] <= '9'
}
