package proc

import "time"

// Survivor is a tree that lives and of which nobody has to know beforehand.
type Survivor struct {
	// Tree is what its processes were told that they are: the unit and the
	// run. It is empty where they do not say so any more.
	Tree TreeID
	// Step names a command of the unit; empty for its main process.
	Step    string
	Process Process
	Started time.Time
	// Argv and Dir are the main process's now.
	Argv []string
	Dir  string
}
