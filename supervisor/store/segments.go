package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// segments are the journal's files as their writer knows them. Each is named
// by the first sequence number in it, so they sort by age and never have to be
// renamed under a reader.
type segments struct {
	dir      string
	maxBytes int64
	maxFiles int
	// file is the newest, nil until there is something to write; size is
	// how much of it is whole events.
	file *os.File
	size int64
	// moved says which file could not be used, empty for none.
	moved string
}

// segment is one file of the journal as a reader finds it.
type segment struct {
	path  string
	first uint64
	size  int64
}

const segmentSuffix = ".jsonl"

func segmentName(first uint64) string { return fmt.Sprintf("%020d%s", first, segmentSuffix) }

// listSegments are the journal's files, oldest first; a directory that is not
// there has none, and files of other names are none of the journal's.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed("read the journal in", dir, err)
	}
	var all []segment
	for _, entry := range entries {
		digits, ok := strings.CutSuffix(entry.Name(), segmentSuffix)
		if !ok || len(digits) != 20 || !entry.Type().IsRegular() {
			continue
		}
		first, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || first > maxSeq {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			continue // rotated away meanwhile
		}
		all = append(all, segment{path: filepath.Join(dir, entry.Name()), first: first, size: info.Size()})
	}
	slices.SortFunc(all, func(a, b segment) int { return strings.Compare(a.path, b.path) })
	return all, nil
}

// recover opens the newest file, cuts what follows its last whole event, and
// gives that event's number; 0 for a journal that begins.
func (s *segments) recover() (uint64, error) {
	all, err := listSegments(s.dir)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	newest := all[len(all)-1]
	file, err := openPlain(newest.path, os.O_RDWR)
	if err != nil && !exhausted(err) {
		return s.without(newest, err)
	}
	if err != nil {
		return 0, failed("open the journal", newest.path, err)
	}
	seq, whole, err := lastEvent(file, newest.size)
	if err == nil && whole < newest.size {
		err = file.Truncate(whole)
	}
	if err != nil {
		_ = file.Close()
		return 0, failed("mend the journal", newest.path, err)
	}
	s.file, s.size = file, whole
	// Its name says what came before a file that holds nothing.
	return max(seq, newest.first-min(newest.first, 1)), nil
}

// unknown is more events than a file of the journal holds: numbers begin
// behind what an unreadable one may have.
const unknown = 1 << 20

// without moves aside what cannot be opened. The journal goes on in a
// new one, and its first event says why.
func (s *segments) without(newest segment, why error) (uint64, error) {
	said, err := moveAside(newest.path, &unreadable{suffix: "corrupt", err: why}, time.Now())
	if err != nil {
		return 0, err
	}
	s.moved = said
	return newest.first + unknown, nil
}

// lastEvent finds the last whole event of a file by reading its tail: its
// number and where it ends. Both are 0 when there is none.
func lastEvent(file io.ReaderAt, size int64) (seq uint64, end int64, err error) {
	err = backward(file, size, func(at int64, line []byte) bool {
		e, ok := parseEvent(line)
		if !ok {
			return true
		}
		seq, end = e.Seq, at+int64(len(line))
		return false
	})
	return seq, end, err
}

// write appends whole lines and says how many bytes of them are in place; on
// an error what was written of a line is cut away again.
func (s *segments) write(lines []byte) (int, error) {
	done := 0
	for done < len(lines) {
		rest := lines[done:]
		if s.file == nil || s.room(rest) == 0 || removed(s.file) {
			if err := s.next(seqOf(rest)); err != nil {
				return done, err
			}
		}
		n := s.room(rest)
		if _, err := s.file.WriteAt(rest[:n], s.size); err != nil {
			_ = s.file.Truncate(s.size)
			return done, failed("write the journal", s.file.Name(), err)
		}
		s.size += int64(n)
		done += n
	}
	return done, nil
}

// removed is whether somebody has removed an open file, or moved it away.
func removed(file *os.File) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(file.Name())
	return errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(held, now)
}

// room is how many bytes of whole lines still fit into the newest file. A line
// longer than a file may be has a file of its own.
func (s *segments) room(lines []byte) int {
	left := s.maxBytes - s.size
	if int64(len(lines)) <= left {
		return len(lines)
	}
	if n := bytes.LastIndexByte(lines[:max(0, left)], '\n') + 1; n > 0 {
		return n
	}
	if s.size == 0 {
		return bytes.IndexByte(lines, '\n') + 1
	}
	return 0
}

// next begins the file whose first event is seq and removes the oldest.
func (s *segments) next(seq uint64) error {
	path := filepath.Join(s.dir, segmentName(seq))
	file, err := s.begin(path)
	if err == nil {
		err = file.Chmod(0o600)
	}
	if err != nil {
		return failed("begin the journal file", path, err)
	}
	s.close()
	s.file, s.size = file, 0

	all, err := listSegments(s.dir)
	if err != nil {
		return nil //nolint:nilerr // The next rotation removes more.
	}
	for _, old := range all[:max(0, len(all)-s.maxFiles)] {
		_ = os.Remove(old.path)
	}
	return nil
}

// begin opens a file anew. Somebody may have removed the directory under way,
// or put something else in the file's place, which is moved aside.
func (s *segments) begin(path string) (*os.File, error) {
	file, err := openPlain(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err == nil || exhausted(err) {
		return file, err
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err := prepare(s.dir); err != nil {
			return nil, err
		}
	}
	if info, there := os.Lstat(path); there == nil && !info.Mode().IsRegular() {
		if s.moved, err = moveAside(path, &unreadable{suffix: "corrupt", err: errNoFile}, time.Now()); err != nil {
			return nil, err
		}
	}
	return openPlain(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

// close makes the newest file last.
func (s *segments) close() {
	if s.file == nil {
		return
	}
	_ = s.file.Sync()
	_ = s.file.Close()
	s.file = nil
}
