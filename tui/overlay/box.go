package overlay

import (
	"strings"

	"systemg/tui/theme"
	"systemg/tui/widget"
)

// Over is screen with box laid over it, its upper left corner at column x of
// line y. Lines of the box that are beyond the screen are not shown.
func Over(screen, box []string, x, y int) []string {
	out := append([]string(nil), screen...)
	x = max(x, 0)
	for i, line := range box {
		at := y + i
		if at < 0 || at >= len(out) {
			continue
		}
		left := widget.Fit(widget.Slice(out[at], 0, x), x, "")
		right := widget.Slice(out[at], x+widget.Width(line), 1<<16)
		out[at] = left + line + right
	}
	return out
}

// Center is screen, w columns wide, with box in the middle of it.
func Center(screen, box []string, w int) []string {
	widest := 0
	for _, line := range box {
		widest = max(widest, widget.Width(line))
	}
	return Over(screen, box, (w-widest)/2, max(0, (len(screen)-len(box))/2))
}

// frame draws a box of w columns around lines: title in its upper edge, foot in
// the lower one. Both are plain text. Below four columns there is no frame.
func frame(t *theme.Theme, title string, lines []string, foot string, w int) []string {
	if w < 4 {
		return cutAll(t, lines, w)
	}
	out := make([]string, 0, len(lines)+2)
	out = append(out, edge(t, t.TopLeft, t.Paint(theme.Title, widget.Cut(title, w-4, t.Ellipsis)), t.TopRight, w))
	side := t.Paint(theme.Rule, t.VLine)
	for _, line := range lines {
		out = append(out, side+" "+widget.Fit(line, w-4, t.Ellipsis)+" "+side)
	}
	return append(out, edge(t, t.BottomLeft, t.Paint(theme.Faint, widget.Cut(foot, w-4, t.Ellipsis)), t.BottomRight, w))
}

// edge is the upper or lower edge of a box with text in it, which is painted.
func edge(t *theme.Theme, left, text, right string, w int) string {
	if widget.Width(text) == 0 {
		return t.Paint(theme.Rule, left+strings.Repeat(t.HLine, w-2)+right)
	}
	rest := w - 4 - widget.Width(text)
	return t.Paint(theme.Rule, left) + " " + text + " " + t.Paint(theme.Rule, strings.Repeat(t.HLine, max(rest, 0))+right)
}

func cutAll(t *theme.Theme, lines []string, w int) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = widget.Cut(line, w, t.Ellipsis)
	}
	return out
}

// window is which n of total lines are shown so that at is among them, first
// having been the first before.
func window(first, at, n, total int) int {
	if n <= 0 {
		return 0
	}
	if at < first {
		first = at
	}
	if at >= first+n {
		first = at - n + 1
	}
	return min(max(first, 0), max(total-n, 0))
}

// more says how much there is above and below what is shown, "" where that is
// everything.
func more(t *theme.Theme, first, n, total int) string {
	if total <= n {
		return ""
	}
	var parts []string
	if first > 0 {
		parts = append(parts, t.Up+" "+widget.Thousands(int64(first)))
	}
	if below := total - first - n; below > 0 {
		parts = append(parts, t.Down+" "+widget.Thousands(int64(below)))
	}
	return strings.Join(parts, " ")
}

// join is texts with two blanks between those that are not empty.
func join(texts ...string) string {
	var list []string
	for _, s := range texts {
		if s != "" {
			list = append(list, s)
		}
	}
	return strings.Join(list, "  ")
}

// selected is a row of a list in w columns: marked and reversed where it is the
// chosen one. Its right part is at the right edge where there is room for it.
func selected(t *theme.Theme, chosen bool, left, right string, w int) string {
	cursor, tone := "  ", theme.Normal
	if chosen {
		cursor = t.Cursor + " "
	}
	room := w - widget.Width(cursor)
	if n := widget.Width(right); n > 0 && widget.Width(left)+2+n <= room {
		left = widget.Fit(left, room-n, t.Ellipsis) + right
	}
	row := cursor + widget.Fit(left, room, t.Ellipsis)
	if chosen {
		return t.PaintOn(tone, row)
	}
	return row
}
