package view

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Bytes is a size in powers of 1024, in at most four characters: "512B",
// "9.5M", "182M", "1.9G".
func Bytes(n uint64) string {
	amount, unit := scaled(n)
	if unit == "" {
		unit = "B"
	}
	return amount + unit
}

// mebibytes is a size spelled out: "512 bytes", "4.1 MiB".
func mebibytes(n uint64) string {
	amount, unit := scaled(n)
	if unit == "" {
		return amount + " bytes"
	}
	return amount + " " + unit + "iB"
}

// scaled is n in the largest unit of which there is at least one.
func scaled(n uint64) (amount, unit string) {
	if n < 1024 {
		return strconv.FormatUint(n, 10), ""
	}
	const units = "KMGTPE"
	value, i := float64(n)/1024, 0
	for i < len(units)-1 && math.Round(value) >= 1024 {
		value, i = value/1024, i+1
	}
	if rounded := math.Round(value*10) / 10; rounded < 10 {
		return strconv.FormatFloat(rounded, 'f', 1, 64), units[i : i+1]
	}
	return strconv.FormatFloat(value, 'f', 0, 64), units[i : i+1]
}

// Duration is a length of time in at most two units: "350ms", "1.2s", "12s",
// "1m12s", "41m", "5h03m", "3d04h", "120d". A negative one counts as none.
func Duration(d time.Duration) string {
	day := 24 * time.Hour
	tenths := d.Round(100 * time.Millisecond)
	switch {
	case d < time.Millisecond/2:
		return "0s"
	case d.Round(time.Millisecond) < time.Second:
		return fmt.Sprintf("%dms", d.Round(time.Millisecond)/time.Millisecond)
	case tenths < 10*time.Second:
		return strings.TrimSuffix(strconv.FormatFloat(tenths.Seconds(), 'f', 1, 64), ".0") + "s"
	case tenths < time.Minute:
		return fmt.Sprintf("%ds", tenths/time.Second)
	case tenths < 10*time.Minute && tenths%time.Minute >= time.Second:
		return fmt.Sprintf("%dm%02ds", tenths/time.Minute, tenths%time.Minute/time.Second)
	case tenths < time.Hour:
		return fmt.Sprintf("%dm", tenths/time.Minute)
	case tenths < day:
		return fmt.Sprintf("%dh%02dm", tenths/time.Hour, tenths%time.Hour/time.Minute)
	case tenths < 100*day:
		return fmt.Sprintf("%dd%02dh", tenths/day, tenths%day/time.Hour)
	}
	return fmt.Sprintf("%dd", tenths/day)
}

// seconds is a number of seconds as a Duration, whole seconds only. What is
// no number, or too large for one, counts as none.
func seconds(s float64) time.Duration {
	if !(s > 0) || s > math.MaxInt64/float64(2*time.Second) {
		return 0
	}
	return time.Duration(s) * time.Second
}

// Since is how long ago t was: "12s ago". It is empty where t or the Style's
// Now is unknown, and "now" for the present second and the future.
func Since(t time.Time, st Style) string {
	if t.IsZero() || st.Now.IsZero() {
		return ""
	}
	d := st.Now.Sub(t)
	if d < time.Second {
		return "now"
	}
	return Duration(d.Truncate(time.Second)) + " ago"
}

// until is how long it is to t: "in 12s", "now" where it has come, and empty
// where either is unknown.
func until(t time.Time, st Style) string {
	if t.IsZero() || st.Now.IsZero() {
		return ""
	}
	d := t.Sub(st.Now).Round(time.Second)
	if d <= 0 {
		return "now"
	}
	return "in " + Duration(d)
}

// local is t in the Style's time zone.
func (st Style) local(t time.Time) time.Time {
	if st.Location == nil {
		return t.Local()
	}
	return t.In(st.Location)
}

// today is whether t is on the day of Now.
func (st Style) today(t time.Time) bool {
	y, m, d := st.local(t).Date()
	ny, nm, nd := st.local(st.Now).Date()
	return y == ny && m == nm && d == nd
}

// clock is the time of day, with the date where it is another day's: both
// forms are good to the second.
func clock(t time.Time, st Style) string {
	switch {
	case t.IsZero():
		return "-"
	case st.today(t):
		return st.local(t).Format("15:04:05")
	case st.local(t).Year() == st.local(st.Now).Year():
		return st.local(t).Format("Jan _2 15:04:05")
	}
	return st.local(t).Format("2006-01-02 15:04:05")
}

// percent is a share of one core: "12.4", "203", "-" for what is no number.
func percent(f float64) string {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0) || f < 0:
		return "-"
	case f < 99.95:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}

// count is a number with its noun: "1 unit", "3 units", "48,211 lines".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if s, ok := strings.CutSuffix(noun, "ss"); ok {
		return thousands(int64(n)) + " " + s + "sses"
	}
	return thousands(int64(n)) + " " + noun + "s"
}

// thousands is a number in groups of three.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
