package usage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// record is one point of a history: means over one slot.
type record struct {
	// slot is the Unix time in steps of the ring's; 0 is no record.
	slot   uint32
	cpu    float32 // percent of one core
	memory float32 // bytes
}

// recordSize is a record on disk: its fields in this order, little-endian.
const recordSize = 12

// ring is a history of one resolution. A record's place follows from its slot,
// so writing a newer one replaces the one that is count steps older.
type ring struct {
	step    time.Duration
	records []record
}

func newRing(s shape) ring { return ring{step: s.step, records: make([]record, s.count)} }

func (r *ring) put(p record) {
	if p.sane() {
		r.records[int64(p.slot)%int64(len(r.records))] = p
	}
}

// at is the record of a slot, if it is known.
func (r *ring) at(slot int64) (record, bool) {
	if slot <= 0 || slot > math.MaxUint32 {
		return record{}, false
	}
	p := r.records[slot%int64(len(r.records))]
	return p, int64(p.slot) == slot
}

// sane is whether a record can have been written by a Sampler.
func (p record) sane() bool {
	return p.slot > 0 && p.cpu >= 0 && p.memory >= 0 &&
		!math.IsInf(float64(p.cpu), 0) && !math.IsInf(float64(p.memory), 0)
}

// The resolutions that are kept.
const (
	recentStep = time.Second
	recentSpan = 5 * time.Minute
	fineStep   = 10 * time.Second
	fineSpan   = time.Hour
	coarseStep = time.Minute
)

// A ring file is a header and two rings. All numbers are little-endian:
//
//	0   "sysgring"
//	8   uint32 version, 1
//	12  uint32 number of rings, 2
//	16  uint32 seconds per step, uint32 records; for each ring
//	32  the records of the first ring, then those of the second
const (
	ringMagic   = "sysgring"
	ringVersion = 1
	headerSize  = 32
	// maxRecords bounds a ring of a file that is read: 8 weeks of minutes.
	maxRecords = 8 * 7 * 24 * 60
)

// shape is the step of a ring and how many records it has.
type shape struct {
	step  time.Duration
	count int
}

// layout is the shape of both rings of a file, the finer one first.
type layout [2]shape

// layoutFor is the layout of files that keep that much.
func layoutFor(retention time.Duration) layout {
	coarse := min(max(int(retention/coarseStep), 1), maxRecords)
	return layout{{step: fineStep, count: int(fineSpan / fineStep)}, {step: coarseStep, count: coarse}}
}

// header is what a file of this layout begins with.
func (l layout) header() []byte {
	b := append(make([]byte, 0, headerSize), ringMagic...)
	b = binary.LittleEndian.AppendUint32(b, ringVersion)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(l)))
	for _, s := range l {
		b = binary.LittleEndian.AppendUint32(b, uint32(s.step/time.Second))
		b = binary.LittleEndian.AppendUint32(b, uint32(s.count))
	}
	return b
}

// size is the length of the file in bytes.
func (l layout) size() int64 {
	return headerSize + recordSize*int64(l[0].count+l[1].count)
}

// offset is where the record of a slot stands in the file.
func (l layout) offset(of int, slot uint32) int64 {
	at := int64(slot) % int64(l[of].count)
	if of == 1 {
		at += int64(l[0].count)
	}
	return headerSize + recordSize*at
}

// parseHeader is the layout of a file that begins like that.
func parseHeader(b []byte) (layout, error) {
	var l layout
	if len(b) < headerSize || !bytes.HasPrefix(b, []byte(ringMagic)) {
		return l, errors.New("it is not a history")
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != ringVersion {
		return l, fmt.Errorf("it has version %d and this one knows %d", v, ringVersion)
	}
	if n := binary.LittleEndian.Uint32(b[12:]); n != uint32(len(l)) {
		return l, fmt.Errorf("it has %d rings, not %d", n, len(l))
	}
	for i := range l {
		step, count := binary.LittleEndian.Uint32(b[16+8*i:]), binary.LittleEndian.Uint32(b[20+8*i:])
		if step == 0 || step > 3600 || count == 0 || count > maxRecords {
			return l, fmt.Errorf("it has %d records of %d s", count, step)
		}
		l[i] = shape{step: time.Duration(step) * time.Second, count: int(count)}
	}
	return l, nil
}

// rings are what a file holds, the finer one first.
type rings [2]ring

func (l layout) empty() rings { return rings{newRing(l[0]), newRing(l[1])} }

func appendRecord(b []byte, p record) []byte {
	b = binary.LittleEndian.AppendUint32(b, p.slot)
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(p.cpu))
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(p.memory))
}

func parseRecord(b []byte) record {
	return record{
		slot:   binary.LittleEndian.Uint32(b),
		cpu:    math.Float32frombits(binary.LittleEndian.Uint32(b[4:])),
		memory: math.Float32frombits(binary.LittleEndian.Uint32(b[8:])),
	}
}

// encode is the whole file.
func (r *rings) encode(l layout) []byte {
	b := append(make([]byte, 0, l.size()), l.header()...)
	for i := range r {
		for _, p := range r[i].records {
			b = appendRecord(b, p)
		}
	}
	return b
}

// decode reads a whole file of any layout. Records that make no sense, or
// stand in a place that is not theirs, are left out.
func decode(data []byte) (rings, error) {
	l, err := parseHeader(data)
	if err != nil {
		return rings{}, err
	}
	if int64(len(data)) != l.size() {
		return rings{}, fmt.Errorf("it has %d bytes, not %d", len(data), l.size())
	}
	r := l.empty()
	rest := data[headerSize:]
	for i := range r {
		for at := range r[i].records {
			p := parseRecord(rest)
			rest = rest[recordSize:]
			if int64(p.slot)%int64(l[i].count) == int64(at) {
				r[i].put(p)
			}
		}
	}
	return r, nil
}

// carry takes over what old has of the same resolutions. Where old reached
// further back, the newest stay.
func (r *rings) carry(old rings) {
	for i := range r {
		for _, p := range old[i].records {
			have := r[i].records[int64(p.slot)%int64(len(r[i].records))]
			if r[i].step == old[i].step && p.slot > have.slot {
				r[i].put(p)
			}
		}
	}
}
