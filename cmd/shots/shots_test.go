package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestACapturedScreenIsRead(t *testing.T) {
	rows := parse("a\x1b[1;31mb\x1b[0m世\x1b[38;5;196mx\x1b[48;2;1;2;3my\nz", 8, 3)
	var text strings.Builder
	for _, c := range rows[0] {
		text.WriteString(c.text)
	}
	if text.String() != "ab世xy  " {
		t.Errorf("read %q", text.String())
	}
	for x, want := range map[int]look{
		0: {}, 1: {bold: true, fore: "1"}, 2: {}, 4: {fore: "#ff0000"}, 5: {fore: "#ff0000", back: "#010203"},
	} {
		if got := rows[0][x].look; got != want {
			t.Errorf("column %d looks %+v, want %+v", x, got, want)
		}
	}
	if got := rows[1][0]; got.text != "z" || got.look.back != "#010203" {
		t.Errorf("colours do not last over the end of a line: %+v", got)
	}
	if rows[2][7].text != " " {
		t.Error("missing lines are not blank")
	}
}

func TestLooks(t *testing.T) {
	for params, want := range map[string]look{
		"":           {},
		"0":          {},
		"2;4;7":      {dim: true, underline: true, reversed: true},
		"1;22":       {},
		"96;107":     {fore: "14", back: "15"},
		"31;39":      {},
		"38:5:244":   {fore: "#808080"},
		"38;2;1;2;3": {fore: "#010203"},
	} {
		if got := (look{}).apply(params); got != want {
			t.Errorf("%q: %+v, want %+v", params, got, want)
		}
	}
}

func TestThePictureIsWellFormed(t *testing.T) {
	svg := render(parse("\x1b[7;2m<&>\x1b[0m ─┼│ ▁█ ⡇⣀ ╌╎░ \x1b[4m世", 30, 2), dark)
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
	}
	for _, want := range []string{"&lt;&amp;&gt;", "<circle", "世", dark.fore} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("%q is missing in\n%s", want, svg)
		}
	}
}

func TestAPictureOfManyColoursGetsAPalette(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		img.SetRGBA(i%64, i/64, color.RGBA{R: uint8(i), G: uint8(i / 16), B: 7, A: 255})
	}
	small := paletted(img)
	if len(small.Palette) != 256 || small.Bounds() != img.Bounds() {
		t.Errorf("%d colours in %v", len(small.Palette), small.Bounds())
	}
	if !slices.Contains(small.Palette, color.Color(color.RGBA{B: 7, A: 255})) {
		t.Log("the rarest colours went")
	}
}

func TestEveryPictureHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range shots {
		if seen[s.name] || s.w <= 0 || s.h <= 0 || len(s.steps) == 0 {
			t.Errorf("%q: %dx%d, %d steps, seen before: %t", s.name, s.w, s.h, len(s.steps), seen[s.name])
		}
		seen[s.name] = true
	}
}
