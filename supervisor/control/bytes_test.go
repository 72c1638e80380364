package control

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"systemg/ipc"
)

// written puts together what a logs request gives.
func (s *system) written(p ipc.LogsParams) []byte {
	s.Helper()
	var b bytes.Buffer
	var r ipc.LogsResult
	err := s.client.Stream(s.Context(), ipc.MethodLogs, p, func(_ string, raw json.RawMessage) error {
		batch, err := ipc.ReadLogBatch(raw)
		for _, l := range batch.Lines {
			b.WriteString(l.Text)
			b.Write(l.Bytes)
			if !l.Open {
				b.WriteByte('\n')
			}
		}
		return err
	}, &r)
	if err != nil {
		s.Fatal(err)
	}
	return b.Bytes()
}

// What a unit wrote comes back byte for byte: long lines, bytes that are no text,
// and an end without a newline, line by line and in blocks.
func TestOutputComesBackByteForByte(t *testing.T) {
	s := begin(t)
	every := make([]byte, 0, 256)
	for c := range 256 {
		every = append(every, byte(c))
	}
	var want bytes.Buffer
	for range 300 {
		want.WriteString("a short line\n\n")
		want.Write(every)
	}
	want.WriteString(strings.Repeat("x", 200_000) + "\n")
	want.WriteString(strings.Repeat("\x01", 1_500_000) + "\n")
	want.WriteString(strings.Repeat(string(every), 4000))
	want.WriteString("\nthe end")
	path := s.TempDir() + "/bytes"
	if err := os.WriteFile(path, want.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start("version: \"1\"\nproject: demo\nservices:\n  web: {type: oneshot, command: exec cat " + path + "}\n")
	for name, p := range map[string]ipc.LogsParams{
		"lines":          {Lines: -1},
		"blocks":         {Lines: -1, Blocks: true},
		"grep":           {Lines: -1, Grep: "(?s).*", Blocks: true},
		"the last lines": {Lines: want.Len(), Run: 1, Blocks: true},
	} {
		if got := s.written(p); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s: %d bytes, and %d were written", name, len(got), want.Len())
		}
	}
}
