package logs

import (
	"encoding/binary"
	"time"
)

// kind is what an index record says; see the package comment.
type kind uint8

const (
	kindTime kind = iota
	kindRun
	kindHead
	kindLost
)

const (
	// recordSize is the size of an index record in bytes.
	recordSize = 16
	// repeatEvery is after how many records the run in force is repeated,
	// which bounds how far a reader looks back for it.
	repeatEvery = 4096

	kindShift = 62
	valueMask = 1<<kindShift - 1
	// repeated marks a run record that begins nothing.
	repeated = 1 << 61

	// headMagic is "sysg", then version 1, above eight bits of flags.
	headMagic = 0x73797367<<16 | 1<<8
	headFlags = 1<<8 - 1
	// unsorted is the head's flag for times that go back.
	unsorted = 1
)

// record is one entry of an index.
type record struct {
	kind kind
	// at is the first word: an offset, never negative in a valid record.
	at int64
	// value has 62 bits.
	value int64
}

// append adds the record's 16 bytes to b.
func (r record) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(r.at))
	return binary.LittleEndian.AppendUint64(b, uint64(r.kind)<<kindShift|uint64(r.value)&valueMask)
}

// decode reads a record from the first 16 bytes of b.
func decode(b []byte) record {
	word := binary.LittleEndian.Uint64(b[8:])
	return record{
		kind:  kind(word >> kindShift),
		at:    int64(binary.LittleEndian.Uint64(b)),
		value: int64(word & valueMask),
	}
}

// run takes a run record's value apart.
func (r record) run() (number uint64, repeats bool) {
	return uint64(r.value &^ repeated), r.value&repeated != 0
}

// isHead says whether the record can be the first of an index.
func (r record) isHead() bool {
	return r.kind == kindHead && r.value&^headFlags == headMagic && r.at >= 0
}

// breaks says whether a line cannot go on across the record's offset.
func (r record) breaks() bool {
	return r.kind == kindLost || r.kind == kindRun && r.value&repeated == 0
}

func headRecord(base int64, flags int64) record {
	return record{kind: kindHead, at: base, value: headMagic | flags}
}

func runRecord(at int64, run uint64, repeats bool) record {
	r := record{kind: kindRun, at: at, value: int64(run & (repeated - 1))}
	if repeats {
		r.value |= repeated
	}
	return r
}

// stampEvery is how long one time record speaks for what arrives; where the
// index has become larger than the segment, and than slimIndex, it is stampSlow.
const (
	stampEvery = int64(time.Millisecond)
	stampSlow  = int64(100 * time.Millisecond)
	slimIndex  = 64 << 10
)
