package load

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Phase tells requests apart by what happened meanwhile.
type Phase int32

// The phases.
const (
	Steady Phase = iota
	Rollout
)

// sample is one request that was answered.
type sample struct {
	took     time.Duration
	phase    Phase
	measured bool
}

// Failure is one request that was not.
type Failure struct {
	// Kind is refused, reset, closed, timeout, status or other.
	Kind string
	Text string
	// Phase is when it was, Kept whether on a kept connection, At the time
	// since the load began.
	Phase Phase
	Kept  bool
	At    time.Duration
}

func (f Failure) String() string {
	return fmt.Sprintf("%s after %s (kept connection: %v): %s", f.Kind, f.At.Round(time.Millisecond), f.Kept, f.Text)
}

// Times are of the measured requests of one phase.
type Times struct {
	Requests           int
	P50, P90, P99, Max time.Duration
}

func (t Times) String() string {
	round := func(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
	return fmt.Sprintf("%d requests, p50 %s, p90 %s, p99 %s, max %s", t.Requests, round(t.P50), round(t.P90), round(t.P99), round(t.Max))
}

// Report is what came of a load.
type Report struct {
	Took time.Duration
	// Requests are all, answered or not.
	Requests int
	Failures []Failure
	Steady   Times
	Rollout  Times
	// Answers says how many requests each run answered.
	Answers map[string]int
}

// Kinds counts the failures in words: "2 reset, 1 refused", or "none".
func (r Report) Kinds() string {
	count := map[string]int{}
	for _, f := range r.Failures {
		count[f.Kind]++
	}
	var words []string
	for _, k := range slices.Sorted(maps.Keys(count)) {
		words = append(words, fmt.Sprintf("%d %s", count[k], k))
	}
	if words == nil {
		return "none"
	}
	return strings.Join(words, ", ")
}

func (r Report) String() string {
	return fmt.Sprintf("%d requests in %s, failed: %s\nwithout a rollout: %s\nduring rollouts:   %s",
		r.Requests, r.Took.Round(time.Millisecond), r.Kinds(), r.Steady, r.Rollout)
}

// report adds up the clients, which have ended.
func (l *Load) report() Report {
	r := Report{Took: time.Since(l.began), Answers: map[string]int{}}
	took := map[Phase][]time.Duration{}
	for _, c := range l.clients {
		r.Requests += len(c.samples) + len(c.failures)
		r.Failures = append(r.Failures, c.failures...)
		for _, s := range c.samples {
			if s.measured {
				took[s.phase] = append(took[s.phase], s.took)
			}
		}
		for run, n := range c.answers {
			r.Answers[run] += n
		}
	}
	slices.SortFunc(r.Failures, func(a, b Failure) int { return int(a.At - b.At) })
	r.Steady, r.Rollout = times(took[Steady]), times(took[Rollout])
	return r
}

// times are percentiles by the nearest rank.
func times(list []time.Duration) Times {
	if len(list) == 0 {
		return Times{}
	}
	slices.Sort(list)
	at := func(percent int) time.Duration { return list[(len(list)*percent+99)/100-1] }
	return Times{Requests: len(list), P50: at(50), P90: at(90), P99: at(99), Max: list[len(list)-1]}
}
