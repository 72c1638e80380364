package logs

import (
	"strconv"
	"time"
)

// Mark is what a line that no service wrote stands for.
type Mark uint8

// The marks.
const (
	// None: a service wrote the line.
	None Mark = iota
	// Restart: another run writes from here on; Run is its number.
	Restart
	// Skipped: lines were left out; Text says how many.
	Skipped
	// Gap: the supervisor was away; Text says how long.
	Gap
	// Drawn: a line that a person drew.
	Drawn
	// Origin: before it there is nothing.
	Origin
)

// The streams a line can be of.
const (
	Stdout uint8 = iota
	Stderr
	Supervisor
)

// Line is one line of a pane, clean.
type Line struct {
	// Seq is its place in the pane: lines before it have smaller ones,
	// also negative ones, and it never changes.
	Seq int64
	// Unit is an ID, "" for the supervisor's own log.
	Unit string
	Text string
	// Time is in nanoseconds since 1970.
	Time int64
	Run  uint64
	Kind uint8
	Mark Mark
	// Open is whether the line may still go on, Goes whether it goes on the
	// open one before it of its stream, all of which Text repeats.
	Open, Goes bool
}

// Key names a stream.
type Key struct {
	Unit string
	Kind uint8
}

func (l *Line) key() Key { return Key{Unit: l.Unit, Kind: l.Kind} }

// KindOf is a kind by the protocol's name.
func KindOf(name string) uint8 {
	switch name {
	case "stderr":
		return Stderr
	case "supervisor":
		return Supervisor
	}
	return Stdout
}

// stamp writes a time into b, which is reused: the time of day with
// milliseconds, or with the day before it.
func stamp(b []byte, nanos int64, day bool, zone *time.Location) []byte {
	t := time.Unix(0, nanos).In(zone)
	if day {
		b = t.AppendFormat(b, "2006-01-02 ")
	}
	h, m, s := t.Clock()
	b = append(two(append(two(append(two(b, h), ':'), m), ':'), s), '.')
	ms := t.Nanosecond() / int(time.Millisecond)
	if ms < 100 {
		b = append(b, '0')
	}
	return two(b, ms)
}

// two writes a number with at least two digits.
func two(b []byte, n int) []byte {
	if n < 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(n), 10)
}
