package widget

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Width is how many columns a terminal needs for s, which is clean; colours need
// none.
func Width(s string) int {
	if printable(s) {
		return len(s)
	}
	n, at := 0, 0
	for at < len(s) {
		if k := sgrLen(s[at:]); k > 0 {
			at += k
		} else if k := plainRune(s[at:]); k > 0 {
			at += k
			n++
		} else {
			return n + widthOf(s[at:])
		}
	}
	return n
}

// widthOf is Width for any text.
func widthOf(s string) int {
	n := 0
	for len(s) > 0 {
		text, rest := untilSGR(s)
		n += displaywidth.String(text)
		s = rest[sgrLen(rest):]
		if rest != "" && len(s) == len(rest) {
			s = s[1:] // an ESC that begins no colour: not clean, and without width
		}
	}
	return n
}

// plainRune is the length of the character that s begins with where it takes one
// column, whatever comes before or behind it; else 0. These are printable ASCII
// and the lines, blocks, braille patterns and signs that panes draw with, but
// none that something could be added to: what follows has to be plain itself, or
// the end, or a colour.
func plainRune(s string) int {
	n := 1
	if s[0] < utf8.RuneSelf {
		if s[0] < ' ' || s[0] > '~' {
			return 0
		}
	} else {
		var r rune
		if r, n = utf8.DecodeRuneInString(s); !drawn(r) {
			return 0
		}
	}
	if n < len(s) && s[n] >= utf8.RuneSelf {
		if next, _ := utf8.DecodeRuneInString(s[n:]); !drawn(next) {
			return 0
		}
	}
	return n
}

// drawn is whether r is one of the characters panes draw with.
func drawn(r rune) bool {
	switch {
	case r >= 0x2500 && r <= 0x25fa, r >= 0x2800 && r <= 0x28ff, r >= 0x2190 && r <= 0x21ff,
		r >= 0xc0 && r <= 0x24f, r == '\u00b7', r == '…', r == '‖', r == '⊘', r == '✓', r == '✗':
		return true
	}
	return false
}

// untilSGR splits s before its first escape sequence.
func untilSGR(s string) (text, rest string) {
	at := strings.IndexByte(s, esc)
	if at < 0 {
		return s, ""
	}
	return s[:at], s[at:]
}

// Spaces is a blank of n columns, empty where n is not positive.
func Spaces(n int) string {
	const blank = "                                                                                                                                "
	switch {
	case n <= 0:
		return ""
	case n <= len(blank):
		return blank[:n]
	}
	return strings.Repeat(" ", n)
}

// Cut is s in at most w columns; where something is missing it ends in ellipsis.
// Colours that are on at the cut are ended.
func Cut(s string, w int, ellipsis string) string {
	if w <= 0 {
		return ""
	}
	if len(s) <= w {
		return s // no character is wider than its bytes are many
	}
	if printable(s) {
		e := Width(ellipsis)
		if e > w {
			return s[:w]
		}
		return s[:w-e] + ellipsis
	}
	if Width(s) <= w {
		return s
	}
	e := Width(ellipsis)
	if e > w {
		ellipsis, e = "", 0
	}
	head, used, painted := take(s, w-e)
	if painted {
		head += sgrReset
	}
	return head + Spaces(w-e-used) + ellipsis
}

// Fit is s in exactly w columns: cut, or filled up with blanks.
func Fit(s string, w int, ellipsis string) string {
	s = Cut(s, w, ellipsis)
	return s + Spaces(w-Width(s))
}

// FitLeft is Fit with the blanks on the left, for figures.
func FitLeft(s string, w int, ellipsis string) string {
	s = Cut(s, w, ellipsis)
	return Spaces(w-Width(s)) + s
}

// take is the beginning of s that fits into w columns, how many it uses, and
// whether colours are on at its end.
func take(s string, w int) (head string, used int, painted bool) {
	at := 0
	for at < len(s) {
		if n := sgrLen(s[at:]); n > 0 {
			painted = !resets(s[at : at+n])
			at += n
			continue
		}
		if n := plainRune(s[at:]); n > 0 {
			if used+1 > w {
				return s[:at], used, painted
			}
			used++
			at += n
			continue
		}
		text, _ := untilSGR(s[at:])
		if text == "" {
			at++ // see widthOf
			continue
		}
		g := displaywidth.StringGraphemes(text)
		for g.Next() {
			if used+g.Width() > w {
				return s[:at], used, painted
			}
			used += g.Width()
			at += len(g.Value())
		}
	}
	return s, used, painted
}

// resets is whether an SGR sequence ends all colours.
func resets(seq string) bool { return strings.Trim(seq[2:len(seq)-1], "0;") == "" }

// Slice is the columns of s from from to from+w, in the colours they have in s.
// A wide character that is halved at either end becomes a blank.
func Slice(s string, from, w int) string {
	if w <= 0 {
		return ""
	}
	if from <= 0 {
		return Cut(s, w, "")
	}
	if printable(s) {
		if from >= len(s) {
			return ""
		}
		return s[from:min(from+w, len(s))]
	}
	head, used, _ := take(s, from)
	rest := s[len(head):]
	colors := Colors(head)
	if missing := from - used; missing > 0 {
		wide, n, _ := take(rest, 2)
		colors += Colors(wide)
		rest = Spaces(n-missing) + rest[len(wide):]
	}
	if rest == "" {
		return ""
	}
	cut := Cut(rest, w, "")
	if colors == "" {
		return cut
	}
	out := colors + cut
	if on := Colors(out); on != "" {
		out += sgrReset
	}
	return out
}

// maxColors is the most that is repeated of colours in force, in bytes. A line
// that goes on adding to them is shown in the newest.
const maxColors = 256

// Colors are the SGR sequences of s that are in force at its end.
func Colors(s string) string {
	var on strings.Builder
	for {
		_, rest := untilSGR(s)
		if rest == "" {
			return on.String()
		}
		n := sgrLen(rest)
		if n == 0 {
			s = rest[1:]
			continue
		}
		if resets(rest[:n]) || on.Len()+n > maxColors {
			on.Reset()
		}
		if !resets(rest[:n]) {
			on.WriteString(rest[:n])
		}
		s = rest[n:]
	}
}

// Rows is how many rows of w columns Wrap gives.
func Rows(s string, w int) int {
	if w <= 0 {
		return 1
	}
	if len(s) <= w {
		return 1
	}
	if printable(s) {
		return (len(s) + w - 1) / w
	}
	return len(Wrap(s, w))
}

// Wrap is s in rows of at most w columns, broken anywhere, for logs: nothing is
// lost, and what was one word stays one when it is copied. Each row has its
// colours. There is at least one row; w below 1 breaks nothing.
func Wrap(s string, w int) []string {
	if w <= 0 || len(s) <= w {
		return []string{s}
	}
	var rows []string
	colors := ""
	for {
		head, _, painted := take(s, w)
		if len(head) < len(s) && Strip(head) == "" {
			// A character wider than the row: it is shown by a blank.
			wide, _, _ := take(s, 2)
			if len(wide) <= len(head) {
				wide = s
			}
			rows = append(rows, Spaces(w))
			colors = Colors(colors + wide)
			s = s[len(wide):]
			if s == "" {
				return rows
			}
			continue
		}
		row := colors + head
		colors = Colors(row)
		if painted || colors != "" {
			row += sgrReset
		}
		if s = s[len(head):]; Strip(s) == "" {
			return append(rows, row)
		}
		rows = append(rows, row)
	}
}

// WrapWords is s, without colours, in lines of at most w columns, broken between
// words where that can be: for sentences.
func WrapWords(s string, w int) []string {
	if w <= 0 || Width(s) <= w {
		return []string{s}
	}
	var rows []string
	row := ""
	for _, word := range strings.Fields(s) {
		if row != "" && Width(row)+1+Width(word) <= w {
			row += " " + word
			continue
		}
		if row != "" {
			rows = append(rows, row)
		}
		parts := Wrap(word, w)
		rows = append(rows, parts[:len(parts)-1]...)
		row = parts[len(parts)-1]
	}
	return append(rows, row)
}
