package tui

import (
	"encoding/base64"
	"fmt"
	"os/exec"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/tui/board"
	"systemg/tui/overlay"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// clipboardBytes is how much text goes through the terminal into the clipboard
// (OSC 52): xterm and tmux take 100,000 characters of base64, which is 74 KB.
const clipboardBytes = 74_000

// copiedMsg says where a text that was too long went.
type copiedMsg struct {
	name  string
	lines int
	err   error
}

// copy puts text into the clipboard, or into a file where it is too long.
func (m *Model) copy(in pane.Copy) tea.Cmd {
	if len(in.Text) > clipboardBytes {
		keep := m.o.Keep
		if keep == nil {
			m.say(theme.Warn, "%s are too long for the clipboard", widget.Count(in.Lines, "line"))
			return nil
		}
		return func() tea.Msg {
			name, err := keep(in.Text)
			return copiedMsg{name: name, lines: in.Lines, err: err}
		}
	}
	m.say(theme.Good, "copied %s", widget.Count(in.Lines, "line"))
	out := m.clip
	if out == nil {
		return nil
	}
	return func() tea.Msg {
		_, _ = fmt.Fprintf(out, "\x1b]52;c;%s\a", base64.StdEncoding.EncodeToString([]byte(in.Text)))
		return nil
	}
}

// copied says where a long text went.
func (m *Model) copied(msg copiedMsg) {
	if msg.err != nil {
		m.say(theme.Bad, "cannot keep the copy: %v", msg.err)
		return
	}
	m.say(theme.Good, "%s, too long for the clipboard, are in %s", widget.Count(msg.lines, "line"), msg.name)
}

// pagedMsg says that the pager is left.
type pagedMsg struct{ err error }

// page gives the terminal to a pager with the whole log.
func (m *Model) page(in pane.Page) tea.Cmd {
	if m.o.Pager == nil || len(in.Units) == 0 {
		m.say(theme.Warn, "there is no log to show")
		return nil
	}
	return tea.ExecProcess(m.o.Pager(in), func(err error) tea.Msg { return pagedMsg{err: err} })
}

// launchedMsg is what came of starting the manifest of this folder.
type launchedMsg struct {
	number int
	output string
	err    error
}

// launch starts the manifest of this folder.
func (m *Model) launch() tea.Cmd {
	refused := m.board.Link.State == board.Refused // there is one already
	if m.o.Here == "" || m.o.Launch == nil || m.launching() || refused {
		m.feed.again()
		return nil
	}
	m.nextOp++
	n := m.nextOp
	m.busy[n] = "starting " + m.o.Here
	m.output = ""
	cmd := m.o.Launch()
	return func() tea.Msg {
		out, err := output(cmd)
		return launchedMsg{number: n, output: out, err: err}
	}
}

// launching is whether that is under way.
func (m *Model) launching() bool { return m.absent() && len(m.busy) > 0 }

// output runs a command and gives what it printed.
func output(cmd *exec.Cmd) (string, error) {
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// launched takes what came of it.
func (m *Model) launched(msg launchedMsg) {
	delete(m.busy, msg.number)
	if msg.err != nil {
		m.output = cleanLines(msg.output)
		m.say(theme.Bad, "%s was not started", m.o.Here)
	}
}

// palette are the commands there are here.
func (m *Model) palette() *overlay.Palette {
	units := m.unitEntries()
	ask := []overlay.Question{{Name: "unit", Options: units}}
	var list []overlay.Command
	add := func(text, help, key, value string, asks []overlay.Question, not string) {
		list = append(list, overlay.Command{Entry: overlay.Entry{Text: text, Help: help, Key: key, Value: value, Not: not}, Asks: asks})
	}
	not := m.refusal()
	for _, v := range []struct{ verb, help, key string }{
		{"restart", "read the manifest again and replace it", "r"},
		{"stop", "bring it down", "s"},
		{"start", "bring it up", "S"},
		{"deploy", "a new instance with what the manifest says now", "D"},
		{"rollback", "back to the last good definition", "B"},
		{"trigger", "run a cron job now", "T"},
		{"signal", "send a signal", "x"},
	} {
		if !m.o.ReadOnly {
			add(v.verb, v.help, v.key, v.verb, ask, not)
		}
	}
	if !m.o.ReadOnly {
		add("reload", "apply the manifest; what would change is shown first", "R", "apply", nil, not)
	}
	add("logs", "what it wrote", "l", "logs", ask, "")
	add("inspect", "everything about it", "enter", "inspect", ask, "")
	for i, name := range pane.Views() {
		add(name, "the view", fmt.Sprint(i+1), "view "+name, nil, "")
	}
	add("quit", "leave; units keep running", "q", "quit", nil, "")
	return overlay.NewPalette(list)
}

// unitEntries are the units for the palette: those marked, the selected one,
// all others.
func (m *Model) unitEntries() []overlay.Entry {
	var list []overlay.Entry
	if n := len(m.marked); n > 0 {
		list = append(list, overlay.Entry{Text: fmt.Sprintf("marked (%d)", n), Value: "*"})
	}
	for pass := range 2 {
		for _, u := range m.units.Shown(m.board) {
			if (u.ID == m.selected) == (pass == 0) {
				list = append(list, overlay.Entry{Text: m.board.NameOf(u), Help: u.Look, Value: u.ID})
			}
		}
	}
	return list
}

// command does what was chosen from the palette.
func (m *Model) command(c overlay.Choice) tea.Cmd {
	ids := m.targets()
	if len(c.Answers) > 0 && c.Answers[0].Value != "*" {
		ids = []string{c.Answers[0].Value}
	}
	switch v := c.Command.Value; v {
	case "quit":
		m.quit = true
		return nil
	case "logs":
		m.openLogs(ids, false)
		return nil
	case "inspect":
		m.selected = ids[0]
		return m.enter()
	default:
		for i, name := range pane.Views() {
			if v == "view "+name {
				m.show(pane.View(i))
				return tea.Batch(m.choose(), m.inquire())
			}
		}
		return m.confirm(pane.Do{Verb: v, Units: ids})
	}
}
