// Package guardian is the small process that outlives the supervisor.
//
// # Two processes
//
// `sysg start -d` leaves a guardian and its child, the supervisor. The guardian
// is the same program, decided before anything else in main, and does little
// enough to be understood as a whole: it waits for children and for messages.
//
//	supervisor dies    its services become children of the guardian (it is a
//	                   subreaper), which starts a new supervisor at once; one
//	                   that keeps crashing is started later and later, while
//	                   the services run on (policy.go)
//	a service ends     while it is the guardian's child, the guardian reaps it,
//	                   tells the supervisor, and keeps what it knows until the
//	                   supervisor has acknowledged that
//	guardian dies      the supervisor, told by the end of the channel, becomes
//	                   the guardian: the same process executes the program
//	                   anew in the other role, with its children and its open
//	                   files, and starts a supervisor
//	supervisor ends    with status 0: by order. The guardian ends too
//
// # What it holds
//
// The guardian holds what the kernel would throw away with its last holder: the
// read ends of the services' pipes (opened by path), and descriptors that the
// supervisor sends it by name (SCM_RIGHTS): listening sockets, and the lock of
// the state directory, which therefore never becomes free between two
// supervisors. A new supervisor is given them back, and is born with a keepsake of
// the pipes (keep_linux.go) for the case that the guardian ends just then.
//
// # The channel
//
// A pair of SOCK_SEQPACKET sockets, one pair for each supervisor, inherited as
// descriptor ChannelFD; each packet is one JSON message (wire.go). The guardian
// never waits for the supervisor: what does not fit is sent when there is room.
// Nor does the supervisor wait: a goroutine of Link sends what is queued. The
// other end's death is the end of the channel.
//
// # Upgrades
//
// The supervisor sends the new program's file and ends. The guardian starts
// that as the supervisor; when it says that it is ready the guardian executes
// it too. When it ends before, or takes too long, the old program is started
// again, and told why.
package guardian
