package view

import (
	"bufio"
	"io"
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// span is a piece of text with one meaning. Its text is clean.
type span struct {
	tone tone
	text string
}

// say is a span of text from anywhere.
func say(t tone, text string) span { return span{tone: t, text: clean(text)} }

// line is what stands on one line.
type line []span

func (l line) width() int {
	n := 0
	for _, s := range l {
		n += width(s.text)
	}
	return n
}

// pad adds blanks until l is n columns wide.
func (l line) pad(n int) line { return append(l, span{text: spaces(n - l.width())}) }

// split is the line as several: the first no wider than the first limit, the
// others than the second, broken between words where that can be.
func (l line) split(first, rest int) []line {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.text)
	}
	text, from := b.String(), 0
	var parts []line
	for limit := first; width(text[from:]) > limit; limit = rest {
		head := displaywidth.TruncateString(text[from:], limit, "")
		if at := strings.LastIndexByte(text[from:from+len(head)+1], ' '); at > 0 {
			head = head[:at]
		}
		if head == "" {
			break
		}
		parts = append(parts, l.slice(from, from+len(head)))
		from += len(head)
		from += len(text[from:]) - len(strings.TrimLeft(text[from:], " "))
	}
	return append(parts, l.slice(from, len(text)))
}

// slice is the line from one byte of its text to another.
func (l line) slice(from, to int) line {
	var out line
	at := 0
	for _, s := range l {
		a, b := max(from-at, 0), min(to-at, len(s.text))
		if a < b {
			out = append(out, span{tone: s.tone, text: s.text[a:b]})
		}
		at += len(s.text)
	}
	return out
}

// render is the line as it is written: cut to the limit, without blanks at
// its end.
func (st Style) render(l line) string {
	l = st.cutLine(l)
	end, last := len(l), ""
	for end > 0 && last == "" {
		end--
		last = strings.TrimRight(l[end].text, " ")
	}
	var b strings.Builder
	for _, s := range l[:end] {
		b.WriteString(st.paint(s.tone, s.text))
	}
	if last != "" {
		b.WriteString(st.paint(l[end].tone, last))
	}
	return b.String()
}

// cutLine is l, or what of it is no wider than the limit.
func (st Style) cutLine(l line) line {
	limit := st.limit()
	if limit == 0 || l.width() <= limit {
		return l
	}
	out := append(line(nil), l...)
	tail := st.ellipsis()
	if width(tail) >= limit {
		tail = ""
	}
	room := limit - width(tail)
	for i, s := range out {
		if n := width(s.text); n <= room {
			room -= n
			continue
		}
		out[i].text = cut(s.text, room, "") + tail
		return out[:i+1]
	}
	return out
}

// page collects lines and writes them. Its first error ends the writing and
// is what done gives.
type page struct {
	st Style
	w  *bufio.Writer
}

func newPage(w io.Writer, st Style) *page { return &page{st: st, w: bufio.NewWriter(w)} }

// put writes one line.
func (p *page) put(spans ...span) {
	p.w.WriteString(p.st.render(spans))
	p.w.WriteByte('\n')
}

// blank leaves a line empty.
func (p *page) blank() { p.w.WriteByte('\n') }

// raw writes text of a format of its own as it is. It has to be clean.
func (p *page) raw(s string) { p.w.WriteString(s) }

// done writes what is left and gives the first error.
func (p *page) done() error { return p.w.Flush() }

// wrapped writes text after head, further lines under its beginning. Where
// hardly any room is left beside head the text goes below it.
func (p *page) wrapped(head line, t tone, text string) {
	limit, indent := p.st.limit(), head.width()
	if limit > 0 && limit-indent < narrowest {
		p.put(head...)
		indent = min(2, limit/4)
		head = line{{text: spaces(indent)}}
	}
	for i, part := range wrap(clean(text), limit-indent) {
		if i > 0 {
			head = line{{text: spaces(indent)}}
		}
		p.put(append(append(line(nil), head...), span{tone: t, text: part})...)
	}
}

// narrowest is the fewest columns in which text is still worth wrapping.
const narrowest = 12

// flow writes items one after the other, separated by sep, and begins a new
// line where the next item does not fit: below the first item, or, where the
// head is long, two columns in.
func (p *page) flow(head line, sep string, items ...line) {
	limit, indent := p.st.limit(), head.width()
	l, used := append(line(nil), head...), indent
	if indent > limit/6 {
		indent = 2
	}
	for i, item := range items {
		mark := ""
		if i < len(items)-1 {
			mark = strings.TrimRight(sep, " ")
		}
		need := item.width() + len(mark)
		if i > 0 && limit > 0 && used+len(sep)-len(mark)+need > limit {
			p.put(l...)
			l, used = line{{text: spaces(indent)}}, indent
		} else if i > 0 {
			gap := sep[len(strings.TrimRight(sep, " ")):]
			l, used = append(l, span{text: gap}), used+len(gap)
		}
		l = append(append(l, item...), span{text: mark})
		used += need
	}
	p.put(l...)
}
