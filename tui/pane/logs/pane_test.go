package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// many are lines from one number to another, one every millisecond.
func many(from, to int) []Line {
	var list []Line
	for i := from; i < to; i++ {
		list = append(list, Line{Unit: "shop/api", Text: fmt.Sprintf("line %d", i), Time: noon.Add(time.Duration(i) * time.Millisecond).UnixNano(), Run: 1})
	}
	return list
}

func frame(t *testing.T, w, h int) pane.Frame {
	t.Helper()
	th, err := theme.New(theme.Options{ASCII: true})
	if err != nil {
		t.Fatal(err)
	}
	return pane.Frame{Width: w, Height: h, Theme: th, Now: noon, Board: board.New(), Focus: true}
}

func filled(n int) *Pane {
	p := New(0, "shop/api")
	p.Stamps = Hidden
	p.Arrive(board.New(), many(0, n), int64(n), 0, noon)
	return p
}

// body is what is below the title.
func body(p *Pane, f pane.Frame) string {
	return strings.TrimRight(strings.Join(p.Lines(f)[1:], "|"), "|")
}

func TestFollowingShowsTheNewest(t *testing.T) {
	p, f := filled(100), frame(t, 40, 4)
	if got := body(p, f); got != "line 97|line 98|line 99" {
		t.Error(got)
	}
}

// Somebody who reads is not disturbed by what arrives, nor by what is let go.
func TestRestingStays(t *testing.T) {
	p, f := filled(100), frame(t, 40, 4)
	p.Act(keys.Up, f)
	before := body(p, f)
	if before != "line 96|line 97|line 98" {
		t.Error(before)
	}
	p.Arrive(f.Board, many(100, 3*keepLines), 3*keepLines-100, 0, noon)
	if got := body(p, f); got != before {
		t.Errorf("it shows %q now", got)
	}
	if len(p.buf.lines) > keepLines+1 || p.buf.missed == 0 {
		t.Errorf("it keeps %d lines, and missed %d", len(p.buf.lines), p.buf.missed)
	}
	if in := p.Act(keys.Follow, f); in != (pane.Reopen{Pane: 0}) {
		t.Errorf("following again asks for %#v", in)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	p := New(0, "shop/api")
	for i := range 50 {
		list := many(i*1000, i*1000+1000)
		for j := range list {
			list[j].Text = strings.Repeat("x", 1000)
		}
		p.Arrive(board.New(), list, 1000, 0, noon)
		if len(p.buf.lines) > keepLines+1000 || p.buf.bytes > keepBytes+1<<20 {
			t.Fatalf("%d lines, %d bytes", len(p.buf.lines), p.buf.bytes)
		}
	}
}

// Moving beyond the beginning of what is there asks for more, which is put in
// front; what the pane has is not put there twice.
func TestOlderLines(t *testing.T) {
	p, f := New(0, "shop/api"), frame(t, 40, 4)
	p.Stamps = Hidden
	p.Arrive(f.Board, many(50, 60), 10, 0, noon)
	for range 7 {
		p.Act(keys.Up, f)
	}
	if in := p.Act(keys.Up, f); in != (pane.Older{Pane: 0}) {
		t.Errorf("it asks for %#v", in)
	}
	p.Before(f.Board, many(40, 51))
	if got := body(p, f); got != "line 50|line 51|line 52" {
		t.Errorf("the text moved: %s", got)
	}
	p.Act(keys.Up, f)
	if got := body(p, f); got != "line 49|line 50|line 51" {
		t.Error(got)
	}
	p.Before(f.Board, nil)
	p.Act(keys.First, f)
	if got := body(p, f); !strings.HasPrefix(got, "-- beginning of the log --|line 40") {
		t.Error(got)
	}
}

// The window at the beginning of a long log grows towards its end.
func TestNewerLines(t *testing.T) {
	p, f := filled(10), frame(t, 40, 4)
	if in := p.Act(keys.First, f); in != (pane.Oldest{Pane: 0}) {
		t.Fatalf("it asks for %#v", in)
	}
	p.Replace(f.Board, many(0, 5), true, 1)
	if got := body(p, f); got != "-- beginning of the log --|line 0|line 1" {
		t.Error(got)
	}
	var in pane.Intent
	for range 6 {
		if got := p.Act(keys.Down, f); got != nil {
			in = got
		}
	}
	if in != (pane.Newer{Pane: 0}) {
		t.Errorf("it asks for %#v", in)
	}
	p.Behind(f.Board, many(4, 12), true)
	p.Act(keys.Last, f)
	if got := body(p, f); got != "line 9|line 10|line 11" {
		t.Error(got)
	}
}

func TestWrapping(t *testing.T) {
	p, f := New(0, "shop/api"), frame(t, 20, 5)
	p.Stamps, p.Wrap = Hidden, true
	p.Arrive(f.Board, []Line{{Unit: "shop/api", Text: strings.Repeat("0123456789", 5)}, {Unit: "shop/api", Text: "short"}}, 2, 0, noon)
	if got := body(p, f); got != "01234567890123456789|01234567890123456789|0123456789|short" {
		t.Error(got)
	}
	f.Height = 3
	p.Act(keys.Up, f)
	if got := body(p, f); got != "01234567890123456789|0123456789" {
		t.Error(got)
	}
}

// No line is wider than the pane, whatever it is made of.
func TestNoLineIsTooWide(t *testing.T) {
	for _, text := range []string{"日本語日本語日本語", "\x1b[31m" + strings.Repeat("é", 200) + "\x1b[0m", strings.Repeat("👩‍👩‍👧", 30), "\u200b\u0301"} {
		for w := range 40 {
			for _, wrap := range []bool{false, true} {
				p, f := New(0, "shop/api"), frame(t, w, 6)
				p.Wrap = wrap
				p.Arrive(f.Board, []Line{{Unit: "shop/api", Text: widget.Clean(text)}, {Mark: Skipped, Text: "48,211 lines skipped"}}, 2, 0, noon)
				p.Act(keys.Right, f)
				lines := p.Lines(f)
				if len(lines) != 6 {
					t.Fatalf("%d lines", len(lines))
				}
				for _, l := range lines {
					if got := widget.Width(l); got > w {
						t.Fatalf("%q is %d wide at %d", l, got, w)
					}
				}
			}
		}
	}
}

// A filter has only what passes it; also of what arrives, and of older lines.
func TestFilter(t *testing.T) {
	p, f := filled(100), frame(t, 40, 6)
	if err := p.Filter("line .*7$"); err != nil {
		t.Fatal(err)
	}
	if got := body(p, f); got != "line 57|line 67|line 77|line 87|line 97" {
		t.Error(got)
	}
	p.Arrive(f.Board, many(100, 110), 10, 0, noon)
	if got := body(p, f); got != "line 67|line 77|line 87|line 97|line 107" {
		t.Error(got)
	}
	if err := p.Filter("!line"); err != nil {
		t.Fatal(err)
	}
	if got := body(p, f); got != "no line matches !line" {
		t.Error(got)
	}
}

// BenchmarkDraw is a frame of a flood: 500 lines arrive, the newest are drawn.
// What a filter leaves fills the pane, also where it leaves little below what was
// shown.
func TestAFilterFillsThePane(t *testing.T) {
	p, f := filled(100), frame(t, 40, 4)
	p.Act(keys.Up, f)
	if err := p.Filter("line [89]0"); err != nil {
		t.Fatal(err)
	}
	if got := body(p, f); got != "line 80|line 90" {
		t.Error(got)
	}
	if err := p.Filter("line .0"); err != nil {
		t.Fatal(err)
	}
	if got := body(p, f); got != "line 70|line 80|line 90" {
		t.Error(got)
	}
}

// Lines that were there before the pane was opened are not counted as written now,
// though they come in several batches.
func TestTheRateIsThatOfNow(t *testing.T) {
	p := New(0, "shop/api")
	b := board.New()
	for i := range 4 {
		p.Arrive(b, many(i*500, i*500+500), 500, 0, noon.Add(time.Duration(i)*100*time.Millisecond))
	}
	p.Tick(noon.Add(time.Second))
	if p.rate.perSecond != 0 {
		t.Errorf("%.0f lines a second", p.rate.perSecond)
	}
	p.Arrive(b, many(2000, 2020), 20, 0, noon.Add(1500*time.Millisecond))
	p.Tick(noon.Add(2 * time.Second))
	if p.rate.perSecond != 20 {
		t.Errorf("%.0f lines a second, of 20", p.rate.perSecond)
	}
}

func BenchmarkDraw(b *testing.B) {
	th, err := theme.New(theme.Options{Level: theme.ANSI16})
	if err != nil {
		b.Fatal(err)
	}
	f := pane.Frame{Width: 120, Height: 30, Theme: th, Now: noon, Board: board.New()}
	p := New(0, "shop/api")
	list := many(0, 500)
	b.ReportAllocs()
	for b.Loop() {
		p.Arrive(f.Board, list, 500, 0, noon)
		p.Lines(f)
	}
}
