package overlay

import (
	"strings"

	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// Help shows the keys of one place, made from the same table that decides what
// keys do, and what the signs mean.
type Help struct {
	title  string
	groups []helpGroup
	scroll int
}

type helpGroup struct {
	title string
	lines []helpLine
}

type helpLine struct{ keys, text string }

// NewHelp is the help for a place: its title, and only keys that do something
// there.
func NewHelp(title string, m keys.Map, where keys.Where, readOnly bool) *Help {
	h := &Help{title: title}
	index := map[string]int{}
	for _, b := range m.At(where, readOnly) {
		i, ok := index[b.Group]
		if !ok {
			i = len(h.groups)
			index[b.Group] = i
			h.groups = append(h.groups, helpGroup{title: b.Group})
		}
		names := make([]string, len(b.Keys))
		for n, key := range b.Keys {
			names[n] = keys.Named(key)
		}
		h.groups[i].lines = append(h.groups[i].lines, helpLine{keys: strings.Join(names, " "), text: b.Long})
	}
	return h
}

// Key takes a key, and says whether the help is done with. Any key that does not
// scroll closes it.
func (h *Help) Key(key string) (closed bool) {
	switch key {
	case "down", "j":
		h.scroll++
	case "up", "k":
		h.scroll--
	case "pgdown", "ctrl+f", "ctrl+d", " ":
		h.scroll += 10
	case "pgup", "ctrl+b", "ctrl+u":
		h.scroll -= 10
	case "home", "g":
		h.scroll = 0
	case "end", "G":
		h.scroll = 1 << 20
	default:
		return true
	}
	return false
}

// Two columns of help stand side by side from this width on.
const (
	helpColumn = 52
	helpGap    = 3
)

// Lines is the box for a screen of w columns and h lines.
func (h *Help) Lines(w, height int, t *theme.Theme) []string {
	if w <= 0 || height <= 0 {
		return nil
	}
	var rows []string
	if w >= 2*helpColumn+helpGap+4 {
		rows = besides(h.halves(t, helpColumn))
		w = 2*helpColumn + helpGap + 4
	} else {
		w = min(w, helpColumn+24)
		for _, g := range append(h.groups, signs(t)) {
			rows = append(rows, g.rows(t, max(w-4, 1))...)
		}
	}
	for len(rows) > 0 && rows[len(rows)-1] == "" {
		rows = rows[:len(rows)-1]
	}
	n := min(len(rows), max(height-2, 0))
	h.scroll = min(max(h.scroll, 0), len(rows)-n)
	foot := join("any key closes", more(t, h.scroll, n, len(rows)))
	if n < len(rows) {
		foot = join("j/k scroll  esc closes", more(t, h.scroll, n, len(rows)))
	}
	box := frame(t, h.title, rows[h.scroll:h.scroll+n], foot, w)
	if len(box) > height {
		return cutAll(t, rows, w)[:min(height, len(rows))]
	}
	return box
}

// halves are the groups as two columns of about the same length.
func (h *Help) halves(t *theme.Theme, w int) (left, right []string) {
	groups := append(append([]helpGroup(nil), h.groups...), signs(t))
	total := 0
	for _, g := range groups {
		total += len(g.rows(t, w))
	}
	for _, g := range groups {
		rows := g.rows(t, w)
		if len(left)+len(rows)/2 <= total/2 && len(right) == 0 {
			left = append(left, rows...)
		} else {
			right = append(right, rows...)
		}
	}
	return left, right
}

// besides lays two columns side by side.
func besides(left, right []string) []string {
	rows := make([]string, max(len(left), len(right)))
	for i := range rows {
		l, r := "", ""
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		rows[i] = strings.TrimRight(widget.Fit(l, helpColumn+helpGap, "")+r, " ")
	}
	return rows
}

// signs says what the glyphs of the states are.
func signs(t *theme.Theme) helpGroup {
	g := helpGroup{title: "Signs"}
	list := board.Looks()
	for i := 0; i < len(list); i += 3 {
		var cells []string
		for _, look := range list[i:min(i+3, len(list))] {
			cells = append(cells, t.Paint(t.LookTone(look), t.Sign(look))+" "+widget.Fit(look, 12, ""))
		}
		g.lines = append(g.lines, helpLine{text: strings.TrimRight(strings.Join(cells, ""), " ")})
	}
	return g
}

// helpKeys is how many columns the keys have.
const helpKeys = 14

// rows are the lines of a group in w columns, with a blank one behind them.
func (g helpGroup) rows(t *theme.Theme, w int) []string {
	rows := []string{t.Paint(theme.Title, widget.Cut(g.title, w, t.Ellipsis))}
	for _, l := range g.lines {
		if l.keys == "" {
			rows = append(rows, widget.Cut(" "+l.text, w, t.Ellipsis))
			continue
		}
		column := min(helpKeys, w/3)
		head := " " + widget.Fit(l.keys, column, t.Ellipsis)
		for i, part := range widget.WrapWords(l.text, max(w-column-2, 1)) {
			if i > 0 {
				head = widget.Spaces(column + 1)
			}
			rows = append(rows, t.Paint(theme.Key, head)+" "+part)
		}
	}
	return append(rows, "")
}
