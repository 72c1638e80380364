package overlay

import (
	"fmt"

	"systemg/tui/theme"
	"systemg/tui/widget"
)

// Line is a line of text in a box. It is wrapped where it is too long.
type Line struct {
	Text string
	Tone theme.Tone
}

// Confirm asks before something happens.
type Confirm struct {
	// Title is the question: "Stop postgres?"
	Title string
	// Says is what follows from a yes.
	Says []Line
	// Yes is what the person does by saying yes: "stop".
	Yes string
	// Danger paints the title as a warning.
	Danger bool
	// Typed has to be typed for a yes; empty means that y or enter does.
	Typed string

	text   input
	wrong  bool
	scroll int
}

// Key takes a key. done is whether the question is answered, ok whether by yes.
func (c *Confirm) Key(key string) (done, ok bool) {
	switch key {
	case "esc", "ctrl+c":
		return true, false
	case "up", "pgup", "ctrl+b", "ctrl+p":
		c.scroll -= step(key)
		return false, false
	case "down", "pgdown", "ctrl+f", "ctrl+n":
		c.scroll += step(key)
		return false, false
	}
	if c.Typed == "" {
		switch key {
		case "y", "Y", "enter":
			return true, true
		case "n", "N", "q":
			return true, false
		case "j":
			c.scroll++
		case "k":
			c.scroll--
		}
		return false, false
	}
	if key == "enter" {
		c.wrong = string(c.text) != c.Typed
		return !c.wrong, !c.wrong
	}
	if c.text.edit(key) {
		c.wrong = false
	}
	return false, false
}

// Paste takes pasted text, where something has to be typed.
func (c *Confirm) Paste(text string) {
	if c.Typed != "" {
		c.text.add(text)
	}
}

// step is how many lines a key scrolls.
func step(key string) int {
	if key == "up" || key == "down" || key == "ctrl+p" || key == "ctrl+n" {
		return 1
	}
	return 10
}

// confirmWidth is the widest such box: a comfortable line of prose.
const confirmWidth = 72

// Lines is the box for a screen of w columns and h lines.
func (c *Confirm) Lines(w, h int, t *theme.Theme) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	w = min(w, confirmWidth)
	room := max(w-4, 1)
	var body []string
	for _, l := range c.Says {
		for _, row := range widget.WrapWords(l.Text, room) {
			body = append(body, t.Paint(l.Tone, row))
		}
	}
	prompt := c.prompt(t, room)
	n := min(len(body), max(h-2-len(prompt), 0))
	c.scroll = min(max(c.scroll, 0), len(body)-n)
	foot := join(c.answers(), more(t, c.scroll, n, len(body)))
	lines := append(append([]string(nil), body[c.scroll:c.scroll+n]...), prompt...)
	box := frame(t, c.Title, lines, foot, w)
	if c.Danger && w >= 4 {
		box[0] = edge(t, t.TopLeft, t.Paint(theme.Bad, widget.Cut(c.Title, w-4, t.Ellipsis)), t.TopRight, w)
	}
	if len(box) > h {
		// Not even the frame fits: the question and the keys are what matters.
		return []string{widget.Cut(c.Title+"  "+c.answers(), w, t.Ellipsis)}
	}
	return box
}

// answers are the keys that answer.
func (c *Confirm) answers() string {
	yes := c.Yes
	if yes == "" {
		yes = "yes"
	}
	if c.Typed != "" {
		return "enter " + yes + "  esc cancel"
	}
	return "y " + yes + "  n cancel"
}

// prompt is where something is typed.
func (c *Confirm) prompt(t *theme.Theme, room int) []string {
	if c.Typed == "" {
		return nil
	}
	ask := fmt.Sprintf("type %q to go on: ", c.Typed)
	if c.wrong {
		ask = fmt.Sprintf("that is not %q: ", c.Typed)
	}
	text := string(c.text) + "_"
	if widget.Width(ask)+widget.Width(text) > room {
		return []string{t.Paint(theme.Strong, ask), t.Paint(theme.Key, text)}
	}
	return []string{t.Paint(theme.Strong, ask) + t.Paint(theme.Key, text)}
}
