// Package deploy is the step machine of one rollout: how a unit's instance is
// replaced by a new one, its candidate, while it goes on working. It starts no
// process and reads no clock. Step takes a Rollout and an Event and gives back
// the Rollout as it is afterwards and the Effects that somebody else has to
// bring about.
//
// # Phases
//
//	starting   the candidate is on its way: pre_start, spawn, health check
//	switching  blue-green: switch_command moves the traffic
//	verifying  blue-green: switch_verify looks whether it has moved
//	grace      both instances work, until the grace period is over
//	draining   the candidate is the unit's instance now; the old one ends
//	undoing    something failed after the switch: the traffic moves back
//	aborting   the candidate is being ended
//	done       the new instance is the unit's, and the old one is gone
//	failed     the old instance is the unit's, as if nothing had been
//
// # Invariants
//
//   - The old instance is not touched before the phase draining. Up to there
//     every failure, of whatever kind, ends in failed with the old instance as
//     it was.
//   - Promote happens at most once, and only while the candidate is ready. So
//     there are never fewer ready instances than before the rollout.
//   - A switch that was begun is undone before the candidate is ended, so no
//     traffic goes to an instance that is on its way out.
//   - A rollout ends: each phase waits for something that has a deadline, its
//     own or that of the candidate's machine.
//   - What comes late (a command's end of an earlier phase, a second readiness)
//     changes nothing.
package deploy
