package logs

// Segments are found by their names, and a rotation gives each the next one
// while somebody looks. So each neighbour is looked for until what was found
// fits: its index says where in the stream it stands.

// raceTries is how often one looks again. Under a unit that rotates a thousand
// times a second a few looks in a row have failed, never ten.
const raceTries = 100

// above is the segment with the next greater number, nil where there is none.
func (h *shelf) above(path string, number int) (*segment, error) {
	for next := number + 1; next <= number+gapLimit; next++ {
		if s, err := h.open(path, next); s != nil || err != nil {
			return s, err
		}
	}
	return nil, nil
}

// oldest is the oldest segment there is, nil where there is none.
func (h *shelf) oldest(path string) (*segment, error) {
	for range raceTries {
		list, _ := numbers(path)
		if len(list) == 0 {
			return nil, nil
		}
		s, err := h.open(path, list[len(list)-1])
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		older, err := h.above(path, s.number)
		if older == nil {
			return s, err
		}
		older.close()
		s.close()
	}
	return h.above(path, -1)
}

// before is the segment before another, nil where that is the oldest or has
// rotated away.
func (h *shelf) before(path string, s *segment) (*segment, error) {
	for try := range raceTries {
		if err := s.refresh(path); err != nil || s.gone {
			return nil, err
		}
		older, err := h.above(path, s.number)
		if err != nil || older == nil {
			return nil, err
		}
		known := older.indexed > 0 && s.placed
		switch {
		case older.id == s.id:
		case known && older.end() == s.base, !known && try >= gapLimit, try == raceTries-1:
			return older, nil
		}
		older.close()
	}
	return nil, nil
}
