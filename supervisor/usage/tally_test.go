package usage

import (
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSpent(t *testing.T) {
	const since = 1000 // ticks since boot at the first look
	p := func(pid, ppid int32, start, self, kids uint64) member {
		return member{pid: pid, ppid: ppid, start: start, self: self, kids: kids}
	}
	tests := []struct {
		name        string
		before, now []member
		want        uint64
	}{
		{name: "nothing", want: 0},
		{name: "one works", before: []member{p(5, 1, 10, 100, 0)}, now: []member{p(5, 1, 10, 130, 0)}, want: 30},
		{name: "a child is born and works", before: []member{p(5, 1, 10, 100, 0)}, now: []member{p(5, 1, 10, 100, 0), p(6, 5, 1001, 7, 0)}, want: 7},
		{name: "an older process is found", before: []member{p(5, 1, 10, 100, 0)}, now: []member{p(5, 1, 10, 100, 0), p(6, 5, 500, 7000, 0)}, want: 0},
		{
			name:   "a child ends and is waited for: only what was not seen counts",
			before: []member{p(5, 1, 10, 100, 0), p(6, 5, 20, 5000, 0)},
			now:    []member{p(5, 1, 10, 100, 5010)}, want: 10,
		},
		{
			name:   "a child that was never seen",
			before: []member{p(5, 1, 10, 100, 0)},
			now:    []member{p(5, 1, 10, 100, 40)}, want: 40,
		},
		{
			name:   "a child ends and its parent does not care",
			before: []member{p(5, 1, 10, 100, 0), p(6, 5, 20, 5000, 0)},
			now:    []member{p(5, 1, 10, 101, 0)}, want: 1,
		},
		{
			name:   "a grandchild and then its parent end",
			before: []member{p(5, 1, 10, 100, 0), p(6, 5, 20, 300, 0), p(7, 6, 30, 5000, 0)},
			now:    []member{p(5, 1, 10, 100, 5310)}, want: 10,
		},
		{
			name:   "everything ends",
			before: []member{p(5, 1, 10, 100, 0), p(6, 5, 20, 5000, 0)}, want: 0,
		},
		{
			name:   "the pid is used again by a process that began since",
			before: []member{p(5, 1, 10, 100, 0)}, now: []member{p(5, 1, 1005, 3, 0)}, want: 3,
		},
		{
			name:   "the pid was used again by an older stranger",
			before: []member{p(5, 1, 10, 100, 0)}, now: []member{p(5, 1, 900, 90000, 0)}, want: 0,
		},
		{
			name:   "a counter goes backwards",
			before: []member{p(5, 1, 10, 100, 50)}, now: []member{p(5, 1, 10, 99, 49)}, want: 0,
		},
		{
			name:   "parents in a circle",
			before: []member{p(5, 6, 10, 100, 0), p(6, 5, 20, 100, 0), p(7, 6, 20, 100, 0)},
			now:    []member{p(8, 1, 2000, 4, 0)}, want: 4,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := spent(test.before, test.now, since); got != test.want {
				t.Errorf("%d ticks, want %d", got, test.want)
			}
		})
	}
}

// Whatever a tree does between two looks, what is counted is what was used
// and can still be known: never more.
func TestSpentIsNeverTooMuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		m.processes[1] = member{pid: 1, start: 1}
		live := []int{1}
		var used uint64
		clock := uint64(2)
		act := func() {
			pid := rapid.SampledFrom(live).Draw(t, "pid")
			switch rapid.IntRange(0, 3).Draw(t, "act") {
			case 0, 1:
				ticks := rapid.IntRange(0, 100).Draw(t, "ticks")
				m.work(pid, time.Duration(ticks)*tick)
				used += uint64(ticks)
			case 2:
				child := live[len(live)-1] + 1
				clock++
				m.processes[child] = member{pid: int32(child), ppid: int32(pid), start: clock}
				live = append(live, child)
			case 3:
				if at := len(live) - 1; at > 0 {
					m.end(live[at])
					live = live[:at]
				}
			}
		}
		snapshot := func() []member {
			var all []member
			for _, pid := range live {
				all = append(all, m.processes[pid])
			}
			return all
		}
		for range rapid.IntRange(0, 20).Draw(t, "before") {
			act()
		}
		before, since := snapshot(), clock+1
		used = 0
		for range rapid.IntRange(0, 20).Draw(t, "between") {
			act()
		}
		// Everybody is waited for here, so everything is known.
		if got := spent(before, snapshot(), since); got != used {
			t.Fatalf("%d ticks, want %d", got, used)
		}
	})
}

func TestShare(t *testing.T) {
	tests := []struct {
		cpu, over time.Duration
		want      float64
	}{
		{time.Second, 2 * time.Second, 50},
		{0, time.Second, 0},
		{-time.Second, time.Second, 0},
		{time.Second, 0, 0},
		{time.Second, -time.Second, 0},
		{time.Hour, time.Second, 100 * float64(runtime.NumCPU())},
	}
	for _, test := range tests {
		if got := share(test.cpu, test.over); got != test.want {
			t.Errorf("%v over %v: %v %%, want %v", test.cpu, test.over, got, test.want)
		}
	}
}

func TestPace(t *testing.T) {
	const us, ms = time.Microsecond, time.Millisecond
	tests := []struct {
		name        string
		fixed, cost time.Duration
		watched     bool
		want        time.Duration
	}{
		{name: "a few units", cost: 100 * us, want: 2 * time.Second},
		{name: "a few units, watched", cost: 100 * us, watched: true, want: time.Second},
		{name: "a thousand", cost: 9 * ms, want: 6 * time.Second},
		{name: "a thousand, watched", cost: 9 * ms, watched: true, want: 1800 * ms},
		{name: "a stuck disk", cost: 10 * time.Second, want: time.Minute},
		{name: "no cost measured yet", want: 2 * time.Second},
		{name: "as the operator says", fixed: 30 * time.Second, cost: 100 * ms, want: 30 * time.Second},
		{name: "as the operator says, watched", fixed: 30 * time.Second, cost: ms, watched: true, want: time.Second},
		{name: "watching makes nothing slower", fixed: time.Second, cost: 100 * ms, watched: true, want: time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := pace(test.fixed, test.cost, test.watched)
			if got.Round(time.Millisecond) != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

// What a sample of few units costs says little about one of many.
func TestReckon(t *testing.T) {
	const us, ms = time.Microsecond, time.Millisecond
	for _, test := range []struct {
		name          string
		before, cost  time.Duration
		known, trees  int
		least, atMost time.Duration
	}{
		{"a thousand come up", 20 * us, 30 * ms, 1, 1000, 30 * ms, 30 * ms},
		{"the first sample", 0, 40 * us, 0, 1, 40 * us, 40 * us},
		{"one more", ms, ms + us, 10, 11, ms, ms + us},
		{"a sample that took long", ms, 100 * ms, 10, 10, ms, 2 * ms},
		{"nearly all went", 30 * ms, 30 * us, 1000, 1, 20 * ms, 25 * ms},
	} {
		if got := reckon(test.before, test.cost, test.known, test.trees); got < test.least || got > test.atMost {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// A sample that took five minutes, because the machine slept, does not make
// the sampler slow; one that goes on being slow does.
func TestSmooth(t *testing.T) {
	const ms = time.Millisecond
	if got := smooth(ms, 5*time.Minute); got > 2*ms {
		t.Errorf("after one long sample %v", got)
	}
	cost := time.Duration(0)
	samples := 0
	for ; cost < 90*ms; samples++ {
		if samples > 40 {
			t.Fatalf("100ms are not believed after %d samples", samples)
		}
		cost = smooth(cost, 100*ms)
	}
	for range 30 {
		cost = smooth(cost, ms)
	}
	if cost > 2*ms {
		t.Errorf("after many short samples %v", cost)
	}
}
