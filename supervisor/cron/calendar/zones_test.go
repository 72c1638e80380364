package calendar

import (
	"strings"
	"testing"
	"time"
)

// A wall clock that leaves out a stretch or shows it twice, in zones whose
// rules differ: by the hour, by half an hour, at midnight, against the
// season, around a month of fasting, by a whole day.
func TestWhenTheClocksChange(t *testing.T) {
	for _, c := range []struct {
		name, zone, expression string
		// from and to are times in UTC, due what lies between them on the
		// zone's clock.
		from, to string
		due      string
	}{
		{
			"a fixed time that is left out runs right after", "Europe/Berlin", "30 2 * * *",
			"2026-03-28 00:00", "2026-03-30 12:00", "28 02:30 +01, 29 03:00 +02, 30 02:30 +02",
		},
		{
			"several of them run once", "Europe/Berlin", "0 5,25,45 2 * * *",
			"2026-03-29 00:00", "2026-03-29 12:00", "29 03:00 +02",
		},
		{
			"what is due right after anyway runs once", "Europe/Berlin", "0 2,3 * * *",
			"2026-03-29 00:00", "2026-03-29 12:00", "29 03:00 +02",
		},
		{
			"the hours before and after are as ever", "Europe/Berlin", "30 1,3 * * *",
			"2026-03-29 00:00", "2026-03-29 12:00", "29 01:30 +01, 29 03:30 +02",
		},
		{
			"every quarter of an hour that is left out runs once", "Europe/Berlin", "*/15 2 * * *",
			"2026-03-29 00:00", "2026-03-29 12:00", "29 03:00 +02",
		},
		{
			"an hourly job goes on, an hour apart", "Europe/Berlin", "30 * * * *",
			"2026-03-29 00:00", "2026-03-29 03:00", "29 01:30 +01, 29 03:30 +02, 29 04:30 +02",
		},
		{
			"every second hour loses none", "Europe/Berlin", "30 */2 * * *",
			"2026-03-28 23:00", "2026-03-29 04:00", "29 00:30 +01, 29 03:00 +02, 29 04:30 +02",
		},
		{
			"a fixed time that comes twice runs the first time", "Europe/Berlin", "30 2 * * *",
			"2026-10-24 00:00", "2026-10-26 12:00", "24 02:30 +02, 25 02:30 +02, 26 02:30 +01",
		},
		{
			"at both ends of the hour too", "Europe/Berlin", "0 2,3 * * *",
			"2026-10-24 22:00", "2026-10-25 12:00", "25 02:00 +02, 25 03:00 +01",
		},
		{
			"every second hour doubles none", "Europe/Berlin", "30 */2 * * *",
			"2026-10-24 22:00", "2026-10-25 04:00", "25 00:30 +02, 25 02:30 +02, 25 04:30 +01",
		},
		{
			"an hourly job runs in both", "Europe/Berlin", "30 * * * *",
			"2026-10-25 00:00", "2026-10-25 03:00", "25 02:30 +02, 25 02:30 +01, 25 03:30 +01",
		},
		{
			"so does one that runs all the time for some hours", "Europe/Berlin", "*/30 2 * * *",
			"2026-10-24 22:00", "2026-10-25 12:00", "25 02:00 +02, 25 02:30 +02, 25 02:00 +01, 25 02:30 +01",
		},
		{
			"left out", "America/New_York", "0 30 2 * * *",
			"2026-03-07 12:00", "2026-03-09 12:00", "08 03:00 -04, 09 02:30 -04",
		},
		{
			"twice", "America/New_York", "0 30 1 * * *",
			"2026-10-31 12:00", "2026-11-02 12:00", "01 01:30 -04, 02 01:30 -05",
		},
		{
			"hourly", "America/New_York", "@hourly",
			"2026-11-01 04:30", "2026-11-01 08:00", "01 01:00 -04, 01 01:00 -05, 01 02:00 -05, 01 03:00 -05",
		},
		{
			"half an hour is left out", "Australia/Lord_Howe", "15 2 * * *",
			"2026-10-02 00:00", "2026-10-04 18:00", "03 02:15 +1030, 04 02:30 +11, 05 02:15 +11",
		},
		{
			"an hourly job that falls into it does not lose its hour", "Australia/Lord_Howe", "15 * * * *",
			"2026-10-03 14:30", "2026-10-03 17:00", "04 01:15 +1030, 04 02:30 +11, 04 03:15 +11",
		},
		{
			"a job of every few minutes needs none", "Australia/Lord_Howe", "*/20 * * * *",
			"2026-10-03 15:15", "2026-10-03 16:15", "04 02:40 +11, 04 03:00 +11",
		},
		{
			"half an hour comes twice", "Australia/Lord_Howe", "45 1 * * *",
			"2026-04-03 18:00", "2026-04-05 18:00", "05 01:45 +11, 06 01:45 +1030",
		},
		{
			"midnight is left out", "America/Sao_Paulo", "@daily",
			"2018-11-03 00:00", "2018-11-06 00:00", "03 00:00 -03, 04 01:00 -02, 05 00:00 -02",
		},
		{
			"midnight comes twice", "America/Sao_Paulo", "30 23 17 2 *",
			"2018-02-01 00:00", "2018-02-28 00:00", "17 23:30 -02",
		},
		{
			"the first hour of a Sunday is left out", "Asia/Beirut", "30 0 * * SUN",
			"2026-03-28 00:00", "2026-03-30 00:00", "29 01:00 +03",
		},
		{
			"Saturday's last hour comes twice", "Asia/Beirut", "0 30 23 * * SAT",
			"2026-10-24 00:00", "2026-10-26 00:00", "24 23:30 +03",
		},
		{
			"the clock goes back for the month of fasting", "Africa/Casablanca", "30 2 * * *",
			"2026-02-14 12:00", "2026-02-16 12:00", "15 02:30 +01, 16 02:30 +00",
		},
		{
			"and forward after it", "Africa/Casablanca", "30 2 * * *",
			"2026-03-21 12:00", "2026-03-23 12:00", "22 03:00 +01, 23 02:30 +01",
		},
		{
			"a day that never was", "Pacific/Apia", "0 12 * * *",
			"2011-12-29 12:00", "2011-12-31 12:00", "29 12:00 -10, 31 00:00 +14, 31 12:00 +14",
		},
		{
			"its every hour is no loss to an hourly job", "Pacific/Apia", "0 30 * * * *",
			"2011-12-30 09:00", "2011-12-30 11:00", "29 23:30 -10, 31 00:30 +14",
		},
		{
			"no summer time, nothing happens", "Asia/Kolkata", "30 2 * * *",
			"2026-03-28 12:00", "2026-03-30 12:00", "29 02:30 +0530, 30 02:30 +0530",
		},
		{
			"every so often counts seconds, not wall clocks", "Europe/Berlin", "@every 90m",
			"2026-03-28 23:00", "2026-03-29 03:30", "29 01:00 +01, 29 03:30 +02, 29 05:00 +02",
		},
	} {
		t.Run(c.zone+"/"+c.name, func(t *testing.T) {
			if got := between(t, parse(t, c.expression, c.zone), c.from, c.to); got != c.due {
				t.Errorf("%s\n got %s\nwant %s", c.expression, got, c.due)
			}
		})
	}
}

func between(t *testing.T, s Schedule, from, to string) string {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", from)
	if err != nil {
		t.Fatal(err)
	}
	end, err := time.Parse("2006-01-02 15:04", to)
	if err != nil {
		t.Fatal(err)
	}
	var due []string
	for _, next := range s.upTo(at, end, 100) {
		due = append(due, strings.TrimSuffix(next.Format("02 15:04 -0700"), "00"))
	}
	return strings.Join(due, ", ")
}
