package logs

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
)

const (
	// pieceBytes is the longest piece of a line.
	pieceBytes = 64 << 10
	// grepBytes is how much of a line Grep looks at.
	grepBytes = 1 << 20
	// chunksBytes is how much is read at once of all files of a reader,
	// leastChunk and mostChunk bound how much of each.
	chunksBytes = 128 << 10
	leastChunk  = 4 << 10
	mostChunk   = 32 << 10
	// crowdBytes is about as much as all followers read at once together, and
	// crowdChunk the least each reads of a file where they are many.
	crowdBytes = 4 << 20
	crowdChunk = 1 << 10
	// behind is how far a reader of the newest lines may fall behind, and
	// resume where it goes on from the end.
	behind = 1 << 20
	resume = 16 << 10
)

// cursor reads the lines of one stream, over all its segments.
type cursor struct {
	file int
	path string
	q    Query
	// needles are what is in every line that q.Grep matches, one of them.
	needles [][]byte
	// chunk is how much is read at once.
	chunk int64
	// shelf has the segments. All that a cursor does is done in a turn.
	shelf *shelf

	seg *segment
	// base and indexed are what the segment's index said when it was looked at
	// last.
	base    int64
	indexed bool
	// until is the offset in the segment from which on no line is wanted,
	// because all are too young.
	until int64
	// at is the offset of the next byte to hand out, buf what was read from
	// there on.
	at  int64
	buf []byte
	// page is the memory that buf is a part of, pages where that is from; nil
	// for anywhere.
	page  []byte
	pages *pages
	// inside is whether at is inside a line, and match whether that line is
	// wanted.
	inside, match bool
	// broken is whether the last piece ended where no line goes on.
	broken bool
	// told is the place in the stream up to which losses were told.
	told    int64
	skipped []Skip
	// stop is where reading ends, nil where it goes on with what comes.
	stop *stop
	// waiting is whether a line of it waits to be merged, before where it was
	// before that.
	waiting bool
	before  mark
}

// stop is an end of a stream at one moment: a unit that writes faster than it
// is read would have no end.
type stop struct {
	id fileID
	at int64
	// end is the place in the stream, 0 where nobody knows.
	end int64
}

// stopHere makes the present end of the stream the end of reading.
func (c *cursor) stopHere() error {
	c.stop = nil
	list, _ := numbers(c.path)
	for _, number := range list {
		seg, err := c.shelf.open(c.path, number)
		if err != nil {
			return err
		}
		if seg == nil {
			continue
		}
		c.stop = &stop{id: seg.id, at: seg.size}
		if seg.indexed > 0 {
			c.stop.end = seg.end()
		}
		seg.close()
		return nil
	}
	c.stop = &stop{}
	return nil
}

// last is whether reading ends with the present segment.
func (c *cursor) last() bool {
	return c.stop != nil && c.seg != nil && c.seg.id == c.stop.id
}

// past is whether reading ended before a segment.
func (c *cursor) past(seg *segment) bool {
	return c.stop != nil && seg.id != c.stop.id && seg.indexed > 0 && seg.base >= c.stop.end
}

// size is how far the present segment is read.
func (c *cursor) size() int64 {
	if c.last() {
		return min(c.seg.size, c.stop.at)
	}
	return c.seg.size
}

// next is the next line that is wanted. With final the beginning of a line
// counts too.
func (c *cursor) next(final bool) (Line, bool, error) {
	line, _, ok, err := c.one(final)
	return line, ok, err
}

// held is whether bytes wait for the rest of their line.
func (c *cursor) held() bool { return len(c.buf) > 0 }

func (c *cursor) close() {
	if c.seg != nil {
		c.seg.close()
		c.seg = nil
	}
}

// one finds the next wanted line in the files, and where it begins if this is
// its first piece.
func (c *cursor) one(final bool) (line Line, first *place, ok bool, err error) {
	for {
		line, at, ok, err := c.piece(final)
		if err != nil || !ok {
			return Line{}, nil, false, err
		}
		first = nil
		c.before = mark{at: at.at, inside: c.inside, match: c.match}
		if !c.inside {
			c.match = c.wants(line)
			first = &at
		}
		c.inside = line.Open && !c.broken
		if c.match {
			if c.q.filters() {
				// Between it and the next there may be much that is not wanted.
				line.Data = bytes.Clone(line.Data)
			}
			return line, first, true, nil
		}
	}
}

func (c *cursor) wants(l Line) bool {
	switch {
	case c.q.Run != 0 && l.Run != c.q.Run,
		!c.q.Since.IsZero() && l.Time.Before(c.q.Since),
		!c.q.Until.IsZero() && l.Time.After(c.q.Until),
		c.q.Grep != nil && !c.q.Grep.Match(l.Data):
		return false
	}
	return true
}

// most is how long a piece may be.
func (c *cursor) most() int {
	if c.q.Grep != nil {
		return grepBytes
	}
	return pieceBytes
}

// piece is the next line or piece of one, wanted or not, and where it begins.
func (c *cursor) piece(final bool) (Line, place, bool, error) {
	for {
		if c.seg != nil {
			c.leave()
			c.notice()
			c.lost()
			if c.skim() {
				continue
			}
			here := place{id: c.seg.id, at: c.at}
			if line, ok := c.split(); ok {
				return line, here, true, nil
			}
		}
		n, next, more, err := c.look()
		switch {
		case err != nil:
			return Line{}, place{}, false, err
		case n > 0, more:
			continue
		case len(c.buf) > 0 && (next != nil || final):
			if next != nil {
				next.close()
			}
			here := place{id: c.seg.id, at: c.at}
			return c.cut(len(c.buf), 0, true), here, true, nil
		case next == nil:
			return Line{}, place{}, false, nil
		}
		c.turn(next)
	}
}

// skim passes over lines that have none of what the pattern needs, up to the one
// that has, or to where the next line may be broken off.
func (c *cursor) skim() bool {
	if len(c.needles) == 0 || c.inside || len(c.buf) == 0 {
		return false
	}
	limit, broken := len(c.buf), false
	if b := c.seg.breakAfter(c.at); b-c.at <= int64(limit) {
		limit, broken = int(b-c.at), true
	}
	to := firstOf(c.buf[:limit], c.needles)
	if to < limit || !broken {
		to = bytes.LastIndexByte(c.buf[:to], '\n') + 1
	}
	c.at += int64(to)
	if c.buf = c.buf[to:]; len(c.buf) == 0 {
		c.buf = nil
	}
	return to > 0
}

// look reads more of the file, and how much; where there is no more it is what
// successor says.
func (c *cursor) look() (n int, next *segment, more bool, err error) {
	c.shelf.breathe()
	if n, err = c.fill(); err != nil || n > 0 {
		return n, nil, false, err
	}
	next, more, err = c.successor()
	return 0, next, more, err
}

// split takes a line off the buffer, if it has a whole one or a full piece.
func (c *cursor) split() (Line, bool) {
	if len(c.buf) == 0 {
		return Line{}, false
	}
	limit := len(c.buf)
	c.broken = false
	if b := c.seg.breakAfter(c.at); b-c.at <= int64(limit) {
		limit, c.broken = int(b-c.at), true
	}
	if i := bytes.IndexByte(c.buf[:limit], '\n'); i >= 0 && i <= c.most() {
		return c.cut(c.block(i, limit), 1, false), true
	}
	switch {
	case c.broken && limit <= c.most():
		return c.cut(limit, 0, true), true
	case limit >= c.most():
		// The line goes on, at least up to where it breaks off.
		c.broken = false
		return c.cut(c.most(), 0, true), true
	}
	return Line{}, false
}

// block is where the lines end that came at the same time as the one that ends at
// an offset of the buffer; without blocks it is that.
func (c *cursor) block(first, limit int) int {
	if !c.q.Blocks || c.q.Grep != nil || c.inside {
		return first
	}
	if r, ok := c.seg.stamp(c.at + int64(first) + 1); ok {
		limit = int(min(int64(limit), r.at-c.at))
	}
	return max(first, bytes.LastIndexByte(c.buf[:min(limit, pieceBytes)], '\n'))
}

// cut makes a line of the first n bytes of the buffer, and drops its newline.
func (c *cursor) cut(n, newline int, open bool) Line {
	end := c.at + int64(n+newline)
	line := Line{
		File: c.file, Data: c.buf[:n:n], Open: open,
		Time: c.seg.timeAt(end), Run: c.seg.runAt(c.at),
	}
	c.buf = c.buf[n+newline:]
	c.at = end
	if len(c.buf) == 0 {
		c.buf = nil
	}
	return line
}

// fill reads more into the buffer, and says how much.
func (c *cursor) fill() (int, error) {
	if c.seg == nil {
		return 0, nil
	}
	if c.at+int64(len(c.buf)) >= c.size() {
		if err := c.refresh(); err != nil {
			return 0, err
		}
	}
	from := c.at + int64(len(c.buf))
	left := c.size() - from
	if left <= 0 {
		return 0, nil
	}
	if c.q.Newest && c.q.Follow && left > behind {
		c.jump(from)
		return c.fill()
	}
	// A line that is long is read in larger and larger parts.
	had := len(c.buf)
	most := int(min(left, max(c.chunk, min(int64(had), mostChunk))))
	if c.pages == nil {
		// Lines that were handed out may lie in what comes before.
		c.buf = slices.Grow(c.buf, most)
	} else {
		c.buf = c.pages.grow(&c.page, c.buf, most)
	}
	n, err := c.seg.file.ReadAt(c.buf[had:had+most], from)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	c.buf = c.buf[:had+n]
	return n, nil
}

// take goes on with a segment, from an offset.
func (c *cursor) take(s *segment, at int64) {
	c.seg, c.at, c.buf = s, at, nil
	c.base, c.indexed = s.base, s.indexed > 0
	c.until = c.wanted(s)
}

// wanted is the offset in a segment from which on no line is wanted, because all
// are too young.
func (c *cursor) wanted(s *segment) int64 {
	switch {
	case c.q.Until.IsZero() || !s.mtime.After(c.q.Until):
		return math.MaxInt64
	case s.indexed == 0:
		// Without an index all of it has its last time.
		return 0
	}
	return s.after(c.q.Until.UnixNano())
}

// leave passes over what is too young, at the beginning of a line. It is never
// read, however much that is.
func (c *cursor) leave() {
	if c.seg != nil && !c.inside && c.at >= c.until && c.at < c.size() {
		c.at, c.buf = c.size(), nil
		c.inside, c.match = !c.seg.endsLine(c.at), false
	}
}

// refresh looks at the segment again.
func (c *cursor) refresh() error {
	err := c.seg.refresh(c.path)
	c.notice()
	return err
}

// notice sees, after anybody has looked at the segment again, whether somebody
// has cut it. Its index says so by another beginning, and reading goes on from
// there; without an index a segment that is shorter than what was read is read
// from its start.
func (c *cursor) notice() {
	base, indexed := c.base, c.indexed
	c.base, c.indexed = c.seg.base, c.seg.indexed > 0
	switch {
	case c.indexed && indexed && c.base > base:
		missed := c.base - (base + c.at)
		if missed > 0 {
			c.skipped = append(c.skipped, Skip{File: c.file, Bytes: missed, Lines: -1, Why: "truncated"})
		}
		c.at, c.buf, c.inside = max(-missed, 0), nil, false
	case !c.indexed && c.seg.size < c.at:
		c.at, c.buf, c.inside = 0, nil, false
	}
}

// lost tells of bytes that could not be kept where reading stands now.
func (c *cursor) lost() {
	for _, r := range c.seg.lossesAt(c.at) {
		if place := c.seg.base + c.at + 1; place > c.told {
			c.skipped = append(c.skipped, Skip{File: c.file, Bytes: r.value, Lines: -1, Why: "lost"})
			c.told = place
		}
	}
}

// jump leaves out what a slow reader has no time for.
func (c *cursor) jump(from int64) {
	to := c.seg.lineStart(c.seg.size - resume)
	if to <= from {
		to = c.seg.size - resume
	}
	c.skipped = append(c.skipped, Skip{File: c.file, Bytes: to - c.at, Lines: c.count(c.at, to), Why: "newest"})
	c.at, c.buf, c.inside = to, nil, false
}

// count counts the newlines between two offsets.
func (c *cursor) count(from, to int64) int64 {
	r := io.NewSectionReader(c.seg.file, from, to-from)
	buf := make([]byte, 64<<10)
	total := int64(0)
	for {
		n, err := r.Read(buf)
		total += int64(bytes.Count(buf[:n], []byte{'\n'}))
		if err != nil {
			return total
		}
	}
}
