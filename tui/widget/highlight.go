package widget

import "strings"

// Highlight is s with the given byte ranges of Strip(s), ascending and apart,
// between prefix and suffix: what a search has found. Colours of s go on behind
// each of them, for suffix may end them.
func Highlight(s string, spans [][2]int, prefix, suffix string) string {
	if len(spans) == 0 || prefix == "" && suffix == "" {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + len(spans)*(len(prefix)+len(suffix)))
	at, inside := 0, false
	colors := ""
	for len(s) > 0 {
		if inside && at >= spans[0][1] {
			b.WriteString(suffix + colors)
			inside, spans = false, spans[1:]
		}
		if n := sgrLen(s); n > 0 {
			colors = Colors(colors + s[:n])
			if !inside {
				b.WriteString(s[:n])
			}
			s = s[n:]
			continue
		}
		for len(spans) > 0 && !inside && spans[0][1] <= at {
			spans = spans[1:] // empty, or out of order
		}
		if !inside && len(spans) > 0 && at >= spans[0][0] {
			b.WriteString(prefix)
			inside = true
		}
		b.WriteByte(s[0])
		s = s[1:]
		at++
		if len(spans) == 0 && strings.IndexByte(s, esc) < 0 {
			b.WriteString(s)
			return b.String()
		}
	}
	if inside {
		b.WriteString(suffix + colors)
	}
	return b.String()
}
