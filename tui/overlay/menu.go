package overlay

import (
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// Entry is something that can be chosen.
type Entry struct {
	// Text is what it is called, and what is searched.
	Text string
	// Help says what it does, or what is worth knowing of it.
	Help string
	// Key is a key that does the same; in a menu it chooses the entry.
	Key string
	// Value is for whoever made the entry.
	Value string
	// Not says why it cannot be chosen now; empty means that it can.
	Not string
}

// remark is what stands beside an entry.
func (e Entry) remark() string {
	if e.Not != "" {
		return e.Not
	}
	return e.Help
}

// Menu is a list to choose one entry from.
type Menu struct {
	title   string
	entries []Entry
	at      int
	first   int
}

// NewMenu is a menu with its first entry under the cursor.
func NewMenu(title string, entries []Entry) *Menu { return &Menu{title: title, entries: entries} }

// Key takes a key. closed is whether the menu is done with, and chosen the entry
// if one was chosen.
func (m *Menu) Key(key string) (chosen *Entry, closed bool) {
	for i := range m.entries {
		if e := &m.entries[i]; e.Key != "" && e.Key == key && e.Not == "" {
			return e, true
		}
	}
	switch key {
	case "esc", "ctrl+c", "q":
		return nil, true
	case "down", "j", "ctrl+n", "tab":
		m.at++
	case "up", "k", "ctrl+p", "shift+tab":
		m.at--
	case "pgdown", "ctrl+f", "ctrl+d":
		m.at += 10
	case "pgup", "ctrl+b", "ctrl+u":
		m.at -= 10
	case "home", "g":
		m.at = 0
	case "end", "G":
		m.at = len(m.entries) - 1
	case "enter":
		if m.at < len(m.entries) && m.entries[m.at].Not == "" {
			return &m.entries[m.at], true
		}
	}
	m.at = min(max(m.at, 0), max(len(m.entries)-1, 0))
	return nil, false
}

// Lines is the box for a screen of w columns and h lines.
func (m *Menu) Lines(w, h int, t *theme.Theme) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	w = min(w, listWidth(m.title, m.entries))
	n := min(max(h-2, 1), len(m.entries))
	m.first = window(m.first, m.at, n, len(m.entries))
	rows := listRows(t, m.entries[m.first:m.first+n], m.at-m.first, max(w-4, 1))
	foot := join("enter choose  esc cancel", more(t, m.first, n, len(m.entries)))
	box := frame(t, m.title, rows, foot, w)
	if len(box) > h {
		return cutAll(t, rows, w)[:min(h, len(rows))]
	}
	return box
}

// listWidth is how wide a box of entries is that cuts none.
func listWidth(title string, entries []Entry) int {
	w := max(widget.Width(title)+4, 40)
	for _, e := range entries {
		w = max(w, 4+2+widget.Width(e.Text)+4+widget.Width(e.remark())+4+widget.Width(e.Key))
	}
	return min(w, 90)
}

// listRows are entries as rows of w columns: text, remark, key.
func listRows(t *theme.Theme, entries []Entry, at, w int) []string {
	texts, keys := 0, 0
	for _, e := range entries {
		texts = max(texts, widget.Width(e.Text))
		keys = max(keys, widget.Width(e.Key))
	}
	texts = min(texts, max(w/2, w-30))
	rows := make([]string, len(entries))
	for i, e := range entries {
		left := widget.Fit(e.Text, texts, t.Ellipsis)
		right := widget.Fit(e.Key, keys, "")
		room := w - 2 - texts - 2
		if keys > 0 {
			room -= keys + 2
		}
		if remark := e.remark(); room >= 4 && remark != "" {
			left += "  " + widget.Cut(remark, room, t.Ellipsis)
		}
		if e.Not != "" && i != at {
			left = t.Paint(theme.Faint, left)
		}
		rows[i] = selected(t, i == at, left, right, w)
	}
	return rows
}
