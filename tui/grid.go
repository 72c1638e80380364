package tui

import (
	"slices"
	"strings"

	"systemg/tui/keys"
	"systemg/tui/overlay"
	"systemg/tui/pane"
	"systemg/tui/pane/logs"
	"systemg/tui/theme"

	tea "github.com/charmbracelet/bubbletea"
)

// mostPanes is how many log panes there are at most.
const mostPanes = 4

// mixedPane is the number of the pane in which all others are interleaved.
const mixedPane = mostPanes

// openLogs shows the logs of units: in panes of their own where there are as
// many as panes, else mixed in one. With more they are added to those there are.
func (m *Model) openLogs(ids []string, more bool) {
	if len(ids) == 0 {
		m.say(theme.Normal, "no unit is selected")
		return
	}
	if !more {
		switch {
		case len(ids) == 1 && m.has(ids[0]):
		case len(ids) == 1 && len(m.grid) > 1 && m.kept == nil:
			m.grid[m.at].Units = ids
			m.grid[m.at].Ready()
			delete(m.streams, m.grid[m.at].Number)
		case len(ids) > mostPanes:
			m.grid, m.kept, m.at = []*logs.Pane{logs.New(mixedPane, ids...)}, nil, 0
		default:
			m.grid, m.kept, m.at = nil, nil, 0
			m.add(ids)
		}
	} else {
		m.unmix()
		m.add(ids)
	}
	m.solo()
	if m.view != pane.Logs {
		m.before, m.view, m.zoomed = m.view, pane.Logs, false
	}
}

// has focuses the pane of one unit, if there is one.
func (m *Model) has(id string) bool {
	at := slices.IndexFunc(m.grid, func(p *logs.Pane) bool { return len(p.Units) == 1 && p.Units[0] == id })
	if at >= 0 {
		m.at = at
	}
	return at >= 0
}

// add opens a pane for each unit that has none, as long as there is room.
func (m *Model) add(ids []string) {
	for _, id := range ids {
		if m.has(id) {
			continue
		}
		if len(m.grid) == mostPanes {
			m.say(theme.Warn, "there are %d panes, which is the most: X closes one, i mixes them", mostPanes)
			return
		}
		number := 0
		for slices.ContainsFunc(m.grid, func(p *logs.Pane) bool { return p.Number == number }) {
			number++
		}
		m.grid = append(m.grid, logs.New(number, id))
		m.at = len(m.grid) - 1
	}
}

// solo tells the panes whether they have company.
func (m *Model) solo() {
	for _, p := range m.grid {
		p.Solo = len(m.grid) == 1
		p.Zoomed = m.zoomed
		p.Touch()
	}
}

// focus goes to the next pane, or the one before.
func (m *Model) focus(a keys.Action) {
	if m.view == pane.Units {
		m.onTail = !m.onTail && m.arranged().tail > 0
		return
	}
	if n := len(m.grid); n > 0 {
		by := 1
		if a == keys.Previous {
			by = n - 1
		}
		m.at = (m.at + by) % n
	}
}

// split adds a pane: of the selected units, or, among the logs, of one that is
// chosen from a list.
func (m *Model) split() {
	if m.view == pane.Units {
		m.openLogs(m.targets(), true)
		return
	}
	var list []overlay.Entry
	for _, u := range m.units.Shown(m.board) {
		list = append(list, overlay.Entry{Text: m.board.NameOf(u), Help: u.Look, Value: u.ID})
	}
	m.above = overlay.NewMenu("Which logs?", list)
	m.pick = func(m *Model, e overlay.Entry) tea.Cmd {
		m.openLogs([]string{e.Value}, true)
		m.retune()
		return nil
	}
}

// closePane closes the focused pane; the last one leaves the view.
func (m *Model) closePane() {
	if m.kept != nil {
		m.unmix()
		return
	}
	if m.at < len(m.grid) {
		m.feed.shut(m.grid[m.at].Number)
		delete(m.streams, m.grid[m.at].Number)
		m.grid = slices.Delete(m.grid, m.at, m.at+1)
	}
	m.at = max(0, min(m.at, len(m.grid)-1))
	m.zoomed = false
	m.solo()
	if len(m.grid) == 0 {
		m.before, m.view = pane.Logs, pane.Units
	}
}

// zoom gives the focused pane the screen, without what is around it.
func (m *Model) zoom() {
	if m.view == pane.Units {
		m.openLogs(m.targets(), false)
	}
	m.zoomed = !m.zoomed && m.view == pane.Logs
	m.solo()
}

// resize gives the table more room, or the log below it.
func (m *Model) resize(a keys.Action) {
	by := 8
	if (a == keys.Shrink) != m.onTail {
		by = -by
	}
	m.share = max(10, min(m.share+by, 90))
}

// interleave mixes all panes in one by time, or takes them apart again.
func (m *Model) interleave() {
	if m.kept != nil {
		m.unmix()
		m.solo()
		return
	}
	if len(m.grid) < 2 {
		m.say(theme.Normal, "there is only one pane: v opens another")
		return
	}
	var all []string
	for _, p := range m.grid {
		all = append(all, p.Units...)
	}
	m.kept = m.grid
	m.grid, m.at = []*logs.Pane{logs.New(mixedPane, all...)}, 0
	m.solo()
}

func (m *Model) unmix() {
	if m.kept != nil {
		m.feed.shut(mixedPane)
		delete(m.streams, mixedPane)
		m.grid, m.kept, m.at = m.kept, nil, 0
	}
}

// cycleStreams shows both streams, only the output, or only the errors.
func (m *Model) cycleStreams() {
	p := m.logPane()
	if p == nil {
		return
	}
	next := map[string][]string{
		"stdout stderr": {"stdout"}, "stdout": {"stderr"}, "stderr": {"stdout", "stderr"},
	}
	p.Kinds = next[strings.Join(p.Kinds, " ")]
	m.say(theme.Normal, "showing %s", strings.Join(p.Kinds, " and "))
}
