package theme

import (
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestColoursAreAskedForInThisOrder(t *testing.T) {
	xterm := []string{"TERM", "xterm-256color"}
	for _, c := range []struct {
		name, color string
		env         []string
		want        Level
	}{
		{name: "a terminal of 256", env: xterm, want: ANSI256},
		{name: "COLORTERM says more", env: append(xterm, "COLORTERM", "truecolor"), want: TrueColor},
		{name: "an old terminal", env: []string{"TERM", "xterm"}, want: ANSI16},
		{name: "a direct colour terminal", env: []string{"TERM", "xterm-direct"}, want: TrueColor},
		{name: "no TERM at all", want: None},
		{name: "dumb", env: []string{"TERM", "dumb", "COLORTERM", "truecolor"}, want: None},
		{name: "a terminal without colours", env: []string{"TERM", "vt220"}, want: None},
		{name: "NO_COLOR", env: append(xterm, "NO_COLOR", "1", "CLICOLOR_FORCE", "1"), want: None},
		{name: "an empty NO_COLOR says nothing", env: append(xterm, "NO_COLOR", ""), want: ANSI256},
		{name: "CLICOLOR=0", env: append(xterm, "CLICOLOR", "0"), want: None},
		{name: "CLICOLOR_FORCE", env: []string{"TERM", "dumb", "CLICOLOR_FORCE", "1"}, want: ANSI16},
		{name: "CLICOLOR_FORCE=0 says nothing", env: []string{"TERM", "dumb", "CLICOLOR_FORCE", "0"}, want: None},
		{name: "the flag before everything", color: "always", env: []string{"TERM", "dumb", "NO_COLOR", "1"}, want: ANSI16},
		{name: "the flag against everything", color: "never", env: append(xterm, "CLICOLOR_FORCE", "1"), want: None},
	} {
		if got := Detect(env(c.env...), c.color).Level; got != c.want {
			t.Errorf("%s: level %d, want %d", c.name, got, c.want)
		}
	}
}

func TestASCIIWhereGlyphsMayFail(t *testing.T) {
	for _, c := range []struct {
		name string
		env  []string
		want bool
	}{
		{name: "UTF-8", env: []string{"LANG", "en_US.UTF-8"}},
		{name: "C", env: []string{"LANG", "C"}, want: true},
		{name: "nothing said", want: true},
		{name: "LC_ALL wins", env: []string{"LC_ALL", "C", "LANG", "de_DE.UTF-8"}, want: true},
		{name: "C.UTF-8", env: []string{"LC_CTYPE", "C.utf8"}},
		{name: "a locale of wide glyphs", env: []string{"LANG", "ja_JP.UTF-8"}, want: true},
		{name: "said to be narrow", env: []string{"LANG", "ja_JP.UTF-8", "RUNEWIDTH_EASTASIAN", "0"}},
		{name: "said to be wide", env: []string{"LANG", "en_US.UTF-8", "RUNEWIDTH_EASTASIAN", "1"}, want: true},
		{name: "the console", env: []string{"LANG", "en_US.UTF-8", "TERM", "linux"}, want: true},
	} {
		if got := Detect(env(c.env...), "auto").ASCII; got != c.want {
			t.Errorf("%s: ascii %t, want %t", c.name, got, c.want)
		}
	}
}

func must(t *testing.T, o Options) *Theme {
	t.Helper()
	th, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func TestWithoutColoursNothingIsWritten(t *testing.T) {
	for _, name := range Names() {
		th := must(t, Options{Name: name})
		for tone := range numTones {
			if got := th.Paint(tone, "x") + th.PaintOn(tone, "x") + th.Over(tone, "x") + th.Hue(3, "x"); got != "xxxx" {
				t.Errorf("%s, tone %d: %q", name, tone, got)
			}
		}
	}
}

// Whatever a theme begins it ends, and what is wrong never looks like what is
// well.
func TestEveryThemeAtEveryLevel(t *testing.T) {
	for _, name := range Names() {
		for _, l := range []Level{ANSI16, ANSI256, TrueColor} {
			th := must(t, Options{Name: name, Level: l})
			for tone := range numTones {
				for _, got := range []string{th.Paint(tone, "x"), th.PaintOn(tone, "x"), th.Hue(-1, "x")} {
					if strings.Contains(got, "\x1b") && !strings.HasSuffix(got, reset) || strings.Contains(got, "[;") || strings.Contains(got, ";;") || strings.Contains(got, ";m") {
						t.Errorf("%s at level %d, tone %d: %q", name, l, tone, got)
					}
				}
			}
			if th.Prefix(Good) == th.Prefix(Bad) || th.PaintOn(Good, "x") == th.PaintOn(Bad, "x") {
				t.Errorf("%s at level %d: good and bad look the same", name, l)
			}
			if !strings.HasPrefix(th.PaintOn(Normal, "x"), "\x1b[7m") {
				t.Errorf("%s at level %d: a selected row is not reversed", name, l)
			}
		}
	}
}

func TestMonoHasNoColours(t *testing.T) {
	th := must(t, Options{Name: "mono", Level: TrueColor})
	for tone := range numTones {
		if got := th.Prefix(tone); strings.ContainsAny(got, "389") {
			t.Errorf("tone %d: %q", tone, got)
		}
	}
	if got := th.Hue(1, "x"); got != "x" {
		t.Errorf("a hue: %q", got)
	}
}

func TestTrueColourOnlyWhereThereIsSome(t *testing.T) {
	for l, want := range map[Level]string{ANSI16: "\x1b[36m", ANSI256: "\x1b[38;5;25m", TrueColor: "\x1b[38;2;0;114;178m"} {
		if got := must(t, Options{Name: "cb", Level: l}).Prefix(Good); got != want {
			t.Errorf("level %d: %q, want %q", l, got, want)
		}
	}
}

func TestOverLastsBeyondAReset(t *testing.T) {
	th := must(t, Options{Level: ANSI16})
	if got, want := th.Over(Stale, "a"+th.Paint(Good, "b")+"c"), "\x1b[2ma\x1b[36mb\x1b[0m\x1b[2mc\x1b[0m"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnUnknownThemeIsRefused(t *testing.T) {
	_, err := New(Options{Name: "solarized"})
	if want := `there is no theme "solarized": the themes are auto, mono, cb, hicontrast`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A glyph and its ASCII form can stand in the same column.
func TestGlyphsAreOneColumnWide(t *testing.T) {
	uni, ascii := must(t, Options{}), must(t, Options{ASCII: true})
	for _, word := range append(Looks(), "a state of tomorrow") {
		if w := displaywidth.String(uni.Sign(word)); w != 1 {
			t.Errorf("%s: %q is %d columns wide", word, uni.Sign(word), w)
		}
		if s := ascii.Sign(word); len(s) != 1 || s[0] > '~' {
			t.Errorf("%s: %q", word, s)
		}
	}
	if got := ascii.Rule(3); got != "---" {
		t.Errorf("a rule: %q", got)
	}
}

func BenchmarkPaint(b *testing.B) {
	th, _ := New(Options{Level: ANSI16})
	b.ReportAllocs()
	for b.Loop() {
		_ = th.Paint(Good, "running")
	}
}
