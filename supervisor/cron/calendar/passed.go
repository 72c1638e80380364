package calendar

import (
	"sort"
	"time"
)

// Passed is the newest due times after a moment up to and with another,
// oldest first, at most limit of them; more is whether there were others
// before. It costs no more for a year than for a day.
func (s Schedule) Passed(after, until time.Time, limit int) (due []time.Time, more bool) {
	due = s.upTo(after, until, limit+1)
	if len(due) <= limit {
		return due, false
	}
	// Search is over the second after which at most limit times are left.
	seconds := int(until.Unix() - after.Unix())
	start := sort.Search(seconds, func(i int) bool {
		from := time.Unix(after.Unix()+int64(i), 0)
		return len(s.upTo(from, until, limit+1)) <= limit
	})
	return s.upTo(time.Unix(after.Unix()+int64(start), 0), until, limit), true
}

// upTo is the oldest due times after a moment up to and with another.
func (s Schedule) upTo(after, until time.Time, limit int) []time.Time {
	var due []time.Time
	for len(due) < limit {
		next, ok := s.Next(after)
		if !ok || next.After(until) {
			break
		}
		due, after = append(due, next), next
	}
	return due
}
