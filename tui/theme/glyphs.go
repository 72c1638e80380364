package theme

import "strings"

// Glyphs are the signs that panes draw with; each is one column wide.
type Glyphs struct {
	HLine, VLine string
	// TeeDown joins a horizontal line with one below it, TeeUp with one above.
	TeeDown, TeeUp string
	// Corners of a box.
	TopLeft, TopRight, BottomLeft, BottomRight string
	Ellipsis                                   string
	Follow, Paused                             string
	Up, Down, Left, Right                      string
	// Live and Lost are the state of the connection.
	Live, Lost string
	// Cursor stands before the selected row, Marked before a marked one.
	Cursor, Marked string
	Check, Cross   string
	// Branch and Last begin the branches of a process tree.
	Branch, Last string
	// Gap begins a remark on what is missing.
	Gap string
	// Dot separates remarks on one line, Arrow stands between old and new.
	Dot, Arrow string
}

var unicodeGlyphs = Glyphs{
	HLine: "─", VLine: "│", TeeDown: "┬", TeeUp: "┴",
	TopLeft: "┌", TopRight: "┐", BottomLeft: "└", BottomRight: "┘",
	Ellipsis: "…", Follow: "▼", Paused: "‖",
	Up: "▲", Down: "▼", Left: "◀", Right: "▶",
	Live: "●", Lost: "○", Cursor: ">", Marked: "+", Check: "✓", Cross: "✗",
	Branch: "├", Last: "└", Gap: "~", Dot: "·", Arrow: "→",
}

var asciiGlyphs = Glyphs{
	HLine: "-", VLine: "|", TeeDown: "+", TeeUp: "+",
	TopLeft: "+", TopRight: "+", BottomLeft: "+", BottomRight: "+",
	Ellipsis: "~", Follow: "v", Paused: "=",
	Up: "^", Down: "v", Left: "<", Right: ">",
	Live: "*", Lost: "o", Cursor: ">", Marked: "+", Check: "v", Cross: "X",
	Branch: "|", Last: "`", Gap: "~", Dot: ",", Arrow: ">",
}

// Rule is a horizontal line of w columns in the tone Rule.
func (t *Theme) Rule(w int) string {
	if w <= 0 {
		return ""
	}
	return t.Paint(Rule, strings.Repeat(t.HLine, w))
}

// look is how one state of a unit is shown.
type look struct {
	glyph, ascii string
	tone         Tone
}

// looks are the words a unit's state is shown by; the command line uses the
// same glyphs for the ones it knows.
var looks = map[string]look{
	"failed":    {glyph: "✗", ascii: "X", tone: Bad},
	"blocked":   {glyph: "⊘", ascii: "/", tone: Held},
	"unhealthy": {glyph: "!", ascii: "!", tone: Bad},
	"backoff":   {glyph: "↻", ascii: "r", tone: Busy},
	"deploying": {glyph: "»", ascii: "d", tone: Busy},
	"stopping":  {glyph: "◑", ascii: "~", tone: Busy},
	"starting":  {glyph: "◐", ascii: "~", tone: Busy},
	"pending":   {glyph: "◌", ascii: ".", tone: Busy},
	"cron run":  {glyph: "▶", ascii: ">", tone: Good},
	"running":   {glyph: "●", ascii: "*", tone: Good},
	"completed": {glyph: "✓", ascii: "v", tone: Good},
	"scheduled": {glyph: "◷", ascii: "c", tone: Good},
	"skipped":   {glyph: "⊘", ascii: "/", tone: Faint},
	"stopped":   {glyph: "○", ascii: "o", tone: Faint},
}

// Looks are the words that Sign and LookTone know, in no particular order.
func Looks() []string {
	list := make([]string, 0, len(looks))
	for word := range looks {
		list = append(list, word)
	}
	return list
}

// Sign is the glyph of a state, unpainted: "?" for one of a later version.
func (t *Theme) Sign(word string) string {
	l, ok := looks[word]
	if !ok {
		return "?"
	}
	return t.Pick(l.glyph, l.ascii)
}

// LookTone is the tone of a state.
func (t *Theme) LookTone(word string) Tone { return looks[word].tone }
