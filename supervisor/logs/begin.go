package logs

// begin finds where to start.
func (c *cursor) begin() error {
	err := c.find()
	if err == nil && c.q.Lines > 0 && c.q.filters() {
		err = c.beginAtLast(c.q.Lines)
	}
	if c.q.Follow {
		c.stop = nil
	}
	return err
}

// find goes to the first line, or where the search for it begins.
func (c *cursor) find() error {
	if c.searches() {
		if err := c.stopHere(); err != nil {
			return err
		}
	}
	switch {
	case c.q.Lines == 0:
		return c.beginAtEnd()
	case c.q.Lines > 0 && !c.q.filters():
		return c.beginBefore(c.q.Lines)
	}
	return c.beginAtStart()
}

// searches is whether the end of the files counts: not for a follower that
// begins with all there is, or with nothing of it.
func (c *cursor) searches() bool {
	return !c.q.Follow || c.q.Lines > 0 || !c.q.Since.IsZero()
}

// filters is whether not every line counts.
func (q Query) filters() bool {
	return q.Grep != nil || q.Run != 0 || !q.Since.IsZero() || !q.Until.IsZero()
}

func (c *cursor) beginAtEnd() error {
	seg, err := c.shelf.open(c.path, 0)
	if err != nil || seg == nil {
		return err
	}
	c.take(seg, seg.size)
	c.inside = c.at > 0 && seg.lineStart(c.at) != c.at
	c.match = true
	return nil
}

// beginAtStart opens the oldest segment that can have lines that are wanted.
func (c *cursor) beginAtStart() error {
	seg, err := c.shelf.oldest(c.path)
	if err != nil || seg == nil {
		return err
	}
	c.take(seg, 0)
	if c.q.Since.IsZero() {
		return nil
	}
	for c.seg.newestTime().Before(c.q.Since) {
		c.at = c.seg.size
		next, more, err := c.successor()
		if err != nil {
			return err
		}
		if next == nil && !more {
			break
		}
		if next != nil {
			c.turn(next)
		}
	}
	c.at, c.skipped = c.seg.since(c.q.Since), nil
	return nil
}

// beginBefore starts n lines before the end: behind the end of the line before
// them, which may be in an older segment than they are.
func (c *cursor) beginBefore(n int) error {
	seg, err := c.shelf.above(c.path, -1)
	if err != nil || seg == nil {
		return err
	}
	c.take(seg, 0)
	ends, from := n+1, c.size()
	if !seg.endsLine(from) {
		// The last line has no newline of its own, and what breaks off at
		// its end does not begin another.
		ends--
	}
	for {
		at, found, seen := c.seg.backwards(from, ends)
		if found {
			c.at = at
			return nil
		}
		ends -= seen
		older, err := c.shelf.before(c.path, c.seg)
		if err != nil || older == nil {
			return err
		}
		c.close()
		c.take(older, 0)
		from = older.size
	}
}
