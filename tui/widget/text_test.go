package widget

import (
	"slices"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
)

const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
	off   = "\x1b[0m"
)

func TestWidth(t *testing.T) {
	for in, want := range map[string]int{
		"": 0, "abc": 3, "世界": 4, "e\u0301": 1, "👍": 2, "🇩🇪": 2, red + "ab" + off: 2,
		"─│●◐": 4, red + "世" + off + "x": 3,
	} {
		if got := Width(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

// The short way and the long one agree.
func TestPlainCharactersTakeOneColumn(t *testing.T) {
	for r := rune(' '); r < 0x3000; r++ {
		if drawn(r) && (displaywidth.Rune(r) != 1 || displaywidth.String("a"+string(r)+"b") != 3) {
			t.Errorf("%U takes %d columns", r, displaywidth.Rune(r))
		}
	}
	for _, s := range []string{"a\u0301", "─\u0301│", "é\u0301x", "ab世", "▶\ufe0f", red + "─" + off + "\u0301"} {
		if got, want := Width(s), widthOf(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want string
	}{
		{in: "abc", w: 3, want: "abc"},
		{in: "abcd", w: 3, want: "ab…"},
		{in: "abcd", w: 1, want: "…"},
		{in: "abcd", w: 0, want: ""},
		{in: "abcd", w: -1, want: ""},
		{in: "世界世界", w: 6, want: "世界 …"},
		{in: "世界", w: 4, want: "世界"},
		{in: red + "abcd" + off, w: 3, want: red + "ab" + off + "…"},
		{in: red + "ab" + off + "cd", w: 4, want: red + "ab" + off + "cd"},
		{in: "e\u0301e\u0301e\u0301", w: 2, want: "e\u0301…"},
	} {
		if got := Cut(c.in, c.w, "…"); got != c.want {
			t.Errorf("%q to %d: %q, want %q", c.in, c.w, got, c.want)
		}
	}
	if got := Cut("abcd", 1, ".."); got != "a" {
		t.Errorf("an ellipsis that is too long: %q", got)
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		in          string
		w           int
		right, left string
	}{
		{in: "ab", w: 4, right: "ab  ", left: "  ab"},
		{in: "世界世", w: 4, right: "世 …", left: "世 …"},
		{in: "世", w: 3, right: "世 ", left: " 世"},
		{in: red + "a" + off, w: 2, right: red + "a" + off + " ", left: " " + red + "a" + off},
		{in: "a", w: 0},
	} {
		if got := Fit(c.in, c.w, "…"); got != c.right {
			t.Errorf("%q in %d: %q, want %q", c.in, c.w, got, c.right)
		}
		if got := FitLeft(c.in, c.w, "…"); got != c.left {
			t.Errorf("%q in %d from the right: %q, want %q", c.in, c.w, got, c.left)
		}
	}
}

func TestSlice(t *testing.T) {
	for _, c := range []struct {
		in      string
		from, w int
		want    string
	}{
		{in: "abcdef", from: 2, w: 3, want: "cde"},
		{in: "abcdef", from: 4, w: 9, want: "ef"},
		{in: "abcdef", from: 6, w: 9, want: ""},
		{in: "abcdef", from: -1, w: 2, want: "ab"},
		{in: "世界世界", from: 1, w: 4, want: " 界 "},
		{in: red + "abcd" + off + "ef", from: 2, w: 3, want: red + "cd" + off + "e"},
		{in: red + "abcd" + off, from: 1, w: 2, want: red + "bc" + off},
		{in: "ab" + red + "cd" + off, from: 3, w: 5, want: red + "d" + off},
		{in: "é" + "bcd", from: 1, w: 2, want: "bc"},
	} {
		if got := Slice(c.in, c.from, c.w); got != c.want {
			t.Errorf("%q from %d, %d columns: %q, want %q", c.in, c.from, c.w, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want []string
	}{
		{in: "abcdefg", w: 3, want: []string{"abc", "def", "g"}},
		{in: "abcdef", w: 3, want: []string{"abc", "def"}},
		{in: "", w: 3, want: []string{""}},
		{in: "abc", w: 0, want: []string{"abc"}},
		{in: "a世b", w: 2, want: []string{"a", "世", "b"}},
		{in: "世界", w: 1, want: []string{" ", " "}},
		{in: red + "abcd" + off + "ef", w: 3, want: []string{red + "abc" + off, red + "d" + off + "ef"}},
		{in: red + "abc" + off, w: 3, want: []string{red + "abc" + off}},
	} {
		got := Wrap(c.in, c.w)
		if !slices.Equal(got, c.want) {
			t.Errorf("%q in %d: %q, want %q", c.in, c.w, got, c.want)
		}
		if n := Rows(c.in, c.w); n != len(got) {
			t.Errorf("%q in %d: %d rows, want %d", c.in, c.w, n, len(got))
		}
	}
}

func TestWrapWords(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want []string
	}{
		{in: "three units depend on it", w: 12, want: []string{"three units", "depend on it"}},
		{in: "an extraordinary word", w: 6, want: []string{"an", "extrao", "rdinar", "y word"}},
		{in: "short", w: 80, want: []string{"short"}},
	} {
		if got := WrapWords(c.in, c.w); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d: %q, want %q", c.in, c.w, got, c.want)
		}
	}
}

func TestHighlight(t *testing.T) {
	for _, c := range []struct {
		in    string
		spans [][2]int
		want  string
	}{
		{in: "abcdef", spans: [][2]int{{1, 3}, {4, 5}}, want: "a<bc>d<e>f"},
		{in: "abcdef", want: "abcdef"},
		{in: "ab", spans: [][2]int{{0, 2}}, want: "<ab>"},
		{in: "ab", spans: [][2]int{{1, 9}}, want: "a<b>"},
		{in: red + "abcd" + off + "e", spans: [][2]int{{1, 3}}, want: red + "a<bc>" + red + "d" + off + "e"},
		{in: red + "ab" + off + "cd", spans: [][2]int{{1, 3}}, want: red + "a<bc>d"},
		{in: "a" + green + "b", spans: [][2]int{{1, 1}}, want: "a" + green + "b"},
	} {
		if got := Highlight(c.in, c.spans, "<", ">"); got != c.want {
			t.Errorf("%q with %v: %q, want %q", c.in, c.spans, got, c.want)
		}
	}
}

func BenchmarkFitPlain(b *testing.B) {
	s := strings.Repeat("GET /v1/things/83 200 12ms ", 8)
	b.ReportAllocs()
	for b.Loop() {
		_ = Fit(s, 118, "…")
	}
}

func BenchmarkFitColoured(b *testing.B) {
	s := strings.Repeat(red+"GET"+off+" /v1/thïngs/83 200 12ms ", 8)
	b.ReportAllocs()
	for b.Loop() {
		_ = Fit(s, 118, "…")
	}
}
