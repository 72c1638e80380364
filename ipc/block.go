package ipc

import (
	"bytes"
	"strings"
)

// A LogLine may be a block, which is several lines of one stream, run and time;
// see LogsParams.Blocks.

// Count is how many lines it has.
func (l *LogLine) Count() int {
	return 1 + strings.Count(l.Text, "\n") + bytes.Count(l.Bytes, newline)
}

var newline = []byte{'\n'}

// Drop leaves out the first n of more than n lines.
func (l *LogLine) Drop(n int) {
	for range n {
		_, l.Text, _ = strings.Cut(l.Text, "\n")
		_, l.Bytes, _ = bytes.Cut(l.Bytes, newline)
	}
}

// Each gives its lines one by one.
func (l *LogLine) Each(yield func(LogLine) bool) {
	one := *l
	for rest := *l; ; {
		var more, also bool
		one.Text, rest.Text, more = strings.Cut(rest.Text, "\n")
		one.Bytes, rest.Bytes, also = bytes.Cut(rest.Bytes, newline)
		more = more || also
		// Only the last one can be open.
		if one.Open = l.Open && !more; !yield(one) || !more {
			return
		}
	}
}
