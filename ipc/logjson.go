package ipc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Log lines are nearly all that goes over a socket, by the million. So their
// notifications are written and read here, as encoding/json does it and ten times
// faster. What is read in another shape than this writes is left to that.

// LogNote is a log notification in the making: lines are added to it, it is sent,
// and is empty again.
type LogNote struct {
	r     *Request
	line  []byte
	lines int
}

// LogNote begins one.
func (r *Request) LogNote() *LogNote { return &LogNote{r: r} }

// Size is about how many bytes it has.
func (n *LogNote) Size() int { return len(n.line) }

// Add adds a line, or lines, of that text; what else there is to say of it is in l.
func (n *LogNote) Add(l LogLine, text []byte) {
	if n.lines++; n.lines == 1 {
		id := n.r.ID
		if len(id) == 0 {
			id = null
		}
		n.line = append(append(n.line, start+`,"method":"`+NoteLog+`","params":{"request":`...), id...)
		n.line = append(n.line, `,"lines":[`...)
	} else {
		n.line = append(n.line, ',')
	}
	n.line = l.appendJSON(slices.Grow(n.line, len(text)+len(text)/8+256), text)
}

// Send sends it, if it has a line. The error says that the request is canceled,
// the client gone, or the note too long.
func (n *LogNote) Send() error {
	if n.lines == 0 {
		return nil
	}
	line := append(n.line, "]}}\n"...)
	n.line, n.lines = nil, 0
	if len(line) > MaxMessage {
		return tooLong(len(line))
	}
	err := n.r.conn.out.note(n.r.ctx, line)
	if err == nil {
		// It is written: its memory may be used again.
		n.line = line[:0]
	}
	return err
}

// appendJSON appends the line with the text in place of its own.
func (l *LogLine) appendJSON(dst, text []byte) []byte {
	dst = append(dst, '{')
	if l.Unit != "" {
		dst = append(appendText(append(dst, `"u":`...), []byte(l.Unit)), ',')
	}
	dst = appendText(append(dst, `"k":`...), []byte(l.Kind))
	dst = appendTime(append(dst, `,"t":`...), l.Time)
	if l.Run != 0 {
		dst = strconv.AppendUint(append(dst, `,"run":`...), l.Run, 10)
	}
	switch {
	case len(text) == 0:
	case utf8.Valid(text):
		dst = appendText(append(dst, `,"l":`...), text)
	default:
		dst = base64.StdEncoding.AppendEncode(append(dst, `,"b":"`...), text)
		dst = append(dst, '"')
	}
	if l.Open {
		dst = append(dst, `,"open":true`...)
	}
	return append(dst, '}')
}

// ReadLogBatch reads the params of a log notification.
func ReadLogBatch(params []byte) (b LogBatch, err error) {
	r := logReader{scanner: scanner{params}}
	if b, ok := r.batch(); ok {
		return b, nil
	}
	err = json.Unmarshal(params, &b)
	return b, err
}

// logReader reads what appendJSON writes, and gives up at anything else.
type logReader struct {
	scanner
	// unit, kind and stamp are those of the last line, at its time.
	unit, kind string
	stamp      []byte
	at         time.Time
}

func (r *logReader) batch() (b LogBatch, ok bool) {
	if !r.eat(`{"request":`) {
		return b, false
	}
	end := bytes.IndexByte(r.rest, ',')
	if end < 0 || !isNumber(r.rest[:end]) {
		return b, false
	}
	b.Request = slices.Clone(json.RawMessage(r.rest[:end]))
	r.rest = r.rest[end:]
	if !r.eat(`,"lines":[`) {
		return b, false
	}
	for {
		var l LogLine
		if !r.line(&l) {
			return b, false
		}
		b.Lines = append(b.Lines, l)
		if !r.eat(",") {
			return b, r.eat("]}") && len(r.rest) == 0
		}
	}
}

// line reads one line.
func (r *logReader) line(l *LogLine) bool {
	if !r.eat("{") {
		return false
	}
	if r.eat(`"u":`) {
		if !r.name(&r.unit) || !r.eat(",") {
			return false
		}
		l.Unit = r.unit
	}
	if !r.eat(`"k":`) || !r.name(&r.kind) || !r.eat(`,"t":`) || !r.time() {
		return false
	}
	l.Kind, l.Time = r.kind, r.at
	if r.eat(`,"run":`) && !r.number(&l.Run) {
		return false
	}
	if r.eat(`,"l":`) {
		var ok bool
		if l.Text, ok = r.text(); !ok {
			return false
		}
	}
	if r.eat(`,"b":`) {
		text, ok := r.raw()
		var err error
		if l.Bytes, err = base64.StdEncoding.AppendDecode(nil, text); !ok || err != nil || len(text) == 0 {
			return false
		}
	}
	l.Open = r.eat(`,"open":true`)
	return r.eat("}")
}

// time reads a time, which is often that of the line before.
func (r *logReader) time() bool {
	text, ok := r.raw()
	switch {
	case !ok || len(text) == 0:
		return false
	case bytes.Equal(text, r.stamp):
		return true
	}
	r.stamp = text
	return r.at.UnmarshalText(text) == nil
}
