package tui

import (
	"strconv"

	"systemg/tui/widget"
)

const (
	beginFrame = "\x1b[?2026h"
	endFrame   = "\x1b[?2026l"
)

// repaint is what has to be written to a terminal of w columns so that it shows
// lines where it showed before; nothing of before can be relied on where that is
// nil. It is empty where nothing has changed.
func repaint(before, lines []string, w int) []byte {
	var out []byte
	for i, line := range lines {
		old, known := "", i < len(before)
		if known {
			old = before[i]
		}
		if known && old == line {
			continue
		}
		out = appendLine(out, i, old, line, w, known)
	}
	if len(before) > len(lines) || before == nil {
		if len(lines) > 0 {
			out = appendPlace(out, len(lines), 0)
		}
		out = append(out, "\x1b[J"...)
		if len(lines) > 0 {
			// Erasing below begins with the place itself: write that line last.
			last := len(lines) - 1
			out = appendLine(out, last, "", lines[last], w, false)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return append(append([]byte(beginFrame), out...), endFrame...)
}

// appendLine writes a line over an old one, from the first column in which they
// differ on, and up to the last where they are equally wide.
func appendLine(out []byte, y int, old, line string, w int, known bool) []byte {
	from, column, colors := 0, 0, ""
	if known {
		from, column, colors = shared(old, line)
	}
	out = appendPlace(out, y, column)
	out = append(out, colors...)
	rest := line[from:]
	width := column + widget.Width(rest)
	if known && widget.Width(old) == width {
		if n := min(tail(old, line), len(rest)); n > 0 {
			return append(append(out, rest[:len(rest)-n]...), "\x1b[0m"...)
		}
		return append(out, rest...)
	}
	out = append(out, rest...)
	if width < w {
		out = append(out, "\x1b[K"...)
	}
	return out
}

// appendPlace moves the cursor.
func appendPlace(out []byte, y, x int) []byte {
	out = append(out, "\x1b["...)
	out = strconv.AppendInt(out, int64(y+1), 10)
	out = append(out, ';')
	out = strconv.AppendInt(out, int64(x+1), 10)
	return append(out, 'H')
}

// shared is how many bytes two lines have in common at their beginning, how many
// columns these take, and the colours that are on behind them. It ends behind
// printable ASCII and before printable ASCII or a colour, so that nothing is taken
// apart that belongs together.
func shared(old, line string) (bytes, columns int, colors string) {
	n := 0
	for n < len(old) && n < len(line) && old[n] == line[n] {
		n++
	}
	for n > 0 && (!parts(line, n) || !parts(old, n)) {
		n--
	}
	if n == 0 {
		return 0, 0, ""
	}
	return n, widget.Width(line[:n]), widget.Colors(line[:n])
}

// parts is whether a line can be taken apart before byte n: both characters
// beside it are printable ASCII, and it is not inside of a colour.
func parts(line string, n int) bool {
	if n <= 0 || n >= len(line) || !plainByte(line[n-1]) || !plainByte(line[n]) {
		return false
	}
	for i := n - 1; i >= 0 && n-i < 64; i-- {
		switch c := line[i]; {
		case c == 0x1b:
			return false
		case c == 'm' || (c < '0' || c > '9') && c != ';' && c != '[' && c != ':':
			return true // no byte of a colour that is still open
		}
	}
	return n < 64
}

func plainByte(c byte) bool { return c >= ' ' && c <= '~' }

// tail is how many bytes two lines of the same width have in common at their end,
// in the same colours: these need not be written again.
func tail(old, line string) int {
	n := 0
	for n < len(old) && n < len(line) && plainByte(line[len(line)-1-n]) && old[len(old)-1-n] == line[len(line)-1-n] {
		n++
	}
	for n > 0 && (!parts(line, len(line)-n) || !parts(old, len(old)-n)) {
		n--
	}
	if n == 0 || widget.Colors(old[:len(old)-n]) != widget.Colors(line[:len(line)-n]) {
		return 0
	}
	return n
}
