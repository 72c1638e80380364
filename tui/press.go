package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"systemg/tui/overlay"
)

// key takes a key: it goes to what lies on top.
func (m *Model) key(msg tea.KeyMsg) tea.Cmd {
	name := msg.String()
	switch {
	case m.above != nil:
		return m.boxKey(name, msg)
	case m.prompt != nil:
		if m.prompt.key(msg) {
			m.prompt = nil
		}
		m.retune()
		return nil
	case name == "ctrl+c":
		m.quit = true
		return nil
	case name == "ctrl+z":
		return tea.Suspend
	}
	where := m.where()
	cmd := m.act(m.keys.At(where, m.o.ReadOnly).Find(where, name))
	m.retune()
	return cmd
}

// boxKey takes a key for what lies over the screen.
func (m *Model) boxKey(name string, msg tea.KeyMsg) tea.Cmd {
	paste := ""
	if msg.Paste {
		paste = string(msg.Runes)
	}
	switch b := m.above.(type) {
	case *overlay.Confirm:
		if paste != "" {
			b.Paste(paste)
			return nil
		}
		if done, ok := b.Key(name); done {
			m.above = nil
			if then := m.then; ok && then != nil {
				m.then = nil
				return then(m)
			}
		}
	case *overlay.Menu:
		if chosen, closed := b.Key(name); closed {
			m.above = nil
			if chosen != nil && m.pick != nil {
				return m.pick(m, *chosen)
			}
		}
	case *overlay.Help:
		if b.Key(name) {
			m.above = nil
		}
	case *overlay.Palette:
		if paste != "" {
			b.Paste(paste)
			return nil
		}
		if choice, closed := b.Key(name); closed {
			m.above = nil
			if choice != nil {
				cmd := m.command(*choice)
				m.retune()
				return cmd
			}
		}
	}
	return nil
}
