// Package usage measures what units cost: CPU and memory of their whole
// process trees, now and over time.
//
// # Who owns what
//
// A Sampler has one goroutine, Run. It alone reads the kernel's figures, and
// it alone knows the counters of the last sample from which rates are made.
// What others look at (the newest reading, what of a history is not on disk
// yet) lies under one lock that nobody holds while reading /proc or a file.
// Histories on disk belong to the goroutine too; readers read whole files and
// lay over them what is still in memory.
//
// # Rates
//
// A unit in a cgroup has its CPU time counted by the kernel, ended children
// included. Without one it is counted over the members of the tree, each told
// from a stranger with the same pid by its start time. A member that ended
// takes its time with it, unless its parent waited for it: then the parent's
// counter of children has grown by all the child ever used, of which the part
// seen before is subtracted. So nothing is counted twice, and no rate is ever
// negative or more than the machine has.
//
// # How often
//
// Sampling may cost 0.15 % of one core while nobody looks, so the pause is
// what a sample costs times 667, between 2 s and a minute. While somebody
// looks (Watch) it is a second, or as long as 0.5 % of a core allows.
//
// # Histories
//
// A history has three resolutions: a second for five minutes, in memory and
// only since somebody began to look; ten seconds for an hour; and a minute for
// as long as histories are kept. The last two are one file of fixed size per
// unit, metrics/<project>/<unit>.ring: a header and two rings of records. A
// record names the moment it is about, and its place follows from it, so there
// is no position to keep, a gap is simply a place that holds an older moment,
// and neither a crash nor a write torn by one can make a wrong chart. A file
// that is none is replaced; one of another retention is carried over. Records
// are written once a minute and when Run ends: a killed supervisor loses a
// minute of chart.
//
// A sample speaks for the time since the one before it and is spread over the
// slots that time touches. Where too much time passed, because the supervisor
// was away or the machine asleep, it speaks for none: the slots stay unknown,
// which is NaN in a Series.
//
// # Bounds
//
// An idle unit costs under 2 KB of memory. MaxMemoryBytes bounds the
// one-second charts, SpilloverMaxBytes the files: histories of units that no
// longer run go first, the least recently written of them before the others,
// then those of new units are not kept. A disk that cannot be written stops
// no sampling. Each of these is told in words, once, and told again when it is
// over.
//
// # Systems other than Linux
//
// There is no /proc to read there: readings do not exist, Processes is empty,
// Limits is an error, and histories can be read but are not made.
package usage
