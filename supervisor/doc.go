// Package supervisor owns the state of every unit, in one goroutine.
//
// # Who owns what
//
// The loop is the only writer of unit state. It takes messages from one
// inbox: requests (which carry a reply channel with room for one answer, so
// that answering never blocks), process events, and results of work that was
// done elsewhere. It never blocks: processes are started by launchers, files
// are written by the saver and the journal, manifests are read by whoever
// asks for a reload.
//
// The machine of each unit (package unit) decides what a unit does; package
// graph decides what may start. The loop brings them together in two phases:
// first settle, which propagates changes along the edges of the graph until
// nothing changes any more; then the effects that this gave rise to are
// carried out. Nothing is started while the wishes still move.
//
// # Instances
//
// A unit has one instance: a process, its machine, and the definition that it
// was started with. A rollout (package deploy) puts a second one beside it: a
// candidate, which becomes the unit's instance when it is promoted, and then
// the old one, which is ended. Events name runs, and a run belongs to one
// instance, so they find the right machine by themselves; a run number is given
// once, to whichever instance begins a run first. A definition that was changed
// waits (next) until the restart that takes it over; what runs goes on by its
// own. Definitions that were ready once are kept as what a rollback goes to.
//
// # What stands beside the machines
//
// Each is a pure machine, or a table, with an edge of its own; the loop holds
// its value in the entry and brings its effects about:
//
//	checks.go     health: watches report, a tally judges, the machine is told
//	rollout.go    rollouts: commands of a switch, promotion, the way back
//	clockwork.go  cron: one deadline per job; books.go writes before a run begins
//	notices.go    hooks: occasions of a step, called elsewhere
//	watches.go    files that restart a unit when they change
//	listening.go  sockets: who is to have them open
//	spawn.go      children: units tied to a run of another unit
//	aside.go      commands that belong to a unit and to none of its runs
//
// # What readers see
//
// After each batch of messages the loop publishes a Snapshot: an immutable
// value with one View per unit. Views of units that did not change are the
// same pointers as before, so two snapshots are compared by comparing
// pointers. Readers take the newest snapshot without a lock and are woken
// by the next one; whoever is slow sees fewer snapshots and never an old
// one. Waiting for the end of an operation is watching snapshots: the loop
// keeps no list of waiters.
//
// # Time
//
// A unit has at most one deadline, as data. The loop keeps one timer, at the
// earliest of them.
//
// # Runs and trees
//
// Each run of a unit, and each command that belongs to a run, is one process
// tree with an identity of its own (proc.TreeID). The loop remembers a tree
// from the moment it asks for it until nothing of it is left, so a signal
// that is due while the process is still being started reaches it as soon as
// it exists.
package supervisor
