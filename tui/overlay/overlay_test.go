package overlay

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"systemg/tui/keys"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// sizes are the screens every box has to fit.
var sizes = [][2]int{{120, 35}, {80, 24}, {60, 15}, {50, 14}, {20, 5}, {1, 1}, {0, 0}}

func look(t *testing.T, o theme.Options) *theme.Theme {
	t.Helper()
	th, err := theme.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// golden draws a box at every size, plain, in ASCII and in colour, checks that
// it fits, and compares it with what is kept.
func golden(t *testing.T, name string, draw func(w, h int, th *theme.Theme) []string) {
	t.Helper()
	for _, th := range []*theme.Theme{look(t, theme.Options{}), look(t, theme.Options{ASCII: true}), look(t, theme.Options{Level: theme.ANSI16})} {
		var b strings.Builder
		for _, size := range sizes {
			lines := draw(size[0], size[1], th)
			if len(lines) > size[1] {
				t.Errorf("%s at %dx%d: %d lines", name, size[0], size[1], len(lines))
			}
			fmt.Fprintf(&b, "== %dx%d\n", size[0], size[1])
			for _, line := range lines {
				if n := widget.Width(line); n > size[0] {
					t.Errorf("%s at %dx%d: %d columns in %q", name, size[0], size[1], n, line)
				}
				if th.ASCII && strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
					t.Errorf("%s is not ASCII: %q", name, line)
				}
				b.WriteString(strings.ReplaceAll(line, "\x1b", "␛") + "\n")
			}
		}
		kind := "unicode"
		if th.ASCII {
			kind = "ascii"
		} else if th.Level > theme.None {
			kind = "colour"
		}
		compare(t, filepath.Join("testdata", name+"-"+kind+".golden"), b.String())
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", file, got)
	}
}

func stopPostgres() *Confirm {
	return &Confirm{Title: "Stop postgres?", Danger: true, Yes: "stop", Says: []Line{
		{Text: "3 units depend on it and stop with it:"},
		{Text: "api, web-1, web-2", Tone: theme.Strong},
		{Text: "It has run for 9d11h without a restart.", Tone: theme.Faint},
	}}
}

func TestConfirm(t *testing.T) {
	golden(t, "confirm", func(w, h int, th *theme.Theme) []string { return stopPostgres().Lines(w, h, th) })
	for key, want := range map[string][2]bool{
		"y": {true, true}, "enter": {true, true}, "n": {true, false}, "esc": {true, false}, "ctrl+c": {true, false}, "q": {true, false},
		"x": {false, false}, "s": {false, false}, " ": {false, false},
	} {
		if done, ok := stopPostgres().Key(key); done != want[0] || ok != want[1] {
			t.Errorf("%s: done %t, yes %t", key, done, ok)
		}
	}
}

func TestWhatCouldHurtHasToBeTyped(t *testing.T) {
	all := func() *Confirm {
		return &Confirm{Title: "Restart everything?", Yes: "restart", Typed: "all", Danger: true, Says: []Line{{Text: "12 units restart, in order."}}}
	}
	golden(t, "typed", func(w, h int, th *theme.Theme) []string {
		c := all()
		c.Key("a")
		return c.Lines(w, h, th)
	})
	c := all()
	for _, key := range []string{"y", "enter"} {
		if done, _ := c.Key(key); done {
			t.Fatalf("%s was enough", key)
		}
	}
	if box := strings.Join(c.Lines(80, 24, look(t, theme.Options{})), "\n"); !strings.Contains(box, `that is not "all": y_`) {
		t.Errorf("what is wrong is not said:\n%s", box)
	}
	c.Key("backspace")
	c.Paste("all\n")
	if done, ok := c.Key("enter"); !done || !ok {
		t.Error("the word was typed and not taken")
	}
}

func TestALongListOfConsequencesScrolls(t *testing.T) {
	c := &Confirm{Title: "Apply?", Yes: "apply"}
	for i := range 30 {
		c.Says = append(c.Says, Line{Text: fmt.Sprintf("unit-%02d restarts", i)})
	}
	th := look(t, theme.Options{})
	if box := strings.Join(c.Lines(60, 10, th), "\n"); !strings.Contains(box, "unit-07") || strings.Contains(box, "unit-08") || !strings.Contains(box, "▼ 22") {
		t.Errorf("at first:\n%s", box)
	}
	for range 5 {
		c.Key("pgdown")
	}
	if box := strings.Join(c.Lines(60, 10, th), "\n"); !strings.Contains(box, "unit-29") || !strings.Contains(box, "▲ 22") {
		t.Errorf("at the end:\n%s", box)
	}
}

func signals() *Menu {
	return NewMenu("Signal to api (pid 4121)", []Entry{
		{Text: "SIGHUP", Help: "reload, by custom"},
		{Text: "SIGTERM", Help: "end"},
		{Text: "SIGKILL", Help: "end at once", Key: "K"},
		{Text: "SIGSTOP", Not: "the unit does not run"},
	})
}

func TestMenu(t *testing.T) {
	golden(t, "menu", func(w, h int, th *theme.Theme) []string {
		m := signals()
		m.Key("j")
		return m.Lines(w, h, th)
	})
	m := signals()
	for _, key := range []string{"k", "j", "down", "k"} {
		m.Key(key)
	}
	if e, closed := m.Key("enter"); !closed || e == nil || e.Text != "SIGTERM" {
		t.Errorf("chosen %+v, closed %t", e, closed)
	}
	if e, closed := signals().Key("K"); !closed || e == nil || e.Text != "SIGKILL" {
		t.Errorf("by its key: %+v, closed %t", e, closed)
	}
	m.Key("G")
	if e, closed := m.Key("enter"); closed || e != nil {
		t.Errorf("what cannot be chosen was: %+v", e)
	}
	if e, closed := m.Key("esc"); !closed || e != nil {
		t.Errorf("esc chose %+v, closed %t", e, closed)
	}
	if e, closed := NewMenu("empty", nil).Key("enter"); closed || e != nil {
		t.Errorf("an empty menu chose %+v", e)
	}
}

func commands() []Command {
	units := []Entry{{Text: "api", Help: "running"}, {Text: "postgres", Help: "running"}, {Text: "web-1", Help: "running"}, {Text: "web-2", Help: "deploying"}, {Text: "api-gateway", Help: "failed"}}
	unit := Question{Name: "unit", Options: units}
	return []Command{
		{Entry: Entry{Text: "start", Key: "S", Help: "start a unit"}, Asks: []Question{unit}},
		{Entry: Entry{Text: "stop", Key: "s", Help: "stop a unit and what depends on it"}, Asks: []Question{unit}},
		{Entry: Entry{Text: "restart", Key: "r", Help: "restart a unit"}, Asks: []Question{unit}},
		{Entry: Entry{Text: "signal", Key: "x", Help: "send a signal"}, Asks: []Question{unit, {Name: "signal", Options: []Entry{{Text: "SIGHUP"}, {Text: "SIGTERM"}}}}},
		{Entry: Entry{Text: "apply", Key: "R", Help: "apply the manifest"}},
		{Entry: Entry{Text: "upgrade", Not: "only from the command line"}},
	}
}

// typed gives keys to a palette, words as their letters.
func typed(p *Palette, list ...string) (*Choice, bool) {
	for i, s := range list {
		if s == "enter" || s == "tab" || s == "backspace" || s == "down" || s == "up" || s == "esc" {
			if c, closed := p.Key(s); closed || i == len(list)-1 {
				return c, closed
			}
			continue
		}
		for _, r := range s {
			if c, closed := p.Key(string(r)); closed {
				return c, closed
			}
		}
	}
	return nil, false
}

func said(c *Choice) string {
	if c == nil {
		return ""
	}
	s := c.Command.Text
	for _, a := range c.Answers {
		s += " " + a.Text
	}
	return s
}

func TestPalette(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
		want string
		open bool
	}{
		{name: "as on the command line", keys: []string{"restart api", "enter"}, want: "restart api"},
		{name: "by a few letters", keys: []string{"rs", "enter", "w2", "enter"}, want: "restart web-2"},
		{name: "exactly what was typed comes first", keys: []string{"stop api", "enter"}, want: "stop api"},
		{name: "enter takes the first, the likeliest", keys: []string{"stop", "enter", "enter"}, want: "stop api"},
		{name: "the cursor chooses", keys: []string{"stop", "enter", "down", "down", "up", "enter"}, want: "stop postgres"},
		{name: "three steps", keys: []string{"signal web-1 hup", "enter"}, want: "signal web-1 SIGHUP"},
		{name: "nothing to ask", keys: []string{"apply", "enter"}, want: "apply"},
		{name: "tab goes on, and completes", keys: []string{"sig", "tab", "post", "tab", "term", "tab", "enter"}, want: "signal postgres SIGTERM"},
		{name: "backspace goes back a step", keys: []string{"stop ", "backspace", "backspace", "backspace", "backspace", "backspace", "start api", "enter"}, want: "start api"},
		{name: "backspace on nothing closes", keys: []string{"backspace"}},
		{name: "esc closes", keys: []string{"restart api", "esc"}},
		{name: "nothing is called so", keys: []string{"zzz", "enter"}, open: true},
		{name: "what cannot be chosen", keys: []string{"upgrade", "enter"}, open: true},
	} {
		choice, closed := typed(NewPalette(commands()), c.keys...)
		if said(choice) != c.want || closed == c.open {
			t.Errorf("%s: %q, closed %t; want %q", c.name, said(choice), closed, c.want)
		}
	}
	golden(t, "palette", func(w, h int, th *theme.Theme) []string {
		p := NewPalette(commands())
		typed(p, "st")
		return p.Lines(w, h, th)
	})
	golden(t, "palette-unit", func(w, h int, th *theme.Theme) []string {
		p := NewPalette(commands())
		typed(p, "restart ")
		p.Key("down")
		return p.Lines(w, h, th)
	})
}

func TestPasteIntoThePalette(t *testing.T) {
	p := NewPalette(commands())
	p.Paste("restart web-1")
	if c, _ := p.Key("enter"); said(c) != "restart web-1" {
		t.Errorf("got %q", said(c))
	}
}

func TestHelp(t *testing.T) {
	golden(t, "help", func(w, h int, th *theme.Theme) []string {
		return NewHelp("Keys of the units", keys.Default(), keys.InUnits, false).Lines(w, h, th)
	})
}

// The help has every key that does something in its place, and no other.
func TestHelpIsTheKeyMap(t *testing.T) {
	th := look(t, theme.Options{})
	for where := keys.InUnits; where <= keys.InAbsent; where <<= 1 {
		for _, readOnly := range []bool{false, true} {
			h := NewHelp("help", keys.Default(), where, readOnly)
			text := strings.Join(h.Lines(100, 500, th), "\n")
			for _, b := range keys.Default() {
				valid := b.In&where != 0 && (!readOnly || !b.Mutates)
				line := widget.Fit(strings.Join(names(b.Keys), " "), helpKeys, "…") + " " + strings.Fields(b.Long)[0]
				if strings.Contains(text, "│  "+line) != valid {
					t.Errorf("at place %b, read-only %t, %s is valid: %t, but the help says otherwise: %q", where, readOnly, b.Action, valid, line)
				}
			}
		}
	}
}

func names(list []string) []string {
	out := slices.Clone(list)
	for i := range out {
		out[i] = keys.Named(out[i])
	}
	return out
}

func TestHelpScrollsToItsEnd(t *testing.T) {
	h := NewHelp("help", keys.Default(), keys.InUnits, false)
	th := look(t, theme.Options{})
	h.Lines(80, 12, th)
	if h.Key("G") {
		t.Fatal("G closed it")
	}
	if box := strings.Join(h.Lines(80, 12, th), "\n"); !strings.Contains(box, "stopped") {
		t.Errorf("the end is not shown:\n%s", box)
	}
	if h.Key("k"); h.scroll == 0 {
		t.Error("k scrolled to the top")
	}
	if !h.Key("?") {
		t.Error("? did not close it")
	}
}

func TestOver(t *testing.T) {
	screen := []string{"0123456789", "\x1b[31m0123456789\x1b[0m", "世界世界世", ""}
	got := Over(screen, []string{"[##]", "[##]", "[##]", "[##]", "[##]"}, 3, 0)
	want := []string{"012[##]789", "\x1b[31m012\x1b[0m[##]\x1b[31m789\x1b[0m", "世 [##] 世", "   [##]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := Center([]string{"aaaaaa", "aaaaaa", "aaaaaa"}, []string{"[]"}, 6); !slices.Equal(got, []string{"aaaaaa", "aa[]aa", "aaaaaa"}) {
		t.Errorf("centred: %q", got)
	}
}

func BenchmarkPaletteOver500Units(b *testing.B) {
	units := make([]Entry, 500)
	for i := range units {
		units[i] = Entry{Text: fmt.Sprintf("service-%03d", i)}
	}
	p := NewPalette([]Command{{Entry: Entry{Text: "restart"}, Asks: []Question{{Name: "unit", Options: units}}}})
	p.Key("enter")
	th, _ := theme.New(theme.Options{Level: theme.ANSI16})
	b.ReportAllocs()
	for b.Loop() {
		p.Key("4")
		p.Lines(120, 35, th)
		p.Key("backspace")
	}
}
