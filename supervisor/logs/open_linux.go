package logs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// openFiles opens the current segment and its index, and mends what a crash
// left. Files that somebody deleted or cut under way are opened anew.
func (t *tape) openFiles() error {
	if t.seg >= 0 {
		if t.intact() {
			return nil
		}
		t.close()
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
	before := *t
	if err := t.recover(); err != nil {
		// The next attempt begins with what is known now.
		before.pending = false
		before.close()
		*t = before
		return err
	}
	return nil
}

// intact is whether the open segment is still what it was: written to by
// nobody else, cut by nobody, and not deleted.
func (t *tape) intact() bool {
	var st unix.Stat_t
	return unix.Fstat(t.seg, &st) == nil && st.Nlink > 0 && st.Size == t.size
}

// recover reads what is on disk: the size of the segment is the truth.
func (t *tape) recover() error {
	var st, index unix.Stat_t
	if err := errors.Join(unix.Fstat(t.seg, &st), unix.Fstat(t.idx, &index)); err != nil {
		return err
	}
	if t.known && st.Size == t.size && index.Size == t.idxSize && t.idxSize > 0 {
		return nil
	}
	run, base, cut := uint64(0), int64(0), false
	if t.known {
		// Somebody cut the segment or began it anew. What it has from
		// its present end on follows all that the stream ever had.
		run, base, cut = t.run, t.base+max(t.size-st.Size, 0), st.Size < t.size
	}
	f := survey(&fileAt{fd: t.idx}, st.Size)
	if st.Size == 0 {
		f = findings{}
	}
	known := t.known
	t.size, t.idxSize, t.base, t.flags = st.Size, f.keep, f.base, f.flags
	t.run, t.sinceRun = f.run, f.sinceRun
	t.stamp, t.stamped, t.pending = record{kind: kindTime, at: f.end, value: f.last}, f.tail, false
	t.known, t.again = true, false
	if err := unix.Ftruncate(t.idx, f.keep); err != nil {
		return err
	}
	switch {
	case f.keep > 0 && cut:
		t.base = base
		if err := pwrite(t.idx, headRecord(t.base, t.flags).append(nil), 0); err != nil {
			return err
		}
	case f.keep == 0:
		t.run = run
		if !known {
			base = t.baseFromBefore()
		}
		if err := t.writeHead(base); err != nil {
			return err
		}
	}
	if run != 0 && t.run != run {
		t.run = run
		if err := t.put(runRecord(t.size, run, true)); err != nil {
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
	var st unix.Stat_t
	if unix.Stat(segmentPath(t.path, 1), &st) != nil {
		return 0
	}
	f, err := openPlain(indexPath(t.path, 1))
	if err != nil {
		return st.Size
	}
	defer f.Close()
	return survey(f, st.Size).base + st.Size
}
