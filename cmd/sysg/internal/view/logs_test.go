package view

import (
	"strings"
	"testing"

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
