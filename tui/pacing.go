package tui

import (
	"sync"
	"time"
)

// pacing says how long to wait with the next frame that nobody pressed a key for,
// so that a key finds the line free.
//
// A terminal that takes everything at once gets thirty frames a second. One for
// which much of the time is spent waiting gets a third of what it takes, soon half,
// and more than that only after a while: what lies in the buffers between
// comes before anything a key causes. A single write that had to wait says nothing
// of the line; the terminal was stopped, or the machine busy. Nor have all writes to
// wait on a slow line: the kernel takes several at once, and then none. Over SSH the buffers
// are large and hide how slow the line is, so there the rate is bounded from the
// beginning.
type pacing struct {
	mu sync.Mutex
	// rate is how much may be written, in bytes a second, and most what it
	// grows to; 0 is no bound. bound is never passed, where it is not 0.
	rate, most, bound float64
	// debt is how much was written and not worked off yet, in bytes, at a time.
	debt float64
	at   time.Time
	// waited is how long writes had to wait lately, in seconds, of which some
	// is forgotten with time; sent is what was written since it was last 0, at since.
	waited float64
	since  time.Time
	sent   int
	// began is when the last write began.
	began time.Time
	// until is when most is raised, and hold how long that takes the next time.
	until time.Time
	hold  time.Duration
}

// The bounds of the pace.
const (
	shortestFrame = time.Second / 30
	longestFrame  = 2 * time.Second
	// remoteRate leaves half of a line of 20 KB/s to keys, in bytes a second.
	remoteRate = 10_000
	// longestWait is what one write counts for at most.
	longestWait = 400 * time.Millisecond
	// buffered is what lies between at most, in bytes: 12 KB in a
	// pseudo-terminal of Linux.
	buffered            = 16_000
	firstHold, lastHold = 30 * time.Second, 8 * time.Minute
	// growth is by how much the rate grows in a second, raise by how much its
	// bound does each time.
	growth, raise = 1.1, 2
	// boundless is a rate that needs no bound any more, in bytes a second.
	boundless = 1_000_000
)

// tolerance says which waits mean that the line is slow: those of least and more,
// once they have summed up to enough, in seconds, where forget are forgotten every
// second.
type tolerance struct {
	least          time.Duration
	enough, forget float64
}

// A kernel lets a writer go on when its buffers have run empty, so on a slow line few
// writes wait, and those long; on a busy machine many wait, for 40 ms. At first it
// takes two of the long ones; once the line is known to be slow, one.
var (
	atFirst = tolerance{least: 150 * time.Millisecond, enough: 0.5, forget: 0.15}
	again   = tolerance{least: 100 * time.Millisecond, enough: 0.1, forget: 0.02}
)

func newPacing(remote bool) *pacing {
	p := &pacing{hold: firstHold}
	if remote {
		p.rate, p.most, p.bound = remoteRate, remoteRate, remoteRate
	}
	return p
}

// wrote takes that n bytes were written.
func (p *pacing) wrote(n int, began, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(began)
	p.settle(now)
	p.debt += float64(n)
	p.sent += n
	limit := atFirst
	if p.rate > 0 {
		limit = again
	}
	if took := now.Sub(began); took >= limit.least {
		p.waited += min(took, longestWait).Seconds()
	}
	if p.waited >= limit.enough {
		p.slow(now)
	}
}

// slow takes that the line is slower than was thought.
func (p *pacing) slow(now time.Time) {
	if p.rate == 0 {
		p.most = float64(p.sent) / max(now.Sub(p.since), longestWait).Seconds() / 2
	} else {
		p.most = p.rate * 0.7
	}
	p.waited = 0
	p.rate = p.most * 2 / 3
	// Whatever lies between is full now: it has to run empty first.
	p.debt = max(p.debt, buffered)
	p.until = now.Add(p.hold)
	p.hold = min(2*p.hold, lastHold)
}

// forget lets some of what was waited go.
func (p *pacing) forget(now time.Time) {
	rate := atFirst.forget
	if p.rate > 0 {
		rate = again.forget
	}
	p.waited = max(p.waited-rate*max(now.Sub(p.began).Seconds(), 0), 0)
	p.began = now
	if p.waited == 0 {
		p.since, p.sent = now, 0
	}
}

// settle lets time go by.
func (p *pacing) settle(now time.Time) {
	span := now.Sub(p.at)
	if p.at.IsZero() || span < 0 {
		span = 0
	}
	p.at = now
	if p.rate == 0 {
		p.debt = 0
		return
	}
	p.debt = max(p.debt-p.rate*span.Seconds(), 0)
	if now.After(p.until) && p.bound == 0 {
		p.most *= raise
		p.until = now.Add(p.hold)
	}
	p.rate = min(p.rate*(1+(growth-1)*min(span.Seconds(), 1)), p.most)
	if p.bound > 0 {
		p.rate = min(p.rate, p.bound)
	}
	if p.rate > boundless {
		p.rate, p.most = 0, 0
	}
}

// interval is how long to wait before the next frame.
func (p *pacing) interval(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle(now)
	if p.rate == 0 {
		return shortestFrame
	}
	wait := time.Duration(p.debt / p.rate * float64(time.Second))
	return min(max(wait, shortestFrame), longestFrame)
}
