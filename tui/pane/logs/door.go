package logs

import (
	"fmt"
	"strings"
	"time"

	"systemg/ipc"
	"systemg/tui/widget"
)

// Door is where lines come in: it makes what the supervisor sends lines that
// are safe to show, with marks where another run begins or something is
// missing. It belongs to the goroutine that reads one stream.
type Door struct {
	streams map[Key]*inlet
	// runs are the units' newest.
	runs map[string]uint64
	// names has each unit's ID once, so that 10,000 lines share it.
	names map[string]string
}

// inlet is what is known of one stream.
type inlet struct {
	run uint64
	// open is what came of a line that has no end yet, goes is whether there
	// is one.
	open string
	goes bool
	// at and n are the time of the newest line and how many had it; again
	// is whether lines come a second time, skip how many of that time.
	at      time.Time
	n, skip int
	again   bool
}

// openAtMost is how much of a line without an end is kept to be cleaned again
// when more of it comes, in bytes: what widget.Clean shows, and its ending.
const openAtMost = 2 * widget.MaxLine

// NewDoor is a door nothing came through.
func NewDoor() *Door {
	return &Door{streams: map[Key]*inlet{}, runs: map[string]uint64{}, names: map[string]string{}}
}

// Batch is what a piece of a stream came to.
type Batch struct {
	Lines []Line
	// Skipped is how many lines the supervisor left out, as far as they
	// could be counted.
	Skipped int64
}

// Take makes lines of what came.
func (d *Door) Take(b ipc.LogBatch) Batch {
	var out Batch
	for _, s := range b.Skipped {
		if s.Lines > 0 {
			out.Skipped += s.Lines
		}
		out.Lines = append(out.Lines, Line{Unit: d.name(s.Unit), Kind: KindOf(s.Kind), Mark: Skipped, Text: skipText(s)})
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		key := Key{Unit: d.name(l.Unit), Kind: KindOf(l.Kind)}
		in := d.streams[key]
		if in == nil {
			in = &inlet{run: l.Run}
			d.streams[key] = in
		}
		if !in.fresh(l.Time) {
			continue
		}
		if l.Run != in.run && l.Run != 0 {
			in.run, in.open, in.goes = l.Run, "", false
		}
		// The first stream to have a line of a run tells of it.
		if run := d.runs[key.Unit]; l.Run > run {
			d.runs[key.Unit] = l.Run
			if run != 0 {
				out.Lines = append(out.Lines, Line{Unit: key.Unit, Kind: key.Kind, Time: l.Time.UnixNano(), Run: l.Run, Mark: Restart})
			}
		}
		text := l.Text
		if l.Bytes != nil {
			text = string(l.Bytes)
		}
		out.Lines = append(out.Lines, Line{
			Unit: key.Unit, Kind: key.Kind, Time: l.Time.UnixNano(), Run: l.Run,
			Text: widget.Clean(in.open + text), Open: l.Open, Goes: in.goes,
		})
		in.hold(text, l.Open)
	}
	return out
}

// hold keeps what may go on.
func (in *inlet) hold(text string, open bool) {
	in.goes = open
	if !open {
		in.open = ""
		return
	}
	in.open += text
	if len(in.open) > openAtMost {
		in.open = in.open[:openAtMost]
	}
}

// fresh is whether a line did not come before.
func (in *inlet) fresh(t time.Time) bool {
	switch {
	case in.again && t.Before(in.at):
		return false
	case in.again && in.skip > 0 && t.Equal(in.at):
		in.skip--
		return false
	}
	if !t.Equal(in.at) {
		in.at, in.n = t, 0
	}
	in.n++
	in.again = false
	return true
}

// Resume prepares for a stream that begins anew at Since: what came already
// is left out. It is zero where nothing came.
func (d *Door) Resume() (since time.Time) {
	for _, in := range d.streams {
		in.skip, in.again, in.open, in.goes = in.n, true, "", false
		if in.at.After(since) {
			since = in.at
		}
	}
	if !since.IsZero() {
		since = since.Add(-lateness)
	}
	return since
}

// lateness is by how much a line may come after a younger one of another
// stream.
const lateness = 2 * time.Second

// name is the cleaned ID of a unit, always the same string.
func (d *Door) name(id string) string {
	if s, ok := d.names[id]; ok {
		return s
	}
	s := strings.Clone(widget.Words(id))
	d.names[strings.Clone(id)] = s
	return s
}

// skipText says what was left out.
func skipText(s ipc.LogSkip) string {
	what := widget.Bytes(uint64(max(s.Bytes, 0)))
	if s.Lines >= 0 {
		what = widget.Thousands(s.Lines) + " lines"
		if s.Lines == 1 {
			what = "1 line"
		}
	}
	switch s.Why {
	case "newest":
		return what + " skipped"
	case "rotated":
		return what + " rotated away"
	case "truncated":
		return what + " cut off the file by somebody else"
	case "lost":
		return what + " lost: the disk was full"
	}
	return fmt.Sprintf("%s left out (%s)", what, widget.Words(s.Why))
}
