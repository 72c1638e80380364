package main

import (
	"strings"
	"sync"
	"time"

	"systemg/ipc"
)

// Where nobody watches, nobody sees how a process ends: while the guardian and the
// supervisor are both dead, until the next one has taken the units over.

// span is such a time.
type span struct {
	from, to time.Time
	// why is the death that led to it.
	why string
}

// unseenBefore is how long before their death a process may have ended that
// neither had got to, unseenAfter how long a process lives on after it has noted
// its end.
const (
	unseenBefore = 20 * time.Millisecond
	unseenAfter  = 100 * time.Millisecond
)

// unseen is whether the process that noted its end at that time may have ended
// while nobody watched.
func (s *system) unseen(at time.Time) (span, bool) {
	for _, one := range s.nobody {
		if at.Add(unseenAfter).After(one.from.Add(-unseenBefore)) && at.Before(one.to) {
			return one, true
		}
	}
	return span{}, false
}

// couple is a guardian and its supervisor.
type couple struct {
	mu    sync.Mutex
	alive int
	// died is when the last of the two did.
	died time.Time
}

// watch has the deaths of both noted.
func watch(h ipc.HelloResult) *couple {
	c := &couple{alive: 2}
	for _, one := range []held{holdOn(h.PID), holdOn(h.Guardian)} {
		go func() {
			one.ended()
			c.mu.Lock()
			defer c.mu.Unlock()
			c.alive--
			c.died = time.Now()
		}()
	}
	return c
}

// both is when the second of them died, if both did.
func (c *couple) both() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.died, c.alive == 0
}

// unseenText is how sysg tells of an end that nobody saw.
const unseenText = "ended while no supervisor ran"

// forgiven counts an end of which nobody knows how, where that can be: at is when
// the process noted it.
func (a *audit) forgiven(x *ipc.Exit, at time.Time) bool {
	if x == nil || !strings.HasPrefix(x.Text, unseenText) {
		return false
	}
	when, ok := a.unseen(at)
	if !ok {
		return false
	}
	a.unknown++
	a.traces = append(a.traces, when.why)
	return true
}
