package logs

import (
	"bufio"
	"io"
)

// findings are what an index says about a segment of a known size.
type findings struct {
	// keep is how many bytes of the index hold: whole, valid records that
	// fit the segment. It is 0 where the head is missing or foreign.
	keep int64
	// base is the segment's offset in the stream, flags the head's.
	base, flags int64
	// end is how far the last time record reaches, last its time in
	// nanoseconds; both are 0 when there is none.
	end, last int64
	// tail is whether the last record kept is a time record.
	tail bool
	// run is the run in force at the end.
	run uint64
	// sinceRun counts the records after the last run record.
	sinceRun int
	lost     int64
}

// survey reads an index from its start and stops at the first record that
// cannot be one of a segment of size bytes. Errors of r end it like its end:
// what cannot be read is not kept.
func survey(r io.Reader, size int64) findings {
	var f findings
	in := bufio.NewReaderSize(r, 4<<10)
	var b [recordSize]byte
	at := int64(0)
	for {
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return f
		}
		one := decode(b[:])
		if f.keep == 0 {
			if !one.isHead() {
				return f
			}
			f.base, f.flags = one.at, one.value&headFlags
		} else {
			if one.at < at || one.at > size || one.kind == kindHead {
				return f
			}
			at = one.at
			f.note(one)
		}
		f.keep += recordSize
	}
}

// note takes in one valid record after the head.
func (f *findings) note(one record) {
	f.tail = one.kind == kindTime
	f.sinceRun++
	switch one.kind {
	case kindTime:
		f.end, f.last = one.at, one.value
	case kindRun:
		f.run, _ = one.run()
		f.sinceRun = 0
	case kindLost:
		f.lost += one.value
	case kindHead:
		// survey lets none through.
	}
}
