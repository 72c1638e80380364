package calendar

import (
	"math/bits"
	"time"
)

// horizon is how far ahead a due time is looked for, in years. The 29th of
// February can be eight years away, and on a given weekday forty.
const horizon = 41

// Next is the first due time after a moment, in the schedule's zone. It is
// false where there is none: "0 0 31 2 *".
func (s Schedule) Next(after time.Time) (time.Time, bool) {
	if s.every > 0 {
		return s.nextEvery(after)
	}
	if s.second == 0 {
		return time.Time{}, false
	}
	// Round drops the monotonic reading: due times are on the wall clock.
	at := after.Round(0).In(s.zone).Truncate(time.Second).Add(time.Second)
	last := at.AddDate(horizon, 0, 0)
	for at.Before(last) {
		p := periodOf(at)
		if p.skipped() > 0 && at.Equal(p.begin) && s.madeUp(p) {
			return at, true
		}
		from, to := p.wall(at), p.wall(last)
		if !p.end.IsZero() && p.end.Before(last) {
			to = p.wall(p.end)
		}
		if again := p.wall(p.begin).Add(-p.skipped()); !s.repeats && p.skipped() < 0 && from.Before(again) {
			from = again
		}
		if found, ok := s.onWall(from, to); ok {
			return found.Add(-p.offset).In(s.zone), true
		}
		if p.end.IsZero() {
			break
		}
		at = p.end
	}
	return time.Time{}, false
}

func (s Schedule) nextEvery(after time.Time) (time.Time, bool) {
	step := int64(s.every / time.Second)
	now := after.Unix()
	over := (now%step + step) % step
	return time.Unix(now-over+step, 0).In(s.zone), true
}

// madeUp is whether something was due in the stretch that was left out when
// the period began.
func (s Schedule) madeUp(p span) bool {
	if s.seamless || s.steady && p.skipped()%time.Hour == 0 {
		return false
	}
	end := p.wall(p.begin)
	_, due := s.onWall(end.Add(-p.skipped()), end)
	return due
}

// span is a stretch of time in which a zone's offset from UTC stays the same.
type span struct {
	// begin and end are zero where the span has none.
	begin, end     time.Time
	offset, before time.Duration
}

func periodOf(t time.Time) span {
	p := span{offset: offset(t)}
	p.before = p.offset
	p.begin, p.end = t.ZoneBounds()
	// Where a zone's rules go on for ever, the library ends every year after
	// 365 days; on the last day of a leap year that is before t.
	if !p.end.IsZero() && !p.end.After(t) {
		p.end = t.Add(time.Hour)
	}
	if !p.begin.IsZero() {
		p.before = offset(p.begin.Add(-time.Nanosecond))
	}
	return p
}

func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// skipped is how much of the wall clock was left out when the span began;
// below zero, how much was shown again.
func (p span) skipped() time.Duration { return p.offset - p.before }

// wall is what the wall clock shows, as if it were a time in UTC.
func (p span) wall(t time.Time) time.Time { return t.UTC().Add(p.offset) }

// onWall is the first time from from and before to that the fields fit. It
// knows nothing of zones: both and the answer are on a clock that never jumps.
func (s Schedule) onWall(from, to time.Time) (time.Time, bool) {
	for from.Before(to) {
		switch {
		case !s.month.has(int(from.Month())):
			from = time.Date(from.Year(), from.Month()+1, 1, 0, 0, 0, 0, time.UTC)
			continue
		case s.onDay(from):
			if clock, ok := s.onClock(from.Clock()); ok {
				found := midnight(from).Add(clock)
				return found, found.Before(to)
			}
		}
		from = midnight(from).AddDate(0, 0, 1)
	}
	return time.Time{}, false
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// onDay is whether the day and the weekday fit.
func (s Schedule) onDay(t time.Time) bool {
	day, weekday := s.day.has(t.Day()), s.weekday.has(int(t.Weekday()))
	if s.either {
		return day || weekday
	}
	return day && weekday
}

// onClock is the first time of a day from h:m:sec on, as the time since
// midnight on a clock that never jumps.
func (s Schedule) onClock(h, m, sec int) (time.Duration, bool) {
	hour, ok := s.hour.from(h)
	if !ok {
		return 0, false
	}
	if hour > h {
		return clock(hour, s.minute.first(), s.second.first()), true
	}
	minute, ok := s.minute.from(m)
	if ok && minute > m {
		return clock(hour, minute, s.second.first()), true
	}
	if ok {
		if second, ok := s.second.from(sec); ok {
			return clock(hour, minute, second), true
		}
		if minute, ok := s.minute.from(m + 1); ok {
			return clock(hour, minute, s.second.first()), true
		}
	}
	if hour, ok = s.hour.from(h + 1); ok {
		return clock(hour, s.minute.first(), s.second.first()), true
	}
	return 0, false
}

func clock(h, m, s int) time.Duration {
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
}

// field is the values that fit, a bit for each.
type field uint64

func (f field) has(n int) bool { return f&(1<<n) != 0 }

// from is the smallest value that is n or more.
func (f field) from(n int) (int, bool) {
	f &^= 1<<n - 1
	return f.first(), f != 0
}

func (f field) first() int { return bits.TrailingZeros64(uint64(f)) }
