package widget

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWhatServicesPrintIsMadeSafe(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{name: "plain text", in: "GET /v1/things 200", want: "GET /v1/things 200"},
		{name: "other scripts", in: "grüße 世界 мир", want: "grüße 世界 мир"},
		{name: "colours are kept and ended", in: "\x1b[1;31mred\x1b[0m plain \x1b[32mgreen", want: "\x1b[1;31mred\x1b[0m plain \x1b[32mgreen\x1b[0m"},
		{name: "a reset of nothing is dropped", in: "\x1b[0mtext\x1b[m", want: "text"},
		{name: "true colour", in: "\x1b[38;2;5;8;6mx", want: "\x1b[38;2;5;8;6mx\x1b[0m"},
		{name: "hidden text shows", in: "\x1b[8mpassword\x1b[0m", want: "password"},
		{name: "nothing blinks", in: "\x1b[1;5mx", want: "x"},
		{name: "a cleared screen", in: "a\x1b[2J\x1b[H\x1b[?1049hb", want: "ab"},
		{name: "a window title", in: "a\x1b]0;evil\x07b\x1b]2;evil\x1b\\c", want: "abc"},
		{name: "a clipboard is not written", in: "a\x1b]52;c;ZXZpbA==\x07b", want: "ab"},
		{name: "a link keeps its text", in: "\x1b]8;;http://x\x1b\\here\x1b]8;;\x1b\\", want: "here"},
		{name: "a device control string", in: "a\x1bP+q544e\x1b\\b", want: "ab"},
		{name: "two-byte sequences", in: "a\x1b7b\x1bcc\x1b(0d", want: "abcd"},
		{name: "a string that does not end is shown", in: "a\x1b]0;and the rest", want: "a^[]0;and the rest"},
		{name: "a sequence that does not end is shown", in: "a\x1b[12", want: "a^[[12"},
		{name: "ESC at the end", in: "a\x1b", want: "a^["},
		{name: "control characters", in: "a\x00b\x01c\x7fd\x0be\x0c", want: "a^@b^Ac^?d^Ke^L"},
		{name: "the bell is silent", in: "ding\x07", want: "ding"},
		{name: "eight-bit controls", in: "a\u009b31mb\u0085c\x9bd", want: "a�31mb�c�d"},
		{name: "a progress bar", in: "\r 10%\r 20%\r 100% done\r", want: " 100% done"},
		{name: "a Windows line end", in: "line\r\n", want: "line"},
		{name: "a spinner", in: "wait |\b/\b-\b\\", want: `wait \`},
		{name: "overstrike", in: "b\bbo\bol\bld\bd", want: "bold"},
		{name: "a backspace at the start", in: "\b\bx", want: "x"},
		{name: "a backspace does not reach into a colour", in: "m\x1b[31m\bx", want: "m\x1b[31mx\x1b[0m"},
		{name: "tabs", in: "a\tbb\tc", want: "a       bb      c"},
		{name: "a tab after wide characters", in: "世界\tx", want: "世界    x"},
		{name: "a tab after a colour", in: "ab\x1b[31mc\td", want: "ab\x1b[31mc     d\x1b[0m"},
		{name: "invalid UTF-8", in: "a\xffb\xc3", want: "a�b�"},
		{name: "an overlong escape", in: "\xc0\x9b", want: "��"},
		{name: "reading direction", in: "user\u202egnp.exe\u2066x\u200f", want: "user<U+202E>gnp.exe<U+2066>x<U+200F>"},
		{name: "zero width", in: "ad\u200bmin\ufeff\u2060", want: "admin"},
		{name: "a family of emoji", in: "👨\u200d👩\u200d👧", want: "👨👩👧"},
		{name: "a skin tone and a presentation", in: "👍🏽 ⚠\ufe0f", want: "👍 ⚠"},
		{name: "a mark with nothing under it", in: "\u0301x", want: " \u0301x"},
		{name: "marks climbing up", in: "z" + strings.Repeat("\u0301", 50), want: "z" + strings.Repeat("\u0301", maxMarks)},
		{name: "other spaces", in: "a\u00a0b\u3000c", want: "a b c"},
		{name: "line separators", in: "a\u2028b", want: "a<U+2028>b"},
		{name: "icons of a private font", in: "\ue0b0", want: "\ue0b0"},
		{name: "empty", in: "", want: ""},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestALongLineSaysWhatIsMissing(t *testing.T) {
	got := Clean(strings.Repeat("x", 90<<10))
	if want := strings.Repeat("x", MaxLine) + "...(+74 KB)"; got != want {
		t.Errorf("%d bytes, ending in %q", len(got), got[len(got)-20:])
	}
	if got := Clean(strings.Repeat("\t", 90<<10)); len(got) > MaxLine+32 {
		t.Errorf("tabs grew to %d bytes", len(got))
	}
	if got := Clean(strings.Repeat("世", MaxLine)); !utf8.ValidString(got) {
		t.Error("a character was cut in two")
	}
}

func TestNamesHaveNoColours(t *testing.T) {
	for in, want := range map[string]string{
		"api":                     "api",
		"\x1b[31mapi\x1b[0m":      "api",
		"exit 1\nsee log\r\n":     "exit 1 see log  ",
		"sh -c 'printf \"\a\"'\t": "sh -c 'printf \"\"'       ",
	} {
		if got := Words(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestStrip(t *testing.T) {
	if got := Strip("\x1b[1;31mred\x1b[0m plain"); got != "red plain" {
		t.Errorf("got %q", got)
	}
}

// harmless fails where s has anything but text and whole SGR sequences that are
// ended.
func harmless(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("not UTF-8: %q", s)
	}
	painted := false
	for i := 0; i < len(s); {
		if n := sgrLen(s[i:]); n > 0 {
			painted = !resets(s[i : i+n])
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r < ' ' || r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Bidi_Control, r) {
			t.Errorf("%U is in %q", r, s)
		}
		i += n
	}
	if painted {
		t.Errorf("colours are left on: %q", s)
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"plain", "\x1b[1;31mred", "a\x1b]52;c;x\x07b", "\x1b[38;5;1", "10%\r20%\r", "\t\tx\b", "\u202e\u200b👨\u200d👩", "世界\x9b31m",
		"e\u0301\u0301", "\x1bP\x1b\\", "🇩🇪🇩", "ｶﾞ", "\u0d4ex", "\x1b[4:3mx", "\x1b[;;m", "한ᄀ\u1161\u11a8",
	} {
		f.Add(s, 10, 3)
	}
	f.Fuzz(func(t *testing.T, s string, w, from int) {
		w, from = min(max(w, 0), 300), min(max(from, 0), 300)
		got := Clean(s)
		harmless(t, got)
		harmless(t, Words(s))
		if again := Clean(got); again != got && len(got) <= MaxLine {
			t.Errorf("cleaned twice it changes: %q, %q", got, again)
		}
		for _, cut := range []string{Cut(got, w, "…"), Fit(got, w, "…"), Slice(got, from, w)} {
			harmless(t, cut)
			if n := Width(cut); n > w {
				t.Errorf("%q has %d columns, not %d", cut, n, w)
			}
		}
		if n := Width(Fit(got, w, "…")); n != w {
			t.Errorf("fitted to %d, it has %d", w, n)
		}
		rows := Wrap(got, w)
		if len(rows) != Rows(got, w) {
			t.Errorf("%d rows, not %d", len(rows), Rows(got, w))
		}
		text := ""
		for _, row := range rows {
			harmless(t, row)
			if n := Width(row); w > 0 && n > w {
				t.Errorf("row %q has %d columns, not %d", row, n, w)
			}
			text += Strip(row)
		}
		if w >= 2 && text != Strip(got) {
			t.Errorf("wrapped it is %q, not %q", text, Strip(got))
		}
		lit := Highlight(got, [][2]int{{from, from + 2}}, "<", ">")
		if want := strings.NewReplacer("<", "", ">", "").Replace(Strip(got)); strings.NewReplacer("<", "", ">", "").Replace(Strip(lit)) != want {
			t.Errorf("highlighted it is %q, not %q", lit, want)
		}
	})
}

func BenchmarkCleanPlain(b *testing.B) {
	s := strings.Repeat("GET /v1/things/83 200 12ms ", 4)
	b.ReportAllocs()
	for b.Loop() {
		_ = Clean(s)
	}
}

func BenchmarkCleanColoured(b *testing.B) {
	s := strings.Repeat("\x1b[32mGET\x1b[0m /v1/thïngs/83 200 12ms ", 4)
	b.ReportAllocs()
	for b.Loop() {
		_ = Clean(s)
	}
}
