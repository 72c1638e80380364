package tui

import (
	"context"
	"os"
	"strings"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// screen is the terminal as it is written to. Bubble Tea sets its modes and reads
// its keys; frames it is not given. Its own renderer looks for a new one a hundred
// times a second, and holds up the event loop while a slow terminal takes one.
//
// Draw takes a frame and never waits. One goroutine, run, writes the newest as
// soon as the terminal has taken the one before: only what changed, and so that
// terminals that can show it at once (synchronized output, DEC mode 2026; others
// ignore it). Frames that were overtaken are never written. Lines are not wrapped
// (DECAWM is off), so a character whose width the terminal sees otherwise than we
// do spoils its own line only.
type screen struct {
	// The file is embedded for Bubble Tea, which asks it for its size.
	*os.File
	wake chan struct{}

	mu    sync.Mutex // guards what follows
	frame string
	width int
	// anew is whether nothing of what is on the screen can be relied on.
	anew bool
	// sized is whether the size of the terminal is known: frames before are for
	// another one.
	sized bool
	// ours is whether the terminal shows the dashboard, and not a pager or
	// what was there before.
	ours bool

	// writing is held while something is written.
	writing sync.Mutex
	pacing  *pacing
}

func newScreen(f *os.File) *screen {
	remote := os.Getenv("SSH_CONNECTION") != "" || os.Getenv("SSH_TTY") != ""
	return &screen{File: f, wake: make(chan struct{}, 1), pacing: newPacing(remote)}
}

// Draw takes a frame: lines, w columns wide at most.
func (s *screen) Draw(frame string, w int) {
	s.mu.Lock()
	same := s.frame == frame && s.width == w && !s.anew
	s.frame, s.width = frame, w
	s.mu.Unlock()
	if !same {
		s.stir()
	}
}

// Renew has everything written again, after a change of size or by demand.
func (s *screen) Renew() {
	s.mu.Lock()
	s.anew = true
	s.mu.Unlock()
	s.stir()
}

// Resized has everything written again for another size.
func (s *screen) Resized() {
	s.mu.Lock()
	s.sized = true
	s.mu.Unlock()
	s.Renew()
}

func (s *screen) stir() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run writes frames until ctx ends.
func (s *screen) run(ctx context.Context) {
	var before []string
	for {
		select {
		case <-s.wake:
		case <-ctx.Done():
			return
		}
		before = s.paint(before)
	}
}

// paint writes the newest frame over the one before, and gives it.
func (s *screen) paint(before []string) []string {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	frame, width, anew, ours := s.frame, s.width, s.anew, s.ours && s.sized
	if ours && frame != "" {
		s.anew = false
	}
	s.mu.Unlock()
	if !ours || frame == "" {
		return before
	}
	if anew {
		before = nil
	}
	lines := strings.Split(frame, "\n")
	if text := repaint(before, lines, width); len(text) > 0 {
		began := time.Now()
		n, _ := s.File.Write(text)
		s.pacing.wrote(n, began, time.Now())
	}
	return lines
}

// Modes of the terminal that Bubble Tea sets and that mean something here.
const (
	enterOther = "\x1b[?1049h"
	leaveOther = "\x1b[?1049l"
	clearAll   = "\x1b[2J"
	noWrap     = "\x1b[?7l"
	wrapAgain  = "\x1b[?7h"
)

// Write takes what Bubble Tea writes. Modes go to the terminal; frames do not:
// those it has are empty.
func (s *screen) Write(p []byte) (int, error) {
	text := string(p)
	switch {
	case text == clearAll:
		s.Renew()
		return len(p), nil
	case !mode(text):
		return len(p), nil
	case text == enterOther:
		text += noWrap
	case text == leaveOther:
		text = wrapAgain + text
	}
	err := s.send(text, func() {
		switch string(p) {
		case enterOther:
			s.ours, s.anew = true, true
		case leaveOther:
			s.ours = false
		}
	})
	s.stir()
	return len(p), err
}

// WriteString is Write: the one of the file would go past it.
func (s *screen) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

// send writes something that is no frame, between two of them.
func (s *screen) send(text string, then func()) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.File.WriteString(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	then()
	return err
}

// mode is whether text sets or resets a private mode, and does nothing else.
func mode(text string) bool {
	rest, ok := strings.CutPrefix(text, "\x1b[?")
	if !ok || rest == "" {
		return false
	}
	number := strings.TrimRight(rest[:len(rest)-1], "0123456789;")
	last := rest[len(rest)-1]
	return number == "" && (last == 'h' || last == 'l')
}

// clipboard writes sequences for the clipboard, which are no frames.
type clipboard struct{ *screen }

func (c clipboard) Write(p []byte) (int, error) {
	return len(p), c.send(string(p), func() {})
}

// onScreen is a model whose frames go to a screen.
type onScreen struct {
	*Model
	screen *screen
}

// Update hands on.
func (o onScreen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := o.Model.Update(msg)
	if _, ok := msg.(tea.WindowSizeMsg); ok {
		o.screen.Resized()
	}
	return o, cmd
}

// View has the frame drawn, and gives Bubble Tea an empty one.
func (o onScreen) View() string {
	o.screen.Draw(o.Model.View(), o.width)
	return ""
}
