// Package unit is the state machine of one supervised unit, and nothing else:
// no process is started here, no clock is read, no goroutine runs. Step takes
// a Unit and an Event and gives back the Unit as it is afterwards and the
// Effects that somebody else has to bring about.
//
// # Desired and current
//
// What an operator wants (Desired: Up or Down) and what is (State) are two
// fields. Start, Stop and Restart change what is wanted; exits, spawns and
// deadlines change what is. A unit whose dependency crashed is stopped but
// still wanted up, so it comes back by itself; a unit that an operator
// stopped does not.
//
// # States
//
//	pending    wanted, waits for its dependencies
//	blocked    wanted, but a dependency cannot become what it waits for
//	starting   a run is on its way: skip command, pre_start, spawn, or the
//	           time in which it has to become ready
//	running    the run is ready (a one-shot, a job: it works), or is late:
//	           its health check has not found it well in time
//	backoff    the run ended and another follows at Deadline
//	stopping   something of the run still lives and is being ended
//	stopped    an operator wanted it down, and it is
//	completed  it ended with 0 and is not to be restarted
//	failed     it ended badly, or too often, and is not to be restarted
//	skipped    its skip condition held
//	scheduled  a cron job between two runs
//
// # Health
//
// A run with a health check is ready when the check has found it well, not by
// staying alive. One that is not well when its time is over is running and
// unhealthy: it is not killed, for a database may be at its recovery, and it
// becomes ready whenever the check comes to succeed. Where the check's liveness
// is restart, an unhealthy run is condemned: ended, and judged as a failure
// whatever status it exits with.
//
// # Invariants
//
//   - Every run has a number, larger than any before it. Events carry the
//     number of the run they are about; an event about another run changes
//     nothing. So no exit, step or spawn of yesterday can touch today.
//   - A unit has at most one Deadline, and leaving a state overwrites it. The
//     owner keeps one timer for the earliest of all units, so a stale timer
//     cannot exist.
//   - A run is over only when its whole process tree is gone (Emptied), not
//     when its main process has exited. No new run begins before that: Main
//     and Step say what may still live, and both are clear in every state
//     other than starting, running and stopping.
//   - A spawn that fails is judged like an exit: by the restart policy.
//   - A clean exit never counts as a failure; the number of consecutive
//     failures is forgotten only once a run has been ready for
//     Policy.RestartReset, not when it becomes ready.
//   - A stop ends: it asks, and at its deadline it kills.
package unit
