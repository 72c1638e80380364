// Package cron decides when a cron job runs, and nothing else: no process is
// started here, no clock is read, no goroutine runs, no timer ticks. Step
// takes a Job, an Event and the time, and gives back the Job as it is
// afterwards and the Effects that somebody else has to bring about. What an
// expression means, also when the clocks change, is in package calendar.
//
// # What is decided, and when
//
// Every due time is decided exactly once, and each decision is one entry in
// the history. It is decided to
//
//	begin     no run lives: queued, running, then completed or failed
//	wait      a run lives and the job queues or replaces: queued, then as above
//	skip      a run lives: skipped, and logged as an error
//	miss      a later one has passed too, or no supervisor ran: missed
//
// Job.Last is the newest due time that was decided. Nothing up to it is
// decided again: not after a restart, not when the clock is set back. If the
// clock is set back by more than Backwards it was wrong before, and the
// schedule begins anew from the new time.
//
// When several due times have passed at once, because the clock was set
// forward or the machine slept, the newest runs and the others are missed.
//
// # Overlap
//
// Never do two runs of a job live, whatever the policy. Skip drops the new
// run. Queue lets one run wait, and drops what comes while one waits. Replace
// ends the present run and begins the new one when nothing is left of the
// old; of several new ones the last remains. A run that an operator triggers
// is subject to the same rule.
//
// # Jitter, timeout
//
// A run begins up to Policy.Jitter after it is due, but before nine tenths of
// the time to the next due time are over. A run that lives longer than
// Policy.Timeout is ended, and counts as failed however it then ends.
//
// # Restarts
//
// The owner keeps store.CronHistory on disk: entries by Record, the newest
// decided time by Mark. Restore makes the Job from it again. A run that lives
// on is adopted. An entry that says running and does not is closed as failed,
// its end unknown. Arm then decides what was due meanwhile: with CatchUp the
// newest runs, once, however late; without, it runs if it is no later than
// Grace (or the jitter). Everything else is missed. A run that waited is
// judged the same way. So a supervisor that is killed and comes back neither
// doubles nor loses a run, and a machine that was off all night does what its
// manifest says.
//
// A job that was switched off (Disarm) misses nothing: when it is armed again
// its schedule begins with that moment.
//
// # What the owner does
//
//   - It holds one Job per cron unit and one timer for the earliest Deadline
//     of all, and calls Step with Due when that has come. A Due that comes too
//     early changes nothing. When somebody sets the clock it gives every job a
//     Due, for deadlines are times of the wall clock. It passes time.Now() as
//     it is: the monotonic reading in it keeps timeouts right over such jumps.
//   - It carries effects out in their order. Records and marks that come
//     before a Start have to be on disk before the run begins; otherwise a
//     crash between the two doubles the run.
//   - It answers every Start once: with Started as soon as the unit's machine
//     has given the run a number, or with Refused. Start means: let the unit
//     begin a run. After Started there is one Ended, once the unit's tree is
//     gone, also when the main process could not be started.
//   - It carries out Kill as the unit's stop, with its signal and timeout.
//   - It ends the live run itself when an operator stops the job, beside
//     Disarm, and answers with Ended.
//   - After Restore it gives Arm, or Disarm where the job is not wanted. If
//     the unit's newest run is newer than the history, it hands that number to
//     Restore also when the run has ended, and then gives Ended.
//   - It gives runs numbers that are larger than any in the history.
//
// # Invariants
//
//   - Events about another run than the present one change nothing.
//   - A job has one Deadline, for the next run and for the timeout. After a
//     step it is not before the time of that step.
//   - At most one run waits, none is made to under Skip, and none does while
//     no run lives, other than between Restore and Arm.
package cron
