package view

import (
	"strings"
	"testing"
	"time"

	"systemg/ipc"
)

// What was skipped is said in lines where they could be counted, else without.
func TestSkipped(t *testing.T) {
	for _, c := range []struct {
		lines      int64
		text, json string
	}{
		{3, "~~ 3 lines (", `"lines":3`},
		{-1, "~~ ", `"lines":null`},
	} {
		for _, asJSON := range []bool{false, true} {
			var b strings.Builder
			p := NewLogPrinter(&b, Style{}, LogOptions{JSON: asJSON, Names: []string{"demo/web"}})
			skip := ipc.LogSkip{Unit: "demo/web", Kind: "stdout", Bytes: 1 << 20, Lines: c.lines, Why: "rotated"}
			if err := p.Batch(ipc.LogBatch{Skipped: []ipc.LogSkip{skip}}); err != nil {
				t.Fatal(err)
			}
			want := c.text
			if asJSON {
				want = c.json
			}
			if got := b.String(); !strings.Contains(got, want) || strings.Contains(got, "-1") {
				t.Errorf("%d lines are told as %q, want %q in it", c.lines, got, want)
			}
		}
	}
}

// Lines that come in one block look as if they came one by one.
func TestABlockOfLines(t *testing.T) {
	one := func(text string, open bool) ipc.LogLine {
		return ipc.LogLine{Unit: "demo/web", Kind: "stdout", Time: time.Unix(7, 0), Run: 3, Text: text, Open: open}
	}
	data := func(text string) ipc.LogLine {
		return ipc.LogLine{Unit: "demo/web", Kind: "stdout", Time: time.Unix(7, 0), Bytes: []byte(text)}
	}
	blocks := []ipc.LogLine{one("a\n\nb", false), data("\xff\n\xfe"), one("c", true), one("d", false), one("last", true)}
	lines := []ipc.LogLine{one("a", false), one("", false), one("b", false), data("\xff"), data("\xfe"), one("c", true), one("d", false), one("last", true)}
	for _, o := range []LogOptions{{}, {Raw: true}, {JSON: true}, {Prefix: true}, {Timestamps: true}, {Prefix: true, Timestamps: true}} {
		for _, width := range []int{0, 80} {
			o.Names = []string{"demo/web"}
			print := func(list []ipc.LogLine) string {
				var b strings.Builder
				p := NewLogPrinter(&b, Style{Width: width}, o)
				if err := p.Batch(ipc.LogBatch{Lines: list}); err != nil {
					t.Fatal(err)
				}
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
				return b.String()
			}
			if got, want := print(blocks), print(lines); got != want {
				t.Errorf("%+v: got\n%s\nwant\n%s", o, got, want)
			}
		}
	}
}
