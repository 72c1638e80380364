// Package pane is what every view of the dashboard has in common: what it is
// given to draw with, and what it may ask for.
//
// A pane is a plain struct with two methods. Lines draws: exactly as many
// lines as the frame is high, none wider than it, at any size, nothing at 0x0.
// Act takes an action and gives an Intent, or nil where there is nothing for
// anybody else to do. A pane does no input or output, keeps no clock and knows
// no other pane. Intents are values; only the root turns them into requests.
package pane

import (
	"time"

	"systemg/tui/board"
	"systemg/tui/theme"
)

// Frame is what a pane is drawn with.
type Frame struct {
	Width, Height int
	Theme         *theme.Theme
	// Now is the time that durations count to; that of the past while
	// rewound.
	Now   time.Time
	Board *board.Board
	// Focus is whether keys go to this pane.
	Focus bool
	// Stale is whether the board is no longer the present.
	Stale bool
	// Selected is the unit all views are about, by ID; "" for none.
	Selected string
	// Marked are the units that actions apply to, where there are any.
	Marked map[string]bool
}

// Unit is the selected unit, nil for none.
func (f Frame) Unit() *board.Unit { return f.Board.Unit(f.Selected) }

// Page is a list of lines made as high as a frame is.
func (f Frame) Page(lines []string) []string {
	height := max(f.Height, 0)
	if len(lines) > height {
		return lines[:height]
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines
}

// View is a view of the dashboard.
type View uint8

// The views, in the order of their digits; Detail has none.
const (
	Units View = iota
	Logs
	Graph
	Events
	Cron
	Deploys
	Detail
)

func (v View) String() string { return viewNames[v] }

var viewNames = [...]string{"units", "logs", "graph", "events", "cron", "deploys", "detail"}

// Views are the names of all views that settings may name, in order.
func Views() []string { return viewNames[:Detail] }
