package tui

import (
	"sync"
	"time"
)

// pacing says how long to wait with the next frame that nobody pressed a key for,
// so that a key finds the line free.
//
// A terminal that takes everything at once gets thirty frames a second. One that
// makes one write after the other wait gets a third of what it takes, soon half, and
// more than that only after a while: what lies in the buffers between
// comes before anything a key causes. A single write that had to wait says nothing
// of the line; the terminal was stopped, or the machine busy. Over SSH the buffers
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
	// waited is how many writes in a row had to wait.
	waited int
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
	// slowWrite is when a write has waited for the terminal: several times what
	// a busy machine makes one wait. Of short writes nothing can be learned.
	slowWrite, shortWrite = 40 * time.Millisecond, 256
	// slowAgain is the same once the line is known to be slow.
	slowAgain = 8 * time.Millisecond
	// inARow is how many such writes, one after the other, say that the line is
	// slow: on a busy machine one in three looks like one.
	inARow = 5
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
	p.settle(now)
	p.debt += float64(n)
	took, least := now.Sub(began), slowWrite
	if p.rate > 0 {
		least = slowAgain
	}
	switch {
	case n < shortWrite:
		return
	case took < least:
		p.waited = 0
		return
	}
	if p.waited++; p.waited < inARow {
		return
	}
	p.waited = 0
	if p.rate == 0 {
		p.most = float64(n) / took.Seconds() / 2
	} else {
		p.most = p.rate * 0.7
	}
	p.rate = p.most * 2 / 3
	// Whatever lies between is full now: it has to run empty first.
	p.debt = max(p.debt, buffered)
	p.until = now.Add(p.hold)
	p.hold = min(2*p.hold, lastHold)
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
