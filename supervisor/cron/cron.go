package cron

import (
	"time"

	"systemg/supervisor/cron/calendar"
	"systemg/supervisor/store"
)

// Overlap is what happens when a job is due while a run of it lives.
type Overlap string

// The choices; the package comment says what each does.
const (
	Skip    Overlap = "skip"
	Queue   Overlap = "queue"
	Replace Overlap = "replace"
)

// Policy is the part of a job's definition that decides its runs.
type Policy struct {
	Schedule calendar.Schedule
	// Overlap is Skip where it is empty.
	Overlap Overlap
	// Timeout is how long a run may take; 0 is for ever.
	Timeout time.Duration
	// Jitter is how much later than due a run may begin.
	Jitter time.Duration
	// CatchUp is whether a run that was missed while no supervisor ran is
	// made up for, once.
	CatchUp bool
	// History is how many entries the owner keeps; 0 means 10.
	History int
}

// Phase is what a job's run is doing.
type Phase string

// The phases of a run, from Start to Ended.
const (
	// Idle is no run at all.
	Idle Phase = "idle"
	// Starting is asked for; its number is not known yet.
	Starting Phase = "starting"
	// Running has a number and, where there is a timeout, a deadline.
	Running Phase = "running"
	// Ending was told to end and has not yet.
	Ending Phase = "ending"
)

// Phases lists every phase, in the order of a run's life.
func Phases() []Phase { return []Phase{Idle, Starting, Running, Ending} }

// Grace is how late a run may begin that was due while no supervisor ran,
// without catch_up: a supervisor that was killed and came back loses none.
const Grace = time.Minute

// Backwards is the largest step back of the wall clock that is taken for a
// correction of the present time; due times that were decided stay so. After
// a larger one the time before counts as wrong, and so do they.
const Backwards = 3 * time.Hour

// Job is one cron job: a value, changed only by Step.
type Job struct {
	Policy Policy
	// Armed is whether the clock starts the job.
	Armed bool
	// Off is whether somebody switched it off; what is due meanwhile is not
	// missed.
	Off bool
	// Last is the newest due time that was decided, or since when there
	// are any; zero for a job that was never armed.
	Last time.Time
	// Next is the due time that is waited for and At when its run begins,
	// which is later by the jitter. Zero where the job is not armed or
	// never due.
	Next, At time.Time

	// Phase is what the present run is doing; Live is its record as far as
	// it goes, of no account when Idle. Reason is why it is Ending, or
	// will be as soon as it has a number.
	Phase  Phase
	Live   store.CronRun
	Reason string
	// Waiting is the run that follows the present one; nil for none.
	Waiting *store.CronRun

	// Deadline is when Step wants a Due event; zero for never.
	Deadline time.Time
}

// New is a job that nobody has armed and that has no past.
func New(p Policy) Job { return Job{Policy: p, Phase: Idle} }

// Active is whether a run lives or is on its way.
func (j Job) Active() bool { return j.Phase != Idle }

// history is how many entries are kept.
func (p Policy) history() int {
	if p.History < 1 {
		return 10
	}
	return p.History
}
