package logs

import "slices"

// successor is the segment after this one, nil where this is the current one,
// or the last to be read. Without a segment so far it is the oldest there is.
// More says that this one was not read to its end.
func (c *cursor) successor() (next *segment, more bool, err error) {
	if c.seg == nil {
		next, err = c.after(0)
		return next, false, err
	}
	if c.last() {
		return nil, false, nil
	}
	// A rotation at this moment shifts the numbers; then look again.
	for range gapLimit {
		if err := c.refresh(); err != nil {
			return nil, false, err
		}
		if c.at+int64(len(c.buf)) < c.size() {
			return nil, true, nil
		}
		if c.seg.gone {
			next, err = c.afterGone()
			return next, false, err
		}
		if c.seg.number == 0 {
			return nil, false, nil
		}
		next, err = openSegment(c.path, c.seg.number-1)
		if err != nil {
			return nil, false, err
		}
		if next != nil && next.id != c.seg.id && next.indexed > 0 && next.base == c.seg.end() {
			return c.unless(next), false, nil
		}
		if next != nil {
			_ = next.file.Close()
		}
	}
	// The index is lost, so the names have to do.
	next, err = openSegment(c.path, c.seg.number-1)
	if next != nil && next.id == c.seg.id {
		return nil, false, next.file.Close()
	}
	return c.unless(next), false, err
}

// unless gives the segment back, unless reading ends before it.
func (c *cursor) unless(next *segment) *segment {
	if next != nil && c.past(next) {
		_ = next.file.Close()
		return nil
	}
	return next
}

// afterGone is the segment after one that has no name any more. Without an
// index it is the one that came behind the one before it, if that is there:
// then somebody deleted this one; else it is the oldest.
func (c *cursor) afterGone() (*segment, error) {
	if c.seg.placed {
		return c.after(c.seg.end())
	}
	list, _ := numbers(c.path)
	for _, number := range list {
		if c.seg.older == (fileID{}) || fileAtName(segmentPath(c.path, number)) != c.seg.older {
			continue
		}
		if number == 0 {
			return nil, nil
		}
		next, err := openSegment(c.path, number-1)
		return c.unless(next), err
	}
	return c.after(0)
}

// after is the oldest segment that begins at a place in the stream or later.
// A stream that was removed and begun again does not reach so far: then it is
// the oldest there is.
func (c *cursor) after(place int64) (*segment, error) {
	list, _ := numbers(c.path)
	var oldest *segment
	for _, number := range slices.Backward(list) {
		seg, err := openSegment(c.path, number)
		switch {
		case err != nil:
			return nil, err
		case seg == nil:
			continue
		case seg.indexed == 0 || seg.base >= place:
			return c.unless(seg), nil
		}
		if oldest == nil && number > 0 {
			oldest = seg
			continue
		}
		if number == 0 && seg.end() < place {
			if oldest != nil {
				_ = seg.file.Close()
				seg = oldest
			}
			return c.unless(seg), nil
		}
		_ = seg.file.Close()
	}
	if oldest != nil {
		return nil, oldest.file.Close()
	}
	return nil, nil
}

// turn goes on with the next segment; what rotated away in between is told.
func (c *cursor) turn(next *segment) {
	if c.seg != nil {
		if next.indexed == 0 && c.seg.placed {
			// It was just begun: its index is about to be.
			next.base, next.placed = c.seg.end(), true
		}
		if missed := next.base - c.seg.end(); missed > 0 && next.placed && c.seg.placed {
			c.skipped = append(c.skipped, Skip{File: c.file, Bytes: missed, Lines: -1, Why: "rotated"})
			c.inside = false
		}
		_ = c.seg.file.Close()
	}
	if next.breaksAtStart() {
		c.inside = false
	}
	c.seg, c.at, c.buf = next, 0, nil
}
