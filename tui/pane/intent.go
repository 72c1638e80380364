package pane

import "time"

// Intent is what a pane asks the root for.
type Intent interface{ intent() }

// Select makes a unit the selected one.
type Select struct{ Unit string }

// Open shows a view, of a unit where Unit is not "".
type Open struct {
	View View
	Unit string
}

// Do is an operation on units; the root shows what follows from it and asks
// first. Verb is the name of the command: start, stop, restart, deploy,
// rollback, trigger, signal, apply.
type Do struct {
	Verb  string
	Units []string
	// Signal is the name of one, for the verb signal.
	Signal string
}

// Say shows a line in the footer for a while.
type Say struct{ Text string }

// Copy puts text into the clipboard; Lines is how many lines it has.
type Copy struct {
	Text  string
	Lines int
}

// Page opens the whole log of units in a pager, at a time where it is known.
type Page struct {
	Units []string
	Kinds []string
	At    time.Time
}

// Older asks for the lines before those a log pane has.
type Older struct{ Pane int }

// Newer asks for the lines behind them.
type Newer struct{ Pane int }

// Oldest asks for the first lines there are.
type Oldest struct{ Pane int }

// Reopen asks for the newest lines and all that follow.
type Reopen struct{ Pane int }

func (Select) intent() {}
func (Open) intent()   {}
func (Do) intent()     {}
func (Say) intent()    {}
func (Copy) intent()   {}
func (Page) intent()   {}
func (Older) intent()  {}
func (Newer) intent()  {}
func (Oldest) intent() {}
func (Reopen) intent() {}
