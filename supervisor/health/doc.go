// Package health says how well a run is: probes at the edge find out, and a
// Tally, which is a pure value, decides what that means.
//
// # The verdict
//
// A Tally belongs to one run and changes by news (Hear) and by time (Expire).
//
//	waiting    never well yet, and there is time left
//	healthy    the newest result that counts for something was a success
//	unhealthy  given up: it did not become well in time (Late), or it was well
//	           and then failed too often
//
// While a run has never been well, only time ends the waiting: Policy.Timeout,
// counted from the spawn. Retries do not, or a service that takes 20 s to start
// would be lost after three attempts, whatever its timeout allows. Once it has
// been well, Retries failures in a row make it unhealthy, and the timeout has
// no say any more. One success makes it healthy from anywhere, also after it
// was given up; it is for the owner to stop it before that.
//
// A failure whose attempt began within StartPeriod of the spawn is never
// counted, not even after an early success; a StartPeriod longer than Timeout
// extends the wait to its own end. A service may ask for longer by
// EXTEND_TIMEOUT_USEC.
//
// A Final failure needs no others: the silence of a watchdog, whose own
// interval was all the patience there is, and WATCHDOG=trigger.
//
// STATUS and STOPPING are no verdicts. A service that says STOPPING=1 ends by
// itself; its owner shows it, and may bound how long that takes. READY=1 takes
// it back.
//
// # Watching
//
// Watch blocks, so its owner gives it a goroutine; it ends with its context,
// when nothing it began is left. It reports one piece of news at a time, from
// its own goroutine, and never after it has returned. News carries no run
// number: the owner closes over it and drops what is about yesterday's run. A
// report that blocks delays this watch and nobody else.
//
// URL, TCP and Command are attempts: the first at once, then a pause of 100 ms
// that doubles up to Interval until the first success, and Interval from then
// on. Each attempt has a goroutine of its own and AttemptTimeout; what it says
// when it is cut short is replaced by "no answer within 5s". There is never
// more than one attempt of a watch. One that does not end when it is told to,
// such as a command in uninterruptible sleep, is reported as a failure again
// after each Interval, and keeps Watch from returning; nothing else waits.
//
// # URL
//
// The answer's status decides: 200 to 399 is well. A redirect is such an
// answer and is not followed: where it leads is another question, perhaps to
// another machine. There is no proxy, whatever the environment says, no kept
// connection, no cookie and no compression. Of the body 4 KiB are read: it has
// to arrive, or end, in time, and it does not matter how much more there is.
// Of a bad answer the first 120 bytes are shown. Certificates are verified
// against those this machine trusts. A password in the URL is sent as basic
// authentication and shown as xxxxx.
//
// # Log
//
// A line that matches makes the run well for good. Lines come from the log
// files, so whoever writes them is never held up. Pieces of a line are put
// together up to 64 KiB and looked at as they come, so that a prompt without a
// newline counts: an expression that ends in $ may match the beginning of a
// line whose end is still to come.
//
// # Notify
//
// A Receiver has one datagram socket for all services, and one goroutine. It
// hears READY=1, STATUS=, STOPPING=1, WATCHDOG=1, WATCHDOG=trigger and
// EXTEND_TIMEOUT_USEC= (sd_notify(3)); MAINPID=, FDSTORE= and everything else
// is passed over. A datagram of more than 4 KiB, or with a NUL, says nothing.
// Descriptors that come with it are closed, after it was handled: that is what
// BARRIER=1 (systemd-notify) waits for.
//
// The watchdog begins with READY=1 and ends with STOPPING=1. Each interval
// without a word is a failure; READY=1 and WATCHDOG=1 are successes.
//
// Whose a word is, the kernel says: each datagram carries the number of its
// sender, and the Owner looks that up at once. A word counts only for the tree
// its sender belongs to. Root, who may claim any number (unix(7)), is believed.
//
// A sender that was reaped before its datagram was looked at cannot be looked
// up by its number. From Linux 6.17 on, the pidfd that comes along still knows
// the cgroup it ended in, so nothing is lost where trees are held by cgroups.
// Otherwise its word is lost: of a static program that speaks and ends at
// once, about one word in ten on a busy machine. Whoever waits for the
// barrier, and whoever goes on living, loses nothing. From Linux 6.5 on such a
// word can never be credited to another process with the same number.
//
// Delivering never waits. An Inbox keeps what was said and not yet heard as
// one message: the last STATUS, and that the others were said at all. So a
// slow watch misses only what was superseded. A service that floods the socket
// is read 25,000 times a second at most and reported 320 times; others may
// have to wait for room in the socket's queue, a few milliseconds. What is
// sent while no supervisor lives is refused to the sender; a service that says
// READY=1 just then is not heard.
//
// # Who owns what
//
// The owner of a run opens its Inbox before the spawn, starts Watch after it,
// and closes the Inbox when the run is over. Inboxes are guarded by two locks,
// each held for a few assignments. The socket's path has to be short enough for
// services (107 bytes) and in a folder they can enter; its file is replaced by
// renaming, so a new supervisor takes over from one that still lives.
package health
