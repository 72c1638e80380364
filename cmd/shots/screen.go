package main

import (
	"strconv"
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// look is how a character looks: colours are "" for the default, an index of the
// palette, or "#rrggbb".
type look struct {
	fore, back                     string
	bold, dim, underline, reversed bool
}

// char is one place of the screen: a character, or "" behind a wide one.
type char struct {
	text string
	look look
}

// parse turns text with SGR sequences, as tmux captures it, into w by h places.
func parse(screen string, w, h int) [][]char {
	rows := make([][]char, h)
	var now look
	lines := strings.Split(screen, "\n")
	for y := range rows {
		rows[y] = make([]char, w)
		for x := range rows[y] {
			rows[y][x].text = " "
		}
		if y < len(lines) {
			now = parseLine(lines[y], rows[y], now)
		}
	}
	return rows
}

func parseLine(line string, row []char, now look) look {
	x := 0
	for line != "" {
		if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
			if end < 0 {
				return now
			}
			if rest[end] == 'm' {
				now = now.apply(rest[:end])
			}
			line = rest[end+1:]
			continue
		}
		g := displaywidth.StringGraphemes(line)
		if !g.Next() {
			return now
		}
		width := g.Width()
		for i := 0; i < width && x+i < len(row); i++ {
			row[x+i] = char{look: now}
		}
		if width > 0 && x < len(row) {
			row[x].text = g.Value()
		}
		x += width
		line = line[len(g.Value()):]
	}
	return now
}

// apply is the look after an SGR sequence with these parameters (ECMA-48,
// 8.3.117).
func (l look) apply(params string) look {
	list := strings.FieldsFunc(params, func(r rune) bool { return r == ';' || r == ':' })
	if len(list) == 0 {
		return look{}
	}
	for i := 0; i < len(list); i++ {
		n, _ := strconv.Atoi(list[i])
		switch {
		case n == 0:
			l = look{}
		case n == 1:
			l.bold = true
		case n == 2:
			l.dim = true
		case n == 4:
			l.underline = true
		case n == 7:
			l.reversed = true
		case n == 22:
			l.bold, l.dim = false, false
		case n == 24:
			l.underline = false
		case n == 27:
			l.reversed = false
		case n >= 30 && n <= 37:
			l.fore = strconv.Itoa(n - 30)
		case n >= 90 && n <= 97:
			l.fore = strconv.Itoa(n - 90 + 8)
		case n == 39:
			l.fore = ""
		case n >= 40 && n <= 47:
			l.back = strconv.Itoa(n - 40)
		case n >= 100 && n <= 107:
			l.back = strconv.Itoa(n - 100 + 8)
		case n == 49:
			l.back = ""
		case n == 38, n == 48:
			color, used := extended(list[i+1:])
			if i += used; n == 38 {
				l.fore = color
			} else {
				l.back = color
			}
		}
	}
	return l
}

// extended is a colour of 256 or of all, and how many parameters it took.
func extended(list []string) (color string, used int) {
	number := func(i int) int {
		if i >= len(list) {
			return 0
		}
		n, _ := strconv.Atoi(list[i])
		return n
	}
	switch number(0) {
	case 5:
		return indexed(number(1)), 2
	case 2:
		return hex(number(1), number(2), number(3)), 4
	}
	return "", len(list)
}

// indexed is a colour of xterm's 256: the palette, a cube of six levels, greys.
func indexed(n int) string {
	switch {
	case n < 16:
		return strconv.Itoa(n)
	case n >= 232:
		grey := 8 + 10*(n-232)
		return hex(grey, grey, grey)
	}
	level := func(i int) int {
		if i == 0 {
			return 0
		}
		return 55 + 40*i
	}
	n -= 16
	return hex(level(n/36), level(n/6%6), level(n%6))
}

func hex(r, g, b int) string {
	const digits = "0123456789abcdef"
	s := []byte("#")
	for _, v := range []int{r, g, b} {
		s = append(s, digits[v>>4&15], digits[v&15])
	}
	return string(s)
}
