package tui

import "strconv"

// The size of a terminal that says neither itself nor by COLUMNS and LINES how
// large it is, as serial lines do.
const (
	usualWidth  = 80
	usualHeight = 24
)

// fallback is the size to draw for where the terminal says w and h.
func fallback(w, h int, getenv func(string) string) (int, int) {
	if w <= 0 {
		w = number(getenv("COLUMNS"), usualWidth)
	}
	if h <= 0 {
		h = number(getenv("LINES"), usualHeight)
	}
	return w, h
}

func number(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil && n > 0 && n < 1<<14 {
		return n
	}
	return otherwise
}

// layout is how the lines of the screen are given out. Parts without room have
// no lines.
type layout struct {
	header, tabs, main, tail, footer int
	// tiny is whether there is only room for what is wrong.
	tiny bool
}

// The sizes from which on there is room for more.
const (
	tinyWidth  = 40
	tinyHeight = 8
	tabsHeight = 28
	tabsWidth  = 90
	// leastTail is how many lines a log below the table has at least, its
	// title included.
	leastTail    = 4
	defaultShare = 62
)

// arrange gives out h lines of w columns. The main part gets what it needs, up
// to share percent where there is a tail below it.
func arrange(w, h, needs int, tail bool, share int) layout {
	if w < tinyWidth || h < tinyHeight {
		l := layout{tiny: true, header: min(h, 1)}
		l.main = max(h-l.header, 0)
		return l
	}
	l := layout{header: 1, footer: 1}
	if h >= tabsHeight && w >= tabsWidth {
		l.tabs = 1
	}
	room := h - l.header - l.tabs - l.footer
	l.main = room
	if tail {
		main := max(min(needs, room*share/100), 1)
		if room-main >= leastTail {
			l.main, l.tail = main, room-main
		}
	}
	return l
}

// rect is a part of a row of panes.
type rect struct{ width, height int }

// leastPane is the width below which panes stand above each other instead of
// side by side.
const leastPane = 30

// grid divides w by h among n panes: side by side with a line between them, or
// stacked.
func grid(w, h, n int) (list []rect, stacked bool) {
	if n <= 0 {
		return nil, false
	}
	if (w-n+1)/n < leastPane && n > 1 {
		for i := range n {
			list = append(list, rect{width: w, height: h*(i+1)/n - h*i/n})
		}
		return list, true
	}
	room := w - (n - 1)
	for i := range n {
		list = append(list, rect{width: room*(i+1)/n - room*i/n, height: h})
	}
	return list, false
}
