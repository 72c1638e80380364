package board

import "math"

// Bars are the last samples as n bars of per seconds each, the greatest value
// of each, the oldest first. The bars stand still: only the newest one changes
// from second to second, until it is full.
func (f *Figures) Bars(n, per int, memory bool) []float64 {
	if f == nil || n <= 0 || per <= 0 {
		return nil
	}
	// The newest bar has as many samples as came since the last full one.
	newest := (f.total-1)%per + 1
	values := f.CPU((n-1)*per + newest)
	if memory {
		values = f.Memory((n-1)*per + newest)
	}
	bars := make([]float64, 0, n)
	for end := len(values); end > 0; {
		width := per
		if end == len(values) {
			width = newest
		}
		from := max(end-width, 0)
		top := math.NaN()
		for _, v := range values[from:end] {
			if !math.IsNaN(v) && !(top >= v) {
				top = v
			}
		}
		bars = append(bars, top)
		end = from
	}
	for i, j := 0, len(bars)-1; i < j; i, j = i+1, j-1 {
		bars[i], bars[j] = bars[j], bars[i]
	}
	return bars
}

// Fill puts a history in front of the samples of a unit, values every step
// seconds, the newest last, so that a dashboard that was just opened has the
// last minute too.
func (b *Board) Fill(id string, cpu, memory []float64, step float64) {
	old := b.figures[id]
	if old != nil && old.n >= Seconds || len(cpu) == 0 || len(cpu) != len(memory) || step <= 0 {
		return
	}
	f := &Figures{}
	room := Seconds
	if old != nil {
		room -= old.n
	}
	for i := room - 1; i >= 0; i-- {
		if at := len(cpu) - 1 - int(float64(i)/step); at >= 0 {
			f.add(float32(cpu[at]), float32(memory[at]))
		}
	}
	if old != nil {
		for i, v := range old.CPU(old.n) {
			f.add(float32(v), float32(old.Memory(old.n)[i]))
		}
	}
	b.figures[id] = f
	b.Changes++
}
