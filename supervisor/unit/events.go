package unit

import "time"

// Event is something that happened to a unit.
type Event interface{ event() }

// The events.
type (
	// Start is an operator's wish to have the unit up. It forgets failures.
	Start struct {
		// Named says that the unit itself was asked for: what always
		// skips it does not hold then.
		Named bool
	}
	// Stop is an operator's wish to have it down; Kill skips the asking.
	Stop struct {
		Kill   bool
		Reason string
	}
	// Restart is an operator's wish for a new run.
	Restart struct{ Reason string }
	// Cascade says that a dependency was lost: stop, and come back.
	Cascade struct{ Reason string }
	// Go says that every dependency is as it has to be.
	Go struct{}
	// Wait says what the unit waits for.
	Wait struct{ Reason string }
	// Block says why the unit waits in vain.
	Block struct{ Reason string }

	// Spawned says that the main process of Run exists.
	Spawned struct{ Run uint64 }
	// SpawnFailed says that it could not be started.
	SpawnFailed struct {
		Run  uint64
		Exit Exit
	}
	// StepDone says that a step of Run is over, its tree gone.
	StepDone struct {
		Run  uint64
		Step StepKind
		Exit Exit
	}
	// Exited says that the main process of Run ended; Leftover is how many
	// processes of its tree live on.
	Exited struct {
		Run      uint64
		Exit     Exit
		Leftover int
	}
	// Emptied says that nothing of Run's main tree is left.
	Emptied struct{ Run uint64 }
	// Healthy says that Run's health check found it well.
	Healthy struct{ Run uint64 }
	// Unhealthy says that Run, which was well, is not so any more.
	Unhealthy struct {
		Run  uint64
		Text string
	}
	// Probed tells the words of an attempt of Run's health check that
	// failed, or nothing after one that did not.
	Probed struct {
		Run  uint64
		Text string
	}
	// Extend gives Run more time to become healthy.
	Extend struct {
		Run   uint64
		Until time.Time
	}
	// Fire begins a run of a unit that is scheduled.
	Fire struct{}
	// Fail ends Run, which counts as failed however it exits.
	Fail struct {
		Run  uint64
		Text string
	}
	// Deadline says that the time in Unit.Deadline has come.
	Deadline struct{}
)

func (Start) event()       {}
func (Stop) event()        {}
func (Restart) event()     {}
func (Cascade) event()     {}
func (Go) event()          {}
func (Wait) event()        {}
func (Block) event()       {}
func (Spawned) event()     {}
func (SpawnFailed) event() {}
func (StepDone) event()    {}
func (Exited) event()      {}
func (Emptied) event()     {}
func (Healthy) event()     {}
func (Unhealthy) event()   {}
func (Probed) event()      {}
func (Extend) event()      {}
func (Fire) event()        {}
func (Fail) event()        {}
func (Deadline) event()    {}

// Effect is something that has to be brought about outside.
type Effect interface{ effect() }

// The effects. Each is about one run; whoever carries it out answers with
// the event that carries the same number.
type (
	// Spawn starts the main process: Spawned or SpawnFailed answers, and
	// after Spawned there will be one Exited and one Emptied.
	Spawn struct{ Run uint64 }
	// RunStep starts a step: StepDone answers.
	RunStep struct {
		Run  uint64
		Step StepKind
	}
	// Ask sends the stop signal to everything of the run that lives, or
	// to what is being started as soon as it lives.
	Ask struct{ Run uint64 }
	// Kill ends everything of the run with SIGKILL until nothing is left.
	Kill struct{ Run uint64 }
	// Lost tells the dependents that the unit went away though it is
	// wanted: a crash, or a cascade that reached it.
	Lost struct{ Reason string }
)

func (Spawn) effect()   {}
func (RunStep) effect() {}
func (Ask) effect()     {}
func (Kill) effect()    {}
func (Lost) effect()    {}
