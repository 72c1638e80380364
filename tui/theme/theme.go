package theme

import (
	"fmt"
	"strings"
)

// Level is how many colours there are.
type Level uint8

// The levels. None means no escape sequences at all, not even bold.
const (
	None Level = iota
	ANSI16
	ANSI256
	TrueColor
)

// Options choose a theme.
type Options struct {
	// Name is one of Names; empty means auto.
	Name  string
	Level Level
	// ASCII replaces every glyph by printable ASCII of the same width.
	ASCII bool
}

// Theme is how things look. It is immutable, and safe to share.
type Theme struct {
	Name  string
	Level Level
	ASCII bool
	Glyphs

	plain, on [numTones]style
	hues      []style
}

// style is what goes before and after a text.
type style struct{ prefix, suffix string }

func sgr(params ...string) style {
	params = compact(params)
	if len(params) == 0 {
		return style{}
	}
	return style{prefix: "\x1b[" + strings.Join(params, ";") + "m", suffix: reset}
}

const reset = "\x1b[0m"

func compact(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Names are the themes there are, the default first.
func Names() []string { return []string{"auto", "mono", "cb", "hicontrast"} }

// New is the theme that o asks for. It fails for a name that is not in Names.
func New(o Options) (*Theme, error) {
	t := &Theme{Name: o.Name, Level: o.Level, ASCII: o.ASCII, Glyphs: unicodeGlyphs}
	if o.ASCII {
		t.Glyphs = asciiGlyphs
	}
	if t.Name == "" {
		t.Name = "auto"
	}
	var p palette
	colors := hues
	switch t.Name {
	case "auto":
		p = auto
	case "mono":
		p, colors = mono, nil
	case "hicontrast":
		p = hicontrast
	case "cb":
		p = auto
		if o.Level >= ANSI256 {
			p, colors = colorBlind(o.Level), colorBlindHues(o.Level)
		}
	default:
		return nil, fmt.Errorf("there is no theme %q: the themes are %s", o.Name, strings.Join(Names(), ", "))
	}
	if o.Level == None {
		return t, nil
	}
	for tone := range numTones {
		t.plain[tone] = sgr(p[tone])
		t.on[tone] = sgr("7", onSelected(tone, p[tone]))
	}
	for _, c := range colors {
		t.hues = append(t.hues, sgr(c))
	}
	return t, nil
}

// onSelected are the parameters of a tone inside a selected row, which is
// reversed: only what is wrong or on its way keeps its colour, and nothing is
// dimmed, for dim text in reverse is hard to read.
func onSelected(t Tone, params string) string {
	switch t {
	case Bad, Busy, Warn, Held, Mark:
		return strings.TrimSuffix(strings.ReplaceAll(";"+params+";", ";7;", ";"), ";")[1:]
	case Alarm, Strong, Accent, Title, Key:
		return "1"
	case Match:
		return "4"
	case Normal, Faint, Good, Rule, Stale, numTones:
	}
	return ""
}

// Paint is s in a tone, and s itself where there are no colours. A sequence
// inside s that resets ends the tone there: see Over.
func (t *Theme) Paint(tone Tone, s string) string { return t.plain[tone].paint(s) }

// PaintOn is s in a tone as a part of the selected row.
func (t *Theme) PaintOn(tone Tone, s string) string { return t.on[tone].paint(s) }

// Prefix is the sequence that begins a tone, empty where there are no colours.
func (t *Theme) Prefix(tone Tone) string { return t.plain[tone].prefix }

// Suffix is the sequence that ends a tone.
func (t *Theme) Suffix(tone Tone) string { return t.plain[tone].suffix }

// Hue is s in the n-th of the colours that tell units apart.
func (t *Theme) Hue(n int, s string) string {
	if len(t.hues) == 0 {
		return s
	}
	n %= len(t.hues)
	if n < 0 {
		n += len(t.hues)
	}
	return t.hues[n].paint(s)
}

// Over is s, which may be painted already, in a tone all along: the tone is
// taken up again after every reset in s. It is for dimming what is stale.
func (t *Theme) Over(tone Tone, s string) string {
	st := t.plain[tone]
	if st.prefix == "" || s == "" {
		return s
	}
	s = strings.ReplaceAll(s, reset, reset+st.prefix)
	return st.prefix + strings.ReplaceAll(s, "\x1b[m", reset+st.prefix) + st.suffix
}

func (s style) paint(text string) string {
	if text == "" || s.prefix == "" {
		return text
	}
	return s.prefix + text + s.suffix
}

// Pick is the glyph, or its form in ASCII.
func (t *Theme) Pick(unicode, ascii string) string {
	if t.ASCII {
		return ascii
	}
	return unicode
}
