package calendar

import (
	"strings"
	"testing"
	"time"
)

func parse(t testing.TB, expression, zone string) Schedule {
	t.Helper()
	s, err := Parse(expression, zone)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A Thursday.
var thursday = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestWhatExpressionsMean(t *testing.T) {
	for _, c := range []struct{ expression, next string }{
		{"0 0 * * * *", "2026-01-01 01:00:00"},
		{"0 * * * *", "2026-01-01 01:00:00"},
		{"*/20 * * * * *", "2026-01-01 00:00:20"},
		{"5,7 10-50/20 3 * * *", "2026-01-01 03:10:05"},
		{"0 0 22-2 * * *", "2026-01-01 01:00:00"},
		{"30 4 1 jun ?", "2026-06-01 04:30:00"},
		{"0 12 * * 0", "2026-01-04 12:00:00"},
		{"0 12 * * 7", "2026-01-04 12:00:00"},
		{"0 12 * * fri-MON", "2026-01-02 12:00:00"},
		{"0 12 * * 5-7", "2026-01-02 12:00:00"},
		{"59 59 23 31 12 *", "2026-12-31 23:59:59"},
		{"0 0 29 2 *", "2028-02-29 00:00:00"},
		{"0 0 29 2 */7", "2032-02-29 00:00:00"},
		{"@yearly", "2027-01-01 00:00:00"},
		{"@annually", "2027-01-01 00:00:00"},
		{"@monthly", "2026-02-01 00:00:00"},
		{"@weekly", "2026-01-04 00:00:00"},
		{"@daily", "2026-01-02 00:00:00"},
		{"@Midnight", "2026-01-02 00:00:00"},
		{"@hourly", "2026-01-01 01:00:00"},
		{"@every 90s", "2026-01-01 00:01:30"},
		{"@every 1h", "2026-01-01 01:00:00"},
	} {
		next, ok := parse(t, c.expression, "UTC").Next(thursday)
		if got := next.Format(time.DateTime); !ok || got != c.next {
			t.Errorf("%s is due at %s, want %s", c.expression, got, c.next)
		}
	}
}

// Where both days are restricted either is enough, as in classic cron.
func TestDayOrWeekday(t *testing.T) {
	for _, c := range []struct {
		expression string
		days       string
	}{
		{"0 0 13 * *", "13"},
		{"0 0 * * FRI", "2 9 16 23 30"},
		{"0 0 13 * FRI", "2 9 13 16 23 30"},
		{"0 0 1-7 * MON", "1 2 3 4 5 6 7 12 19 26"},
		{"0 0 */10 * MON", ""},
		{"0 0 */2 * MON", "5 19"},
		{"0 0 ? * MON", "5 12 19 26"},
		{"0 0 10 * ?", "10"},
		{"0 0 10 * */2", "10"},
	} {
		s, at := parse(t, c.expression, "UTC"), thursday.Add(-time.Second)
		var days []string
		for {
			next, ok := s.Next(at)
			if !ok || next.Month() != time.January || next.Year() != 2026 {
				break
			}
			days, at = append(days, next.Format("2")), next
		}
		if got := strings.Join(days, " "); got != c.days {
			t.Errorf("%s is due on %q in January 2026, want %q", c.expression, got, c.days)
		}
	}
}

// The rules of a zone go on beyond what its file lists, and so does the year.
func TestFarAhead(t *testing.T) {
	berlin := parse(t, "30 2 * * *", "Europe/Berlin")
	at := time.Date(2039, 12, 31, 23, 0, 0, 0, time.UTC)
	days := 0
	for end := at.AddDate(2, 0, 0); at.Before(end); days++ {
		at, _ = berlin.Next(at)
	}
	if days != 732 {
		t.Errorf("due %d times in 2040 and 2041 and once more", days)
	}
}

func TestNeverDue(t *testing.T) {
	for _, expression := range []string{"0 0 31 2 *", "0 0 30 feb *", "0 0 0 31 4,6,9,11 *"} {
		if next, ok := parse(t, expression, "Europe/Berlin").Next(thursday); ok {
			t.Errorf("%s is due at %s", expression, next)
		}
	}
	if _, ok := (Schedule{}).Next(thursday); ok {
		t.Error("the zero Schedule is due")
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	for _, c := range []struct{ expression, zone, want string }{
		{"", "", "the cron expression is empty"},
		{"* * *", "", "has 6 fields or 5, not 3"},
		{"* * * * * * *", "", "has 6 fields or 5, not 7"},
		{"61 * * * *", "", `the minute "61": end of range (61) above maximum (59)`},
		{"0 0 25 * * *", "", `the hour "25"`},
		{"0 0 0 0 * *", "", `the day of the month "0"`},
		{"0 0 * foo *", "", `the month "foo"`},
		{"0 0 * * 8", "", `the weekday "8"`},
		{"0 0 L * *", "", "there is no L, W or #"},
		{"0 0 * * FRI#2", "", "there is no L, W or #"},
		{"H * * * *", "", "there is no H"},
		{"1,,2 * * * *", "", "a value of the list is empty"},
		{", * * * *", "", "a value of the list is empty"},
		{"*/0 * * * *", "", "step of range must be a positive number"},
		{"-1 * * * *", "", `the minute "-1"`},
		{"@manual", "", `"@manual" is none of @yearly`},
		{"@every", "", "@every needs a duration"},
		{"@every soon", "", "@every needs a duration"},
		{"@every 1500ms", "", "@every needs whole seconds"},
		{"@every -1h", "", "@every needs whole seconds"},
		{"TZ=UTC 0 0 * * *", "", "set timezone instead"},
		{"0 0 * * *", "Mars/Olympus", `there is no time zone "Mars/Olympus"`},
		{"0 0 * * *", "../../etc/passwd", "there is no time zone"},
		{strings.Repeat("1,", 600) + "1 * * * *", "", "longer than 1024 bytes"},
	} {
		if _, err := Parse(c.expression, c.zone); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q in %q: %v, want %q", c.expression, c.zone, err, c.want)
		}
	}
}

// No zone is the machine's, not UTC.
func TestTheMachinesZone(t *testing.T) {
	if got := parse(t, "@daily", "").Zone(); got != time.Local {
		t.Errorf("no zone means %v", got)
	}
}

// What can be read is due after the moment asked about, on a whole second, or
// never; and it can be read again from its own words.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"0 0 * * * *", "*/5 * * * *", "0 0 31 2 *", "0 0 13 * FRI", "22-2 * * * *", "@daily",
		"@every 90s", "@every 1e9h", "1,2,3-7/2 ? ? JAN-MAR SUN", "* * * * * 7-1", "TZ=UTC * * * * *",
		",", "*/60 * * * *", "0-0/1 * * * *", "18446744073709551616 * * * *", "\x00 * * * *",
	} {
		f.Add(seed, "Europe/Berlin", int64(1_770_000_000))
	}
	f.Add("30 2 * * *", "Australia/Lord_Howe", int64(-5_000_000_000))
	f.Fuzz(func(t *testing.T, expression, zone string, at int64) {
		s, err := Parse(expression, zone)
		if err != nil {
			return
		}
		after := time.Unix(at%(1<<36), 0)
		next, ok := s.Next(after)
		again, err := Parse(s.String(), zone)
		if err != nil {
			t.Fatalf("%q cannot be read again: %v", s, err)
		}
		if n, _ := again.Next(after); !n.Equal(next) {
			t.Fatalf("%q is due at %s, read again at %s", expression, next, n)
		}
		if ok && (!next.After(after) || next.Nanosecond() != 0) {
			t.Fatalf("%q is due at %s after %s", expression, next, after)
		}
	})
}
