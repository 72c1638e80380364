package ipc

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// scanner reads JSON as this package writes it, from the front, with one look;
// what has any other shape it does not read.
type scanner struct{ rest []byte }

// eat takes the text off, if it is there.
func (r *scanner) eat(text string) bool {
	if len(r.rest) < len(text) || string(r.rest[:len(text)]) != text {
		return false
	}
	r.rest = r.rest[len(text):]
	return true
}

// name reads a string that is most often what it was the last time.
func (r *scanner) name(s *string) bool {
	text, ok := r.raw()
	if ok && string(text) != *s {
		*s = string(text)
	}
	return ok
}

// token takes a number off; nil where there is none.
func (r *scanner) token() []byte {
	end := 0
	for end < len(r.rest) && r.rest[end] != ',' && r.rest[end] != '}' && r.rest[end] != ']' {
		end++
	}
	text := r.rest[:end]
	r.rest = r.rest[end:]
	if end == 0 || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return nil
	}
	return text
}

func (r *scanner) number(n *uint64) (ok bool) {
	var err error
	*n, err = strconv.ParseUint(string(r.token()), 10, 64)
	return err == nil
}

func (r *scanner) integer(n *int) bool {
	var err error
	*n, err = strconv.Atoi(string(r.token()))
	return err == nil
}

func (r *scanner) float(f *float64) bool {
	var err error
	*f, err = strconv.ParseFloat(string(r.token()), 64)
	return err == nil
}

// string reads any string.
func (r *scanner) string(s *string) (ok bool) {
	*s, ok = r.text()
	return ok
}

// raw reads a string in which nothing is escaped.
func (r *scanner) raw() ([]byte, bool) {
	quote := r.quote()
	if quote < 0 || bytes.IndexByte(r.rest[:quote], '\\') >= 0 {
		return nil, false
	}
	text := r.rest[:quote]
	r.rest = r.rest[quote+1:]
	return text, true
}

// quote takes the first quote of a string off, and is where the next one is.
func (r *scanner) quote() int {
	if !r.eat(`"`) {
		return -1
	}
	return bytes.IndexByte(r.rest, '"')
}

// text reads any string.
func (r *scanner) text() (string, bool) {
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

// appendTime appends a time as encoding/json does.
func appendTime(dst []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
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
