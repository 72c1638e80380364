package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/overlay"
	"systemg/tui/pane"
	"systemg/tui/pane/logs"
	"systemg/tui/theme"
)

// act does an action.
func (m *Model) act(a keys.Action) tea.Cmd {
	switch a {
	case "":
		return nil
	case keys.Quit:
		if !m.back() {
			m.quit = true
		}
	case keys.Back:
		m.back()
	case keys.Help:
		m.above = overlay.NewHelp("Keys: "+m.view.String(), m.keys, m.where(), m.o.ReadOnly)
	case keys.Palette:
		m.above = m.palette()
	case keys.LastView:
		m.show(m.before)
	case keys.Redraw:
		return tea.ClearScreen
	case keys.Mouse:
		return m.toggleMouse()
	case keys.Rewind, keys.Forward:
		m.rewind(a)
	case keys.Live:
		if m.past != nil {
			m.past = nil
			return nil
		}
		return m.inPane(a)
	case keys.Attach:
		return m.launch()
	default:
		if v, ok := viewKeys[a]; ok {
			m.show(v)
			return tea.Batch(m.choose(), m.inquire())
		}
		if m.keys.Mutates(a) {
			return m.wish(a)
		}
		return m.inView(a)
	}
	return nil
}

var viewKeys = map[keys.Action]pane.View{
	keys.Units: pane.Units, keys.Logs: pane.Logs, keys.Graph: pane.Graph, keys.Events: pane.Events, keys.Cron: pane.Cron,
	keys.Deploys: pane.Deploys,
}

// show changes the view.
func (m *Model) show(v pane.View) {
	if v == m.view {
		return
	}
	if v == pane.Logs && len(m.grid) == 0 {
		m.openLogs(m.targets(), false)
		return
	}
	m.before, m.view = m.view, v
	m.zoomed = false
}

// logPane is the log pane that keys go to, nil for none.
func (m *Model) logPane() *logs.Pane {
	switch {
	case m.view == pane.Logs && m.at < len(m.grid):
		return m.grid[m.at]
	case m.view == pane.Units && m.arranged().tail > 0:
		return m.tail
	}
	return nil
}

// inView does what depends on the view.
func (m *Model) inView(a keys.Action) tea.Cmd {
	switch a {
	case keys.Next, keys.Previous:
		m.focus(a)
	case keys.Enter:
		return m.enter()
	case keys.OpenLogs:
		m.openLogs(m.targets(), false)
	case keys.Search, keys.Filter:
		m.ask(a)
	case keys.Mark:
		return m.mark()
	case keys.MarkAll:
		m.markAll()
	case keys.Split:
		m.split()
	case keys.Close:
		m.closePane()
	case keys.Zoom:
		m.zoom()
	case keys.Grow, keys.Shrink:
		m.resize(a)
	case keys.Interleave:
		m.interleave()
	case keys.Streams:
		m.cycleStreams()
	case keys.Sync:
		m.sync = !m.sync
		m.say(theme.Normal, "panes scroll together: %s", onOff(m.sync))
	default:
		return m.inPane(a)
	}
	return nil
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// forLog are the actions that go to the log below the table though the table
// has the focus.
var forLog = []keys.Action{keys.Follow, keys.Wrap, keys.Times, keys.MarkLine, keys.Clear, keys.Pager}

// inPane hands an action to the pane that has the focus.
func (m *Model) inPane(a keys.Action) tea.Cmd {
	switch m.view {
	case pane.Units:
		if m.onTail || slices.Contains(forLog, a) {
			return m.intend(m.tail.Act(a, m.frame(m.width, m.arranged().tail)))
		}
		return m.intend(m.units.Act(a, m.frame(m.width, m.arranged().main)))
	case pane.Logs:
		return m.inLogs(a)
	case pane.Graph, pane.Events, pane.Cron, pane.Deploys, pane.Detail:
		return m.intend(m.views.act(m.view, a, m.frame(m.width, m.arranged().main)))
	}
	return nil
}

// inLogs hands an action to the focused log pane; others follow it where they
// scroll together.
func (m *Model) inLogs(a keys.Action) tea.Cmd {
	if m.at >= len(m.grid) {
		return nil
	}
	p := m.grid[m.at]
	size := m.sizes()[m.at]
	f := m.frame(size.width, size.height)
	in := p.Act(a, f)
	if m.sync && !p.Following() {
		if t, ok := p.At(f); ok {
			for i, other := range m.grid {
				if i != m.at {
					other.ScrollTo(t)
				}
			}
		}
	}
	return m.intend(in)
}

func (m *Model) toggleMouse() tea.Cmd {
	m.mouse = !m.mouse
	m.say(theme.Normal, "mouse %s", onOff(m.mouse))
	if m.mouse {
		return tea.EnableMouseCellMotion
	}
	return tea.DisableMouse
}

// rewind goes to another moment.
func (m *Model) rewind(a keys.Action) {
	oldest, newest := m.board.Span()
	if oldest.IsZero() {
		m.say(theme.Normal, "there is nothing to go back to yet: a moment is kept every 5 s")
		return
	}
	at := newest
	if m.past != nil {
		at = m.past.Past.Add(-board.Pause)
		if a == keys.Forward {
			at = m.past.Past.Add(board.Pause)
		}
	} else if a == keys.Forward {
		return
	}
	if at.After(newest) {
		m.past = nil
		return
	}
	if at.Before(oldest) {
		at = oldest
		m.say(theme.Normal, "this is the oldest moment kept")
	}
	m.past = m.board.At(at)
}

// filter shows only units that match; one of them is the selected one.
func (m *Model) filter(text string) error {
	err := m.units.Filter(text)
	rows := m.units.Shown(m.board)
	if len(rows) > 0 && !slices.ContainsFunc(rows, func(u *board.Unit) bool { return u.ID == m.selected }) {
		m.selected = rows[0].ID
		m.tail.Units = []string{m.selected}
	}
	return err
}

// logFrame is the frame of the log pane that keys go to.
func (m *Model) logFrame() pane.Frame {
	if m.view == pane.Logs {
		size := m.sizes()[m.at]
		return m.frame(size.width, size.height)
	}
	return m.frame(m.width, m.arranged().tail)
}
