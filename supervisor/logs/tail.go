package logs

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
)

const (
	// tailBytes is how much of what a run wrote Tail looks at, and
	// tailSegments how many segments it looks for it in.
	tailBytes    = 64 << 10
	tailSegments = 16
)

// Tail is the last lines that a run wrote to a stream, at most n. What other
// runs wrote in between does not count; run 0 is whoever wrote. A stream that
// has none of it, or cannot be read, has no lines.
func Tail(path string, run uint64, n int) []string {
	var h shelf
	list, _ := numbers(path)
	t := tail{run: run, room: tailBytes}
	for _, number := range list[:min(len(list), tailSegments)] {
		seg, err := h.open(path, number)
		if err != nil || seg == nil {
			continue
		}
		t.look(seg)
		seg.close()
		if t.cut {
			break
		}
	}
	return t.lines(n)
}

// tail gathers what a run wrote, from its end on.
type tail struct {
	run uint64
	// parts are the newest first, room is how many bytes may still come.
	parts [][]byte
	room  int64
	// cut is whether there was more than room.
	cut bool
}

// look takes what the run wrote to a segment.
func (t *tail) look(s *segment) {
	to := s.size
	for _, r := range slices.Backward(s.runs) {
		if r.kind == kindRun && r.at < to {
			if by, _ := r.run(); t.run == 0 || by == t.run {
				t.take(s, r.at, to)
			}
			to = r.at
		}
		if t.cut {
			return
		}
	}
	if t.run == 0 {
		t.take(s, 0, to)
	}
}

// take reads the bytes between two offsets, as far as there is room.
func (t *tail) take(s *segment, from, to int64) {
	begin := max(from, to-t.room)
	part := make([]byte, to-begin)
	n, err := s.file.ReadAt(part, begin)
	if err != nil && !errors.Is(err, io.EOF) || n < len(part) {
		t.cut = true
		return
	}
	t.parts = append(t.parts, part)
	t.room -= int64(len(part))
	t.cut = begin > from || t.room == 0
}

func (t *tail) lines(n int) []string {
	slices.Reverse(t.parts)
	text := string(bytes.Join(t.parts, nil))
	if text == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if t.cut && len(lines) > 1 {
		// The first is cut.
		lines = lines[1:]
	}
	return lines[max(len(lines)-n, 0):]
}
