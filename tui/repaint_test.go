package tui

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"

	"systemg/tui/widget"
)

// paper is as much of a terminal as repaint needs: places with a character and
// its colours.
type paper struct {
	w, h, x, y int
	colors     string
	cells      [][]string
}

func newPaper(w, h int) *paper {
	p := &paper{w: w, h: h, cells: make([][]string, h)}
	for y := range p.cells {
		p.cells[y] = make([]string, w)
		for x := range p.cells[y] {
			p.cells[y][x] = "?" // nothing is known of what was there
		}
	}
	return p
}

func (p *paper) write(text string) {
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
			p.sequence(rest[:end], rest[end])
			text = rest[end+1:]
			continue
		}
		g := displaywidth.StringGraphemes(text)
		g.Next()
		for i := range g.Width() {
			if p.x+i < p.w {
				p.cells[p.y][p.x+i] = p.colors + fmt.Sprint(i) + g.Value()
			}
		}
		p.x += g.Width()
		text = text[len(g.Value()):]
	}
}

func (p *paper) sequence(params string, final byte) {
	switch final {
	case 'H':
		_, _ = fmt.Sscanf(params, "%d;%d", &p.y, &p.x)
		p.y, p.x = min(p.y-1, p.h-1), min(p.x-1, p.w-1)
	case 'K':
		p.erase(p.y, p.x)
	case 'J':
		p.erase(p.y, p.x)
		for y := p.y + 1; y < p.h; y++ {
			p.erase(y, 0)
		}
	case 'm':
		p.colors = widget.Colors(p.colors + "\x1b[" + params + "m")
	}
}

func (p *paper) erase(y, x int) {
	for ; x < p.w; x++ {
		p.cells[y][x] = "0 "
	}
}

func (p *paper) String() string {
	var b strings.Builder
	for _, row := range p.cells {
		fmt.Fprintf(&b, "%q\n", row)
	}
	return b.String()
}

// clean is what a terminal shows after everything was written at once.
func clean(lines []string, w, h int) *paper {
	p := newPaper(w, h)
	for y := range p.h {
		p.erase(y, 0)
	}
	for y, line := range lines {
		p.x, p.y, p.colors = 0, y, ""
		p.write(line)
	}
	return p
}

// Whatever is written over whatever, the screen shows the newest.
func TestOnlyWhatChangedIsWrittenAndAllIsShown(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	parts := []string{
		"GET /v1 200", " 12ms", "\x1b[31m", "\x1b[0m", "\x1b[1;7m>", "世界", "e\u0301", "─│●", " ", "m", "[3", "1234567890;", "\x1b[38;5;17mx", "—",
	}
	line := func() string {
		var b strings.Builder
		for range r.IntN(7) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		return widget.Cut(widget.Clean(b.String()), 24, "…")
	}
	for range 400 {
		screen := newPaper(24, 6)
		var before []string
		lines := []string{line(), line(), line(), line()}
		for range 6 {
			switch r.IntN(5) {
			case 0:
				lines = append(append([]string(nil), lines...), line())[:min(len(lines)+1, 6)]
			case 1:
				lines = lines[:max(len(lines)-1, 1)]
			case 2:
				before = nil // the size changed
			default:
				lines = append([]string(nil), lines...)
				i := r.IntN(len(lines))
				lines[i] = line()
				if at := len(lines[i]) / 2; r.IntN(2) == 0 && widget.Strip(lines[i]) == lines[i] {
					lines[i] = widget.Clean(lines[i][:at] + "#" + lines[i][at:])
					lines[i] = widget.Cut(lines[i], 24, "")
				}
			}
			screen.write(string(repaint(before, lines, 24)))
			if want := clean(lines, 24, 6); screen.String() != want.String() {
				t.Fatalf("over %q\nthere is %q:\n%s\nwant\n%s", before, lines, screen, want)
			}
			before = lines
		}
	}
}

func TestHowLittleIsWritten(t *testing.T) {
	for _, c := range []struct{ name, old, line, want string }{
		{name: "nothing", old: "abc", line: "abc"},
		{name: "a figure in the middle", old: "CPU 12.4 MEM", line: "CPU 99.4 MEM", want: "\x1b[1;5H99\x1b[0m"},
		{name: "in its colour", old: "\x1b[31mfailed 1\x1b[0m x", line: "\x1b[31mfailed 2\x1b[0m x", want: "\x1b[1;8H\x1b[31m2\x1b[0m\x1b[0m"},
		{name: "other colours", old: "\x1b[31mab\x1b[0m", line: "\x1b[32mab\x1b[0m", want: "\x1b[1;1H\x1b[32mab\x1b[0m"},
		{name: "a shorter line", old: "abcdef", line: "abc", want: "\x1b[1;3Hc\x1b[K"},
		{name: "a longer one", old: "ab", line: "abcd", want: "\x1b[1;2Hbcd\x1b[K"},
	} {
		got := string(repaint([]string{c.old}, []string{c.line}, 20))
		got = strings.TrimSuffix(strings.TrimPrefix(got, beginFrame), endFrame)
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func BenchmarkRepaintFlood(b *testing.B) {
	frame := func(n int) []string {
		lines := make([]string, 35)
		for i := range lines {
			lines[i] = fmt.Sprintf("\x1b[2m03:56:56.%03d\x1b[0m GET /v1/things/%08d 200 12ms  from 10.1.2.3 in eu-central-1", n%1000, n+i)
		}
		return lines
	}
	a, c := frame(1000), frame(4321)
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		size = len(repaint(a, c, 120))
	}
	b.ReportMetric(float64(size), "bytes/frame")
}
