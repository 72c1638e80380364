package tui

import (
	"os"
	"sync/atomic"
	"time"
)

// screen is the terminal as it is written to. It has each frame shown at once
// where the terminal can do that (synchronized output, DEC mode 2026; others
// ignore it), and knows how long a write takes, so that a slow line gets fewer
// frames instead of ever older ones.
type screen struct {
	// The file is embedded for Bubble Tea, which asks it for its size.
	*os.File
	// took is the moving average of the time of a write, in nanoseconds.
	took atomic.Int64
	// remote is whether the terminal is at the other end of a network, which
	// hides how slow it is.
	began  time.Time
	remote bool
}

// The bounds of the time between two frames.
const (
	shortestFrame = time.Second / 30
	longestFrame  = 2 * time.Second
	// remoteFrame is the time between the first frames over a network; it
	// shortens to shortestRemote within warmUp while writes are quick.
	remoteFrame    = time.Second / 2
	shortestRemote = time.Second / 10
	warmUp         = 10 * time.Second
)

func newScreen(f *os.File) *screen {
	return &screen{File: f, began: time.Now(), remote: os.Getenv("SSH_CONNECTION") != "" || os.Getenv("SSH_TTY") != ""}
}

const (
	beginFrame = "\x1b[?2026h"
	endFrame   = "\x1b[?2026l"
)

// Write writes one frame.
func (s *screen) Write(p []byte) (int, error) {
	if len(p) < len(beginFrame)+len(endFrame) {
		return s.File.Write(p)
	}
	began := time.Now()
	framed := make([]byte, 0, len(p)+len(beginFrame)+len(endFrame))
	framed = append(append(append(framed, beginFrame...), p...), endFrame...)
	n, err := s.File.Write(framed)
	took := int64(time.Since(began))
	// An exponential moving average, 1/4 for the newest.
	s.took.Store(s.took.Load()*3/4 + took/4)
	return min(max(n-len(beginFrame), 0), len(p)), err
}

// interval is how long to wait between two frames: four times what a write
// takes, so that the terminal is written to a fifth of the time.
func (s *screen) interval() time.Duration {
	least := shortestFrame
	if s.remote {
		least = remoteFrame
		if time.Since(s.began) > warmUp {
			least = shortestRemote
		}
	}
	return min(max(4*time.Duration(s.took.Load()), least), longestFrame)
}
