package ipc

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// A block is as good as its lines.
func TestBlocks(t *testing.T) {
	at := time.Unix(7, 0)
	text := func(s string, open bool) LogLine {
		return LogLine{Unit: "a/b", Kind: "stdout", Time: at, Run: 3, Text: s, Open: open}
	}
	data := func(s string) LogLine { return LogLine{Kind: "stdout", Time: at, Bytes: []byte(s)} }
	for name, c := range map[string]struct {
		block LogLine
		want  []LogLine
	}{
		"one line":    {text("x", false), []LogLine{text("x", false)}},
		"an open one": {text("x", true), []LogLine{text("x", true)}},
		"lines":       {text("x\n\ny", false), []LogLine{text("x", false), text("", false), text("y", false)}},
		"bytes":       {data("\xff\n\xfe\n\xfd"), []LogLine{data("\xff"), data("\xfe"), data("\xfd")}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := slices.Collect(c.block.Each); !reflect.DeepEqual(got, c.want) {
				t.Errorf("it has %+v", got)
			}
			if n := c.block.Count(); n != len(c.want) {
				t.Errorf("it counts %d lines", n)
			}
			for n := range c.want {
				rest := c.block
				rest.Drop(n)
				if got := slices.Collect(rest.Each); !reflect.DeepEqual(got, c.want[n:]) {
					t.Errorf("without %d it has %+v", n, got)
				}
			}
		})
	}
}
