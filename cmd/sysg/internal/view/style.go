package view

import "time"

// Style is how a stream wants to be written to.
type Style struct {
	// Width is the terminal's width in columns; 0 means no terminal, and
	// no limit.
	Width int
	// Height is the terminal's height in lines; 0 means unknown.
	Height int
	// Color allows escape sequences.
	Color bool
	// ASCII replaces every glyph by one of the 95 printable characters.
	ASCII bool
	// Plain asks for words only: no glyphs, charts, alignment or colour.
	Plain bool
	// Now is the moment the picture shows; ages count from it.
	Now time.Time
	// Location is the time zone of clock times; nil means the local one.
	Location *time.Location
}

// terminal is whether a person watches the stream as it is written.
func (st Style) terminal() bool { return st.Width > 0 }

// limit is the longest line in columns, 0 where there is none.
func (st Style) limit() int {
	if st.Plain || st.Width < 0 {
		return 0
	}
	return st.Width
}

// tone is what a span means; what it looks like is decided by paint.
type tone uint8

const (
	normal  tone = iota
	good         // as it should be
	busy         // on its way
	bad          // wrong
	held         // kept back by something else
	faint        // of less interest
	strong       // a heading, a name
	hue0         // the first of the colours that tell units apart
	numHues = 9
)

// codes are the SGR parameters of the tones up to hue0.
var codes = [hue0]string{normal: "", good: "36", busy: "33", bad: "1;31", held: "35", faint: "2", strong: "1"}

// hues tell units apart. Red is left to what is wrong.
var hues = [numHues]string{"36", "33", "35", "32", "94", "96", "93", "95", "92"}

// hue is the tone of the n-th unit.
func hue(n int) tone { return hue0 + tone(n%numHues) }

func (t tone) code() string {
	if t < hue0 {
		return codes[t]
	}
	return hues[(t-hue0)%numHues]
}

// paint wraps text in the tone's colour, and in nothing where colours are
// not allowed.
func (st Style) paint(t tone, text string) string {
	code := t.code()
	if !st.Color || code == "" || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// ellipsis stands for what was cut off.
func (st Style) ellipsis() string {
	if st.ASCII {
		return ".."
	}
	return "…"
}

// pick is the glyph, or its form in ASCII.
func (st Style) pick(glyph, ascii string) string {
	if st.ASCII {
		return ascii
	}
	return glyph
}
