package view

import (
	"bufio"
	"encoding/json"
	"io"
	"time"

	"systemg/ipc"
)

// LogOptions say how lines are shown.
type LogOptions struct {
	// Prefix puts the unit's name before each line: "name | line".
	Prefix bool
	// Timestamps puts the time before each line.
	Timestamps bool
	// Raw writes the bytes as the programs wrote them, nothing else.
	Raw bool
	// JSON writes one object per line instead.
	JSON bool
	// Names are the units that may come, as name or project/name, in the
	// order of their colours; the prefix is as wide as the widest.
	Names []string
	// Notes is where notes about skipped lines go. Nil means between the
	// lines, or nowhere with Raw.
	Notes io.Writer
}

// LogPrinter writes what programs wrote. On a terminal (Style.Width is set)
// it keeps colours and makes everything else that a terminal would obey
// visible; anywhere else the text passes unchanged.
//
// A line that comes in pieces (ipc.LogLine.Open) is put together again. Where
// another stream's line comes between two pieces, the first ends there.
type LogPrinter struct {
	w    *bufio.Writer
	st   Style
	o    LogOptions
	tags *tags
	// open is the stream whose line has not ended.
	open *stream
	buf  []byte
}

// stream is what the pieces of one line have in common.
type stream struct {
	unit, kind string
	run        uint64
}

// NewLogPrinter writes lines to w.
func NewLogPrinter(w io.Writer, st Style, o LogOptions) *LogPrinter {
	return &LogPrinter{w: bufio.NewWriterSize(w, 64<<10), st: st, o: o, tags: newTags(o.Names)}
}

// Batch writes one batch. Everything of it has reached the writer when Batch
// returns; the error is the writer's.
func (p *LogPrinter) Batch(b ipc.LogBatch) error {
	for _, s := range b.Skipped {
		if err := p.skip(s); err != nil {
			return err
		}
	}
	for i := range b.Lines {
		if err := p.block(&b.Lines[i]); err != nil {
			return err
		}
	}
	return p.w.Flush()
}

// block writes the lines of a LogLine, at once where nothing is put before them
// or made visible in them.
func (p *LogPrinter) block(l *ipc.LogLine) error {
	if !p.o.JSON && !p.o.Prefix && !p.o.Timestamps && !p.st.terminal() {
		return p.one(l)
	}
	for line := range l.Each {
		if err := p.one(&line); err != nil {
			return err
		}
	}
	return nil
}

// Close ends a line that is still open, where a person or a prefix needs
// that, and writes what is left.
func (p *LogPrinter) Close() error {
	if p.st.terminal() || p.o.Prefix || p.o.Timestamps {
		p.endLine()
	}
	return p.w.Flush()
}

// Note writes a remark of sysg's own about a unit in the place of a line.
func (p *LogPrinter) Note(unit, text string) error {
	if p.o.Raw || p.o.JSON {
		return nil
	}
	p.endLine()
	if p.o.Prefix {
		p.prefix(unit, "|")
	}
	p.w.WriteString(p.st.paint(faint, "-- "+clean(text)))
	p.w.WriteByte('\n')
	return p.w.Flush()
}

func (p *LogPrinter) one(l *ipc.LogLine) error {
	switch {
	case p.o.JSON:
		return p.object(jsonLine{
			Unit: l.Unit, Kind: l.Kind, Time: l.Time, Run: l.Run,
			Text: l.Text, Bytes: l.Bytes, Open: l.Open,
		})
	case p.o.Raw:
		p.text(l)
		if !l.Open {
			p.w.WriteByte('\n')
		}
		return nil
	}
	from := stream{unit: l.Unit, kind: l.Kind, run: l.Run}
	if p.open == nil || *p.open != from {
		p.endLine()
		p.begin(l)
	}
	if p.st.terminal() {
		p.shown(l)
	} else {
		p.text(l)
	}
	p.open = nil
	if l.Open {
		p.open = &from
		return nil
	}
	return p.w.WriteByte('\n')
}

// text writes the line's bytes.
func (p *LogPrinter) text(l *ipc.LogLine) {
	if len(l.Bytes) > 0 {
		p.w.Write(l.Bytes)
		return
	}
	p.w.WriteString(l.Text)
}

// shown writes the line as a terminal may show it.
func (p *LogPrinter) shown(l *ipc.LogLine) {
	text := l.Text
	if len(l.Bytes) > 0 {
		text = string(l.Bytes)
	}
	p.buf = appendLog(p.buf[:0], text, p.st.Color)
	p.w.Write(p.buf)
}

// endLine ends the line that is open.
func (p *LogPrinter) endLine() {
	if p.open != nil {
		p.w.WriteByte('\n')
		p.open = nil
	}
}

// begin writes what stands before a line. On a terminal a line of stderr has
// an exclamation mark in place of the bar.
func (p *LogPrinter) begin(l *ipc.LogLine) {
	if p.o.Timestamps {
		p.w.WriteString(p.st.paint(faint, p.stamp(l.Time)))
		p.w.WriteByte(' ')
	}
	if p.o.Prefix {
		bar := "|"
		if l.Kind == "stderr" && p.st.terminal() {
			bar = "!"
		}
		p.prefix(l.Unit, bar)
	}
}

func (p *LogPrinter) prefix(unit, bar string) {
	name := p.tags.of(unit)
	p.w.WriteString(p.st.paint(name.color, name.text))
	p.w.WriteString(spaces(p.tags.wide - width(name.text) + 1))
	if bar == "!" {
		bar = p.st.paint(bad, bar)
	} else {
		bar = p.st.paint(faint, bar)
	}
	p.w.WriteString(bar)
	p.w.WriteByte(' ')
}

// stamp is a time to the millisecond: RFC 3339 for programs, the time of day
// for people.
func (p *LogPrinter) stamp(t time.Time) string {
	switch {
	case !p.st.terminal():
		return p.st.local(t).Format("2006-01-02T15:04:05.000Z07:00")
	case p.st.today(t):
		return p.st.local(t).Format("15:04:05.000")
	}
	return p.st.local(t).Format("2006-01-02 15:04:05.000")
}

// skip says what was left out.
func (p *LogPrinter) skip(s ipc.LogSkip) error {
	if p.o.JSON {
		return p.object(jsonSkip{Skipped: skippedOf(s)})
	}
	amount := mebibytes(uint64(max(s.Bytes, 0)))
	if s.Lines >= 0 {
		amount = count(int(s.Lines), "line") + " (" + amount + ")"
	}
	text := "~~ " + amount + " skipped: " + clean(s.Why) + " ~~"
	if s.Why == ipc.SkipAway {
		text = "~~ lines may be missing here: they rotated away before the supervisor was reached again ~~"
	}
	switch {
	case p.o.Notes != nil:
		_, err := io.WriteString(p.o.Notes, p.tags.of(s.Unit).text+" "+text+"\n")
		return err
	case p.o.Raw:
		return nil
	}
	p.endLine()
	if p.o.Prefix {
		p.prefix(s.Unit, "|")
	}
	p.w.WriteString(p.st.paint(busy, text))
	return p.w.WriteByte('\n')
}

// jsonLine is a line for programs. Bytes (base64) has what is not UTF-8.
type jsonLine struct {
	Unit  string    `json:"unit"`
	Kind  string    `json:"kind"`
	Time  time.Time `json:"time"`
	Run   uint64    `json:"run,omitempty"`
	Text  string    `json:"text"`
	Bytes []byte    `json:"bytes,omitempty"`
	Open  bool      `json:"open,omitempty"`
}

// jsonSkip says that something was left out.
type jsonSkip struct {
	Skipped jsonSkipped `json:"skipped"`
}

type jsonSkipped struct {
	Unit  string `json:"unit"`
	Kind  string `json:"kind"`
	Bytes int64  `json:"bytes"`
	// Lines is null where nobody could count them: they are gone.
	Lines *int64 `json:"lines"`
	Why   string `json:"why"`
}

func skippedOf(s ipc.LogSkip) jsonSkipped {
	out := jsonSkipped{Unit: s.Unit, Kind: s.Kind, Bytes: s.Bytes, Why: s.Why}
	if s.Lines >= 0 {
		out.Lines = &s.Lines
	}
	return out
}

func (p *LogPrinter) object(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	p.w.Write(text)
	return p.w.WriteByte('\n')
}
