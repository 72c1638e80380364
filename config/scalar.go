package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// durationUnits are looked at in this order: ms before m.
var durationUnits = []struct {
	name string
	d    time.Duration
}{
	{"d", 24 * time.Hour},
	{"h", time.Hour},
	{"ms", time.Millisecond},
	{"us", time.Microsecond},
	{"µs", time.Microsecond},
	{"ns", time.Nanosecond},
	{"m", time.Minute},
	{"s", time.Second},
}

// scalarError is a value that cannot be read, and what it should be like.
type scalarError struct{ text, hint string }

func (e *scalarError) Error() string { return e.text + ": " + e.hint }

func badDuration(s string) error {
	return &scalarError{fmt.Sprintf("cannot read the duration %q", s), "it is like 500ms, 5s, 2m, 1h30m; a bare number is seconds"}
}

// ParseDuration reads 500ms, 5s, 2m, 1h30m or 1d; a bare number is seconds.
func ParseDuration(s string) (time.Duration, error) {
	text := strings.TrimSpace(s)
	if !durationText().MatchString(text) {
		return 0, badDuration(s)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return seconds(f, s)
	}
	total := 0.0
	for text != "" {
		n := 0
		for n < len(text) && (text[n] >= '0' && text[n] <= '9' || text[n] == '.') {
			n++
		}
		f, err := strconv.ParseFloat(text[:n], 64)
		unit, name := unitOf(text[n:])
		if err != nil || unit == 0 {
			return 0, badDuration(s)
		}
		total += f * unit.Seconds()
		text = text[n+len(name):]
	}
	return seconds(total, s)
}

func unitOf(s string) (time.Duration, string) {
	for _, u := range durationUnits {
		if strings.HasPrefix(s, u.name) {
			return u.d, u.name
		}
	}
	return 0, ""
}

// maxDuration is a hundred years: more is a mistake, and time.Duration ends
// at 292.
const maxDuration = 100 * 365 * 24 * time.Hour

func seconds(f float64, s string) (time.Duration, error) {
	if math.IsNaN(f) || f < 0 || f > maxDuration.Seconds() {
		return 0, &scalarError{fmt.Sprintf("the duration %q is out of range", s), "it is from 0 to 100 years"}
	}
	return time.Duration(math.Round(f * float64(time.Second))), nil
}

// ParseSize reads 512M as 512·2²⁰: K, M, G and T are powers of 1024, also as
// KiB, KB; a bare number is bytes.
func ParseSize(s string) (int64, error) {
	text := strings.ToUpper(strings.TrimSpace(s))
	if !sizeText().MatchString(text) {
		return 0, badSize(s)
	}
	n := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if n < 0 {
		n = len(text)
	}
	shift, ok := map[string]int{
		"": 0, "B": 0, "K": 10, "KB": 10, "KIB": 10, "M": 20, "MB": 20, "MIB": 20,
		"G": 30, "GB": 30, "GIB": 30, "T": 40, "TB": 40, "TIB": 40,
	}[strings.TrimSpace(text[n:])]
	f, err := strconv.ParseFloat(text[:n], 64)
	if err != nil || !ok {
		return 0, badSize(s)
	}
	if f *= float64(int64(1) << shift); f >= math.MaxInt64 {
		return 0, &scalarError{fmt.Sprintf("the size %q is out of range", s), "it is less than 8388608T"}
	}
	return int64(f), nil
}

func badSize(s string) error {
	return &scalarError{fmt.Sprintf("cannot read the size %q", s), "it is like 512M, 2G, 64K; a bare number is bytes"}
}

// The real-time signals a program may use: glibc keeps the first two
// (signal(7)).
const (
	sigRTMin = 34
	sigRTMax = 64
)

// ParseSignal reads TERM, SIGTERM or 15, and gives the number and the
// canonical name.
func ParseSignal(s string) (syscall.Signal, string, error) {
	text := strings.ToUpper(strings.TrimSpace(s))
	if n, err := strconv.Atoi(text); err == nil {
		if name := unix.SignalName(syscall.Signal(n)); name != "" {
			return syscall.Signal(n), name, nil
		}
		if n >= sigRTMin && n <= sigRTMax {
			return syscall.Signal(n), rtName(n), nil
		}
		return 0, "", fmt.Errorf("there is no signal %d", n)
	}
	name := "SIG" + strings.TrimPrefix(text, "SIG")
	if sig := unix.SignalNum(name); sig != 0 {
		return sig, name, nil
	}
	for base, number := range map[string]int{"SIGRTMIN": sigRTMin, "SIGRTMAX": sigRTMax} {
		rest, ok := strings.CutPrefix(name, base)
		if !ok {
			continue
		}
		offset, err := strconv.Atoi(rest)
		if rest == "" {
			offset, err = 0, nil
		}
		if n := number + offset; err == nil && n >= sigRTMin && n <= sigRTMax {
			return syscall.Signal(n), rtName(n), nil
		}
	}
	return 0, "", fmt.Errorf("there is no signal %q", s)
}

func rtName(n int) string {
	if n == sigRTMin {
		return "SIGRTMIN"
	}
	return fmt.Sprintf("SIGRTMIN+%d", n-sigRTMin)
}

// maxName is how long a name may be: it becomes part of file names.
const maxName = 64

// nameHint is what a name may be; it becomes part of file names.
const nameHint = "a name has a-z, A-Z, 0-9, _ . - and @, and begins with a letter, a digit or _"

// CheckName says what is wrong with the name of a unit or a project.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("a name cannot be empty")
	case len(name) > maxName:
		return fmt.Errorf("the name %q is longer than %d characters", name, maxName)
	case !isWord(rune(name[0])):
		return fmt.Errorf("the name %q has to begin with one of a-z, A-Z, 0-9 and _", name)
	}
	for _, r := range name {
		if !isWord(r) && !strings.ContainsRune(".-@", r) {
			return fmt.Errorf("the name %q has a %q, which a name cannot have", name, r)
		}
	}
	return nil
}

func isWord(r rune) bool {
	return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// Near is whether two words differ by a typing error: two letters inserted,
// left out, replaced or swapped with a neighbour, one in short words.
func Near(a, b string) bool {
	if a == b || a == "" || b == "" {
		return false
	}
	limit := 2
	if min(len(a), len(b)) <= 4 {
		limit = 1
	}
	return distance(strings.ToLower(a), strings.ToLower(b)) <= limit
}

// distance counts the edits between two words, a swap of neighbours being one
// (optimal string alignment).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// nearest is the known word that differs least, or empty.
func nearest(word string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if n := distance(strings.ToLower(word), strings.ToLower(k)); Near(word, k) && n < least {
			best, least = k, n
		}
	}
	return best
}
