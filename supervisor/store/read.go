package store

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// tooOld is how many events in a row have to be older than Filter.Since before
// reading backwards stops: a clock that was set back puts a few events out of
// order.
const tooOld = 256

// Read gives yield every event the filter selects, oldest first, until yield
// returns false. Events appended after the call are not among them. It may be
// called from any goroutine and holds nothing up.
func (j *Journal) Read(f Filter, yield func(Event) bool) error {
	j.mu.Lock()
	tail := append(bytes.Clone(j.flying), j.pending.Bytes()...)
	j.mu.Unlock()
	return readEvents(j.dir, tail, f, yield)
}

// ReadDir is Journal.Read for a journal nobody has open for writing, or whose
// writer is another process.
func ReadDir(dir string, f Filter, yield func(Event) bool) error {
	return readEvents(dir, nil, f, yield)
}

// place is a line's beginning: in which part of the journal and where there.
type place struct {
	part   int
	offset int64
}

// reading is one pass over the journal: the files as they were when it began
// and, after them, the lines that may not be in a file yet.
type reading struct {
	filter Filter
	parts  []segment
	tail   []byte
	// from is the first event of the tail: events of a file from there on
	// are in both.
	from uint64
}

// readEvents looks for the first event it needs from the newest backwards, so
// that the last few cost no more than themselves, and then streams forwards.
func readEvents(dir string, tail []byte, f Filter, yield func(Event) bool) error {
	parts, err := listSegments(dir)
	if err != nil {
		return err
	}
	r := reading{filter: f, parts: parts, tail: tail, from: seqOf(tail)}
	var start place
	if f.Limit > 0 || f.AfterSeq > 0 || !f.Since.IsZero() {
		if start, err = r.start(); err != nil {
			return err
		}
	}
	for part := start.part; part <= len(parts); part++ {
		more, err := r.stream(part, start.offset, yield)
		if err != nil || !more {
			return err
		}
		start.offset = 0
	}
	return nil
}

// start is where the first event stands that the filter may select.
func (r *reading) start() (place, error) {
	var start place
	found, wanted, old := false, 0, 0
	for part := len(r.parts); part >= 0 && !found; part-- {
		err := r.walk(part, func(at int64, line []byte) bool {
			e, ok := r.event(part, line)
			if !ok {
				return true
			}
			start = place{part: part, offset: at}
			if r.filter.matches(&e) {
				wanted++
			}
			if old++; !e.Time.Before(r.filter.Since) {
				old = 0
			}
			found = e.Seq <= r.filter.AfterSeq || old >= tooOld ||
				r.filter.Limit > 0 && wanted >= r.filter.Limit
			return !found
		})
		if err != nil {
			return place{}, err
		}
	}
	if !found {
		return place{}, nil
	}
	return start, nil
}

// event is the event of a line, if this part is the one to give it.
func (r *reading) event(part int, line []byte) (Event, bool) {
	e, ok := parseEvent(line)
	if part < len(r.parts) && r.from > 0 && e.Seq >= r.from {
		return Event{}, false
	}
	return e, ok
}

// open gives the bytes of a part. A file that was rotated away has none.
func (r *reading) open(part int) (io.ReaderAt, int64, io.Closer, error) {
	if part == len(r.parts) {
		return bytes.NewReader(r.tail), int64(len(r.tail)), io.NopCloser(nil), nil
	}
	file, err := openPlain(r.parts[part].path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return bytes.NewReader(nil), 0, io.NopCloser(nil), nil
	}
	if err != nil {
		return nil, 0, nil, failed("read the journal", r.parts[part].path, err)
	}
	return file, r.parts[part].size, file, nil
}

// walk gives fn the lines of a part, last one first.
func (r *reading) walk(part int, fn func(at int64, line []byte) bool) error {
	from, size, closer, err := r.open(part)
	if err != nil {
		return err
	}
	defer closer.Close()
	return backward(from, size, fn)
}

// stream yields the selected events of a part from offset on, and says
// whether yield wants more.
func (r *reading) stream(part int, offset int64, yield func(Event) bool) (bool, error) {
	from, size, closer, err := r.open(part)
	if err != nil {
		return false, err
	}
	defer closer.Close()
	lines := bufio.NewReaderSize(io.NewSectionReader(from, offset, size-offset), 64<<10)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			var rest []byte
			line = bytes.Clone(line)
			rest, err = lines.ReadBytes('\n')
			line = append(line, rest...)
		}
		if errors.Is(err, io.EOF) {
			return true, nil // a torn last line is none
		}
		if err != nil {
			return false, failed("read the journal in", r.name(part), err)
		}
		e, ok := r.event(part, line)
		if ok && r.filter.matches(&e) && !yield(e) {
			return false, nil
		}
	}
}

func (r *reading) name(part int) string {
	if part == len(r.parts) {
		return "memory"
	}
	return r.parts[part].path
}

// backward gives fn the whole lines of a file from the last to the first, each
// with its newline and where it begins, until fn returns false. What follows
// the last newline is no line.
func backward(file io.ReaderAt, size int64, fn func(at int64, line []byte) bool) error {
	const block = 64 << 10
	var held []byte // the bytes from low on that are not given yet
	low := size
	whole := false // held ends with a newline
	for low > 0 {
		n := min(low, block)
		grown := make([]byte, n, n+int64(len(held)))
		if _, err := file.ReadAt(grown, low-n); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		low -= n
		held = append(grown, held...)
		if !whole {
			end := bytes.LastIndexByte(held, '\n') + 1
			held, whole = held[:end], end > 0
		}
		for {
			begin := bytes.LastIndexByte(held[:max(0, len(held)-1)], '\n') + 1
			if begin == 0 && low > 0 || len(held) == 0 {
				break
			}
			if !fn(low+int64(begin), held[begin:]) {
				return nil
			}
			held = held[:begin]
		}
	}
	return nil
}
