package widget

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLine is the most of one line that is kept, in bytes.
const MaxLine = 16 << 10

// tabStop is the distance of tab stops, in columns, as terminals have them.
const tabStop = 8

// maxMarks is how many combining characters one character may carry. No
// language needs more; more climb over the lines above.
const maxMarks = 4

// Clean is one line of a service's output as it may be shown: its colours are
// kept, everything else it could do to a terminal is made visible or dropped.
// Of a line that carriage returns overwrite again and again, as progress bars do,
// the last state is kept. Tabs become blanks.
func Clean(s string) string {
	if len(s) <= MaxLine && printable(s) {
		return s
	}
	s = strings.TrimRight(s, "\r\n")
	s = s[strings.LastIndexByte(s, '\r')+1:]
	return cleaned(s, true)
}

// Words is text for one line without colours: a name, a reason, a command line.
// A line end in it becomes a blank.
func Words(s string) string {
	if len(s) <= MaxLine && printable(s) {
		return s
	}
	return cleaned(s, false)
}

func cleaned(s string, colors bool) string {
	c := cleaner{out: make([]byte, 0, min(len(s), MaxLine)+16), colors: colors}
	left := c.line(s)
	if c.painted {
		c.out = append(c.out, sgrReset...)
	}
	if left > 0 {
		c.out = fmt.Appendf(c.out, "...(+%s)", spelled(uint64(left)))
	}
	return string(c.out)
}

// Strip is s, which is clean, without its colours.
func Strip(s string) string {
	if strings.IndexByte(s, esc) < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		if n := sgrLen(s); n > 0 {
			s = s[n:]
			continue
		}
		out = append(out, s[0])
		s = s[1:]
	}
	return string(out)
}

// printable is whether s is nothing but printable ASCII.
func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// cleaner builds one clean line.
type cleaner struct {
	out     []byte
	colors  bool
	painted bool // colours are on at the end of out
	marks   int  // combining characters since the last other one
	start   int  // where in out the text after the last colour begins
	from    int  // where in out the columns in col are counted to
	col     int
}

// line takes s, up to MaxLine bytes, and gives how many bytes it has left.
func (c *cleaner) line(s string) int {
	for taken := 0; len(s) > 0 && max(taken, len(c.out)) < MaxLine; {
		n := 1
		switch {
		case s[0] >= ' ' && s[0] <= '~':
			c.out, c.marks = append(c.out, s[0]), 0
		case s[0] < utf8.RuneSelf:
			n = c.control(s)
		default:
			var r rune
			r, n = utf8.DecodeRuneInString(s)
			c.rune(r, s[:n])
		}
		s = s[n:]
		taken += n
	}
	return len(s)
}

// control takes the control character that s begins with, or the escape
// sequence, and gives its length.
func (c *cleaner) control(s string) int {
	switch s[0] {
	case esc:
		return c.escape(s)
	case '\t':
		c.tab()
	case '\b':
		c.back()
	case '\n', '\r':
		c.out = append(c.out, ' ')
	case '\a':
		// A bell in a log helps nobody.
	default:
		c.out = append(c.out, '^', s[0]^0x40)
	}
	c.marks = 0
	return 1
}

// tab fills up to the next tab stop.
func (c *cleaner) tab() {
	c.col += Width(string(c.out[c.from:]))
	n := tabStop - c.col%tabStop
	c.out = append(c.out, "        "[:n]...)
	c.col += n
	c.from = len(c.out)
}

// back takes the last character away, as the text that follows a backspace
// would cover it.
func (c *cleaner) back() {
	if len(c.out) == max(c.start, c.from) {
		return
	}
	_, n := utf8.DecodeLastRune(c.out)
	c.out = c.out[:len(c.out)-n]
}

// rune takes a character that is not ASCII, or a byte that is none.
func (c *cleaner) rune(r rune, text string) {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		if r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef || r == 0x034f {
			return // variation selectors and the joiner: see undecided
		}
		if c.marks++; c.marks > maxMarks {
			return
		}
		if len(c.out) == c.start {
			c.out = append(c.out, ' ') // nothing to stand on
		}
		c.out = append(c.out, text...)
		return
	}
	c.marks = 0
	switch {
	case r == utf8.RuneError, r >= 0x80 && r < 0xa0:
		c.out = utf8.AppendRune(c.out, utf8.RuneError)
	case undecided(r):
	case r == 0xa0, unicode.Is(unicode.Zs, r):
		c.out = append(c.out, ' ')
	case r == 0xff9e:
		c.out = append(c.out, '"') // a voiced mark of half width: it has a column of its own
	case r == 0xff9f:
		c.out = append(c.out, '*')
	case swallows(r):
		c.out = fmt.Appendf(c.out, "<U+%04X>", r)
	case unicode.IsPrint(r), unicode.Is(unicode.Co, r):
		c.out = append(c.out, text...)
	default:
		c.out = fmt.Appendf(c.out, "<U+%04X>", r)
	}
}

// undecided are characters that take no column, or whose width depends on how
// much a terminal knows of emoji: without them the rest is of a width that all
// agree on. The joiners of a family leave its members side by side.
func undecided(r rune) bool {
	switch {
	case r == 0x00ad, r == 0x180e, r == 0xfeff, r >= 0x200b && r <= 0x200d, r >= 0x2060 && r <= 0x2064,
		r >= 0x1f3fb && r <= 0x1f3ff, r >= 0xe0000 && r <= 0xe007f, r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0:
		return true
	}
	return false
}

// swallows is whether r makes one cluster with whatever follows it ("Prepend" in
// UAX #29), be it the blank before the next column.
func swallows(r rune) bool {
	switch {
	case r == 0x0d4e, r >= 0x111c2 && r <= 0x111c3, r == 0x1193f, r == 0x11941, r == 0x11a3a,
		r >= 0x11a84 && r <= 0x11a89, r == 0x11d46, r == 0x11f02:
		return true
	}
	return false
}
