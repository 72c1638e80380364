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
