package tui

import tea "github.com/charmbracelet/bubbletea"

type m struct{}

func (m) Init() tea.Cmd                         { return nil }
func (x m) Update(tea.Msg) (tea.Model, tea.Cmd) { return x, nil }
func (m) View() string                          { return "" }

// Run is.
func Run() error { _, err := tea.NewProgram(m{}).Run(); return err }
