package widget

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

// spelled is a size for a sentence: "512 bytes", "74 KB".
func spelled(n uint64) string {
	amount, unit := scaled(n)
	if unit == "" {
		return amount + " bytes"
	}
	return amount + " " + unit + "B"
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
	if tenths := math.Round(value*10) / 10; tenths < 10 {
		return strconv.FormatFloat(tenths, 'f', 1, 64), units[i : i+1]
	}
	return strconv.FormatFloat(value, 'f', 0, 64), units[i : i+1]
}

// Duration is a length of time in at most six characters and two units:
// "350ms", "12s", "1m12s", "41m", "12h03m", "3d04h", "120d". A negative one
// counts as none.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	seconds := d.Round(time.Second)
	switch {
	case d < time.Millisecond/2:
		return "0s"
	case d.Round(time.Millisecond) < time.Second:
		return fmt.Sprintf("%dms", d.Round(time.Millisecond)/time.Millisecond)
	case seconds < time.Minute:
		return fmt.Sprintf("%ds", seconds/time.Second)
	case seconds < 10*time.Minute:
		return fmt.Sprintf("%dm%02ds", seconds/time.Minute, seconds%time.Minute/time.Second)
	case seconds < time.Hour:
		return fmt.Sprintf("%dm", seconds/time.Minute)
	case seconds < day:
		return fmt.Sprintf("%dh%02dm", seconds/time.Hour, seconds%time.Hour/time.Minute)
	case seconds < 100*day:
		return fmt.Sprintf("%dd%02dh", seconds/day, seconds%day/time.Hour)
	}
	return fmt.Sprintf("%dd", seconds/day)
}

// Age is how long something has lasted by now: in seconds during its first minute,
// then in whole minutes. Minutes pass when the clock's do, so all ages on a screen
// change together, and between that nothing has to be written.
func Age(since, now time.Time) string {
	if d := now.Sub(since); d < time.Minute {
		return Duration(d.Truncate(time.Second))
	}
	return minutes(now.Truncate(time.Minute).Sub(since))
}

// Left is how long it is until then: in whole minutes, as with Age, and in seconds
// during the last one.
func Left(until, now time.Time) string {
	if d := until.Sub(now); d < time.Minute {
		return Duration(d.Round(time.Second))
	}
	return minutes(until.Sub(now.Truncate(time.Minute)))
}

// minutes is a duration in whole minutes, at least one.
func minutes(d time.Duration) string {
	d = max(d.Truncate(time.Minute), time.Minute)
	if d < time.Hour {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return Duration(d)
}

// Percent is a share of one core in at most four characters: "12.4", "203",
// "-" for what is no number.
func Percent(f float64) string {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0) || f < 0:
		return "-"
	case f < 99.95:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(min(f, 9999), 'f', 0, 64)
}

// Rate is how many of something there are in a second: "812", "4.8k", "96k",
// "1.2M".
func Rate(perSecond float64) string {
	switch {
	case !(perSecond > 0):
		return "0"
	case perSecond < 999.5:
		return strconv.FormatFloat(perSecond, 'f', 0, 64)
	case perSecond < 9950:
		return strconv.FormatFloat(perSecond/1e3, 'f', 1, 64) + "k"
	case perSecond < 999.5e3:
		return strconv.FormatFloat(perSecond/1e3, 'f', 0, 64) + "k"
	}
	return strconv.FormatFloat(perSecond/1e6, 'f', 1, 64) + "M"
}

// Count is a number with its noun: "1 unit", "3 units", "48,211 lines".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "s") {
		return Thousands(int64(n)) + " " + noun + "es"
	}
	return Thousands(int64(n)) + " " + noun + "s"
}

// Thousands is a number in groups of three digits: "48,211".
func Thousands(n int64) string {
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
