package main

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// The size of a place in pixels: the advance and the height of the box glyphs of
// JetBrains Mono at 14 pixels (600 and 1320 of 1000 units), and where the base
// line is.
const (
	charW    = 8.4
	charH    = 18.48
	baseline = 14.28
	margin   = 12.0
)

// colors are those of a terminal.
type colors struct {
	fore, back string
	palette    [16]string
}

var (
	dark = colors{fore: "#c9d1d9", back: "#12161c", palette: [16]string{
		"#30363d", "#ff6b6b", "#6cc070", "#e5b454", "#6ca4f0", "#c89bf2", "#56c7d6", "#c9d1d9",
		"#6e7681", "#ff8f8f", "#8ddb91", "#f2cc7a", "#92bdf7", "#dbbbf9", "#82dbe6", "#ffffff",
	}}
	light = colors{fore: "#24292f", back: "#ffffff", palette: [16]string{
		"#24292f", "#c4232b", "#1a7f37", "#8a5a00", "#0757ba", "#7d3bc0", "#11707d", "#d0d7de",
		"#57606a", "#d1383f", "#2da44e", "#a06a00", "#1f6feb", "#9a5bd6", "#1b8795", "#ffffff",
	}}
)

// of is a colour of a look.
func (c colors) of(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	if n, err := strconv.Atoi(name); err == nil {
		return c.palette[n%16]
	}
	return name
}

// paint are the colours a place is drawn in; back is "" for the picture's own.
func (c colors) paint(l look) (fore, back string) {
	fore, back = c.of(l.fore, c.fore), c.of(l.back, "")
	if l.reversed {
		if back == "" {
			back = c.back
		}
		fore, back = back, fore
	}
	if l.dim {
		behind := back
		if behind == "" {
			behind = c.back
		}
		fore = mix(fore, behind)
	}
	return fore, back
}

// mix is three parts of a colour and two of another: dim.
func mix(a, b string) string {
	var x, y [3]int
	for i := range 3 {
		n, _ := strconv.ParseUint(a[1+2*i:3+2*i], 16, 8)
		m, _ := strconv.ParseUint(b[1+2*i:3+2*i], 16, 8)
		x[i], y[i] = int(n), int(m)
	}
	return hex((3*x[0]+2*y[0])/5, (3*x[1]+2*y[1])/5, (3*x[2]+2*y[2])/5)
}

// render draws a screen as SVG. Lines, blocks and braille patterns are drawn as
// shapes, so that they join whatever the font is.
func render(rows [][]char, c colors) []byte {
	var b bytes.Buffer
	columns := 0
	if len(rows) > 0 {
		columns = len(rows[0])
	}
	w, h := float64(columns)*charW+2*margin, float64(len(rows))*charH+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="'JetBrains Mono','DejaVu Sans Mono',monospace" font-size="14">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", c.back)
	for y, row := range rows {
		for x := 0; x < len(row); {
			end := x + 1
			for end < len(row) && row[end].look == row[x].look {
				end++
			}
			span(&b, c, row[x:end], margin+float64(x)*charW, margin+float64(y)*charH)
			x = end
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// span draws neighbouring places of one look.
func span(b *bytes.Buffer, c colors, list []char, x, y float64) {
	fore, back := c.paint(list[0].look)
	if back != "" {
		rect(b, x, y, float64(len(list))*charW, charH, back)
	}
	for i := 0; i < len(list); {
		if list[i].text == " " || list[i].text == "" {
			i++
			continue
		}
		if n := ruled(list[i:]); n > 1 {
			rect(b, x+float64(i)*charW, y+(charH-thick)/2, float64(n)*charW, thick, fore)
			i += n
			continue
		}
		if shape(b, list[i].text, x+float64(i)*charW, y, fore, cmp.Or(back, c.back)) {
			i++
			continue
		}
		i += word(b, list[i:], x+float64(i)*charW, y, fore)
	}
	if list[0].look.underline {
		rect(b, x, y+charH-2.5, float64(len(list))*charW, 1, fore)
	}
}

// ruled is how many places from the first on are one horizontal line.
func ruled(list []char) int {
	n := 0
	for n < len(list) && list[n].text == "─" {
		n++
	}
	return n
}

// word draws printable ASCII up to the next blank, or one other character, and
// says how many places that were.
func word(b *bytes.Buffer, list []char, x, y float64, fore string) int {
	n, text := 1, list[0].text
	if ascii(text) {
		for n < len(list) && ascii(list[n].text) {
			text += list[n].text
			n++
		}
	}
	fmt.Fprintf(b, `<text x="%.2f" y="%.2f" fill="%s"`, x, y+baseline, fore)
	if list[0].look.bold {
		b.WriteString(` font-weight="bold"`)
	}
	if n > 1 {
		fmt.Fprintf(b, ` textLength="%.2f"`, float64(n)*charW)
	}
	b.WriteByte('>')
	_ = xml.EscapeText(b, []byte(text))
	b.WriteString("</text>\n")
	return n
}

func ascii(s string) bool { return len(s) == 1 && s[0] > ' ' && s[0] <= '~' }

func rect(b *bytes.Buffer, x, y, w, h float64, fill string) {
	fmt.Fprintf(b, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" fill="%s"`, x, y, w, h, fill)
	b.WriteString("/>\n")
}

// sides are the box characters by the sides they reach: 1 up, 2 right, 4 down,
// 8 left.
var sides = map[rune]int{
	'│': 5, '─': 10, '└': 3, '┌': 6, '├': 7, '┘': 9, '┴': 11, '┐': 12, '┤': 13, '┬': 14, '┼': 15,
}

// thick is how thick lines are, seam how far blocks reach over their neighbours, so
// that nothing shines through between them.
const thick, seam = 1.2, 0.4

// shape draws a line, a block or a braille pattern, and says whether text was one.
func shape(b *bytes.Buffer, text string, x, y float64, fore, behind string) bool {
	r, n := utf8.DecodeRuneInString(text)
	if n != len(text) {
		return false
	}
	const mx, my = charW / 2, charH / 2
	if s, ok := sides[r]; ok {
		if s&1 != 0 {
			rect(b, x+mx-thick/2, y, thick, my+thick/2, fore)
		}
		if s&4 != 0 {
			rect(b, x+mx-thick/2, y+my-thick/2, thick, my+thick/2, fore)
		}
		if s&2 != 0 {
			rect(b, x+mx-thick/2, y+my-thick/2, mx+thick/2, thick, fore)
		}
		if s&8 != 0 {
			rect(b, x, y+my-thick/2, mx+thick/2, thick, fore)
		}
		return true
	}
	switch {
	case r >= '▁' && r <= '█':
		part := charH * float64(r-'▁'+1) / 8
		rect(b, x, y+charH-part, charW+seam, part, fore)
	case r == '░':
		rect(b, x, y, charW, charH, mix(mix(fore, behind), behind))
	case r == '╌':
		for i := range 2 {
			rect(b, x+0.8+float64(i)*charW/2, y+my-thick/2, charW/2-1.6, thick, fore)
		}
	case r == '╎':
		for i := range 2 {
			rect(b, x+mx-thick/2, y+1.5+float64(i)*charH/2, thick, charH/2-3, fore)
		}
	case r >= 0x2800 && r <= 0x28ff:
		braille(b, int(r-0x2800), x, y, fore)
	default:
		return false
	}
	return true
}

// braille draws the dots of a pattern (Unicode block U+2800).
func braille(b *bytes.Buffer, bits int, x, y float64, fore string) {
	dots := [8][2]int{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}}
	for i, d := range dots {
		if bits>>i&1 == 0 {
			continue
		}
		fmt.Fprintf(b, `<circle cx="%.2f" cy="%.2f" r="1.3" fill="%s"`, x+charW*(0.25+0.5*float64(d[0])), y+charH*(0.125+0.25*float64(d[1])), fore)
		b.WriteString("/>\n")
	}
}
