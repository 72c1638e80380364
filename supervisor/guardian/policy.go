package guardian

import (
	"time"

	"systemg/supervisor/proc"
)

const (
	// firstPause is how long a supervisor is left alone that has ended twice
	// in a row; each further end doubles it, up to longestPause.
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
	// steady is how long a supervisor has to be ready for its end to be a
	// new story.
	steady = 10 * time.Second
)

// life is what is known of one supervisor.
type life struct {
	// Ready is when it said so, zero for never.
	Ready time.Time `json:"ready,omitzero"`
}

// Crashes are the ends in a row that count as one trouble.
type Crashes struct {
	Count int `json:"count"`
	// How is how the last one ended.
	How string `json:"how,omitempty"`
}

// after takes an end into account, and says how long to wait before the next
// supervisor is started. One that was ready and was killed from outside
// (SIGKILL) is no crash; the first crash is answered at once, too.
func (c Crashes) after(l life, how proc.Status, now time.Time) (Crashes, time.Duration) {
	ready := !l.Ready.IsZero()
	if ready && (now.Sub(l.Ready) >= steady || how.Signal == sigkill) {
		return Crashes{How: how.String()}, 0
	}
	c.Count, c.How = c.Count+1, how.String()
	if c.Count == 1 {
		return c, 0
	}
	pause := firstPause
	for range min(c.Count-2, 20) {
		pause *= 2
	}
	return c, min(pause, longestPause)
}
