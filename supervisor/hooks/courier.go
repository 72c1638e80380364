package hooks

import (
	"fmt"
	"time"

	"systemg/supervisor/store"
)

// courier makes the deliveries of one endpoint, one after the other, so that
// they arrive in order and a slow endpoint holds up nobody else.
type courier struct {
	p   *post
	url string
	// failures counts attempts that failed in a row, of any delivery: the
	// back-off is the endpoint's.
	failures int
	// id and tries are of the delivery at the head of the line.
	id    string
	tries int
	said  bool
}

// run ends when nothing is owed to the endpoint, or with close.
func (c *courier) run() {
	for {
		d, waiting, more := c.p.head(c.url)
		if !more {
			c.say("")
			return
		}
		if c.id != d.ID {
			c.id, c.tries = d.ID, 0
		}
		if c.p.living.Err() != nil {
			return
		}
		c.tries++
		began := time.Now()
		a := attempt(c.p.living, c.p.client, d, c.tries, began)
		if a.err != nil && c.p.living.Err() != nil {
			return
		}
		if !c.conclude(d, waiting, time.Since(began), a) {
			return
		}
	}
}

// conclude acts on an answer, and says whether the courier goes on.
func (c *courier) conclude(d store.Delivery, waiting int, took time.Duration, a answer) bool {
	switch {
	case a.err == nil:
		c.failures = 0
		c.say("")
		c.p.settle(d, took, nil)
		return true
	case a.final:
		// The endpoint lives and does not want this one.
		c.failures = 0
		c.p.settle(d, took, fmt.Errorf("%s %w", Place(c.url), a.err))
		return true
	}
	c.failures++
	delay := Delay(c.failures, c.p.spread(), a.after)
	if c.tries > d.Retries {
		c.p.settle(d, took, fmt.Errorf("%s %w; given up after %s", Place(c.url), a.err, attempts(c.tries)))
		waiting--
	}
	c.p.log.Debug("a webhook failed", "endpoint", Place(c.url), "attempt", c.tries, "error", a.err)
	if waiting == 0 {
		// Nobody waits: whatever comes next finds the endpoint fresh.
		return true
	}
	c.say(fmt.Sprintf("webhooks to %s fail: %v; they wait, and the next attempt is %s after the last",
		Place(c.url), a.err, delay.Round(time.Second)))
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.p.closing:
		// It stays in the outbox, for the next supervisor.
		return false
	}
}

// say tells a person how the endpoint fares.
func (c *courier) say(text string) {
	if text == "" && !c.said {
		return
	}
	c.said = text != ""
	c.p.problem("webhooks to "+Place(c.url)+" "+tag(c.url), text)
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}
