// Package board is what the dashboard knows: a pure reducer of what the
// supervisor tells. Messages go in by Begin, Apply, Know, Tell and Sample;
// panes read what is there. It does no input or output, keeps no clock and
// starts nothing.
//
// # Who owns what
//
// A Board belongs to one goroutine, the dashboard's. A Unit is a value that is
// never changed after it is in the board: what changed is a new Unit, so panes
// may keep the ones they drew. Everything a service can have an influence on
// (names, reasons, commands) is cleaned as it comes in; panes draw it as it is.
//
// # What changed
//
// Changes grows with every change at all and is the key of what was drawn.
// Topology grows only when units or dependencies come or go, which is when the
// layout of a graph has to be made anew.
//
// # Looks
//
// A unit's Look is the one word the screen has for it: its state, or what
// matters more: that it is unhealthy, being replaced, or the run of a job.
// Weight orders looks by how much they want a person's attention.
//
// # The past
//
// Every Pause a moment is kept, for Depth: what each unit used, in 8 bytes, and
// how it was, in some 60 where that differs from the moment before. At gives a
// board as it was then, for drawing only.
package board
