package view

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// width is how many columns a terminal needs for s, which is clean. East
// Asian characters and emoji take two.
func width(s string) int { return displaywidth.String(s) }

// cut shortens s to at most n columns, ending in tail where something is
// missing. A negative n counts as 0.
func cut(s string, n int, tail string) string {
	if n <= 0 {
		return ""
	}
	if len(s) <= n || width(s) <= n {
		return s
	}
	if width(tail) >= n {
		tail = ""
	}
	return displaywidth.TruncateString(s, n, tail)
}

// spaces is a blank of n columns.
func spaces(n int) string {
	if n <= 0 {
		return ""
	}
	return strings.Repeat(" ", n)
}

// wrap breaks s, which is clean, into lines of at most n columns, between
// words where it can; n below 1 breaks nothing. There is at least one line.
func wrap(s string, n int) []string {
	if n < 1 || width(s) <= n {
		return []string{s}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		joined := word
		if line != "" {
			joined = line + " " + word
		}
		if width(joined) <= n {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = word
		for width(line) > n {
			head := displaywidth.TruncateString(line, n, "")
			if head == "" {
				return append(lines, line)
			}
			lines = append(lines, head)
			line = line[len(head):]
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}
