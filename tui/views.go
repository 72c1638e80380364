package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/pane/events"
)

// views are the panes of the views that have one for themselves.
type views struct {
	events *events.Pane
}

func newViews() views { return views{events: events.New()} }

// act hands an action to the pane of a view.
func (v *views) act(view pane.View, a keys.Action, f pane.Frame) pane.Intent {
	switch view { //nolint:exhaustive // the others have no pane here
	case pane.Events:
		return v.events.Act(a, f)
	}
	return nil
}

// lines draws the pane of a view.
func (v *views) lines(view pane.View, f pane.Frame) []string {
	switch view { //nolint:exhaustive // the others have no pane here
	case pane.Events:
		return v.events.Lines(f)
	}
	return f.Page([]string{"not yet"})
}

// knownMsg is an answer for a view.
type knownMsg struct {
	unit  string
	value any
	err   error
}

// inquire asks for what the view shows and the board does not have.
func (m *Model) inquire() tea.Cmd { return nil }

// known takes an answer.
func (m *Model) known(knownMsg) tea.Cmd {
	m.asking = false
	return nil
}
