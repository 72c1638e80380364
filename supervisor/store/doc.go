// Package store is what the supervisor keeps on disk, apart from the output of
// units and their CPU and memory histories: where everything lies, who may
// hold it, the state of every unit, the journal of what happened, and the
// history of cron jobs.
//
// # Who owns what
//
// One supervisor owns one state directory, by a lock on the directory itself
// (flock): the lock ends with the process that holds it, so neither a stale
// sysg.pid nor a stale control.sock ever needs cleaning, and removing them by
// hand cannot let a second supervisor in. Everybody else only reads: Paths,
// ReadState, ReadHint and ReadDir change nothing on disk and need no lock.
//
// # Three ways of writing
//
//   - state.json, cron_state.json and config_hint are replaced whole: written
//     beside their place, fsynced, renamed over it, and the directory fsynced.
//     A reader sees the old file or the new one; when the disk is full the
//     old one stays. The file beside has a fixed name, so what a crash leaves
//     is overwritten by the next write.
//   - The journal is appended to, one write per batch of events, and cut into
//     files named by the first sequence number in them. It is not fsynced with
//     every batch: a crash of the supervisor loses nothing that was written, a
//     crash of the machine may lose the last moments.
//   - The outbox has a file for each delivery, removed when that is over. It is
//     written at once and fsynced and renamed soon after, so that a burst waits
//     for no disk. It is bounded; the oldest give way.
//
// # Nothing here stops a supervisor
//
// Saver and Journal never block their callers and never fail them. What cannot
// be written is kept (the newest state; up to a bound, the events), told once
// in words to a function of the owner's, tried again every second, and told
// again, as an empty text, when it has healed. A file that cannot be read is
// moved aside under a name that says when, and counts as absent.
//
// Directories are 0700 and files 0600 whatever the umask; a directory that is
// wider is narrowed, one that belongs to somebody else is refused.
package store
