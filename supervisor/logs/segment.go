package logs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sort"
	"syscall"
	"time"
)

// segment is one segment as a reader sees it.
type segment struct {
	file *os.File
	id   fileID
	// number is the segment's number when it was opened.
	number int
	// gone is whether it has no name any more: it rotated away.
	gone  bool
	size  int64
	mtime time.Time

	base  int64
	times []record
	runs  []record
}

// fileID tells a file from others, whatever it is called.
type fileID struct{ dev, ino uint64 }

func idOf(info fs.FileInfo) fileID {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	return fileID{dev: uint64(st.Dev), ino: st.Ino} //nolint:unconvert // Dev is signed on some systems.
}

// openSegment opens a segment for reading; nil where there is none.
func openSegment(path string, number int) (*segment, error) {
	f, err := os.Open(segmentPath(path, number))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &segment{file: f, number: number}
	if err := s.refresh(path); err != nil {
		_ = f.Close()
		return nil, err
	}
	return s, nil
}

// refresh looks how far the segment reaches now, and at its index. The index
// is found under the segment's present number.
func (s *segment) refresh(path string) error {
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	s.id, s.size, s.mtime = idOf(info), info.Size(), info.ModTime()
	for number := s.number; number <= s.number+gapLimit; number++ {
		other, err := os.Stat(segmentPath(path, number))
		if err == nil && idOf(other) == s.id {
			s.number, s.gone = number, false
			return s.readIndex(indexPath(path, number))
		}
	}
	s.gone = true
	return nil
}

// readIndex reads the records that fit the segment; an index that cannot be
// read is an empty one.
func (s *segment) readIndex(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil //nolint:nilerr // The index is a convenience.
	}
	s.times, s.runs = s.times[:0], s.runs[:0]
	at := int64(0)
	for n := 0; len(data) >= recordSize; n, data = n+1, data[recordSize:] {
		r := decode(data)
		if n == 0 {
			if !r.isHead() {
				return nil
			}
			s.base = r.at
			continue
		}
		if r.at < at || r.at > s.size || r.kind == kindHead {
			return nil
		}
		at = r.at
		switch r.kind {
		case kindTime:
			s.times = append(s.times, r)
		case kindRun, kindLost:
			s.runs = append(s.runs, r)
		case kindHead:
		}
	}
	return nil
}

// timeAt is when the byte before end arrived.
func (s *segment) timeAt(end int64) time.Time {
	i := sort.Search(len(s.times), func(i int) bool { return s.times[i].at >= end })
	if i == len(s.times) {
		return s.mtime
	}
	return time.Unix(0, s.times[i].value)
}

// runAt is the run that wrote the byte at an offset, 0 where nobody knows.
func (s *segment) runAt(at int64) uint64 {
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].at > at })
	for i--; i >= 0; i-- {
		if s.runs[i].kind == kindRun {
			run, _ := s.runs[i].run()
			return run
		}
	}
	return 0
}

// breakAfter is the next offset after at across which no line goes on; the
// largest number where there is none.
func (s *segment) breakAfter(at int64) int64 {
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].at > at })
	for ; i < len(s.runs); i++ {
		if s.runs[i].breaks() {
			return s.runs[i].at
		}
	}
	return 1<<63 - 1
}

// since is an offset before which every line is older than t.
func (s *segment) since(t time.Time) int64 {
	from := int64(0)
	for _, r := range s.times {
		if r.value >= t.UnixNano() {
			break
		}
		from = r.at
	}
	return s.lineStart(from)
}

// lineStart is the start of the line that the byte at an offset belongs to.
func (s *segment) lineStart(at int64) int64 {
	buf := make([]byte, 4096)
	for at > 0 {
		from := max(at-int64(len(buf)), 0)
		n, err := s.file.ReadAt(buf[:at-from], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return from
		}
		if i := lastNewline(buf[:n]); i >= 0 {
			return from + int64(i) + 1
		}
		at = from
	}
	return 0
}

// backwards counts newlines from an offset towards the start and gives the
// offset behind the n-th, or false and how many there were.
func (s *segment) backwards(from int64, n int) (at int64, found bool, seen int) {
	buf := make([]byte, 32<<10)
	for from > 0 {
		begin := max(from-int64(len(buf)), 0)
		got, err := s.file.ReadAt(buf[:from-begin], begin)
		if err != nil && !errors.Is(err, io.EOF) {
			return from, true, seen
		}
		for i := got - 1; i >= 0; i-- {
			if buf[i] != '\n' {
				continue
			}
			if seen++; seen == n {
				return begin + int64(i) + 1, true, seen
			}
		}
		from = begin
	}
	return 0, false, seen
}
