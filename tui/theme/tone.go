package theme

// Tone is what a piece of text means.
type Tone uint8

// The tones.
const (
	Normal Tone = iota
	Faint       // of less interest
	Strong      // a heading, a name
	Good        // as it should be
	Busy        // on its way
	Warn        // worth a look, nothing is broken
	Bad         // wrong
	Held        // kept back by something else
	Alarm       // wrong, and to be seen from across the room
	Accent      // what has the focus
	Title       // the title of a pane without focus
	Rule        // lines between panes, axes, rails
	Key         // a key that can be pressed
	Match       // what a search has found
	Mark        // what the user has marked
	Stale       // known from before the connection was lost
	numTones
)

// palette are the SGR parameters of every tone.
type palette [numTones]string

// auto is the theme for every terminal with colours.
var auto = palette{
	Faint: "2", Strong: "1", Good: "36", Busy: "33", Warn: "33", Bad: "1;31",
	Held: "35", Alarm: "1;7;31", Accent: "1;36", Title: "1", Rule: "2", Key: "1",
	Match: "30;43", Mark: "1;35", Stale: "2",
}

// mono has attributes only.
var mono = palette{
	Faint: "2", Strong: "1", Busy: "4", Warn: "4", Bad: "1;4", Held: "4",
	Alarm: "1;7", Accent: "1;4", Title: "1", Rule: "2", Key: "1", Match: "7",
	Mark: "1", Stale: "2",
}

// hicontrast has white or black on a colour for every state, and no dim text.
var hicontrast = palette{
	Strong: "1", Good: "1;97;44", Busy: "1;30;103", Warn: "1;30;103", Bad: "1;97;41",
	Held: "1;97;45", Alarm: "1;97;41", Accent: "1;7", Title: "1", Key: "1;4",
	Match: "30;103", Mark: "1;7", Stale: "4",
}

// okabeIto are the colours of Okabe and Ito, "Color Universal Design" (2008),
// that keep a contrast of 3 or more to black and to white, but for the orange,
// which has 2.2 to white.
var okabeIto = struct{ blue, sky, orange, vermillion, purple, green, yellow color }{
	blue:       color{true24: "0;114;178", index: "25"},
	sky:        color{true24: "86;180;233", index: "74"},
	orange:     color{true24: "230;159;0", index: "178"},
	vermillion: color{true24: "213;94;0", index: "166"},
	purple:     color{true24: "204;121;167", index: "175"},
	green:      color{true24: "0;158;115", index: "36"},
	yellow:     color{true24: "240;228;66", index: "227"},
}

// color is one colour in full, and the nearest of xterm's 256.
type color struct{ true24, index string }

func (c color) foreground(l Level) string {
	if l == TrueColor {
		return "38;2;" + c.true24
	}
	return "38;5;" + c.index
}

func (c color) background(l Level) string {
	if l == TrueColor {
		return "48;2;" + c.true24
	}
	return "48;5;" + c.index
}

// colorBlind is the palette of the theme cb for 256 colours or more.
func colorBlind(l Level) palette {
	o := okabeIto
	p := auto
	p[Good] = o.blue.foreground(l)
	p[Busy] = o.orange.foreground(l)
	p[Warn] = o.orange.foreground(l)
	p[Bad] = "1;" + o.vermillion.foreground(l)
	p[Held] = o.purple.foreground(l)
	p[Alarm] = "1;7;" + o.vermillion.foreground(l)
	p[Accent] = "1;" + o.sky.foreground(l)
	p[Match] = "30;" + o.yellow.background(l)
	p[Mark] = "1;" + o.purple.foreground(l)
	return p
}

// hues tell units apart that stand side by side. Red is left to what is wrong.
var hues = []string{"36", "33", "35", "32", "94", "96", "93", "95", "92"}

// colorBlindHues are those of the theme cb.
func colorBlindHues(l Level) []string {
	o := okabeIto
	var list []string
	for _, c := range []color{o.sky, o.orange, o.purple, o.green, o.blue, o.yellow} {
		list = append(list, c.foreground(l))
	}
	return list
}
