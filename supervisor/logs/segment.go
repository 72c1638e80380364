package logs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
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
	// indexed is how many bytes of the index are in times and runs; 0
	// where it is missing. placed is whether base is known all the same.
	indexed int64
	placed  bool
	// last is the kind of the last of them.
	last kind
	// older is the segment before this one, where there is no index to
	// tell their order once this one has no name.
	older fileID
}

// end is where the segment ends in the stream.
func (s *segment) end() int64 { return s.base + s.size }

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
	f, err := openPlain(segmentPath(path, number))
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
// is found under the segment's present number, which only grows.
func (s *segment) refresh(path string) error {
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	known := s.size == info.Size()
	s.id, s.size, s.mtime = idOf(info), info.Size(), info.ModTime()
	if known && s.settled(path) {
		return nil
	}
	for s.find(path) {
		before := *s
		name := s.indexName(path)
		s.readIndex(name)
		if s.indexed == 0 {
			s.older = fileAtName(segmentPath(path, s.number+1))
		}
		// A rotation in between would have put another index there, or
		// this one to its next name.
		if s.id == fileAtName(segmentPath(path, s.number)) && name == s.indexName(path) {
			return nil
		}
		*s = before
	}
	s.gone = true
	return nil
}

// settled is whether the index as it was read speaks of all the segment has,
// and nothing was added to it.
func (s *segment) settled(path string) bool {
	if s.indexed == 0 || s.lastAt() != s.size || fileAtName(segmentPath(path, s.number)) != s.id {
		return false
	}
	index, err := os.Stat(s.indexName(path))
	return err == nil && index.Size() == s.indexed
}

// find looks for the segment's number, and is false where it has none.
func (s *segment) find(path string) bool {
	for number, missing := s.number, 0; missing < gapLimit; number++ {
		other, err := os.Stat(segmentPath(path, number))
		switch {
		case err != nil:
			missing++
		case idOf(other) == s.id:
			s.number, s.gone = number, false
			return true
		default:
			missing = 0
		}
	}
	return false
}

// fileAtName is which file has that name, none the zero one.
func fileAtName(path string) fileID {
	info, err := os.Stat(path)
	if err != nil {
		return fileID{}
	}
	return idOf(info)
}

// indexName is where the segment's index is: within a rotation, and after a
// crash in one, it is a name behind.
func (s *segment) indexName(path string) string {
	name := indexPath(path, s.number)
	if s.number == 0 || present(name) || present(segmentPath(path, s.number-1)) {
		return name
	}
	return indexPath(path, s.number-1)
}

func present(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// readIndex reads the records that fit the segment and were not read yet; the
// last one is read again, for it may have moved. An index that cannot be read
// adds nothing: it is a convenience.
func (s *segment) readIndex(path string) {
	f, err := openPlain(path)
	if err != nil {
		return
	}
	defer f.Close()
	var head [recordSize]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || !decode(head[:]).isHead() {
		s.forget()
		return
	}
	info, err := f.Stat()
	if first := decode(head[:]); err != nil || s.indexed == 0 || first.at != s.base || info.Size() < s.indexed || s.beyond() {
		s.forget()
		s.base, s.placed, s.indexed = first.at, true, recordSize
	}
	from := max(s.indexed-recordSize, recordSize)
	data, err := io.ReadAll(io.NewSectionReader(f, from, max(info.Size()-from, 0)))
	if err != nil {
		return
	}
	if from < s.indexed && len(data) >= recordSize {
		s.again(decode(data))
		data = data[recordSize:]
	}
	s.take(data)
}

// again puts the last record, as it is now, in its place.
func (s *segment) again(r record) {
	list := &s.runs
	if r.kind == kindTime {
		list = &s.times
	}
	if n := len(*list); n > 0 && r.kind == s.last && r.at >= (*list)[n-1].at && r.at <= s.size {
		(*list)[n-1] = r
	}
}

// take adds records up to the first that cannot be one of the segment.
func (s *segment) take(data []byte) {
	at := s.lastAt()
	s.times = slices.Grow(s.times, len(data)/recordSize)
	for ; len(data) >= recordSize; data = data[recordSize:] {
		r := decode(data)
		if r.at < at || r.at > s.size || r.kind == kindHead {
			return
		}
		at = r.at
		if r.kind == kindTime {
			s.times = append(s.times, r)
		} else {
			s.runs = append(s.runs, r)
		}
		s.last = r.kind
		s.indexed += recordSize
	}
}

func (s *segment) forget() { s.times, s.runs, s.indexed = nil, nil, 0 }

// pass drops the times of what was read, but for the last: a segment that is
// followed for long has many.
func (s *segment) pass(at int64) {
	i := sort.Search(len(s.times), func(i int) bool { return s.times[i].at > at })
	if i = min(i, len(s.times)-1); i > len(s.times)/2 {
		s.times = slices.Clone(s.times[i:])
	}
}

// lastAt is the greatest offset in the index.
func (s *segment) lastAt() int64 {
	at := int64(0)
	if n := len(s.times); n > 0 {
		at = s.times[n-1].at
	}
	if n := len(s.runs); n > 0 {
		at = max(at, s.runs[n-1].at)
	}
	return at
}

// beyond is whether the index speaks of bytes that the segment has no more.
func (s *segment) beyond() bool { return s.lastAt() > s.size }

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

// breaksAtStart is whether no line goes on from the segment before.
func (s *segment) breaksAtStart() bool {
	for _, r := range s.runs {
		if r.at > 0 {
			return false
		}
		if r.breaks() {
			return true
		}
	}
	return false
}

// lossesAt are the records of bytes missing at an offset.
func (s *segment) lossesAt(at int64) []record {
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].at >= at })
	var list []record
	for ; i < len(s.runs) && s.runs[i].at == at; i++ {
		if s.runs[i].kind == kindLost {
			list = append(list, s.runs[i])
		}
	}
	return list
}

// newest is the latest time of the segment.
func (s *segment) newest() time.Time {
	newest := s.mtime
	for _, r := range s.times {
		if t := time.Unix(0, r.value); t.After(newest) {
			newest = t
		}
	}
	return newest
}

// endsLine is whether there is a newline before an offset, or nothing.
func (s *segment) endsLine(at int64) bool {
	var last [1]byte
	if at == 0 {
		return true
	}
	_, err := s.file.ReadAt(last[:], at-1)
	return err == nil && last[0] == '\n'
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

// backwards counts ends of lines from an offset towards the start and gives
// the offset behind the n-th, or false and how many there were. A line ends
// behind its newline, and where a run or a loss breaks it off.
func (s *segment) backwards(from int64, n int) (at int64, found bool, seen int) {
	broken := s.brokenBefore(from)
	buf := make([]byte, 32<<10)
	for from > 0 {
		begin := max(from-int64(len(buf)), 0)
		got, err := s.file.ReadAt(buf[:from-begin], begin)
		if err != nil && !errors.Is(err, io.EOF) {
			return from, true, seen
		}
		for i := got - 1; i >= 0; i-- {
			end := begin + int64(i) + 1
			last := len(broken) - 1
			breaks := last >= 0 && broken[last] == end
			if breaks {
				broken = broken[:last]
			}
			if buf[i] != '\n' && !breaks {
				continue
			}
			if seen++; seen == n {
				return end, true, seen
			}
		}
		from = begin
	}
	return 0, false, seen
}

// brokenBefore are the offsets up to from, in order, where a line breaks off.
func (s *segment) brokenBefore(from int64) []int64 {
	var list []int64
	for _, r := range s.runs {
		if r.breaks() && r.at > 0 && r.at <= from && (len(list) == 0 || list[len(list)-1] != r.at) {
			list = append(list, r.at)
		}
	}
	return list
}
