package cron

import (
	"log/slog"
	"time"

	"systemg/supervisor/store"
)

// Event is something that happened to a job. Random is a number in [0, 1)
// that spreads the beginning of the next run over the jitter.
type Event interface{ event() }

// The events.
type (
	// Arm lets the clock start the job. After Restore it also decides what
	// was due meanwhile; an armed job stays as it is.
	Arm struct{ Random float64 }
	// Disarm stops the clock, and forgets the run that waits. The run that
	// lives goes on: ending it is the owner's.
	Disarm struct{}
	// Change gives the job another definition. The run that lives goes on
	// under the new timeout.
	Change struct {
		Policy Policy
		Random float64
	}
	// Due says that Job.Deadline may have come, or that somebody has set
	// the clock.
	Due struct{ Random float64 }
	// Trigger is an operator's wish for a run now, armed or not.
	Trigger struct{}
	// Started answers Start: the run has this number.
	Started struct{ Run uint64 }
	// Refused answers Start: there will be no run, for this reason. Skipped
	// is whether that is as it should be (skip: of the manifest).
	Refused struct {
		Skipped bool
		Reason  string
	}
	// Ended says that nothing is left of the run. Skipped is whether the
	// manifest's skip command let it end before it began.
	Ended struct {
		Run     uint64
		Skipped bool
		// OK is an exit status of 0.
		OK   bool
		Exit store.Exit
	}
)

func (Arm) event()     {}
func (Disarm) event()  {}
func (Change) event()  {}
func (Due) event()     {}
func (Trigger) event() {}
func (Started) event() {}
func (Refused) event() {}
func (Ended) event()   {}

// Effect is something that has to be brought about outside, in the order in
// which Step names them.
type Effect interface{ effect() }

// The effects.
type (
	// Start begins a run: Started or Refused answers, and after Started
	// there will be one Ended.
	Start struct {
		// Scheduled is when the run was due, or triggered.
		Scheduled time.Time
		Manual    bool
	}
	// Kill ends a run, by the unit's own way to stop.
	Kill struct {
		Run    uint64
		Reason string
	}
	// Record puts an entry into the history, in the place of the one that
	// it continues: store.CronHistory.With.
	Record struct{ Run store.CronRun }
	// Mark says that every due time up to this one is decided:
	// store.CronHistory.Decided.
	Mark struct{ Until time.Time }
	// Log is a line for the supervisor's log.
	Log struct {
		Level slog.Level
		Text  string
	}
)

func (Start) effect()  {}
func (Kill) effect()   {}
func (Record) effect() {}
func (Mark) effect()   {}
func (Log) effect()    {}
