package widget

import "strings"

const (
	esc      = 0x1b
	bell     = 0x07
	sgrReset = "\x1b[0m"
)

// maxSGR is the longest SGR sequence that is kept, in bytes: 16 parameters of
// true colour are far below it.
const maxSGR = 128

// escape takes the escape sequence that s begins with and gives its length
// (ECMA-35, 13 and ECMA-48, 5.4 and 5.6). SGR is kept where colours are, other
// whole sequences are dropped, and of one that does not end the ESC is shown,
// and the text after it as text.
func (c *cleaner) escape(s string) int {
	if n := sgrLen(s); n > 0 {
		if c.colors && n <= maxSGR {
			c.paint(s[:n])
		}
		return n
	}
	if n := sequenceLen(s); n > 0 {
		return n
	}
	c.out = append(c.out, '^', '[')
	c.marks = 0
	return 1
}

// paint keeps an SGR sequence, without the parameters that hide text or make
// it blink.
func (c *cleaner) paint(seq string) {
	params := seq[2 : len(seq)-1]
	if !plainParams(params) {
		return
	}
	c.col += Width(string(c.out[c.from:]))
	if params == "" || strings.Trim(params, "0;") == "" {
		if c.painted {
			c.out = append(c.out, sgrReset...)
		}
		c.painted = false
	} else {
		c.out = append(c.out, seq...)
		c.painted = true
	}
	c.from, c.start = len(c.out), len(c.out)
}

// plainParams is whether none of the parameters hides text (8) or makes it blink
// (5, 6). The parameters of an extended colour (38, 48, 58) are not looked at.
func plainParams(params string) bool {
	list := strings.Split(params, ";")
	for i := 0; i < len(list); i++ {
		switch p := strings.TrimLeft(list[i], "0"); p {
		case "5", "6", "8":
			return false
		case "38", "48", "58":
			if i+1 < len(list) && list[i+1] == "2" {
				i += 4
			} else {
				i += 2
			}
		}
	}
	return true
}

// sgrLen is the length of the SGR sequence that s begins with, 0 where there is
// none.
func sgrLen(s string) int {
	if len(s) < 3 || s[0] != esc || s[1] != '[' {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == 'm':
			return i + 1
		case (c < '0' || c > '9') && c != ';' && c != ':':
			return 0
		}
	}
	return 0
}

// sequenceLen is the length of the whole escape sequence that s begins with, 0
// where it does not end.
func sequenceLen(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '[': // control sequence: parameters, intermediates, final byte
		i := 2
		for i < len(s) && s[i] >= 0x30 && s[i] <= 0x3f {
			i++
		}
		for i < len(s) && s[i] >= 0x20 && s[i] <= 0x2f {
			i++
		}
		if i < len(s) && s[i] >= 0x40 && s[i] <= 0x7e {
			return i + 1
		}
		return 0
	case ']', 'P', 'X', '^', '_': // strings, up to BEL or ESC \
		for i := 2; i < len(s); i++ {
			switch {
			case s[i] == bell:
				return i + 1
			case s[i] == esc && i+1 < len(s) && s[i+1] == '\\':
				return i + 2
			}
		}
		return 0
	}
	i := 1
	for i < len(s) && s[i] >= 0x20 && s[i] <= 0x2f {
		i++
	}
	if i < len(s) && s[i] >= 0x30 && s[i] <= 0x7e {
		return i + 1
	}
	return 0
}
