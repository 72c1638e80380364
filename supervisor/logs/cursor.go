package logs

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

const (
	// pieceBytes is the longest piece of a line.
	pieceBytes = 64 << 10
	// grepBytes is how much of a line Grep looks at.
	grepBytes = 1 << 20
	// readBytes is how much is read at once.
	readBytes = 32 << 10
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

	seg *segment
	// at is the offset of the next byte to hand out, buf what was read from
	// there on.
	at  int64
	buf []byte
	// inside is whether at is inside a line, and match whether that line is
	// wanted.
	inside, match bool
	// broken is whether the last piece ended where no line goes on.
	broken bool
	// queue are lines that are ready, where the last ones had to be found
	// among many.
	queue   []Line
	skipped []Skip
	// fresh is false once the initial lines were found.
	fresh bool
}

// begin finds where to start.
func (c *cursor) begin() error {
	c.fresh = true
	switch {
	case c.q.Lines == 0:
		return c.beginAtEnd()
	case c.q.Lines > 0 && !c.filters():
		return c.beginBefore(c.q.Lines)
	}
	if err := c.beginAtStart(); err != nil || c.q.Lines < 0 {
		return err
	}
	return c.gather()
}

// filters is whether not every line counts.
func (c *cursor) filters() bool {
	return c.q.Grep != nil || c.q.Run != 0 || !c.q.Since.IsZero() || !c.q.Until.IsZero()
}

func (c *cursor) beginAtEnd() error {
	seg, err := openSegment(c.path, 0)
	if err != nil || seg == nil {
		return err
	}
	c.seg, c.at = seg, seg.size
	c.inside = c.at > 0 && seg.lineStart(c.at) != c.at
	c.match = true
	return nil
}

// beginAtStart opens the oldest segment that can have lines that are wanted.
func (c *cursor) beginAtStart() error {
	list, _ := numbers(c.path)
	for _, number := range slices.Backward(list) {
		seg, err := openSegment(c.path, number)
		if err != nil {
			return err
		}
		if seg == nil {
			continue
		}
		if number > 0 && !c.q.Since.IsZero() && seg.mtime.Before(c.q.Since) {
			_ = seg.file.Close()
			continue
		}
		c.seg, c.at = seg, 0
		if !c.q.Since.IsZero() {
			c.at = seg.since(c.q.Since)
		}
		return nil
	}
	return nil
}

// beginBefore starts n lines before the end.
func (c *cursor) beginBefore(n int) error {
	list, _ := numbers(c.path)
	for i, number := range list {
		seg, err := openSegment(c.path, number)
		if err != nil {
			return err
		}
		if seg == nil {
			continue
		}
		if c.seg != nil {
			_ = c.seg.file.Close()
		}
		c.seg, c.at = seg, 0
		want := n
		if i == 0 && !endsLine(seg) {
			// The last line has no newline of its own.
			want--
		}
		at, found, seen := seg.backwards(seg.size, want+1)
		if found {
			c.at = at
			return nil
		}
		n = want - seen
		if i == 0 && !endsLine(seg) {
			n++
		}
		if n <= 0 {
			return nil
		}
	}
	return nil
}

// endsLine is whether a segment's last byte is a newline.
func endsLine(s *segment) bool {
	var last [1]byte
	if s.size == 0 {
		return true
	}
	_, err := s.file.ReadAt(last[:], s.size-1)
	return err == nil && last[0] == '\n'
}

// gather reads everything and keeps the last lines that are wanted.
func (c *cursor) gather() error {
	var kept []Line
	whole := 0
	for {
		line, ok, err := c.one(!c.q.Follow)
		if err != nil {
			return err
		}
		if !ok {
			c.queue = kept
			return nil
		}
		kept = append(kept, line)
		if !line.Open {
			whole++
		}
		for whole > c.q.Lines {
			if !kept[0].Open {
				whole--
			}
			kept = kept[1:]
		}
	}
}

// next is the next line that is wanted. With final the beginning of a line
// counts too.
func (c *cursor) next(final bool) (Line, bool, error) {
	if len(c.queue) > 0 {
		line := c.queue[0]
		c.queue = c.queue[1:]
		return line, true, nil
	}
	return c.one(final)
}

// held is whether bytes wait for the rest of their line.
func (c *cursor) held() bool { return len(c.buf) > 0 }

func (c *cursor) close() {
	if c.seg != nil {
		_ = c.seg.file.Close()
		c.seg = nil
	}
}

// one finds the next wanted line in the files.
func (c *cursor) one(final bool) (Line, bool, error) {
	for {
		line, ok, err := c.piece(final)
		if err != nil || !ok {
			return Line{}, false, err
		}
		if !c.inside {
			c.match = c.wants(line)
		}
		c.inside = line.Open && !c.broken
		if c.match {
			return line, true, nil
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

// piece is the next line or piece of one, wanted or not.
func (c *cursor) piece(final bool) (Line, bool, error) {
	for {
		if line, ok := c.split(); ok {
			return line, true, nil
		}
		n, err := c.fill()
		if err != nil {
			return Line{}, false, err
		}
		if n > 0 {
			continue
		}
		next, more, err := c.successor()
		switch {
		case err != nil:
			return Line{}, false, err
		case more:
			continue
		case len(c.buf) > 0 && (next != nil || final):
			if next != nil {
				_ = next.file.Close()
			}
			return c.take(len(c.buf), 0, true), true, nil
		case next == nil:
			return Line{}, false, nil
		}
		c.turn(next)
	}
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
		return c.take(i, 1, false), true
	}
	switch {
	case c.broken && limit <= c.most():
		return c.take(limit, 0, true), true
	case limit >= c.most():
		return c.take(c.most(), 0, true), true
	}
	return Line{}, false
}

// take makes a line of the first n bytes of the buffer, and drops its newline.
func (c *cursor) take(n, newline int, open bool) Line {
	end := c.at + int64(n+newline)
	line := Line{
		File: c.file, Data: bytes.Clone(c.buf[:n]), Open: open,
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
	from := c.at + int64(len(c.buf))
	if from >= c.seg.size {
		if err := c.seg.refresh(c.path); err != nil {
			return 0, err
		}
	}
	left := c.seg.size - from
	if left <= 0 {
		return 0, nil
	}
	if c.q.Newest && c.q.Follow && left > behind {
		c.jump(from)
		return c.fill()
	}
	chunk := make([]byte, min(left, readBytes))
	n, err := c.seg.file.ReadAt(chunk, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	c.buf = append(c.buf, chunk[:n]...)
	return n, nil
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

// successor is the segment after this one, nil where this is the current one.
// Without a segment so far it is the oldest there is. More says that this one
// was not read to its end.
func (c *cursor) successor() (next *segment, more bool, err error) {
	if c.seg == nil {
		next, err = c.oldest()
		return next, false, err
	}
	// A rotation at this moment shifts the numbers; then look again.
	for range gapLimit {
		if err := c.seg.refresh(c.path); err != nil {
			return nil, false, err
		}
		if c.at+int64(len(c.buf)) < c.seg.size {
			return nil, true, nil
		}
		if c.seg.gone {
			next, err = c.oldest()
			return next, false, err
		}
		if c.seg.number == 0 {
			return nil, false, nil
		}
		next, err = openSegment(c.path, c.seg.number-1)
		if err != nil || next != nil && next.id != c.seg.id && next.base == c.seg.base+c.seg.size {
			return next, false, err
		}
		if next != nil {
			_ = next.file.Close()
		}
	}
	// The index is lost, so the names have to do.
	next, err = openSegment(c.path, c.seg.number-1)
	return next, false, err
}

// oldest is the oldest segment there is, nil where there is none.
func (c *cursor) oldest() (*segment, error) {
	list, _ := numbers(c.path)
	for _, number := range slices.Backward(list) {
		seg, err := openSegment(c.path, number)
		if err != nil || seg != nil {
			return seg, err
		}
	}
	return nil, nil
}

// turn goes on with the next segment; what rotated away in between is told.
func (c *cursor) turn(next *segment) {
	if c.seg != nil {
		if missed := next.base - (c.seg.base + c.seg.size); missed > 0 {
			c.skipped = append(c.skipped, Skip{File: c.file, Bytes: missed, Lines: -1, Why: "rotated"})
		}
		_ = c.seg.file.Close()
	}
	c.seg, c.at, c.buf = next, 0, nil
}
