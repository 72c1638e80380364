// Package hooks tells others what happens to units: by commands, and by HTTP
// calls (webhooks).
//
// # Occasions
//
// Thread.Step is a pure function over two values of a unit and the event
// between them. It says which of six occasions the step is, in the order in
// which their hooks are called. A run has one beginning and one end:
//
//	what happens to a run                                   told
//	it becomes ready                                        on_start success
//	a one-shot or a job ends with 0                         on_start success
//	a service ends with 0 before it is ready, and that
//	  is the end of it                                      on_start success
//	it cannot be started, its pre_start fails, it dies or
//	  is ended as unhealthy before it is ready              on_start error
//	it is refused                                           on_start error
//	it ends as an operator, a lost dependency, or a changed
//	  manifest wants, ready or not                          on_stop success
//	it ends so, but only by SIGKILL at stop_timeout         on_stop error
//	it was ready and ends with 0 by itself                  on_stop success
//	it was ready and ends badly by itself, or is ended as
//	  unhealthy, or leaves behind what has to be killed     on_stop error
//	it was ready, ends badly, and max_restarts is used up   on_stop error, on_start error
//	its skip condition holds                                nothing
//
// What was begun before somebody asked for a stop counts as by itself: a crash
// that an operator's stop overtakes is a crash. A kill that an operator wants
// is a success. A unit that waits for a dependency, in vain or not, is told of
// by nobody: nothing was tried.
//
// A restart is one more occasion, right after the on_start of its new run and
// with the same outcome:
//
//	an operator restarts, or a changed file or manifest does    on_stop, on_start, on_restart
//	the restart policy restarts                                 on_stop, on_start, on_restart
//	it comes back after a dependency was lost                   on_stop, on_start, on_restart
//	a restart fails and the restart policy tries again          on_start error, on_restart error, then anew
//	an operator stops, or stops and starts, in between          no on_restart
//	an operator starts what is in back-off                      no on_restart
//	a rollout replaces it                                       on_stop (old), on_start (new), on_restart
//	a rollout fails, and the old run goes on                    on_restart error, about the new run
//	a rollout is given up: the unit is to stop, or lost a
//	  dependency                                                no on_restart
//
// A rollout is told of when the old run is gone: what the new one does before
// that is told after it. So a hook that takes the unit out of a list at on_stop
// and puts it in at on_start leaves it in. A new run that never took over has
// no on_start and no on_stop: it never was the unit's.
//
// So that a run is told of exactly once when it ends, and a late one (running,
// not healthy in time) is told of when it becomes ready or ends.
//
// # Commands
//
// A command is run by sh -c, in the unit's folder and environment, and writes
// into the unit's log (supervisor.RunAside), with SYSG_EVENT (on_start), SYSG_OUTCOME (success, error), SYSG_REASON,
// SYSG_EXIT_CODE, SYSG_EXIT_SIGNAL, SYSG_GAVE_UP (1 or empty) and SYSG_TIME
// beside SYSG_PROJECT, SYSG_SERVICE and SYSG_RUN. It is over when nothing of its
// process tree lives; at its timeout the whole tree is killed. Its status is
// told and changes nothing.
//
// Each unit that has calls waiting has a lane: one goroutine that runs them one
// after the other, in the order of their occasions. 16 commands run at the same
// time, of all units. 64 calls of one unit and 8192 of all may wait; what comes
// on top is dropped, counted, and told as a problem until the lane is empty.
//
// # Webhooks
//
// A webhook is a POST of Body. It is written into the outbox (package store:
// one file per delivery, mode 0600, fsynced), and removed from there when it was
// answered with 2xx, refused for good, or tried too often. Hence at least once,
// with the same id every time. The signature is made when the delivery is: the
// secret behind it is never on disk. Headers are, for they have to be sent.
//
// One courier, a goroutine, for each URL that is owed something makes its
// deliveries in order, one at a time. An endpoint that hangs or is down holds
// up nobody else. After a failure the endpoint is left alone for 10 s, then
// 1 min, 6 min, and half an hour from then on, up to a fifth longer at random;
// Retry-After counts when it is longer, up to an hour. A delivery that failed
// once and retries times more is given up. 3xx and 4xx are final, but for 408
// and 429: the endpoint does not want it. Attempts are counted anew by each
// supervisor.
//
// Webhooks go to the outside world, so the proxy that the supervisor's
// environment names is honoured (HTTPS_PROXY, NO_PROXY). Redirects are not
// followed. Nothing that is told or logged has a path, a query, a password, a
// header's value or a secret in it.
//
// # What is lost
//
//   - A command that is queued or runs when the supervisor is killed. One that
//     runs then goes on, without a timeout.
//   - What a rollout has to tell, when the supervisor is killed before the old
//     run is gone: its next one tells what it still can see.
//   - A webhook of the last moment before a power cut: those that are not fsynced,
//     some milliseconds each. A kill -9 loses none: what is sent is in the diary
//     with the step that it tells of, and whoever comes next sends it, with the
//     same id, until the outbox has it.
//   - The oldest webhooks of an outbox with more than 5000, or 8 MiB; the newest
//     when more than 8192 come while the disk does not answer. Both are counted
//     and told as a problem until nothing is owed.
//   - When the disk takes nothing: webhooks are delivered from memory, which is
//     told, and those that are still owed at the end of the process are lost.
//
// # Whom it blocks
//
// Nobody. Fire only appends to queues in memory; Told and Problem are called
// from goroutines of the Runner, and may block them. Close is the end of every
// goroutine, and waits for them; the owner closes the process host after it.
package hooks
