package view

import (
	"strings"
	"unicode/utf8"
)

// clean makes text from outside safe to show on one line: control characters
// become carets (^[ for escape), white space becomes a space, and what would
// turn the reading direction or is no valid UTF-8 becomes U+FFFD.
func clean(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' {
			return string(appendClean(make([]byte, 0, len(s)+8), s))
		}
	}
	return s
}

func appendClean(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '\n', r == '\t', r == '\u2028', r == '\u2029':
			dst = append(dst, ' ')
		case r < ' ', r == 0x7f:
			dst = append(dst, '^', byte(r)^0x40)
		case r >= 0xfe00 && r <= 0xfe0f:
			// A variation selector: terminals disagree on its width.
		case hostile(r), r == '\u200e', r == '\u200f', invisible(r):
			dst = utf8.AppendRune(dst, utf8.RuneError)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// hostile are the C1 controls, which some terminals obey, and the characters
// that override or isolate a reading direction.
func hostile(r rune) bool {
	return r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// invisible are characters that make two names look the same: the byte order
// mark, the zero-width space, tags.
func invisible(r rune) bool {
	return r == 0xfeff || r == 0x200b || r >= 0xe0000 && r <= 0xe0fff
}

// appendLog appends a program's line as a terminal may show it. Colours (SGR
// sequences) are kept where color is set and dropped otherwise; every other
// escape sequence and control character is made visible instead of obeyed.
// Of text that was overwritten by carriage returns the last part is shown,
// as the terminal would. After a line with colours they are reset.
func appendLog(dst []byte, s string, color bool) []byte {
	if printable(s) {
		return append(dst, s...)
	}
	s = strings.TrimRight(s, "\r")
	s = s[strings.LastIndexByte(s, '\r')+1:]
	painted := false
	for len(s) > 0 {
		if n := sgr(s); n > 0 {
			if color {
				dst, painted = append(dst, s[:n]...), true
			}
			s = s[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\t', r >= ' ' && r < 0x7f:
			dst = append(dst, byte(r))
		case r < ' ', r == 0x7f:
			dst = append(dst, '^', byte(r)^0x40)
		case hostile(r), r == '\u2028', r == '\u2029':
			dst = utf8.AppendRune(dst, utf8.RuneError)
		default:
			dst = utf8.AppendRune(dst, r)
		}
		s = s[n:]
	}
	if painted {
		dst = append(dst, "\x1b[0m"...)
	}
	return dst
}

// printable is whether s is nothing but printable ASCII and tabs.
func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < ' ' || c > '~') && c != '\t' {
			return false
		}
	}
	return true
}

// sgr is the length of the "select graphic rendition" sequence (ECMA-48,
// 8.3.117) that s begins with, 0 where there is none.
func sgr(s string) int {
	if len(s) < 3 || s[0] != 0x1b || s[1] != '[' {
		return 0
	}
	for i, c := range s[2:] {
		switch {
		case c == 'm':
			return i + 3
		case (c < '0' || c > '9') && c != ';' && c != ':':
			return 0
		}
	}
	return 0
}
