package tui

import (
	"strings"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/tui/theme"
	"systemg/tui/widget"
)

// prompt is a line that is typed at the foot of the screen.
type prompt struct {
	label string
	text  string
	wrong string
	// live is called with each change, done at the end; their error is shown
	// and keeps the prompt open.
	live, done func(text string) error
	// undo is called when the prompt is given up.
	undo func()
}

// key takes a key; closed is whether the prompt is done with.
func (p *prompt) key(msg tea.KeyMsg) (closed bool) {
	before := p.text
	switch msg.Type { //nolint:exhaustive // the rest types nothing
	case tea.KeyEsc, tea.KeyCtrlC:
		if p.undo != nil {
			p.undo()
		}
		return true
	case tea.KeyEnter:
		err := p.done(p.text)
		p.wrong = words(err)
		return err == nil
	case tea.KeyBackspace:
		if p.text == "" {
			if p.undo != nil {
				p.undo()
			}
			return true
		}
		_, n := utf8.DecodeLastRuneInString(p.text)
		p.text = p.text[:len(p.text)-n]
	case tea.KeyCtrlU:
		p.text = ""
	case tea.KeyCtrlW:
		p.text = p.text[:strings.LastIndexByte(strings.TrimRight(p.text, " "), ' ')+1]
	case tea.KeyRunes, tea.KeySpace:
		p.text += widget.Words(string(msg.Runes))
	}
	if p.text != before && p.live != nil {
		p.wrong = words(p.live(p.text))
	}
	return false
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return widget.Words(err.Error())
}

// line draws the prompt.
func (p *prompt) line(w int, t *theme.Theme) string {
	text := p.label + p.text + "_"
	if over := widget.Width(text) - w; over > 0 {
		text = widget.Slice(text, over, w)
	}
	if p.wrong == "" {
		return t.Paint(theme.Accent, text)
	}
	room := w - widget.Width(text) - 2
	return t.Paint(theme.Accent, text) + "  " + t.Paint(theme.Bad, widget.Cut(p.wrong, room, t.Ellipsis))
}

// cleanLines is text of several lines that is safe to show.
func cleanLines(s string) string {
	list := strings.Split(strings.TrimSpace(s), "\n")
	for i := range list {
		list[i] = widget.Words(list[i])
	}
	return strings.Join(list, "\n")
}
