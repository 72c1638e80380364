package overlay

import (
	"strings"
	"unicode/utf8"

	"github.com/sahilm/fuzzy"

	"systemg/tui/theme"
	"systemg/tui/widget"
)

// Command is a verb of the command line and what it has to be told.
type Command struct {
	Entry
	// Asks are what comes after the verb, in order.
	Asks []Question
}

// Question is one thing a command has to be told: a unit, a signal.
type Question struct {
	Name    string
	Options []Entry
}

// Choice is a command with all its answers.
type Choice struct {
	Command Entry
	Answers []Entry
}

// Palette is a line to type a command into, and what it might become: the verb
// first, then each of its questions. A blank or tab goes on to the next, enter
// too, or runs the command when nothing is left to ask. It is found by a few of
// its letters in their order.
type Palette struct {
	commands []Command
	chosen   *Command
	answers  []Entry
	text     input
	found    []match
	at       int
	first    int
}

// match is an option that the typed text could mean.
type match struct {
	entry   Entry
	command int   // of the palette, at the first step
	lit     []int // bytes of its text that were typed
}

// NewPalette is a palette in which nothing is typed yet. Where nothing is typed
// options stand in the order they are given in, so the likeliest goes first.
func NewPalette(commands []Command) *Palette {
	p := &Palette{commands: commands}
	p.search()
	return p
}

// Key takes a key. closed is whether the palette is done with, and choice what
// is to be done if something is.
func (p *Palette) Key(key string) (choice *Choice, closed bool) {
	switch key {
	case "esc", "ctrl+c":
		return nil, true
	case "down", "ctrl+n", "ctrl+j":
		p.move(1)
	case "up", "ctrl+p", "ctrl+k":
		p.move(-1)
	case "pgdown":
		p.move(10)
	case "pgup":
		p.move(-10)
	case "enter":
		return p.accept()
	case "tab":
		if p.asksMore() {
			return p.accept()
		}
		p.complete()
	case " ":
		if p.asksMore() && p.text != "" {
			return p.accept()
		}
		p.typed(key)
	case "backspace", "ctrl+h":
		if p.text == "" {
			return nil, p.stepBack()
		}
		p.typed(key)
	default:
		p.typed(key)
	}
	return nil, false
}

// Paste takes pasted text: words of it go where typed ones would.
func (p *Palette) Paste(text string) {
	for _, r := range widget.Words(text) {
		p.Key(string(r))
	}
}

func (p *Palette) move(n int) {
	p.at = min(max(p.at+n, 0), max(len(p.found)-1, 0))
}

func (p *Palette) typed(key string) {
	if p.text.edit(key) {
		p.search()
	}
}

// asksMore is whether something is left to ask after the present step.
func (p *Palette) asksMore() bool {
	if p.chosen != nil {
		return len(p.answers)+1 < len(p.chosen.Asks)
	}
	return p.at < len(p.found) && len(p.commands[p.found[p.at].command].Asks) > 0
}

// complete fills in the option under the cursor.
func (p *Palette) complete() {
	if p.at < len(p.found) {
		p.text = input(p.found[p.at].entry.Text)
		p.search()
	}
}

// accept takes the option under the cursor.
func (p *Palette) accept() (*Choice, bool) {
	if p.at >= len(p.found) || p.found[p.at].entry.Not != "" {
		return nil, false
	}
	m := p.found[p.at]
	if p.chosen == nil {
		p.chosen = &p.commands[m.command]
	} else {
		p.answers = append(p.answers, m.entry)
	}
	p.text = ""
	if len(p.answers) == len(p.chosen.Asks) {
		return &Choice{Command: p.chosen.Entry, Answers: p.answers}, true
	}
	p.search()
	return nil, false
}

// stepBack gives up the last answer; closed is whether there was none.
func (p *Palette) stepBack() (closed bool) {
	switch {
	case len(p.answers) > 0:
		last := p.answers[len(p.answers)-1]
		p.answers = p.answers[:len(p.answers)-1]
		p.text = input(last.Text)
	case p.chosen != nil:
		p.text = input(p.chosen.Text)
		p.chosen = nil
	default:
		return true
	}
	p.search()
	return false
}

// options are what can be chosen at the present step.
func (p *Palette) options() []Entry {
	if p.chosen != nil {
		return p.chosen.Asks[len(p.answers)].Options
	}
	list := make([]Entry, len(p.commands))
	for i, c := range p.commands {
		list[i] = c.Entry
	}
	return list
}

// texts is a list of entries as package fuzzy wants it.
type texts []Entry

func (t texts) String(i int) string { return t[i].Text }
func (t texts) Len() int            { return len(t) }

// search finds what the typed text could mean, the best first; an option that is
// exactly what was typed before all others.
func (p *Palette) search() {
	list := p.options()
	p.found, p.at, p.first = p.found[:0], 0, 0
	typed := strings.TrimSpace(string(p.text))
	if typed == "" {
		for i, e := range list {
			p.found = append(p.found, match{entry: e, command: i})
		}
		return
	}
	for _, m := range fuzzy.FindFrom(typed, texts(list)) {
		found := match{entry: list[m.Index], command: m.Index, lit: m.MatchedIndexes}
		p.found = append(p.found, found)
		if n := len(p.found) - 1; found.entry.Text == typed && n > 0 {
			copy(p.found[1:], p.found[:n])
			p.found[0] = found
		}
	}
}

// paletteWidth and paletteRows bound the box.
const (
	paletteWidth = 76
	paletteRows  = 12
)

// Lines is the box for a screen of w columns and h lines.
func (p *Palette) Lines(w, h int, t *theme.Theme) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	w = min(w, paletteWidth)
	n := min(max(h-3, 0), len(p.found), paletteRows)
	p.first = window(p.first, p.at, n, len(p.found))
	entries := make([]Entry, n)
	for i := range entries {
		entries[i] = p.found[p.first+i].entry
	}
	rows := listRows(t, entries, p.at-p.first, max(w-4, 1))
	for i := range rows {
		rows[i] = p.light(t, rows[i], p.found[p.first+i].lit, p.first+i == p.at)
	}
	if len(p.found) == 0 {
		rows = append(rows, t.Paint(theme.Faint, "nothing is called so"))
	}
	foot := join(p.keys(), more(t, p.first, n, len(p.found)))
	box := frame(t, p.line(max(w-4, 1)), rows, foot, w)
	if len(box) > h {
		return []string{widget.Cut(p.line(w), w, t.Ellipsis)}
	}
	return box
}

// light marks the letters that were typed. Two columns stand before the text.
func (p *Palette) light(t *theme.Theme, row string, lit []int, chosen bool) string {
	if len(lit) == 0 || chosen || t.Level == theme.None {
		return row
	}
	text := widget.Strip(row)
	var spans [][2]int
	for _, i := range lit {
		if i += 2; i < len(text) {
			_, n := utf8.DecodeRuneInString(text[i:])
			spans = append(spans, [2]int{i, i + n})
		}
	}
	return widget.Highlight(row, spans, t.Prefix(theme.Accent), t.Suffix(theme.Accent))
}

// line is what has been chosen and typed so far; where it is too long its end is
// shown.
func (p *Palette) line(w int) string {
	s := ":"
	if p.chosen != nil {
		s += p.chosen.Text + " "
	}
	for _, a := range p.answers {
		s += a.Text + " "
	}
	s += string(p.text) + "_"
	if p.text == "" && p.chosen != nil {
		s += " " + p.chosen.Asks[len(p.answers)].Name + "?"
	}
	if over := widget.Width(s) - w; over > 0 {
		return widget.Slice(s, over, w)
	}
	return s
}

// keys are what can be pressed now.
func (p *Palette) keys() string {
	if p.asksMore() {
		return "enter next  esc close"
	}
	return "enter run  tab complete  esc close"
}
