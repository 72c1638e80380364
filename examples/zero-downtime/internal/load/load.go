// Package load asks an HTTP server at a constant rate and forgives nothing.
//
// There are three kinds of clients, each with one request at a time:
//
//   - kept: ask on one connection until the server says that it closes it;
//   - fresh: open a connection for each request;
//   - slow: ask for an answer that takes a while, one after the other, so that
//     there is always a request under way. Their times are not measured.
//
// Nothing is ever sent a second time: a connection that is refused, reset or
// closed before the whole answer came is a failure, on a kept connection too.
// That is stricter than HTTP, which expects clients to try again there (RFC
// 9112, 9.3.1).
//
// The time of a request counts from the moment at which it was due, not from
// that at which it was sent. A server that stands still for a while is seen in
// all requests that should have been made meanwhile.
//
// It asks loopback addresses only, and is bounded in count and time.
package load

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Plan says what is asked.
type Plan struct {
	// URL is asked for; SlowPath is the path slow clients ask for.
	URL      string
	SlowPath string
	// Rate is in requests per second, of all kept and fresh clients.
	Rate int
	// Kept, Fresh and Slow are how many clients of each kind there are.
	Kept, Fresh, Slow int
	// Timeout is how long one request may take.
	Timeout time.Duration
	// Requests and Time end the load, whichever is reached first.
	Requests int64
	Time     time.Duration
}

// The bounds of any plan.
const (
	maxRate    = 20_000
	maxClients = 256
	maxTime    = 30 * time.Minute
)

func (p Plan) check() (*url.URL, error) {
	u, err := url.Parse(p.URL)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(u.Host)
	if ip := net.ParseIP(host); err != nil || u.Scheme != "http" || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%q: only http://127.0.0.1:PORT/ is asked, or another loopback address", p.URL)
	}
	clients := p.Kept + p.Fresh
	switch {
	case p.Kept < 0 || p.Fresh < 0 || p.Slow < 0 || clients < 1 || clients+p.Slow > maxClients:
		return nil, fmt.Errorf("%d kept, %d fresh, %d slow clients: there have to be 1 to %d", p.Kept, p.Fresh, p.Slow, maxClients)
	case p.Rate < clients || p.Rate > maxRate:
		return nil, fmt.Errorf("rate %d: it has to be %d (one for each client) to %d", p.Rate, clients, maxRate)
	case p.Timeout <= 0 || p.Requests <= 0 || p.Time <= 0 || p.Time > maxTime:
		return nil, fmt.Errorf("timeout %s, %d requests, %s: there has to be a bound, of time %s at most", p.Timeout, p.Requests, p.Time, maxTime)
	}
	return u, nil
}

// Load is one that runs.
type Load struct {
	plan    Plan
	target  *url.URL
	phase   atomic.Int32
	asked   atomic.Int64
	cancel  context.CancelFunc
	clients []*client
	all     sync.WaitGroup
	began   time.Time
	ended   chan struct{}
}

// Begin starts the clients. They end by the plan's bounds, with ctx, or by End.
func Begin(ctx context.Context, p Plan) (*Load, error) {
	target, err := p.check()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.Time)
	l := &Load{plan: p, target: target, cancel: cancel, began: time.Now(), ended: make(chan struct{})}
	paced := p.Kept + p.Fresh
	interval := time.Duration(paced) * time.Second / time.Duration(p.Rate)
	for i := range paced + p.Slow {
		c := &client{load: l, fresh: i >= p.Kept, path: target.Path, answers: map[string]int{}}
		if i < paced {
			c.interval, c.due = interval, l.began.Add(interval*time.Duration(i)/time.Duration(paced))
		} else {
			c.fresh, c.path = false, p.SlowPath
		}
		l.clients = append(l.clients, c)
		l.all.Go(func() { c.ask(ctx) })
	}
	go func() { l.all.Wait(); close(l.ended) }()
	return l, nil
}

// Phase says what happens from now on: samples are told apart by it.
func (l *Load) Phase(p Phase) { l.phase.Store(int32(p)) }

// Asked is how many requests were begun so far.
func (l *Load) Asked() int64 { return l.asked.Load() }

// Ended is closed once the last client is at its end.
func (l *Load) Ended() <-chan struct{} { return l.ended }

// End ends the load and gives what came of it. A request under way is finished
// first.
func (l *Load) End() Report {
	l.cancel()
	<-l.ended
	return l.report()
}
