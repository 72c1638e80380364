package tui

import (
	"systemg/tui/keys"
	"systemg/tui/pane"
)

// back undoes the last thing that was opened, and says whether there was one.
func (m *Model) back() bool {
	switch {
	case m.selecting():
		m.inPane(keys.Back)
	case m.zoomed:
		m.zoomed = false
	case m.past != nil:
		m.past = nil
	case m.view == pane.Detail:
		v := m.before
		if v == pane.Detail {
			v = pane.Units
		}
		m.view, m.before = v, pane.Detail
	case m.clearPatterns():
	case m.view != pane.Units:
		m.show(pane.Units)
	case m.onTail:
		m.onTail = false
	case len(m.marked) > 0:
		clear(m.marked)
	default:
		return false
	}
	return true
}

// selecting is whether lines of a log are being selected.
func (m *Model) selecting() bool {
	p := m.logPane()
	return m.view == pane.Logs && p != nil && p.Selecting()
}

// clearPatterns gives up what is filtered or searched in the view.
func (m *Model) clearPatterns() bool {
	switch m.view { //nolint:exhaustive // the rest has no patterns
	case pane.Units:
		if m.units.Filtered() != "" && !m.onTail {
			_ = m.units.Filter("")
			return true
		}
	case pane.Events:
		if m.views.events.Filtered() != "" {
			_ = m.views.events.Filter("")
			return true
		}
	}
	if p := m.logPane(); p != nil {
		if filter, search := p.Patterns(); filter != "" || search != "" {
			_ = p.Filter("")
			_, _ = p.Search("", pane.Frame{})
			return true
		}
	}
	return false
}
