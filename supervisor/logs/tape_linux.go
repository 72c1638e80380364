package logs

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// tape is a stream's segments as their writer knows them. The stream's lock
// guards it.
type tape struct {
	path     string
	seg, idx int // -1 while closed
	// known is whether the fields below speak of what is on disk.
	known bool
	// size and idxSize are those of the current segment and its index,
	// base is its offset in the stream.
	size, idxSize, base int64
	flags               int64
	// run is in force since runAt; next, if not 0, begins with the next
	// byte. sinceRun counts the records after the last run record.
	run, next uint64
	runAt     int64
	sinceRun  int
	// stamp is the last time record; it is written where it is only in
	// memory.
	stamp   record
	stamped bool
	pending bool

	exact bool
	lost  int64
	// moved is whether bytes came since the last rest.
	moved bool
}

// stampEvery is how long one time record speaks for what arrives.
const stampEvery = int64(time.Millisecond)

// openFiles opens the current segment and its index, and mends what a crash
// left.
func (t *tape) openFiles() error {
	if t.seg >= 0 {
		return nil
	}
	if !t.known {
		list, _ := numbers(t.path)
		mend(t.path, list)
	}
	seg, err := create(t.path)
	if err != nil {
		return err
	}
	idx, err := create(indexPath(t.path, 0))
	if err != nil {
		_ = unix.Close(seg)
		return err
	}
	t.seg, t.idx = seg, idx
	if err := t.recover(); err != nil {
		t.close()
		return err
	}
	return nil
}

// recover reads what is on disk: the size of the segment is the truth.
func (t *tape) recover() error {
	var st unix.Stat_t
	if err := unix.Fstat(t.seg, &st); err != nil {
		return err
	}
	if t.known && st.Size == t.size {
		return nil
	}
	f := survey(&fileAt{fd: t.idx}, st.Size)
	t.size, t.idxSize, t.base, t.flags = st.Size, f.keep, f.base, f.flags
	t.runAt, t.sinceRun = f.runAt, f.sinceRun
	if f.run != 0 || !t.known {
		t.run = f.run
	}
	t.stamp, t.stamped, t.pending = record{kind: kindTime, at: f.end, value: f.last}, f.tail, false
	t.known = true
	if err := unix.Ftruncate(t.idx, f.keep); err != nil {
		return err
	}
	if f.keep == 0 {
		if err := t.writeHead(t.baseFromBefore()); err != nil {
			return err
		}
	}
	if t.stamp.at < t.size {
		return t.put(record{kind: kindTime, at: t.size, value: max(st.Mtim.Nano(), t.stamp.value)})
	}
	return nil
}

// baseFromBefore is where the segment before this one ends in the stream.
func (t *tape) baseFromBefore() int64 {
	if t.base > 0 {
		return t.base
	}
	var st unix.Stat_t
	if unix.Stat(segmentPath(t.path, 1), &st) != nil {
		return 0
	}
	f, err := os.Open(indexPath(t.path, 1))
	if err != nil {
		return st.Size
	}
	defer f.Close()
	return survey(f, st.Size).base + st.Size
}

// writeHead begins an index.
func (t *tape) writeHead(base int64) error {
	t.base, t.idxSize, t.stamped, t.pending = base, 0, false, false
	if err := t.put(headRecord(base, t.flags)); err != nil {
		return err
	}
	if t.run != 0 {
		return t.put(runRecord(0, t.run, true))
	}
	return nil
}

// put appends a record to the index.
func (t *tape) put(r record) error {
	if err := t.flush(); err != nil {
		return err
	}
	if err := pwrite(t.idx, r.append(nil), t.idxSize); err != nil {
		return err
	}
	t.idxSize += recordSize
	t.stamped = r.kind == kindTime
	if t.stamped {
		t.stamp = r
	}
	if r.kind == kindRun {
		t.sinceRun = 0
		return nil
	}
	if t.sinceRun++; t.sinceRun >= repeatEvery && t.run != 0 && r.kind == kindTime {
		return t.put(runRecord(r.at, t.run, true))
	}
	return nil
}

// flush writes the time record that is only in memory: a moved end.
func (t *tape) flush() error {
	if !t.pending || t.idx < 0 {
		return nil
	}
	t.pending = false
	return pwrite(t.idx, t.stamp.append(nil), t.idxSize-recordSize)
}

// beginRun writes the mark of a run whose first byte is about to come.
func (t *tape) beginRun() error {
	if t.next == 0 {
		return nil
	}
	if err := t.put(runRecord(t.size, t.next, false)); err != nil {
		return err
	}
	t.run, t.runAt, t.next = t.next, t.size, 0
	return nil
}

// append moves up to n bytes out of the pipe to the end of the segment.
func (t *tape) append(pipe, n int) (int, error) {
	moved, err := t.transfer(pipe, n)
	if moved == 0 || err != nil {
		return 0, err
	}
	t.size += int64(moved)
	t.moved = true
	return moved, t.note(time.Now().UnixNano())
}

// transfer splices, or copies where the file system cannot.
func (t *tape) transfer(pipe, n int) (int, error) {
	if t.exact {
		off := t.size
		moved, err := unix.Splice(pipe, nil, t.seg, &off, n, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		switch {
		case err == nil:
			return int(moved), nil
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			return 0, nil
		case !errors.Is(err, unix.EINVAL):
			return 0, err
		}
		t.exact = false
	}
	buf := make([]byte, min(n, peekBytes))
	got, err := unix.Read(pipe, buf)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	if err != nil || got == 0 {
		return 0, err
	}
	if err := pwrite(t.seg, buf[:got], t.size); err != nil {
		t.lose(int64(got))
		return 0, err
	}
	return got, nil
}

// note stamps what has arrived. Within a millisecond the record before is
// moved, and written only when the next one follows or somebody asks.
func (t *tape) note(now int64) error {
	last := t.stamp.value
	if now < last {
		if last-now > int64(time.Second) && t.flags&unsorted == 0 {
			t.flags |= unsorted
			if err := pwrite(t.idx, headRecord(t.base, t.flags).append(nil), 0); err != nil {
				return err
			}
		} else if last-now <= int64(time.Second) {
			now = last
		}
	}
	if t.stamped && now >= last && now-last < stampEvery {
		t.stamp.at = t.size
		t.pending = true
		return nil
	}
	return t.put(record{kind: kindTime, at: t.size, value: now})
}

// lose counts bytes that could not be kept. The index tells of them as soon as
// it can be written.
func (t *tape) lose(n int64) {
	t.lost += n
	if t.idx >= 0 {
		// A full disk takes no record either; Info knows.
		_ = t.put(record{kind: kindLost, at: t.size, value: n})
	}
}

// turnPage ends the segment and begins the next one.
func (t *tape) turnPage(maxFiles int) error {
	if err := t.flush(); err != nil {
		return err
	}
	base := t.base + t.size
	t.close()
	if err := rotate(t.path, maxFiles); err != nil {
		return err
	}
	t.known, t.size, t.base, t.runAt, t.flags = false, 0, base, 0, 0
	run := t.run
	if err := t.openFiles(); err != nil {
		return err
	}
	t.run = run
	if run != 0 {
		return t.put(runRecord(0, run, true))
	}
	return nil
}

// rest closes the files of a tape that was quiet, or whose files were deleted,
// and says whether they are still open.
func (t *tape) rest() bool {
	if t.seg < 0 {
		return false
	}
	var st unix.Stat_t
	deleted := unix.Fstat(t.seg, &st) == nil && (st.Nlink == 0 || st.Size != t.size)
	if t.moved && !deleted {
		t.moved = false
		return true
	}
	if deleted {
		t.known = false
	}
	t.close()
	return false
}

func (t *tape) close() {
	if t.seg < 0 {
		return
	}
	_ = t.flush()
	_ = unix.Close(t.seg)
	_ = unix.Close(t.idx)
	t.seg, t.idx = -1, -1
}

// pwrite writes all of b.
func pwrite(fd int, b []byte, at int64) error {
	for len(b) > 0 {
		n, err := unix.Pwrite(fd, b, at)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		b, at = b[n:], at+int64(n)
	}
	return nil
}

// fileAt reads a descriptor from the start without moving its position.
type fileAt struct {
	fd int
	at int64
}

func (f *fileAt) Read(b []byte) (int, error) {
	n, err := unix.Pread(f.fd, b, f.at)
	f.at += int64(max(n, 0))
	if n == 0 && err == nil && len(b) > 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}
