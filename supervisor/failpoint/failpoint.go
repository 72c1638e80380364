// Package failpoint has a process die at a chosen place in the program, for
// cmd/torture. A program that is built without the tag failpoints has none of it.
//
// A point is armed by a file of its name in the folder SYSG_FAILPOINTS. Whoever
// comes to it first removes the file and is killed by SIGKILL: one file is one
// death.
package failpoint

// Point is a place: each is between two steps of which the second must not be
// lost, nor the first be done twice.
type Point string

// The points of a supervisor.
const (
	// Decided: the loop has decided, and not written down what.
	Decided Point = "decided"
	// Noted: it is in the diary, and not done.
	Noted Point = "noted"
	// Forked: a process has just begun to live, and nobody knows it.
	Forked Point = "forked"
	// Started: its start is known, and the loop not told.
	Started Point = "started"
	// Ended: a process has ended, and that is not written down.
	Ended Point = "ended"
	// Recorded: it is, and the process not reaped.
	Recorded Point = "recorded"
	// Written: a state file is complete, and not in its place; Replaced: it is.
	Written  Point = "written"
	Replaced Point = "replaced"
	// Moved: output is in the log, and not in the index.
	Moved Point = "moved"
	// Paged: a log's segments are being renamed.
	Paged Point = "paged"
	// Booked: a job is in its history, and has not begun.
	Booked Point = "booked"
	// Restored: all was taken over, and nobody answered.
	Restored Point = "restored"
	// Ready: the socket answers, and the output is not taken back.
	Ready Point = "ready"
	// HandedOver: the guardian has the next program.
	HandedOver Point = "handed-over"
	// Becoming: the guardian has died, and this one is not it yet.
	Becoming Point = "becoming"
)

// The points of a guardian.
const (
	// Reaped: the guardian has reaped a child and told nobody.
	Reaped Point = "reaped"
	// Launched: it has started a supervisor, and does not know it.
	Launched Point = "launched"
)

// Points are all of them.
var Points = []Point{
	Decided, Noted, Forked, Started, Ended, Recorded, Written, Replaced, Moved, Paged, Booked, Restored, Ready,
	HandedOver, Becoming, Reaped, Launched,
}
