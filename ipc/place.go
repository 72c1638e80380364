package ipc

import "time"

// The places of a server are for clients that do something with theirs. Where
// all are taken, a newcomer whose process has few or none gets the place of
// whoever has held one to no purpose for the longest time:
//
//	stuck    does not read what waits for it, or has not got as far as a
//	         first request; gives way after stuckGrace
//	idle     has had all its answers and asks for nothing; gives way after
//	         idleGrace, where nobody is stuck
//	working  has a request under way and reads what comes; keeps its place
//
// Whose last answer a client has not read the kernel knows (unread): nobody is
// asked, and nothing is counted while there is room.
type use int

const (
	working use = iota
	idle
	stuck
)

const (
	// stuckGrace is longer than a client that is well takes to say hello, to
	// ask, or to read; idleGrace longer than one takes between two questions.
	stuckGrace = 100 * time.Millisecond
	idleGrace  = 10 * time.Second
)

// place is what a connection does with its place, and since when.
type place struct {
	use   use
	since time.Time
}

// givesWay is whether a newcomer may have it.
func (p place) givesWay(now time.Time) bool {
	switch p.use {
	case stuck:
		return now.Sub(p.since) >= stuckGrace
	case idle:
		return now.Sub(p.since) >= idleGrace
	case working:
	}
	return false
}

// before is whether it gives way before another one.
func (p place) before(o place) bool {
	if p.use != o.use {
		return p.use > o.use
	}
	return p.since.Before(o.since)
}

// place is what the connection does with its place.
func (c *conn) place() place {
	since, unread := c.out.unread()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case unread:
		return place{use: stuck, since: since}
	case !c.asked:
		return place{use: stuck, since: c.rested}
	case len(c.under) == 0:
		return place{use: idle, since: c.rested}
	}
	return place{use: working}
}

// makeRoom takes the place of the connection that gives way first, if one does.
// The caller has the server's lock.
func (s *Server) makeRoom(now time.Time) bool {
	var first *conn
	var its place
	for c := range s.conns {
		if p := c.place(); p.givesWay(now) && (first == nil || p.before(its)) {
			first, its = c, p
		}
	}
	if first == nil || !first.giveWay() {
		return false
	}
	s.count(first, -1)
	s.remark(now, "clients that do nothing with their connections lose them: there are too many",
		"pid", first.peer.PID, "for", now.Sub(its.since).Round(time.Millisecond))
	return true
}

// giveWay ends the connection, unless it has just made a request. The client is
// told why, if it reads.
func (c *conn) giveWay() bool {
	_, unread := c.out.unread()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case unread:
		_ = c.net.Close()
	case len(c.under) > 0:
		return false
	default:
		c.out.hasten(partingTime)
		_ = c.net.SetReadDeadline(time.Unix(1, 0))
	}
	c.displaced = true
	return true
}

func (c *conn) isDisplaced() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.displaced
}

// errDisplaced is what a client is told that loses its place.
func errDisplaced() *Error {
	e := Errorf(CodeTooMany, "another client needs the place of this connection, which asked for nothing")
	e.Try = "connect again"
	return e
}
