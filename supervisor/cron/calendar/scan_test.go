package calendar

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// changes are a zone and a moment near which its wall clock jumps.
var changes = []struct {
	zone string
	at   time.Time
}{
	{"Europe/Berlin", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)},
	{"Europe/Berlin", time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)},
	{"America/New_York", time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC)},
	{"America/New_York", time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)},
	{"Australia/Lord_Howe", time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC)},
	{"Australia/Lord_Howe", time.Date(2026, 10, 3, 15, 30, 0, 0, time.UTC)},
	{"America/Sao_Paulo", time.Date(2018, 11, 4, 3, 0, 0, 0, time.UTC)},
	{"Asia/Beirut", time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC)},
	{"Asia/Beirut", time.Date(2026, 10, 24, 21, 0, 0, 0, time.UTC)},
	{"Africa/Casablanca", time.Date(2026, 2, 15, 2, 0, 0, 0, time.UTC)},
	{"Africa/Casablanca", time.Date(2026, 3, 22, 2, 0, 0, 0, time.UTC)},
	{"Pacific/Apia", time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC)},
	{"Asia/Kolkata", time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)},
}

// numbers draws a field of up to three values and whether all fit.
func numbers(t *rapid.T, name string, low, high int) (text string, values map[int]bool) {
	if rapid.Bool().Draw(t, name+" open") {
		return "*", nil
	}
	values = map[int]bool{}
	for _, n := range rapid.SliceOfN(rapid.IntRange(low, high), 1, 3).Draw(t, name) {
		values[n] = true
		text += fmt.Sprintf(",%d", n)
	}
	return text[1:], values
}

// wall is what a clock on the wall shows: a time that was read as UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
}

// Next agrees with somebody who watches the clock on the wall, minute by
// minute, and keeps a list of what it has shown.
func TestNextAgreesWithAWatchOfTheWall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(changes).Draw(t, "change")
		minutes, minute := numbers(t, "minute", 0, 59)
		hours, hour := numbers(t, "hour", 0, 23)
		days, day := numbers(t, "day", 1, 31)
		weekdays, weekday := numbers(t, "weekday", 0, 6)
		expression := minutes + " " + hours + " " + days + " * " + weekdays
		s, err := Parse(expression, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		fits := func(w time.Time) bool {
			ofDay := (day == nil || day[w.Day()]) && (weekday == nil || weekday[int(w.Weekday())])
			if day != nil && weekday != nil {
				ofDay = day[w.Day()] || weekday[int(w.Weekday())]
			}
			return ofDay && (minute == nil || minute[w.Minute()]) && (hour == nil || hour[w.Hour()])
		}
		from := c.at.Add(-time.Duration(rapid.IntRange(0, 3000).Draw(t, "minutes")) * time.Minute)
		end := c.at.Add(36 * time.Hour)

		var want []time.Time
		shown := map[time.Time]bool{}
		before := wall(from.Add(-27 * time.Hour).In(s.Zone()))
		for at := from.Add(-27*time.Hour + time.Minute); !at.After(end); at = at.Add(time.Minute) {
			now := wall(at.In(s.Zone()))
			due := fits(now) && (!shown[now] || minute == nil || hour == nil)
			leap := now.Sub(before) - time.Minute
			wholeHours := hour == nil && (minute == nil || leap%time.Hour == 0)
			for left := before.Add(time.Minute); left.Before(now); left = left.Add(time.Minute) {
				due = due || fits(left) && !wholeHours
			}
			if due && at.After(from) {
				want = append(want, at)
			}
			shown[now], before = true, now
		}

		got := s.upTo(from, end, len(want)+5)
		if len(got) != len(want) {
			t.Fatalf("%s in %s from %s: %d times, a watch of the wall saw %d\n%v\n%v", expression, c.zone, from, len(got), len(want), got, want)
		}
		for i := range got {
			if !got[i].Equal(want[i]) {
				t.Fatalf("%s in %s: time %d is %s, a watch of the wall saw %s", expression, c.zone, i, got[i], want[i])
			}
		}
	})
}

// The newest times that passed are the last of all that did.
func TestPassed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expression := rapid.SampledFrom([]string{"* * * * *", "*/7 * 3 * * *", "30 2 * * *", "0 0 31 2 *", "@every 90s"}).Draw(t, "expression")
		s, err := Parse(expression, "Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		after := changes[0].at.Add(-time.Duration(rapid.IntRange(0, 100_000_000).Draw(t, "ms")) * time.Millisecond)
		until := after.Add(time.Duration(rapid.IntRange(0, 200_000).Draw(t, "s")) * time.Second)
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		all := s.upTo(after, until, 100_000)
		got, more := s.Passed(after, until, limit)
		if want := min(limit, len(all)); len(got) != want || more != (len(all) > limit) {
			t.Fatalf("%d times and more %v, want %d of %d", len(got), more, want, len(all))
		}
		for i, due := range got {
			if !due.Equal(all[len(all)-len(got)+i]) {
				t.Fatalf("time %d is %s", i, due)
			}
		}
	})
}

// A year of seconds costs no more than a day of them.
func BenchmarkPassedInAYear(b *testing.B) {
	s := parse(b, "* * * * * *", "Europe/Berlin")
	for b.Loop() {
		s.Passed(thursday, thursday.AddDate(1, 0, 0), 10)
	}
}

func BenchmarkNeverDue(b *testing.B) {
	s := parse(b, "0 0 31 2 *", "Europe/Berlin")
	for b.Loop() {
		s.Next(thursday)
	}
}
