package logs

import (
	"slices"
	"strconv"
	"strings"

	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// title is the rule above the lines: whose they are, and how they are shown.
// What is least important goes first where there is no room.
func (p *Pane) title(f pane.Frame) string {
	t := f.Theme
	name := theme.Title
	if f.Focus {
		name = theme.Accent
	}
	left := []span{{theme.Rule, strings.Repeat(t.HLine, 2) + " "}, {name, p.name(f)}, {theme.Normal, " "}}
	if s := p.streams(); s != "" && f.Width >= 60 {
		left = append(left, span{theme.Faint, s + " "})
	}
	left = append(left, p.motion(f)...)
	right := p.remarks(f)
	used := width(left)
	for len(right) > 0 && used+total(right)+6 > f.Width {
		right = right[:len(right)-1]
	}
	tail := ""
	if len(right) > 0 {
		tail = " " + strings.Join(right, " "+t.Dot+" ") + " "
	}
	var b strings.Builder
	for _, s := range left {
		b.WriteString(t.Paint(s.tone, s.text))
	}
	if tail == "" {
		b.WriteString(t.Rule(f.Width - used))
	} else {
		fill := f.Width - used - widget.Width(tail) - 2
		b.WriteString(t.Rule(fill) + t.Paint(theme.Faint, tail) + t.Rule(2))
	}
	return widget.Cut(b.String(), f.Width, "")
}

// span is text in a tone.
type span struct {
	tone theme.Tone
	text string
}

func width(list []span) int {
	n := 0
	for _, s := range list {
		n += widget.Width(s.text)
	}
	return n
}

// total is how wide remarks are with what stands between them.
func total(list []string) int {
	n := 0
	for _, s := range list {
		n += widget.Width(s) + 3
	}
	return n
}

func (p *Pane) name(f pane.Frame) string {
	names := make([]string, 0, len(p.Units))
	for _, id := range p.Units {
		names = append(names, f.Board.Name(id))
	}
	text := strings.Join(names, "+")
	switch {
	case len(p.Units) == 0:
		text = "no unit"
	case !p.Solo:
		text = strconv.Itoa(p.Number+1) + " " + text
	case f.Width >= roomForMillis:
		text = "Logs: " + text
	}
	return widget.Cut(text, max(f.Width/2, 8), f.Theme.Ellipsis)
}

func (p *Pane) streams() string {
	switch {
	case len(p.Kinds) == 2:
		return "out+err"
	case slices.Contains(p.Kinds, "stderr"):
		return "err"
	case slices.Contains(p.Kinds, "stdout"):
		return "out"
	}
	return ""
}

// motion is whether the pane follows.
func (p *Pane) motion(f pane.Frame) []span {
	t := f.Theme
	switch {
	case p.ended != "":
		return []span{{theme.Bad, t.Cross + " ended "}}
	case p.selecting:
		return []span{{theme.Mark, "select "}}
	case p.follow:
		return []span{{theme.Good, t.Follow + " follow "}}
	}
	list := []span{{theme.Busy, t.Paused + " paused "}}
	if p.fresh > 0 {
		list = append(list, span{theme.Busy, "+" + widget.Thousands(p.fresh) + " new "})
	}
	return list
}

// remarks are on the right, the most important first.
func (p *Pane) remarks(f pane.Frame) []string {
	var list []string
	if p.filter != nil {
		list = append(list, "filter "+widget.Words(p.filter.typed))
	}
	if p.search != nil {
		list = append(list, "/"+widget.Words(p.search.typed))
	}
	if p.loading {
		list = append(list, "reading"+f.Theme.Ellipsis)
	}
	if p.offset > 0 {
		list = append(list, "column "+strconv.Itoa(p.offset+1))
	}
	if p.gaps > 0 {
		list = append(list, widget.Count(p.gaps, "gap"))
	}
	if p.rate.perSecond >= 1 {
		list = append(list, widget.Rate(p.rate.perSecond)+" l/s")
	}
	if p.Wrap {
		return append(list, "wrap on")
	}
	return append(list, "wrap off")
}
