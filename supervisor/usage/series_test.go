package usage

import (
	"math"
	"testing"
	"time"
)

// ramp is a ring that knows every slot of the last of its span before noon but
// those that drop says; its value is the slot's distance from noon in steps.
func ramp(step, span time.Duration, drop func(before int) bool) ring {
	r := newRing(shape{step: step, count: int(span / step)})
	for i := 1; i <= len(r.records); i++ {
		if drop == nil || !drop(i) {
			r.put(record{slot: slotAt(noon.Add(-time.Duration(i)*step), step), cpu: float32(i), memory: 7})
		}
	}
	return r
}

func TestSeriesPicksAResolution(t *testing.T) {
	recent, fine, coarse := ramp(recentStep, recentSpan, nil), ramp(fineStep, fineSpan, nil), ramp(coarseStep, 12*time.Hour, nil)
	kept := []ring{fine, coarse}
	all := []ring{recent, fine, coarse}
	tests := []struct {
		name    string
		sources []ring
		window  time.Duration
		step    time.Duration
		points  int
	}{
		{"two minutes of seconds", all, 2 * time.Minute, time.Second, 120},
		{"two minutes without seconds", kept, 2 * time.Minute, 10 * time.Second, 12},
		{"five minutes folded", all, 5 * time.Minute, 2 * time.Second, 150},
		{"a quarter of an hour", all, 15 * time.Minute, 10 * time.Second, 90},
		{"an hour folded", all, time.Hour, 20 * time.Second, 180},
		{"two hours", all, 2 * time.Hour, time.Minute, 120},
		{"all of it", all, 12 * time.Hour, 3 * time.Minute, 240},
		{"more than there is", all, 24 * time.Hour, 6 * time.Minute, 240},
		{"less than a step", kept, time.Second, 10 * time.Second, 1},
		{"nothing", all, 0, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := assemble(test.sources, test.window, noon)
			if s.Step != test.step || len(s.CPU) != test.points || len(s.Memory) != test.points {
				t.Fatalf("%d points of %v, want %d of %v", len(s.CPU), s.Step, test.points, test.step)
			}
			if test.points == 0 {
				return
			}
			if end := s.From.Add(s.Step * time.Duration(len(s.CPU))); !end.Equal(noon) {
				t.Errorf("ends at %v, want %v", end, noon)
			}
			if last := s.CPU[len(s.CPU)-1]; math.IsNaN(last) {
				t.Error("the last point is not known")
			}
		})
	}
}

func TestSeriesKnowsItsGaps(t *testing.T) {
	hole := func(before int) bool { return before >= 10 && before < 20 }
	s := assemble([]ring{ramp(coarseStep, time.Hour, hole)}, 30*time.Minute, noon)
	for i := range s.CPU {
		before := len(s.CPU) - i
		switch want := float64(before); {
		case hole(before) && (!math.IsNaN(s.CPU[i]) || !math.IsNaN(s.Memory[i])):
			t.Errorf("minute -%d: %v, want nothing", before, s.CPU[i])
		case !hole(before) && s.CPU[i] != want:
			t.Errorf("minute -%d: %v, want %v", before, s.CPU[i], want)
		}
	}
}

// Seconds are known only since somebody looks; before that there are tens.
func TestSeriesFillsInFromACoarserRing(t *testing.T) {
	recent := ramp(recentStep, recentSpan, func(before int) bool { return before > 5 })
	fine := ramp(fineStep, fineSpan, nil)
	s := assemble([]ring{recent, fine}, 30*time.Second, noon)
	want := []float64{3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 5, 4, 3, 2, 1}
	if len(s.CPU) != len(want) {
		t.Fatalf("%d points", len(s.CPU))
	}
	for i := range want {
		if s.CPU[i] != want[i] {
			t.Fatalf("got %v, want %v", s.CPU, want)
		}
	}
}
