package ipc

import (
	"slices"
	"time"
)

// The places of a server are for clients that do something with theirs. Where
// all are taken, a newcomer whose process has none or few gets the place of
// whoever has held one to no purpose for the longest time:
//
//	stuck    does not read what waits for it, or has not got as far as a
//	         first request; gives way after stuckGrace
//	idle     has had all its answers and asks for nothing; gives way after
//	         idleGrace to a process that has none, where nobody is stuck
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
	// few is how many connections a process may have and get the place of one that
	// is stuck: as many as a dashboard has, of which some may have lost theirs.
	few = 8
	// stuckGrace is longer than a client that is well takes to say hello, to
	// ask, or to read; idleGrace longer than one takes between two questions.
	stuckGrace = 100 * time.Millisecond
	idleGrace  = 10 * time.Second
	// searchPause is how long the server does not ask again after it found that
	// nobody gives way.
	searchPause = 10 * time.Millisecond
	// unreadParting is how long a client that does not read has to be told why it
	// is sent away: as long as the kernel takes to find the room.
	unreadParting = 100 * time.Millisecond
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

// makeRoom takes the place of the connection that gives way first to a process with
// that many, if one does. The caller has the server's lock.
func (s *Server) makeRoom(now time.Time, own int) bool {
	if own >= few {
		return false
	}
	for c, its := s.first(now); c != nil; c, its = s.first(now) {
		if its.use == idle && own > 0 {
			return false
		}
		if !c.giveWay() {
			// It has just asked for something.
			continue
		}
		s.count(c, -1)
		s.remark(now, "clients that do nothing with their connections lose them: there are too many",
			"pid", c.peer.PID, "for", now.Sub(its.since).Round(time.Millisecond))
		return true
	}
	return false
}

// first is the connection that gives way first, nil for none. All are asked only
// where those that were stuck the last time are used up: whoever is stuck since then
// has not been for as long. A crowd of newcomers would else have the server do
// nothing but ask.
func (s *Server) first(now time.Time) (*conn, place) {
	for len(s.stuck) > 0 {
		c := s.stuck[0]
		s.stuck = s.stuck[1:]
		if p := c.place(); s.conns[c] && p.use == stuck && p.givesWay(now) {
			return c, p
		}
	}
	if now.Sub(s.searched) < searchPause {
		return nil, place{}
	}
	var idler *conn
	var its place
	places := map[*conn]place{}
	for c := range s.conns {
		switch p := c.place(); {
		case !p.givesWay(now):
		case p.use == stuck:
			places[c] = p
			s.stuck = append(s.stuck, c)
		case idler == nil || p.before(its):
			idler, its = c, p
		}
	}
	if len(s.stuck) == 0 {
		if idler == nil {
			s.searched = now
		}
		return idler, its
	}
	slices.SortFunc(s.stuck, func(a, b *conn) int { return places[a].since.Compare(places[b].since) })
	c := s.stuck[0]
	s.stuck = s.stuck[1:]
	return c, places[c]
}

// giveWay ends the connection, unless it has just made a request. The client is
// told why: one that does not read finds it when it does, unless the line that it
// has half of is longer than the kernel has room for.
func (c *conn) giveWay() bool {
	_, unread := c.out.unread()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case unread:
		c.parted = true
		c.out.part(rejection(null, errUnread()), unreadParting)
		_ = c.net.SetReadDeadline(time.Unix(1, 0))
	case len(c.under) > 0:
		return false
	default:
		c.out.hasten(partingTime)
		_ = c.net.SetReadDeadline(time.Unix(1, 0))
	}
	c.displaced = true
	return true
}

// isDisplaced is whether another one has its place, and whether the client has been
// told.
func (c *conn) isDisplaced() (displaced, told bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.displaced, c.parted
}

// errUnread is what a client is told that loses its place because it did not read.
func errUnread() *Error {
	e := Errorf(CodeTooMany, "another client needs the place of this connection, which did not read what it was sent")
	e.Try = "read faster, and connect again"
	return e
}

// errDisplaced is what a client is told that loses its place.
func errDisplaced() *Error {
	e := Errorf(CodeTooMany, "another client needs the place of this connection, which asked for nothing")
	e.Try = "connect again"
	return e
}
