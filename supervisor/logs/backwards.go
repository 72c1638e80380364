package logs

// The last lines of those that are wanted are looked for from the end: in a window
// before it, then in one before that, twice as large, until there are enough. So a
// few lines cost a few windows, however long the log is, unless a pattern has it
// all looked at.

const (
	leastWindow = 128 << 10
	mostWindow  = 8 << 20
)

// place is where a line begins.
type place struct {
	id fileID
	at int64
}

// spot is an offset in a segment that is open.
type spot struct {
	seg *segment
	at  int64
}

// beginAtLast goes from the first line that can be wanted to the one that begins
// the last n that are.
func (c *cursor) beginAtLast(n int) error {
	if c.seg == nil {
		return nil
	}
	blocks, stop := c.q.Blocks, c.stop
	c.q.Blocks = false
	defer func() { c.q.Blocks, c.stop = blocks, stop }()
	s := search{c: c, stop: stop, low: spot{seg: c.seg, at: c.at}}
	s.hold(c.seg)
	defer s.release()
	places, err := s.last(n)
	c.stop, c.skipped = stop, nil
	if err != nil {
		return err
	}
	if len(places) == 0 {
		return c.seek(place{id: s.top.seg.id, at: s.top.at})
	}
	return c.seek(places[0])
}

// seek goes back to a place, or to the oldest there is where that has gone.
func (c *cursor) seek(to place) error {
	c.reset()
	seg, err := c.named(to.id)
	if err != nil {
		return err
	}
	if seg == nil {
		return c.beginAtStart()
	}
	c.take(seg, to.at)
	return nil
}

func (c *cursor) reset() {
	c.close()
	c.at, c.buf, c.inside, c.told = 0, nil, false, 0
}

// named opens the segment that is a file, nil where it has gone.
func (c *cursor) named(id fileID) (*segment, error) {
	list, _ := numbers(c.path)
	for _, number := range list {
		seg, err := c.shelf.open(c.path, number)
		if err != nil || seg != nil && seg.id == id {
			return seg, err
		}
		if seg != nil {
			seg.close()
		}
	}
	return nil, nil
}

// search is a search for the last lines.
type search struct {
	c    *cursor
	stop *stop
	// low is where the first line is that can be wanted, top where reading goes
	// on if none is.
	low, top spot
	// held are segments that are open for it.
	held []*segment
}

func (s *search) hold(seg *segment) {
	seg.readers++
	s.held = append(s.held, seg)
}

func (s *search) release() {
	for _, seg := range s.held {
		seg.close()
	}
}

// last is where the last n lines begin, or all that are wanted where there are
// fewer.
func (s *search) last(n int) ([]place, error) {
	seg, err := s.c.named(s.stop.id)
	if err != nil || seg == nil {
		// It has rotated away meanwhile: everything is read.
		s.top = s.low
		return s.c.places(n, !s.c.q.Follow)
	}
	s.held = append(s.held, seg)
	end := spot{seg: seg, at: min(seg.size, s.stop.at)}
	final := !s.c.q.Follow
	if s.top = end; !final {
		// What the last line goes on with is still to come.
		if s.top, err = s.lineOf(end); err != nil {
			return nil, err
		}
	}
	if until := s.c.wanted(seg); until < end.at {
		end.at, final = until, false
	}
	var all []place
	for window := int64(leastWindow); ; window = min(2*window, mostWindow) {
		begin, first, err := s.before(end, window)
		if err != nil {
			return nil, err
		}
		found, err := s.between(begin, end, n-len(all), final)
		if err != nil {
			return nil, err
		}
		all = append(found, all...)
		if first || len(all) >= n {
			return all, nil
		}
		end, final = begin, false
	}
}

// between is where the last n lines begin that are wanted of those between two
// places.
func (s *search) between(begin, end spot, n int, final bool) ([]place, error) {
	c := s.c
	begin.seg.readers++
	c.reset()
	c.stop = &stop{id: end.seg.id, at: end.at}
	if end.seg.indexed > 0 {
		c.stop.end = end.seg.base + end.at
	}
	c.take(begin.seg, begin.at)
	return c.places(n, final)
}

// before is the beginning of a line about so many bytes before a place, and whether
// that is the first that can be wanted.
func (s *search) before(end spot, window int64) (begin spot, first bool, err error) {
	for end.at == 0 && end.seg != s.low.seg {
		older, err := s.older(end.seg)
		if err != nil || older == nil {
			return end, true, err
		}
		end = spot{seg: older, at: min(older.size, s.c.wanted(older))}
	}
	from := spot{seg: end.seg, at: max(end.at-window, 0)}
	if from.seg == s.low.seg && from.at <= s.low.at {
		return s.low, true, nil
	}
	if at := from.seg.lineAfter(from.at, end.at); from.at > 0 && at < end.at {
		return spot{seg: from.seg, at: at}, false, nil
	}
	if begin, err = s.lineOf(from); err != nil {
		return begin, false, err
	}
	if begin.seg == s.low.seg && begin.at <= s.low.at {
		return s.low, true, nil
	}
	return begin, false, nil
}

// lineOf is where the line begins that goes on at a place, which may be in an older
// segment.
func (s *search) lineOf(at spot) (spot, error) {
	for {
		if at.seg == s.low.seg {
			return spot{seg: at.seg, at: at.seg.lineStartFrom(at.at, s.low.at)}, nil
		}
		at.at = at.seg.lineStart(at.at)
		if at.at > 0 || at.seg.breaksAtStart() {
			return at, nil
		}
		older, err := s.older(at.seg)
		if err != nil || older == nil || older.endsLine(older.size) {
			return at, err
		}
		at = spot{seg: older, at: older.size}
	}
}

// older is the segment before one, nil where there is none any more.
func (s *search) older(seg *segment) (*segment, error) {
	older, err := s.c.shelf.before(s.c.path, seg)
	if older != nil {
		s.held = append(s.held, older)
	}
	return older, err
}

// places reads on to the end and is where the last n lines began that are wanted.
func (c *cursor) places(n int, final bool) ([]place, error) {
	var all []place
	for {
		_, first, ok, err := c.one(final)
		if err != nil || !ok {
			return all[max(len(all)-n, 0):], err
		}
		if first != nil {
			all = append(all, *first)
		}
		if len(all) >= 2*n+1024 {
			all = append(all[:0], all[len(all)-n:]...)
		}
	}
}
