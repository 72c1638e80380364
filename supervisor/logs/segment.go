package logs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"sort"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// segment is one segment as readers see it.
type segment struct {
	// shelf is where it stands, readers how many have it open.
	shelf   *shelf
	readers int

	file *os.File
	id   fileID
	// number is the segment's number when it was looked for last.
	number int
	// gone is whether it has no name any more: it rotated away.
	gone  bool
	size  int64
	mtime time.Time

	timeline
	// older is the segment before this one, where there is no index to
	// tell their order once this one has no name.
	older finished
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

func idOfStat(st *unix.Stat_t) fileID {
	return fileID{dev: uint64(st.Dev), ino: st.Ino} //nolint:unconvert // Dev is signed on some systems.
}

// finished is a segment that nobody writes to any more and that may be removed:
// then its number in the file system is soon another's, which has another time.
type finished struct {
	fileID
	mtime int64
}

// finishedAtName is what has that name, none the zero one.
func finishedAtName(path string) finished {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return finished{}
	}
	return finished{fileID: idOfStat(&st), mtime: st.Mtim.Nano()}
}

// fileAtName is which file has that name, none the zero one.
func fileAtName(path string) fileID {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return fileID{}
	}
	return idOfStat(&st)
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
		s.gone = false
		return nil
	}
	for s.find(path) {
		if s.readIndex(path) {
			return nil
		}
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
	var st unix.Stat_t
	return unix.Stat(s.indexName(path), &st) == nil && st.Size == s.indexed && idOfStat(&st) == s.of
}

// readIndex reads what is new in the segment's index, and is false where a
// rotation made it unsure whose index was found. The one that was read before
// stays the segment's, whatever it is called.
func (s *segment) readIndex(path string) (sure bool) {
	name := s.indexName(path)
	at := fileAtName(name)
	if at != (fileID{}) && (s.idx == nil || at != s.of) {
		found := openTimeline(name)
		found.read(s.size)
		if s.id != fileAtName(segmentPath(path, s.number)) || name != s.indexName(path) {
			found.close()
			return false
		}
		s.timeline.close()
		if found.indexed == 0 {
			found.base, found.placed = s.base, s.placed
		}
		s.timeline = found
	} else {
		s.read(s.size)
	}
	if s.indexed == 0 {
		s.older = finishedAtName(segmentPath(path, s.number+1))
	}
	return true
}

// find looks for the segment's number, and is false where it has none.
func (s *segment) find(path string) bool {
	for number, missing := s.number, 0; missing < gapLimit; number++ {
		switch fileAtName(segmentPath(path, number)) {
		case fileID{}:
			missing++
		case s.id:
			s.number, s.gone = number, false
			return true
		default:
			missing = 0
		}
	}
	return false
}

// indexName is where the segment's index is: within a rotation, and after a
// crash in one, it is a name behind.
func (s *segment) indexName(path string) string {
	name := indexPath(path, s.number)
	if s.number == 0 || exists(name) || exists(segmentPath(path, s.number-1)) {
		return name
	}
	return indexPath(path, s.number-1)
}

// timeAt is when the byte before end arrived. Where the index does not speak of it
// yet it will be told to have come with the newest that it speaks of, or about when
// the file was written: never a later time than it will have, or who comes back to
// read on from it would miss lines.
func (s *segment) timeAt(end int64) time.Time {
	if r, ok := s.stamp(end); ok {
		return time.Unix(0, r.value)
	}
	if last := time.Unix(0, s.newest()); s.mtime.After(last) && s.mtime.Sub(last) < time.Duration(stampSlow) {
		return last
	}
	return s.mtime
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

// newestTime is the latest time of the segment.
func (s *segment) newestTime() time.Time {
	if t := time.Unix(0, s.newest()); t.After(s.mtime) {
		return t
	}
	return s.mtime
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
	if s.newestTime().Before(t) {
		// Without an index it is its last time that tells.
		return s.lineStart(s.size)
	}
	return s.lineStart(s.before(t.UnixNano()))
}

// lineStart is the start of the line that the byte at an offset belongs to.
func (s *segment) lineStart(at int64) int64 { return s.lineStartFrom(at, 0) }

// lineStartFrom is that, or the floor where the line begins before it.
func (s *segment) lineStartFrom(at, floor int64) int64 {
	buf := make([]byte, 4096)
	for at > floor {
		from := max(at-int64(len(buf)), floor)
		n, err := s.file.ReadAt(buf[:at-from], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return from
		}
		if i := lastNewline(buf[:n]); i >= 0 {
			return from + int64(i) + 1
		}
		at = from
	}
	return floor
}

// lineAfter is the start of the first line that begins between an offset and an end,
// or that end.
func (s *segment) lineAfter(at, end int64) int64 {
	buf := make([]byte, 4096)
	for at < end {
		n, err := s.file.ReadAt(buf[:min(int64(len(buf)), end-at)], at)
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			return at + int64(i) + 1
		}
		if at += int64(n); err != nil || n == 0 {
			break
		}
	}
	return end
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
