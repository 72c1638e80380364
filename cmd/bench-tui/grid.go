package main

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// grid is what a terminal shows: as much of one as the dashboard needs.
type grid struct {
	cells [][]rune
	x, y  int
	rest  []byte // a character or sequence that has not come whole
	// frames is how many were written (synchronized output).
	frames int
}

func newGrid(columns, lines uint16) *grid {
	g := &grid{}
	g.resize(columns, lines)
	return g
}

// resize makes it blank, in another size.
func (g *grid) resize(columns, lines uint16) {
	g.cells = make([][]rune, lines)
	for y := range g.cells {
		g.cells[y] = []rune(strings.Repeat(" ", int(columns)))
	}
	g.x, g.y = 0, 0
}

// write takes what the program writes.
func (g *grid) write(p []byte) {
	p = append(g.rest, p...)
	for len(p) > 0 {
		n := g.one(p)
		if n == 0 {
			break
		}
		p = p[n:]
	}
	g.rest = bytes.Clone(p)
}

// one takes a character or a sequence, and says how many bytes that was: 0 where
// it is not whole yet.
func (g *grid) one(p []byte) int {
	switch c := p[0]; {
	case c == 0x1b:
		return g.sequence(p)
	case c == '\r':
		g.x = 0
	case c == '\n':
		g.y = min(g.y+1, len(g.cells)-1)
	case c < ' ':
	default:
		if !utf8.FullRune(p) {
			return 0
		}
		r, n := utf8.DecodeRune(p)
		if row := g.cells[g.y]; g.x < len(row) {
			row[g.x] = r
			g.x++
		}
		return n
	}
	return 1
}

// sequence takes an escape sequence.
func (g *grid) sequence(p []byte) int {
	if len(p) < 2 {
		return 0
	}
	if p[1] != '[' {
		return 2
	}
	end := bytes.IndexFunc(p[2:], func(r rune) bool { return r >= '@' && r <= '~' })
	if end < 0 {
		return 0
	}
	params, final := string(p[2:2+end]), p[2+end]
	switch final {
	case 'h':
		if params == "?2026" {
			g.frames++
		}
	case 'H':
		y, x, _ := strings.Cut(params, ";")
		g.y = min(max(number(y), 1), len(g.cells)) - 1
		g.x = min(max(number(x), 1), len(g.cells[0])) - 1
	case 'K':
		g.erase(g.y, g.x)
	case 'J':
		if params == "2" {
			g.resize(uint16(len(g.cells[0])), uint16(len(g.cells)))
			break
		}
		g.erase(g.y, g.x)
		for y := g.y + 1; y < len(g.cells); y++ {
			g.erase(y, 0)
		}
	}
	return end + 3
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func (g *grid) erase(y, x int) {
	for ; x < len(g.cells[y]); x++ {
		g.cells[y][x] = ' '
	}
}

// shows is whether a text is on the screen, within a line.
func (g *grid) shows(text string) bool {
	for _, row := range g.cells {
		if strings.Contains(string(row), text) {
			return true
		}
	}
	return false
}

// selected is the unit in the selected row of a table, "" for none.
func (g *grid) selected() string {
	for _, row := range g.cells {
		if row[0] == '>' {
			if f := strings.Fields(string(row[1:])); len(f) > 1 {
				return f[1]
			}
		}
	}
	return ""
}

// String is the whole screen.
func (g *grid) String() string {
	var b strings.Builder
	for _, row := range g.cells {
		b.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
	return b.String()
}
