package detail

import (
	"strconv"
	"strings"

	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// span is text in a tone.
type span struct {
	tone theme.Tone
	text string
}

func spanWidth(list []span) int {
	n := 0
	for _, s := range list {
		n += widget.Width(s.text)
	}
	return n
}

// sheet is a page that is written from top to bottom.
type sheet struct {
	f     pane.Frame
	t     *theme.Theme
	w     int
	lines []string
}

func (s *sheet) paint(list []span) string {
	var b strings.Builder
	for _, one := range list {
		b.WriteString(s.t.Paint(one.tone, one.text))
	}
	return b.String()
}

// row writes one line, cut where it is too long.
func (s *sheet) row(list []span) {
	s.lines = append(s.lines, widget.Cut(s.paint(list), s.w, s.t.Ellipsis))
}

// both writes one line with a left and a right end.
func (s *sheet) both(left, right []span) {
	fill := s.w - spanWidth(left) - spanWidth(right)
	s.lines = append(s.lines, s.paint(left)+widget.Spaces(fill)+s.paint(right))
}

// put writes a text, wrapped.
func (s *sheet) put(tone theme.Tone, text string) {
	for _, line := range widget.WrapWords(widget.Words(text), s.w) {
		s.lines = append(s.lines, s.t.Paint(tone, line))
	}
}

func (s *sheet) blank() { s.lines = append(s.lines, "") }

// heading begins a section.
func (s *sheet) heading(text string) {
	if n := len(s.lines); n > 0 && s.lines[n-1] != "" && s.f.Height > 20 {
		s.blank()
	}
	head := s.t.Rule(2) + " " + s.t.Paint(theme.Title, text) + " "
	s.lines = append(s.lines, widget.Cut(head+s.t.Rule(s.w-widget.Width(head)), s.w, ""))
}

// labelWidth is the column of the names of fields.
const labelWidth = 12

// field writes a name and its value, wrapped beside it; nothing where there is
// no value.
func (s *sheet) field(name, value string) { s.toned(theme.Normal, name, value) }

func (s *sheet) toned(tone theme.Tone, name, value string) {
	if value = widget.Words(value); value == "" {
		return
	}
	room := max(s.w-labelWidth, 8)
	for i, line := range widget.WrapWords(value, room) {
		label := ""
		if i == 0 {
			label = name
		}
		text := s.t.Paint(theme.Faint, widget.Fit(label, labelWidth, s.t.Ellipsis)) + s.t.Paint(tone, line)
		s.lines = append(s.lines, widget.Cut(text, s.w, s.t.Ellipsis))
	}
}

// beside puts blocks next to each other, each as wide as given, with two blanks
// between them.
func (s *sheet) beside(blocks [][]string, widths []int) {
	height := 0
	for _, b := range blocks {
		height = max(height, len(b))
	}
	for y := range height {
		var line strings.Builder
		for i, b := range blocks {
			text := ""
			if y < len(b) {
				text = b[y]
			}
			text = widget.Cut(text, widths[i], s.t.Ellipsis)
			if i < len(blocks)-1 {
				text = widget.Fit(text, widths[i], "") + "  "
			}
			line.WriteString(text)
		}
		s.lines = append(s.lines, strings.TrimRight(line.String(), " "))
	}
}

func number(n int) string { return strconv.Itoa(n) }
