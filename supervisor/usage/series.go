package usage

import (
	"math"
	"time"
)

// maxPoints is how many points a Series has at most: about as many as a chart
// on a wide terminal has columns to show (two per cell).
const maxPoints = 240

// Series is a history at an even step. A point that nothing is known about is
// NaN in both.
type Series struct {
	// From is the beginning of the first point.
	From time.Time
	Step time.Duration
	// CPU is in percent of one core, Memory in bytes; both have the same
	// length.
	CPU, Memory []float64
}

// assemble makes the series of a window that ends at until. The sources are
// the resolutions that are there, finest first; the finest whose span covers
// the window sets the step, and where it knows nothing a coarser one may.
func assemble(sources []ring, window time.Duration, until time.Time) Series {
	if window <= 0 || len(sources) == 0 {
		return Series{}
	}
	base := len(sources) - 1
	for base > 0 && span(&sources[base-1]) >= window {
		base--
	}
	sources = sources[base:]
	unit := sources[0].step
	folded := max(1, ceil(window, unit*maxPoints))
	step := unit * time.Duration(folded)
	points := min(ceil(window, step), maxPoints)

	// The last point is the one that holds the moment before until.
	last := (until.UnixNano() - 1) / int64(step)
	first := last - points + 1
	s := Series{
		From: time.Unix(0, first*int64(step)), Step: step,
		CPU: make([]float64, points), Memory: make([]float64, points),
	}
	for i := range points {
		s.CPU[i], s.Memory[i] = mean(sources, (first+i)*folded, folded)
	}
	return s
}

// mean is over the known ones of count slots of the finest source.
func mean(sources []ring, slot, count int64) (cpu, memory float64) {
	known := 0
	for at := slot; at < slot+count; at++ {
		for i := range sources {
			p, ok := sources[i].at(at * int64(sources[0].step) / int64(sources[i].step))
			if ok {
				cpu += float64(p.cpu)
				memory += float64(p.memory)
				known++
				break
			}
		}
	}
	if known == 0 {
		return math.NaN(), math.NaN()
	}
	return cpu / float64(known), memory / float64(known)
}

func span(r *ring) time.Duration { return r.step * time.Duration(len(r.records)) }

func ceil(a, b time.Duration) int64 { return int64((a + b - 1) / b) }
