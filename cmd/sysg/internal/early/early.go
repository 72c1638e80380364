// Package early has the dashboard's libraries ask the terminal nothing while
// the program starts.
//
// Bubble Tea v1 looks for the terminal's background colour in an init
// function: it writes a query and waits up to five seconds for the answer, in
// every command and on every terminal. Its library for colours (termenv) asks
// nothing where TERM is "dumb", so this package makes it so before that
// function runs, and Restore, the first line of main, gives TERM back. What
// colours there are is found out later, when something is drawn.
//
// # The order
//
// Go sorts the packages of a program by their import paths and initialises,
// again and again, the first one whose imports are all initialised (since Go
// 1.21; the specification, "Program initialization"). This package imports
// only os, and its path sorts before "unicode", which everything that deals
// with text needs and os does not: so it comes before any library. A test
// holds a terminal to it.
package early

import "os"

var (
	term string
	set  bool
)

func init() {
	term, set = os.LookupEnv("TERM")
	// It cannot fail: neither the name nor the value is odd.
	_ = os.Setenv("TERM", "dumb")
}

// Restore gives TERM back what it was. It belongs first in main, before
// anything else reads or hands on the environment.
func Restore() {
	if !set {
		_ = os.Unsetenv("TERM")
		return
	}
	_ = os.Setenv("TERM", term)
}
