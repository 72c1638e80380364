package logs

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/failpoint"
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
	// run is in force. sinceRun counts the records after the last run
	// record.
	run      uint64
	sinceRun int
	// stamp is the last time record; it is written where it is only in
	// memory.
	stamp   record
	stamped bool
	pending bool

	exact bool
	// lost are the bytes that could not be kept, owed those of them that
	// the index does not know of; again is whether its last record is of
	// that kind.
	lost, owed int64
	again      bool
	// moved is whether bytes came since the last rest.
	moved bool
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
	t.stamped, t.again = r.kind == kindTime, r.kind == kindLost
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

// beginRun writes the mark of the run whose bytes are about to come, unless it
// is in force or nobody knows it.
func (t *tape) beginRun(run uint64) error {
	if run == 0 || run == t.run {
		return nil
	}
	if err := t.put(runRecord(t.size, run, false)); err != nil {
		return err
	}
	t.run = run
	return nil
}

// append moves up to n bytes out of the pipe to the end of the segment.
func (t *tape) append(pipe, n int) (int, error) {
	moved, err := t.transfer(pipe, n)
	if moved == 0 || err != nil {
		return 0, err
	}
	failpoint.Here(failpoint.Moved)
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
	err = pwrite(t.seg, buf[:got], t.size)
	for isFull(err) && dropOldest(t.path) {
		err = pwrite(t.seg, buf[:got], t.size)
	}
	if err != nil {
		// A part of it may stand there.
		_ = unix.Ftruncate(t.seg, t.size)
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
	every := stampEvery
	if t.idxSize > max(t.size, slimIndex) {
		every = stampSlow
	}
	if t.stamped && now >= last && now-last < every {
		t.stamp.at = t.size
		t.pending = true
		return nil
	}
	return t.put(record{kind: kindTime, at: t.size, value: now})
}

// lose counts bytes that could not be kept. The index is told before the next
// bytes come: a full disk takes no record either.
func (t *tape) lose(n int64) {
	t.lost += n
	t.owed += n
}

// repay tells the index what was lost. Losses at one place are one record.
func (t *tape) repay() error {
	if t.owed == 0 {
		return nil
	}
	r := record{kind: kindLost, at: t.size, value: t.owed}
	if t.again {
		var b [recordSize]byte
		before := t.idxSize - recordSize
		if n, err := unix.Pread(t.idx, b[:], before); err == nil && n == recordSize && decode(b[:]).at == t.size {
			r.value += decode(b[:]).value
			if err := pwrite(t.idx, r.append(nil), before); err != nil {
				return err
			}
			t.owed = 0
			return nil
		}
	}
	if err := t.put(r); err != nil {
		return err
	}
	t.owed = 0
	return nil
}

// endsLine is whether the segment holds something and ends with a newline.
func (t *tape) endsLine() bool {
	var last [1]byte
	if t.size == 0 {
		return false
	}
	n, err := unix.Pread(t.seg, last[:], t.size-1)
	return err == nil && n == 1 && last[0] == '\n'
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
	t.size, t.idxSize, t.base, t.flags = 0, 0, base, 0
	t.stamp, t.stamped, t.pending, t.again = record{value: t.stamp.value}, false, false, false
	return t.openFiles()
}

// rest closes the files of a tape that was quiet, or whose files are not where
// they were, and says whether they are still open.
func (t *tape) rest() bool {
	if t.seg < 0 {
		return false
	}
	if t.moved && t.named() {
		t.moved = false
		return true
	}
	t.close()
	return false
}

// named is whether the open files are still those that their names lead to:
// somebody may have renamed or deleted them.
func (t *tape) named() bool {
	for fd, path := range map[int]string{t.seg: t.path, t.idx: indexPath(t.path, 0)} {
		var here, there unix.Stat_t
		if unix.Fstat(fd, &here) != nil || unix.Stat(path, &there) != nil || here.Dev != there.Dev || here.Ino != there.Ino {
			return false
		}
	}
	return true
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
