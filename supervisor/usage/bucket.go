package usage

import "time"

// bucket gathers what samples say about one slot until the next begins.
type bucket struct {
	slot int64
	// cpu and memory are sums, weighted by the nanoseconds each sample
	// speaks for; weight is how many those are.
	cpu, memory, weight float64
}

// add spreads a sample over the slots of the time it speaks for, and gives
// emit each slot that is left for a later one.
func (b *bucket) add(step time.Duration, from, to time.Time, cpu, memory float64, emit func(record)) {
	begin, end, width := from.UnixNano(), to.UnixNano(), int64(step)
	for begin < end {
		slot := begin / width
		until := min(end, (slot+1)*width)
		if slot != b.slot {
			b.close(emit)
			b.slot = slot
		}
		weight := float64(until - begin)
		b.cpu += cpu * weight
		b.memory += memory * weight
		b.weight += weight
		begin = until
	}
}

// point is the slot so far; false when nothing is known of it.
func (b *bucket) point() (record, bool) {
	if b.weight == 0 || b.slot <= 0 {
		return record{}, false
	}
	return record{
		slot: uint32(b.slot), cpu: float32(b.cpu / b.weight), memory: float32(b.memory / b.weight),
	}, true
}

// close emits the slot and forgets it.
func (b *bucket) close(emit func(record)) {
	if p, ok := b.point(); ok {
		emit(p)
	}
	*b = bucket{}
}
