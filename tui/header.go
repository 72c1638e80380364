package tui

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"systemg/tui/board"
	"systemg/tui/keys"
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

func (m *Model) paint(list []span) string {
	var b strings.Builder
	for _, s := range list {
		b.WriteString(m.theme.Paint(s.tone, s.text))
	}
	return b.String()
}

// shorter are the words for looks in the header, and in a narrow one.
var shorter = map[string][2]string{
	"failed": {"FAIL", "FAIL"}, "blocked": {"blocked", "blkd"}, "unhealthy": {"unhealthy", "unhl"}, "backoff": {"backoff", "bkof"},
	"stopping": {"stopping", "stpg"}, "deploying": {"deploy", "dply"}, "starting": {"starting", "strt"}, "pending": {"pending", "pend"},
	"cron run": {"cron run", "crun"}, "running": {"ok", "ok"}, "completed": {"done", "done"}, "scheduled": {"cron", "cron"},
	"skipped": {"skipped", "skip"}, "stopped": {"stop", "stop"},
}

// header is the first line: how many units are how, what they use together,
// and how the connection is. What there is no room for is left out, from the
// right.
func (m *Model) header(tiny bool) string {
	b := m.shown()
	right := m.status(tiny)
	room := m.width - spanWidth(right) - 1
	left := []span{{theme.Strong, "sysg"}}
	short := m.width < 60
	if m.o.Host != "" && !short {
		left = append(left, span{theme.Normal, " " + m.o.Host})
	}
	if m.o.Project != "" && !short {
		left = append(left, span{theme.Faint, " " + m.o.Project})
	}
	if m.width >= tabsWidth && len(b.Units) > 0 {
		left = append(left, span{theme.Normal, "  " + widget.Count(len(b.Units), "unit") + ":"})
	} else if !short {
		left = append(left, span{theme.Normal, " "})
	}
	for _, c := range b.Tally() {
		text := fmt.Sprintf(" %d %s", c.N, shorter[c.Look][0])
		if short {
			text = fmt.Sprintf(" %d%s", c.N, shorter[c.Look][1])
		}
		left = appendFitting(left, room, span{m.theme.LookTone(c.Look), text})
	}
	if cpu, memory := b.Usage(); m.width >= tabsWidth && memory > 0 {
		text := fmt.Sprintf("  cpu %s%%  mem %s", rounded(cpu), widget.Bytes(memory))
		left = appendFitting(left, room, span{theme.Faint, text})
	}
	for _, problem := range b.Problems {
		left = appendFitting(left, room, span{theme.Bad, "  ! " + widget.Cut(problem, max(room-spanWidth(left)-5, 0), m.theme.Ellipsis)})
	}
	fill := max(m.width-spanWidth(left)-spanWidth(right), 0)
	return widget.Cut(m.paint(left)+widget.Spaces(fill)+m.paint(right), m.width, "")
}

// rounded is a percentage without its fraction, which nobody reads in a sum.
func rounded(f float64) string { return fmt.Sprintf("%.0f", math.Round(f)) }

func appendFitting(list []span, room int, s span) []span {
	if spanWidth(list)+widget.Width(s.text) > room {
		return list
	}
	return append(list, s)
}

// status is the right end of the header: the connection, or the moment shown,
// and the time of day to the minute. A clock that ticks would write to the
// terminal every second, also when nothing happens.
func (m *Model) status(tiny bool) []span {
	t := m.theme
	l := m.board.Link
	clock := m.now().Format("15:04")
	if m.past != nil {
		back := widget.Duration(m.clock().Sub(m.past.Past).Truncate(time.Second))
		return []span{{theme.Alarm, fmt.Sprintf(" %s REWIND %s -%s ", t.Left, m.past.Past.In(m.clock().Location()).Format("15:04:05"), back)}}
	}
	short := tiny || m.width < 60
	switch l.State {
	case board.Live:
		if short {
			return []span{{theme.Good, t.Live}, {theme.Normal, " " + clock}}
		}
		return []span{{theme.Good, t.Live + " live"}, {theme.Normal, " " + clock}}
	case board.Connecting:
		return []span{{theme.Busy, t.Lost + " connecting"}}
	case board.Absent:
		return []span{{theme.Faint, t.Lost + " no supervisor"}}
	case board.Refused:
		return []span{{theme.Bad, t.Lost + " refused"}}
	case board.Lost:
	}
	if short {
		return []span{{theme.Alarm, t.Lost + " lost"}, {theme.Normal, " " + t.Gap + clock}}
	}
	return []span{{theme.Alarm, t.Lost + " DISCONNECTED"}, {theme.Normal, " " + t.Gap + clock}}
}

// tabs is the line of views.
func (m *Model) tabs() string {
	names := []string{"Units", "Logs", "Graph", "Events", "Cron", "Deploys"}
	var list []span
	for i, name := range names {
		text := fmt.Sprintf("%d %s", i+1, name)
		if pane.View(i) == m.view {
			list = append(list, span{theme.Accent, "[" + text + "]"})
		} else {
			list = append(list, span{theme.Faint, " " + text + " "})
		}
	}
	if m.view == pane.Detail {
		list = append(list, span{theme.Accent, "[" + m.board.Name(m.selected) + "]"})
	}
	var right []string
	if m.view == pane.Units {
		right = append(right, "sort: "+m.units.Sort.String())
		if s := m.units.Filtered(); s != "" {
			right = append(right, "filter: "+widget.Words(s))
		}
	}
	if m.view == pane.Events {
		if s := m.views.events.Filtered(); s != "" {
			right = append(right, "filter: "+widget.Words(s))
		}
	}
	if n := len(m.marked); n > 0 {
		right = append(right, fmt.Sprintf("%d marked", n))
	}
	text := strings.Join(right, "   ")
	fill := m.width - spanWidth(list) - widget.Width(text)
	if fill < 1 {
		return m.paint(list)
	}
	return m.paint(list) + widget.Spaces(fill) + m.theme.Paint(theme.Faint, text)
}

// footer is the last line: what is typed, what the last action came to, what
// is under way, or the keys that matter here.
func (m *Model) footer() string {
	t := m.theme
	cut := func(tone theme.Tone, s string) string { return t.Paint(tone, widget.Cut(s, m.width, t.Ellipsis)) }
	switch {
	case m.prompt != nil:
		return m.prompt.line(m.width, t)
	case m.notice != "":
		return cut(m.noticeTone, m.notice)
	case len(m.busy) > 0:
		return cut(theme.Busy, m.underWay()+t.Ellipsis)
	case m.board.Link.State == board.Lost && len(m.board.Units) > 0:
		return cut(theme.Warn, m.lostText())
	case m.view == pane.Units && m.units.Filtered() != "" && m.arranged().tabs == 0 && !m.onTail:
		return cut(theme.Mark, fmt.Sprintf("filter %s %s %d of %d %s esc clears", widget.Words(m.units.Filtered()), t.Dot,
			len(m.units.Shown(m.shown())), len(m.shown().Units), t.Dot))
	case m.board.Link.State == board.Live && m.width < tabsWidth && len(m.marked) > 0:
		return cut(theme.Mark, fmt.Sprintf("%d marked: actions apply to them; esc unmarks", len(m.marked)))
	}
	return m.hints()
}

func (m *Model) underWay() string {
	var numbers []int
	for n := range m.busy {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	list := make([]string, 0, len(numbers))
	for _, n := range numbers {
		list = append(list, m.busy[n])
	}
	return strings.Join(list, ", ")
}

// lostText says what is known of a supervisor that is gone.
func (m *Model) lostText() string {
	l, t := m.board.Link, m.theme
	now := m.clock()
	list := []string{"disconnected " + widget.Duration(now.Sub(l.Since).Truncate(time.Second))}
	if l.Next.After(now) {
		list = append(list, fmt.Sprintf("try %d in %s, enter tries now", l.Try+1, widget.Duration(l.Next.Sub(now).Round(time.Second))))
	} else {
		list = append(list, "attaches as soon as a supervisor runs")
	}
	list = append(list, "state of "+m.changed.Format("15:04:05"), "q quits")
	if l.Next.After(now) {
		list = append(list, widget.Words(l.Text))
	}
	return strings.Join(list, " "+t.Dot+" ")
}

// hints are the keys that matter here, as many as there is room for. Help is
// always among them.
func (m *Model) hints() string {
	list := m.keys.At(m.where(), m.o.ReadOnly)
	list = slices.DeleteFunc(list, func(b keys.Binding) bool { return b.Footer == 0 })
	slices.SortStableFunc(list, func(a, b keys.Binding) int { return a.Footer - b.Footer })
	help := span{theme.Key, "?"}
	last := []span{help, {theme.Faint, " help"}}
	room := m.width - spanWidth(last)
	var out []span
	for _, b := range list {
		if b.Action == keys.Help {
			continue
		}
		one := []span{{theme.Key, keys.Named(b.Keys[0])}, {theme.Faint, " " + b.Help + "  "}}
		if b.Action == keys.Down {
			one[0].text = "j/k"
		}
		if spanWidth(out)+spanWidth(one) > room {
			continue
		}
		out = append(out, one...)
	}
	return widget.Cut(m.paint(append(out, last...)), m.width, "")
}
