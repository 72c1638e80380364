package ipc

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"slices"
	"strconv"
	"strings"
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
	dst = l.Time.AppendFormat(append(dst, `,"t":"`...), time.RFC3339Nano)
	dst = append(dst, '"')
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

// escapes has what stands for a byte in a JSON string, empty for itself.
var escapes = func() (table [256]string) {
	for c := range 0x20 {
		const digits = "0123456789abcdef"
		table[c] = `\u00` + string(digits[c>>4]) + string(digits[c&15])
	}
	table['\n'], table['\r'], table['\t'], table['"'], table['\\'] = `\n`, `\r`, `\t`, `\"`, `\\`
	return table
}()

// appendText appends UTF-8 as a JSON string.
func appendText(dst, s []byte) []byte {
	dst = append(dst, '"')
	for {
		n := plain(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return append(dst, '"')
		}
		dst = append(dst, escapes[s[n]]...)
		s = s[n+1:]
	}
}

// plain is how many bytes of a text come before the first that JSON escapes. It
// looks at eight at a time: below, a byte of special has its highest bit set where
// that one of x is less than a space, a quote or a backslash; a borrow may set
// more of them, but only behind the first.
func plain(s []byte) int {
	const ones, highest = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := binary.LittleEndian.Uint64(s[i:])
		quote, slash := x^('"'*ones), x^('\\'*ones)
		special := ((x-' '*ones)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & highest
		if special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for ; i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\'; i++ {
	}
	return i
}

// ReadLogBatch reads the params of a log notification.
func ReadLogBatch(params []byte) (b LogBatch, err error) {
	r := logReader{rest: params}
	if b, ok := r.batch(); ok {
		return b, nil
	}
	err = json.Unmarshal(params, &b)
	return b, err
}

// logReader reads what appendJSON writes, and gives up at anything else.
type logReader struct {
	rest []byte
	// unit, kind and stamp are those of the last line, at its time.
	unit, kind string
	stamp      []byte
	at         time.Time
}

// eat takes the text off, if it is there.
func (r *logReader) eat(text string) bool {
	if len(r.rest) < len(text) || string(r.rest[:len(text)]) != text {
		return false
	}
	r.rest = r.rest[len(text):]
	return true
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

// name reads a string that is most often what it was the last time.
func (r *logReader) name(s *string) bool {
	text, ok := r.raw()
	if ok && string(text) != *s {
		*s = string(text)
	}
	return ok
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

func (r *logReader) number(n *uint64) bool {
	end := bytes.IndexAny(r.rest, ",}")
	if end < 0 {
		return false
	}
	var err error
	*n, err = strconv.ParseUint(string(r.rest[:end]), 10, 64)
	r.rest = r.rest[end:]
	return err == nil
}

// raw reads a string in which nothing is escaped.
func (r *logReader) raw() ([]byte, bool) {
	quote := r.quote()
	if quote < 0 || bytes.IndexByte(r.rest[:quote], '\\') >= 0 {
		return nil, false
	}
	text := r.rest[:quote]
	r.rest = r.rest[quote+1:]
	return text, true
}

// quote takes the first quote of a string off, and is where the next one is.
func (r *logReader) quote() int {
	if !r.eat(`"`) {
		return -1
	}
	return bytes.IndexByte(r.rest, '"')
}

// text reads any string.
func (r *logReader) text() (string, bool) {
	quote := r.quote()
	if quote < 0 {
		return "", false
	}
	in := r.rest
	var out strings.Builder
	out.Grow(quote)
	for from := 0; ; {
		slash := bytes.IndexByte(in[from:quote], '\\')
		if slash < 0 {
			out.Write(in[from:quote])
			r.rest = in[quote+1:]
			return out.String(), true
		}
		out.Write(in[from : from+slash])
		from += slash + 1
		c, n := unescape(in[from:])
		if n == 0 {
			return "", false
		}
		out.WriteByte(c)
		if from += n; from > quote {
			next := bytes.IndexByte(in[from:], '"')
			if next < 0 {
				return "", false
			}
			quote = from + next
		}
	}
}

// unescape is what the letters behind a backslash stand for, and how many they
// are; 0 for what appendText does not write.
func unescape(s []byte) (c byte, n int) {
	if len(s) == 0 {
		return 0, 0
	}
	switch s[0] {
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case '"', '\\':
		return s[0], 1
	case 'u':
		if len(s) >= 5 && s[1] == '0' && s[2] == '0' {
			if v, err := strconv.ParseUint(string(s[3:5]), 16, 8); err == nil && v < utf8.RuneSelf {
				return byte(v), 5
			}
		}
	}
	return 0, 0
}
