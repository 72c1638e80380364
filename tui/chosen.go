package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/theme"
)

// intend does what a pane asks for.
func (m *Model) intend(in pane.Intent) tea.Cmd {
	switch in := in.(type) {
	case nil:
	case pane.Select:
		m.selected = in.Unit
		return m.point()
	case pane.Open:
		if in.Unit != "" {
			m.selected = in.Unit
		}
		if in.View == pane.Logs {
			m.openLogs([]string{m.selected}, false)
			return nil
		}
		m.show(in.View)
		return tea.Batch(m.inquire(), m.point())
	case pane.Say:
		m.say(theme.Normal, "%s", in.Text)
	case pane.Copy:
		return m.copy(in)
	case pane.Page:
		return m.page(in)
	case pane.Older:
		return m.fetch(in.Pane, in)
	case pane.Newer:
		return m.fetch(in.Pane, in)
	case pane.Oldest:
		return m.fetch(in.Pane, in)
	case pane.Reopen:
		m.reopen(in.Pane)
	case pane.Do:
		return m.confirm(in)
	}
	return nil
}

// enter shows everything about the selected unit.
func (m *Model) enter() tea.Cmd {
	if m.board.Link.State == board.Lost {
		m.feed.again()
	}
	if m.view == pane.Events {
		return m.inPane(keys.Enter)
	}
	if m.board.Unit(m.selected) == nil {
		return nil
	}
	if m.view != pane.Detail {
		m.show(pane.Detail)
	}
	return m.inquire()
}

// targets are the units that actions apply to: those marked, or the selected
// one.
func (m *Model) targets() []string {
	var list []string
	for _, u := range m.board.Units {
		if m.marked[u.ID] {
			list = append(list, u.ID)
		}
	}
	if len(list) == 0 && m.selected != "" {
		list = []string{m.selected}
	}
	return list
}

func (m *Model) mark() tea.Cmd {
	if m.selected == "" {
		return nil
	}
	if m.marked[m.selected] {
		delete(m.marked, m.selected)
	} else {
		m.marked[m.selected] = true
	}
	return m.inPane(keys.Down)
}

// markAll marks all units shown, or none where all are.
func (m *Model) markAll() {
	rows := m.units.Shown(m.board)
	if !slices.ContainsFunc(rows, func(u *board.Unit) bool { return !m.marked[u.ID] }) {
		clear(m.marked)
		return
	}
	for _, u := range rows {
		m.marked[u.ID] = true
	}
}

// ask opens a prompt for a filter or a search.
func (m *Model) ask(a keys.Action) {
	p := m.logPane()
	switch {
	case p != nil && (m.view == pane.Logs || m.onTail) && a == keys.Filter:
		before, _ := p.Patterns()
		m.prompt = &prompt{
			label: "&", text: before, live: func(s string) error { _ = p.Filter(s); return nil }, done: p.Filter,
			undo: func() { _ = p.Filter(before) },
		}
	case p != nil && (m.view == pane.Logs || m.onTail):
		m.prompt = &prompt{label: "/", done: func(s string) error {
			f := m.logFrame()
			in, err := p.Search(s, f)
			m.intend(in)
			return err
		}}
	case m.view == pane.Units:
		before, selected := m.units.Filtered(), m.selected
		m.prompt = &prompt{label: "/", text: before, live: m.filter, done: m.filter, undo: func() {
			m.selected = selected
			_ = m.filter(before)
		}}
	case m.view == pane.Events:
		before := m.views.events.Filtered()
		m.prompt = &prompt{
			label: "/", text: before, live: m.views.events.Filter, done: m.views.events.Filter,
			undo: func() { _ = m.views.events.Filter(before) },
		}
	default:
		m.say(theme.Normal, "there is no filter here; 1 shows the units, which can be filtered")
	}
}
