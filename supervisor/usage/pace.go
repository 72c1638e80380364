package usage

import "time"

const (
	// idleShare is the part of one core that sampling may use while
	// nobody looks, watchedShare while somebody does.
	idleShare    = 0.0015
	watchedShare = 0.005

	// idleLeast and paceMost bound the pause; watchedLeast is what a
	// person sees as now.
	idleLeast    = 2 * time.Second
	watchedLeast = time.Second
	paceMost     = time.Minute

	// freshness is how old a sample may be for a new watcher to be content
	// with it.
	freshness = 250 * time.Millisecond
)

// pace is the pause between samples of which one costs cost. fixed is what the
// operator asked for, 0 where that is left to us.
func pace(fixed, cost time.Duration, watched bool) time.Duration {
	idle := fixed
	if idle <= 0 {
		idle = within(cost, idleShare, idleLeast)
	}
	if watched {
		return min(idle, within(cost, watchedShare, watchedLeast))
	}
	return idle
}

// within is the pause for which cost is that share of the time.
func within(cost time.Duration, share float64, least time.Duration) time.Duration {
	return time.Duration(min(max(float64(cost)/share, float64(least)), float64(paceMost)))
}

// reckon is the cost to expect after a sample of trees that took cost, where
// before was expected of known ones. What is known of a few says little about
// many: a thousand units that came up at once are not sampled like one.
func reckon(before, cost time.Duration, known, trees int) time.Duration {
	if trees >= 2*max(known, 1) {
		return cost
	}
	return smooth(before, cost)
}

// smooth is the cost to reckon with after a sample that took cost. One that
// took long counts a quarter, and at most twice what was known before: it may
// have been the only one. One that goes on taking long is believed within a few
// samples.
func smooth(before, cost time.Duration) time.Duration {
	cost = min(cost, 2*before+time.Millisecond)
	if before == 0 {
		return cost
	}
	return (3*before + cost) / 4
}
