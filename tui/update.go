package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/tui/board"
	"systemg/tui/pane"
	"systemg/tui/theme"
)

// Update takes one message. It never waits.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = fallback(msg.Width, msg.Height, m.o.Getenv)
		m.retune()
	case tea.KeyMsg:
		cmd = m.typed(msg)
	case tea.MouseMsg:
		cmd = m.wheel(msg)
	case frameMsg:
		cmd = m.hear(m.feed.take())
	case tickMsg:
		cmd = tea.Batch(tick(), m.second(time.Time(msg)))
	case settleMsg:
		m.settled(int(msg))
	case linesMsg:
		m.arrived(msg)
	case doneMsg:
		cmd = m.done(msg)
	case knownMsg:
		cmd = m.known(msg)
	case copiedMsg:
		m.copied(msg)
	case launchedMsg:
		m.launched(msg)
	case pagedMsg:
		if msg.err != nil {
			m.say(theme.Bad, "the pager failed: %v", msg.err)
		}
	}
	if m.quit {
		return m, tea.Quit
	}
	return m, cmd
}

// typed takes keys. Those that were typed faster than they were read come as one
// message.
func (m *Model) typed(msg tea.KeyMsg) tea.Cmd {
	if msg.Type != tea.KeyRunes || len(msg.Runes) < 2 || msg.Paste {
		return m.key(msg)
	}
	var cmds []tea.Cmd
	for _, r := range msg.Runes {
		cmds = append(cmds, m.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: msg.Alt}))
	}
	return tea.Batch(cmds...)
}

// hear takes what the feed has.
func (m *Model) hear(n news) tea.Cmd {
	now := m.clock()
	if hear(m.board, n, m.o) {
		m.changed = now
	}
	for key, a := range n.lines {
		if p := m.pane(key); p != nil {
			p.Arrive(m.board, a.lines, a.count, a.dropped, now)
			if a.ended != "" {
				p.End(a.ended)
			}
		}
	}
	if len(n.states) == 0 {
		return nil
	}
	cmd := m.choose()
	m.retune()
	return tea.Batch(cmd, m.inquire())
}

// choose keeps a unit selected, and drops marks of units that are gone.
func (m *Model) choose() tea.Cmd {
	if m.board.Unit(m.selected) == nil {
		rows := m.units.Shown(m.board)
		if len(rows) > 0 {
			m.selected = rows[0].ID
		}
	}
	// What a view shows as selected is what actions are about.
	if rows := m.listed(); len(rows) > 0 && pane.Index(rows, m.selected) < 0 {
		m.selected = rows[0].ID
	}
	for id := range m.marked {
		if m.board.Unit(id) == nil {
			delete(m.marked, id)
		}
	}
	if m.selected == "" {
		return nil
	}
	if len(m.tail.Units) == 0 {
		m.tail.Units = []string{m.selected}
	}
	return m.point()
}

// second is what passes with time.
func (m *Model) second(now time.Time) tea.Cmd {
	if m.board.Link.State == board.Live {
		m.board.Sample(now)
	}
	for _, p := range m.visible() {
		p.Tick(now)
	}
	if m.notice != "" && now.After(m.noticeUntil) {
		m.notice = ""
	}
	return m.inquire()
}

// wheel scrolls.
func (m *Model) wheel(msg tea.MouseMsg) tea.Cmd {
	action := map[tea.MouseButton]tea.KeyType{tea.MouseButtonWheelUp: tea.KeyUp, tea.MouseButtonWheelDown: tea.KeyDown}
	k, ok := action[msg.Button]
	if !ok || msg.Action != tea.MouseActionPress {
		return nil
	}
	var cmds []tea.Cmd
	for range wheelRows {
		cmds = append(cmds, m.key(tea.KeyMsg{Type: k}))
	}
	return tea.Batch(cmds...)
}

// wheelRows is how many rows a notch of the wheel is.
const wheelRows = 3

// frame is what a pane of a size is drawn with.
func (m *Model) frame(w, h int) pane.Frame {
	return pane.Frame{
		Width: w, Height: h, Theme: m.theme, Now: m.now(), Board: m.shown(), Focus: true,
		Stale: m.board.Stale() && m.past == nil, Selected: m.selected, Marked: m.marked,
	}
}
