package logs

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"systemg/ipc"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// line is a line of api's output, ms milliseconds after noon.
func line(ms int, run uint64, text string) ipc.LogLine {
	return ipc.LogLine{Unit: "shop/api", Kind: "stdout", Time: noon.Add(time.Duration(ms) * time.Millisecond), Run: run, Text: text}
}

func texts(list []Line) string {
	var out []string
	for _, l := range list {
		switch l.Mark {
		case None:
			out = append(out, l.Text)
		case Restart:
			out = append(out, "[restart]")
		default:
			out = append(out, "["+l.Text+"]")
		}
	}
	return strings.Join(out, "|")
}

// What a service prints cannot reach the terminal: neither the cursor nor the
// title, nor the clipboard.
func TestTheDoorCleans(t *testing.T) {
	d := NewDoor()
	got := d.Take(ipc.LogBatch{Lines: []ipc.LogLine{
		line(0, 1, "\x1b]0;evil\a\x1b[2Jshown"), line(1, 1, "10%\r20%\r30%"), {Unit: "shop/api", Kind: "stdout", Bytes: []byte{0xff, 'a'}},
	}})
	for _, l := range got.Lines {
		if strings.ContainsAny(l.Text, "\x1b\a\r") {
			t.Errorf("%q came in", l.Text)
		}
	}
	if !strings.HasSuffix(got.Lines[1].Text, "30%") || strings.Contains(got.Lines[1].Text, "10%") {
		t.Errorf("a progress bar came in as %q", got.Lines[1].Text)
	}
}

// Another run is marked once, whichever stream tells of it first.
func TestTheDoorMarksRestarts(t *testing.T) {
	d := NewDoor()
	other := line(3, 2, "oops")
	other.Kind = "stderr"
	got := d.Take(ipc.LogBatch{Lines: []ipc.LogLine{line(0, 1, "a"), line(1, 1, "b"), line(2, 2, "c"), other, line(4, 2, "d")}})
	if s := texts(got.Lines); s != "a|b|[restart]|c|oops|d" {
		t.Error(s)
	}
}

// What was left out is said, with the number of lines where it is known.
func TestTheDoorMarksWhatIsMissing(t *testing.T) {
	d := NewDoor()
	got := d.Take(ipc.LogBatch{Skipped: []ipc.LogSkip{
		{Unit: "shop/api", Kind: "stdout", Lines: 48211, Bytes: 5 << 20, Why: "newest"},
		{Unit: "shop/api", Kind: "stdout", Lines: -1, Bytes: 5 << 20, Why: "rotated"},
	}})
	if s := texts(got.Lines); s != "[48,211 lines skipped]|[5.0M rotated away]" {
		t.Error(s)
	}
	if got.Skipped != 48211 {
		t.Errorf("%d lines were skipped", got.Skipped)
	}
}

// A line without an end is one line, however many pieces it comes in.
func TestALineInPieces(t *testing.T) {
	d, p := NewDoor(), New(0, "shop/api")
	open := func(ms int, text string) ipc.LogLine {
		l := line(ms, 1, text)
		l.Open = true
		return l
	}
	for _, b := range [][]ipc.LogLine{{open(0, "one ")}, {open(1, "two ")}, {line(2, 1, "three")}, {open(3, "next")}, {line(4, 1, " end"), line(5, 1, "last")}} {
		p.buf.add(d.Take(ipc.LogBatch{Lines: b}).Lines)
	}
	if s := texts(p.buf.lines); s != "one two three|next end|last" {
		t.Error(s)
	}
}

// After the connection came back nothing comes twice and nothing is missing,
// though the supervisor sends from a little earlier on.
func TestTheDoorAfterAReconnection(t *testing.T) {
	d := NewDoor()
	d.Take(ipc.LogBatch{Lines: []ipc.LogLine{line(0, 1, "a"), line(1, 1, "b"), line(1, 1, "b")}})
	if since := d.Resume(); !since.Equal(noon.Add(time.Millisecond - lateness)) {
		t.Errorf("it asks from %s on", since)
	}
	got := d.Take(ipc.LogBatch{Lines: []ipc.LogLine{line(0, 1, "a"), line(1, 1, "b"), line(1, 1, "b"), line(1, 1, "new"), line(2, 1, "c")}})
	if s := texts(got.Lines); s != "new|c" {
		t.Error(s)
	}
}

// FuzzDoor: nothing that is sent gets an escape to the terminal that is no
// colour, or breaks the order of a pane.
func FuzzDoor(f *testing.F) {
	f.Add([]byte(`{"lines":[{"u":"a/b","k":"stdout","t":"2026-11-25T12:00:00Z","l":"\u001b[31mx\u001b]52;c;AAAA\u0007"}]}`))
	f.Add([]byte(`{"lines":[{"u":"a/b","k":"stderr","b":"//8=","open":true}],"skipped":[{"u":"\u001b[2J","lines":3,"why":"\u009b2J"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b ipc.LogBatch
		if json.Unmarshal(raw, &b) != nil {
			return
		}
		p := New(0)
		p.buf.add(NewDoor().Take(b).Lines)
		for i, l := range p.buf.lines {
			for at := 0; at < len(l.Text+l.Unit); at++ {
				if c := (l.Text + l.Unit)[at]; c < ' ' && c != 0x1b || c == 0x7f {
					t.Errorf("%q came in", l.Text)
				}
			}
			if i > 0 && l.Seq != p.buf.lines[i-1].Seq+1 {
				t.Error("the numbers have a hole")
			}
		}
	})
}
