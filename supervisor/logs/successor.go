package logs

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
	for try := range raceTries {
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
		next, err = c.shelf.open(c.path, c.seg.number-1)
		if err != nil {
			return nil, false, err
		}
		if next != nil && next.id != c.seg.id && next.indexed > 0 && next.base == c.seg.end() {
			return c.unless(next), false, nil
		}
		lost := next == nil || next.indexed == 0 || !c.seg.placed
		if next != nil {
			next.close()
		}
		if lost && try >= gapLimit {
			break
		}
	}
	next, err = c.byName()
	return next, false, err
}

// byName is the segment that the names say comes next: an index is lost, is about
// to be written, or what was in between is lost.
func (c *cursor) byName() (*segment, error) {
	for range raceTries {
		next, err := c.shelf.open(c.path, c.seg.number-1)
		if next == nil {
			return nil, err
		}
		if fileAtName(segmentPath(c.path, c.seg.number)) == c.seg.id {
			if next.id == c.seg.id {
				next.close()
				return nil, nil
			}
			return c.unless(next), nil
		}
		next.close()
		if err := c.refresh(); err != nil {
			return nil, err
		}
		if c.seg.gone {
			return c.afterGone()
		}
	}
	return nil, nil
}

// unless gives the segment back, unless reading ends before it.
func (c *cursor) unless(next *segment) *segment {
	if next != nil && c.past(next) {
		next.close()
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
		if c.seg.older == (finished{}) || finishedAtName(segmentPath(c.path, number)) != c.seg.older {
			continue
		}
		if number == 0 {
			return nil, nil
		}
		next, err := c.shelf.open(c.path, number-1)
		return c.unless(next), err
	}
	return c.after(0)
}

// after is the oldest segment that begins at a place in the stream or later.
// A stream that was removed and begun again does not reach so far: then it is
// the oldest there is.
func (c *cursor) after(place int64) (*segment, error) {
	found, err := c.shelf.above(c.path, -1)
	if found == nil {
		return nil, err
	}
	if place == 0 || found.indexed > 0 && found.end() < place {
		found.close()
		found, err = c.shelf.oldest(c.path)
		return c.unless(found), err
	}
	if found.indexed > 0 && found.base < place {
		found.close()
		return nil, nil
	}
	for {
		older, err := c.shelf.before(c.path, found)
		if older == nil {
			return c.unless(found), err
		}
		if older.indexed > 0 && older.base < place {
			older.close()
			return c.unless(found), nil
		}
		found.close()
		found = older
	}
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
		c.seg.close()
	}
	if next.breaksAtStart() {
		c.inside = false
	}
	c.take(next, 0)
}
