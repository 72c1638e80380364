package logs

import (
	"math"
	"os"
	"slices"
	"sort"
)

const (
	// blockBytes is how much of an index is looked at again at once.
	blockBytes = 256 * recordSize
	// scanBytes is how much of it is read at once for the first time.
	scanBytes = 16 * blockBytes
)

// timeline is what a reader knows of a segment's index. An index may be as long
// as its segment, so of its times only a summary of each block is kept, and those
// of the block that was needed last.
type timeline struct {
	// idx is the file, nil where there is none.
	idx *os.File
	of  fileID
	// base is where the segment begins in the stream, indexed how many bytes of
	// the index fit the segment; 0 where it is missing. placed is whether base is
	// known all the same.
	base    int64
	indexed int64
	placed  bool

	blocks []block
	// final is the last record.
	final record
	// runs are the records of runs and losses, without those that only repeat.
	runs []record
	// times are those of one block, of number window; -1 for none.
	times  []record
	window int
}

// block sums up a piece of an index.
type block struct {
	// last is its greatest offset, newest its latest time in nanoseconds, oldest
	// its earliest.
	last, newest, oldest int64
	// runs is how many records of runs and losses come before it.
	runs int
}

// openTimeline opens an index; one without a file where there is none, or
// something else in its place.
func openTimeline(name string) timeline {
	t := timeline{window: -1}
	f, err := openPlain(name)
	if err != nil {
		return t
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return t
	}
	t.idx, t.of = f, idOf(info)
	return t
}

func (t *timeline) close() {
	if t.idx != nil {
		_ = t.idx.Close()
		t.idx = nil
	}
}

// read reads what was not read yet, as far as it fits a segment of that size; the
// last block is read again, for its last record may have moved. An index that
// cannot be read adds nothing: it is a convenience.
func (t *timeline) read(size int64) {
	if t.idx == nil {
		return
	}
	var head [recordSize]byte
	if _, err := t.idx.ReadAt(head[:], 0); err != nil || !decode(head[:]).isHead() {
		t.forget()
		return
	}
	info, err := t.idx.Stat()
	if first := decode(head[:]); err != nil || t.indexed == 0 || first.at != t.base || info.Size() < t.indexed || t.lastAt() > size {
		t.forget()
		t.base, t.placed, t.indexed = first.at, true, recordSize
	}
	t.scan(size)
}

func (t *timeline) forget() {
	t.blocks, t.runs, t.times, t.indexed, t.window = nil, nil, nil, 0, -1
}

// scan sums up the index from the last block on that is known, up to the first
// record that cannot be one of the segment.
func (t *timeline) scan(size int64) {
	n := max(len(t.blocks)-1, 0)
	known, final := t.indexed-recordSize, t.final
	t.final = record{kind: kindHead}
	if n < len(t.blocks) {
		t.runs = t.runs[:t.blocks[n].runs]
		t.blocks = t.blocks[:n]
	}
	if t.window >= n {
		t.window = -1
	}
	info, err := t.idx.Stat()
	if err != nil {
		return
	}
	from := int64(n) * blockBytes
	buf := make([]byte, min(scanBytes, max(info.Size()-from, 0)))
	t.indexed = max(from, recordSize)
	for {
		got, _ := t.idx.ReadAt(buf, from)
		got -= got % recordSize
		for i := 0; i < got; i += recordSize {
			r := decode(buf[i:])
			at := from + int64(i)
			switch {
			case at == 0:
				continue
			case at == known && r.at > size && r.kind == final.kind:
				// It has moved since the segment was looked at.
				r = final
			}
			if r.at < t.lastAt() || r.at > size || r.kind == kindHead {
				return
			}
			t.add(r, at)
		}
		if got < len(buf) || got == 0 {
			return
		}
		from += int64(got)
	}
}

// add takes in the record at a place of the index.
func (t *timeline) add(r record, at int64) {
	if n := int(at / blockBytes); n == len(t.blocks) {
		t.blocks = append(t.blocks, block{last: t.lastAt(), newest: math.MinInt64, oldest: math.MaxInt64, runs: len(t.runs)})
	}
	b := &t.blocks[len(t.blocks)-1]
	b.last = r.at
	if r.kind == kindTime {
		b.newest, b.oldest = max(b.newest, r.value), min(b.oldest, r.value)
	} else if run, _ := r.run(); r.breaks() || run != t.runAt(math.MaxInt64) {
		t.runs = append(t.runs, r)
	}
	t.final, t.indexed = r, at+recordSize
}

// lastAt is the greatest offset in the index.
func (t *timeline) lastAt() int64 {
	if len(t.blocks) == 0 {
		return 0
	}
	return t.blocks[len(t.blocks)-1].last
}

// look has the times of a block at hand.
func (t *timeline) look(n int) {
	if t.window == n {
		return
	}
	from := int64(n) * blockBytes
	buf := make([]byte, min(blockBytes, t.indexed-from))
	got, _ := t.idx.ReadAt(buf, from)
	t.times, t.window = t.times[:0], n
	for buf = buf[:got]; len(buf) >= recordSize; buf = buf[recordSize:] {
		if r := decode(buf); r.kind == kindTime {
			t.times = append(t.times, r)
		}
	}
}

// stamp is the time record of the byte before an offset.
func (t *timeline) stamp(end int64) (record, bool) {
	n := t.window
	if n < 0 || n > 0 && t.blocks[n-1].last >= end || t.blocks[n].last < end {
		n = sort.Search(len(t.blocks), func(i int) bool { return t.blocks[i].last >= end })
	}
	for ; n < len(t.blocks); n++ {
		t.look(n)
		i := sort.Search(len(t.times), func(i int) bool { return t.times[i].at >= end })
		if i < len(t.times) {
			return t.times[i], true
		}
	}
	return record{}, false
}

// newest is its latest time in nanoseconds, the least number where it has none.
func (t *timeline) newest() int64 {
	newest := int64(math.MinInt64)
	for _, b := range t.blocks {
		newest = max(newest, b.newest)
	}
	return newest
}

// after is the offset from which on every byte that has a time is younger than
// that one.
func (t *timeline) after(nanos int64) int64 {
	for n := len(t.blocks) - 1; n >= 0; n-- {
		if t.blocks[n].oldest > nanos {
			continue
		}
		t.look(n)
		for _, r := range slices.Backward(t.times) {
			if r.value <= nanos {
				return r.at
			}
		}
	}
	return 0
}

// before is the offset up to which every byte is older than a time.
func (t *timeline) before(nanos int64) int64 {
	at := int64(0)
	n := 0
	for n < len(t.blocks) && t.blocks[n].newest < nanos {
		n++
	}
	// A block may have no times: then the one before it says more.
	for k := n - 1; k >= 0 && at == 0; k-- {
		if t.look(k); len(t.times) > 0 {
			at = t.times[len(t.times)-1].at
		}
	}
	if n == len(t.blocks) {
		return at
	}
	t.look(n)
	for _, r := range t.times {
		if r.value >= nanos {
			break
		}
		at = r.at
	}
	return at
}

// runAt is the run that wrote the byte at an offset, 0 where nobody knows.
func (t *timeline) runAt(at int64) uint64 {
	i := sort.Search(len(t.runs), func(i int) bool { return t.runs[i].at > at })
	for i--; i >= 0; i-- {
		if t.runs[i].kind == kindRun {
			run, _ := t.runs[i].run()
			return run
		}
	}
	return 0
}
