package board

import "time"

// LinkState is how the connection to the supervisor is.
type LinkState uint8

// The states of the connection.
const (
	// Connecting is before the first answer.
	Connecting LinkState = iota
	// Live is a subscription that works.
	Live
	// Absent is that no supervisor runs, and none did so far.
	Absent
	// Lost is that there was one.
	Lost
	// Refused is that there is one that will not talk to us, and trying
	// again is no use: another version, another user.
	Refused
)

// Link is the connection as a person is told of it.
type Link struct {
	State LinkState
	// Since is when it came to that, Live's Text empty.
	Since time.Time
	// Text says why, Cure what to do, in words.
	Text, Cure string
	// Try counts the attempts since it was lost, Next is when the next one
	// is made; zero where something wakes it.
	Try  int
	Next time.Time
	// Socket is where a supervisor was looked for, Manifest what could be
	// started, "" for none.
	Socket, Manifest string
}

// Stale is whether what the board has is no longer the present.
func (b *Board) Stale() bool { return b.Link.State != Live && len(b.Units) > 0 }
