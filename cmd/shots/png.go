package main

import (
	"cmp"
	"image"
	"image/color"
	"image/png"
	"os"
	"slices"
)

// shrink writes a PNG anew with a palette of 256 colours: a picture of text has
// few, and the file becomes a third.
func shrink(file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	img, err := png.Decode(in)
	_ = in.Close()
	if err != nil {
		return err
	}
	small := paletted(img)
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, small)
	if closed := out.Close(); err == nil {
		err = closed
	}
	return err
}

// paletted is img in its 256 most frequent colours, others becoming the nearest.
func paletted(img image.Image) *image.Paletted {
	counts := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA) }
	bounds := img.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	list := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B), cmp.Compare(a.A, b.A))
	})
	var p color.Palette
	for _, c := range list[:min(len(list), 256)] {
		p = append(p, c)
	}
	index := make(map[color.RGBA]uint8, len(list))
	for _, c := range list {
		index[c] = uint8(p.Index(c))
	}
	out := image.NewPaletted(bounds, p)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	return out
}
