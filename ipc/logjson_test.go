package ipc

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// noteOf is the line that carries a batch's lines.
func noteOf(b LogBatch) []byte {
	n := (&Request{ID: b.Request}).LogNote()
	for _, l := range b.Lines {
		n.Add(l, append([]byte(l.Text), l.Bytes...))
	}
	return append(n.line, "]}}"...)
}

// checkBatch has a batch written and read both ways, by encoding/json and by
// LogNote and ReadLogBatch, which have to agree.
func checkBatch(t *testing.T, b LogBatch) {
	t.Helper()
	m, err := open(noteOf(b))
	if err != nil || m.Method != NoteLog {
		t.Fatalf("%v in %s", err, noteOf(b))
	}
	theirs, err := marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var want LogBatch
	if err := json.Unmarshal(theirs, &want); err != nil {
		t.Fatal(err)
	}
	for name, params := range map[string][]byte{"ours": m.Params, "theirs": theirs} {
		if got, err := ReadLogBatch(params); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s read as\n%+v, want\n%+v (%v)\nfrom %s", name, got, want, err, params)
		}
	}
	var got LogBatch
	if err := json.Unmarshal(m.Params, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("encoding/json reads\n%+v, want\n%+v (%v)\nfrom %s", got, want, err, m.Params)
	}
}

func TestLogNotes(t *testing.T) {
	at := time.Date(2026, 1, 31, 14, 30, 5, 123456789, time.UTC)
	later := at.In(time.FixedZone("", 3600)).Add(time.Second)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, b := range map[string]LogBatch{
		"a name":      {Request: json.RawMessage(`"a,b}"`), Lines: []LogLine{{Unit: "p/u", Kind: "stdout", Time: at, Text: "x"}}},
		"one line":    {Request: json.RawMessage("3"), Lines: []LogLine{{Unit: "shop/web", Kind: "stdout", Time: at, Run: 7, Text: "serving"}}},
		"two moments": {Request: json.RawMessage("3"), Lines: []LogLine{{Unit: "a/b", Kind: "stdout", Time: at, Run: 1, Text: "x"}, {Unit: "a/c", Kind: "stderr", Time: later, Run: 2, Text: "y", Open: true}}},
		"no unit":     {Request: json.RawMessage("3"), Lines: []LogLine{{Unit: "a/b", Kind: "stdout", Time: at}, {Kind: "supervisor", Time: at}}},
		"escapes":     {Request: json.RawMessage("3"), Lines: []LogLine{{Kind: "stdout", Time: at, Text: "say \"hi\"\\\t\r\x00\x1f\x7f</html>\u2028\u00e9\U0001f600\b\f"}}},
		"many lines":  {Request: json.RawMessage("3"), Lines: []LogLine{{Kind: "stdout", Time: at, Text: strings.Repeat("a line\n", 5000)}}},
		"quotes":      {Request: json.RawMessage("3"), Lines: []LogLine{{Kind: "stdout", Time: at, Text: strings.Repeat(`"`, 5000) + `\`}}},
		"bytes":       {Request: json.RawMessage("3"), Lines: []LogLine{{Kind: "stdout", Time: at, Bytes: every}}},
	} {
		t.Run(name, func(t *testing.T) { checkBatch(t, b) })
	}
}

func FuzzLogNotes(f *testing.F) {
	f.Add("shop/web", "a \"line\"\n", []byte{0xff}, int64(0), uint64(1), true)
	f.Fuzz(func(t *testing.T, unit, text string, data []byte, nanos int64, run uint64, open bool) {
		if !utf8.ValidString(unit) || !utf8.ValidString(text) || utf8.Valid(data) {
			return
		}
		at := time.Unix(0, nanos).UTC()
		checkBatch(t, LogBatch{Request: json.RawMessage("12"), Lines: []LogLine{
			{Unit: unit, Kind: "stdout", Time: at, Run: run, Text: text, Open: open},
			{Unit: text, Kind: unit, Time: at, Bytes: data},
		}})
	})
}

// What a stranger sends in the place of a batch is read as encoding/json reads
// it, or not at all.
func FuzzReadLogBatch(f *testing.F) {
	f.Add([]byte(`{"request":1,"lines":[{"u":"a","k":"stdout","t":"2026-01-31T14:30:05Z","run":1,"l":"x\n\u0001","open":true}]}`))
	f.Fuzz(func(t *testing.T, params []byte) {
		if !json.Valid(params) || !utf8.Valid(params) {
			return
		}
		var want LogBatch
		wantErr := json.Unmarshal(params, &want)
		got, err := ReadLogBatch(params)
		if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%s\nis %+v (%v), want %+v (%v)", params, got, err, want, wantErr)
		}
	})
}

func BenchmarkLogNotes(b *testing.B) {
	batch := LogBatch{Request: json.RawMessage("3")}
	for range 4 {
		batch.Lines = append(batch.Lines, LogLine{Unit: "a/b", Kind: "stdout", Time: time.Now(), Run: 1, Text: strings.Repeat(strings.Repeat("x", 99)+"\n", 320)})
	}
	m, _ := open(noteOf(batch))
	b.Run("write", func(b *testing.B) {
		b.SetBytes(128_000)
		n := (&Request{ID: batch.Request}).LogNote()
		text := []byte(batch.Lines[0].Text)
		for b.Loop() {
			for _, l := range batch.Lines {
				n.Add(l, text)
			}
			n.line, n.lines = n.line[:0], 0
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(128_000)
		for b.Loop() {
			_, _ = ReadLogBatch(m.Params)
		}
	})
}
