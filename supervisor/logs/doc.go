// Package logs carries what services write into files, and reads it back.
//
// # The road of a byte
//
// A service's stdout and stderr are named pipes (FIFOs). The service, and as a
// rule the supervisor too, hold each of them open for reading and writing, so a
// service gets neither SIGPIPE nor end of file when the supervisor dies; it waits once
// the pipe is full. A Mover has one goroutine that waits for all pipes in one
// epoll set and moves what has arrived with splice(2) to the end of the
// stream's current segment. splice takes out of a pipe exactly what it put
// into the file, in one step, so the size of the file is the truth: whoever is
// killed in between, no byte is lost, doubled or torn. Then one record of 16
// bytes goes to the segment's index: how far the segment reaches, and when.
// Where splice is not possible (odd file systems, other kernels) bytes are
// read and written, and Info.Exact is false.
//
// The segments hold the bytes of the service and nothing else. Readers and
// followers read the files, never a queue: the file is the queue, so a slow
// reader costs the writer nothing.
//
// # Inputs
//
// A stream has one pipe, its first input, which one run after the other writes
// to. A run that begins while another one lives has an input of its own, named
// after the first with the run's number behind it: web_stdout.7. Each input
// belongs to one run at a time. The mover moves from them into the one segment,
// and marks in the index each change of the run whose bytes come, before they
// do; so whoever is killed, it is known who wrote what.
//
// As soon as there are several, all of them leave: the supervisor holds them for
// reading only, and the kernel tells when the last writer of one is gone. Then
// it is emptied, closed and removed. So nobody waits for a pipe that a
// grandchild holds, and the grandchild is heard as long as it does. The first
// input is made again for the next run that begins alone. A stream of a unit
// that was replaced and goes on therefore has one input again, of another name.
// A supervisor that takes over runs finds the inputs by their names: a run
// without one of its own writes to the first.
//
// Where two runs write at once, whole lines are moved as far as those are in the
// pipe; and before another run's bytes come, the run in force may end a line
// whose end has arrived. Nothing waits for the end of a line: one that comes in
// parts may be broken by a line of the other run. Its parts are told by their
// run, and together they are what the run wrote.
//
// # Files
//
// A stream at web_stdout.log has the segments
//
//	web_stdout.log       the current one, which grows
//	web_stdout.log.1     the one before it, and so on: .2 is older than .1
//
// and beside each of them its index, web_stdout.log.idx, web_stdout.log.1.idx
// and so on. A segment ends where the next line would take it past max_bytes;
// a line that itself crosses the limit may take up to 64 KiB more and is then
// cut. A line that does not fit behind whole lines begins the next segment.
// max_files counts the current segment too. Rotation renames from the
// oldest to the newest, each segment before its index, so that a crash leaves
// at most one index a name behind its segment, which the next opening mends.
//
// # The index
//
// An index is a row of records of two little-endian words of 64 bits. The two
// highest bits of the second word are the kind, the other 62 its value:
//
//	kind      first word                 value
//	0 time    end of the bytes stamped   nanoseconds since 1970
//	1 run     where bytes of the run     the run's number; bit 61 set where it
//	          begin                      only repeats the run in force
//	2 head    offset of the segment in   magic, version and flags
//	          the stream
//	3 lost    where bytes are missing    how many could not be kept
//
// Offsets of the first word count from the start of the segment, but for the
// head's, which counts every byte the stream ever kept: with it a follower
// knows exactly how much it missed. The head comes first and only there. Time
// and run records are in order of their offsets. The bytes up to a time
// record's offset, from the one before, arrived at its time; a later growth
// within a millisecond moves the offset of the record instead of adding one.
// Where the index has outgrown the segment it is a tenth of a second.
// A run record is repeated at the head of every segment and every 4096
// records. Times do not go back: a clock that is set back by at most a second
// stands still; where it is set back further, flag 1 of the head says that
// the times of this segment are not sorted.
//
// An index is a convenience that can be lost. Opening a stream cuts it to
// whole records that fit the segment, and stamps what is not indexed with the
// time the segment was last written. A reader does the same in its head.
//
// # Lines
//
// A line ends at its newline; at a run mark, where the run before ended, or was
// interrupted, without one; and where bytes were lost. Its time is that of the record that
// covers its end. Lines over 64 KiB come in pieces, each with Open set but the
// last. Filters look at whole lines: at the time of the first piece, and with
// Grep at the first 1 MiB. In Blocks, lines of one time and run come together. The
// Data of all Lines of a file, with a newline
// after each that is not Open, are the file, byte for byte; with one
// exception that Skip tells: what rotated away before it was read, was cut or
// could not be kept. Reading without following ends where the files ended when
// it began, however fast they grow.
//
// # Who owns what
//
// A Stream's lock guards its inputs and its tape (the segments as their writer
// knows them). The mover's goroutine takes it for one turn of at most 1 MiB,
// so a flood starves nobody. Every method of a Stream takes it; Tail and Read
// look at the files alone. The Mover's lock guards only its tables and is never
// held over a system call that can wait; it may be taken under a Stream's, not
// the other way round. An idle stream holds one descriptor, its pipe; segment and
// index are opened when there is something to write and
// closed after five to ten quiet seconds by the Mover's timer, which runs only
// while something is open. Problems are told from a goroutine of their own, so
// whoever is told may call back.
//
// Readers have segments of their own, apart from the writer's. All that are given
// the same mover share its shelf: there each segment that somebody reads is open
// once, with one summary of its index, and is closed with its last reader. What a
// reader does to the shelf, its segments and its cursors it does in a turn, of
// which there is one at a time, and which ends after some 2 ms where others wait.
// It has none while it hands lines out, so a reader that is stuck holds up nobody.
// A Read without a mover, and Tail, have a shelf of their own.
//
// # Bad days
//
// A full disk costs the stream its own oldest segments first; then what
// arrives is counted as lost, with each arrival another try. Exhausted
// descriptors first close what other streams have open and then leave the
// bytes in the pipe, to be fetched by the timer; so does any other failure.
// Where that has lasted five seconds and the pipe is full, what is in it is
// lost: a service is not held up for ever because its output has no place.
// What was lost stands in the index as soon as it can be written, and readers
// are told.
//
// A directory that is removed is made again, and a file that somebody deletes
// or cuts is noticed with the next bytes; one that is renamed within five to
// ten seconds, and what arrives until then is in it. The stream's offset
// goes on in the new file, so followers go on too.
//
// Each of them is told as a problem, and when it has not shown for five
// seconds that it is over.
package logs
