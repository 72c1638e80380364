// Package proc starts process trees, says when they end, and ends them.
//
// # Trees
//
// A tree is what one spawn led to: the main process, in a session of its own,
// and everything that descends from it, however it tries to get away. It is
// named by a TreeID that its owner chose and never uses again, so news of a
// tree can never be taken for news of another. A tree has two ends, and they
// are two events: Exited, when the main process has ended and been reaped, and
// Emptied, when no process of it lives any more. Emptied always comes, exactly
// once, and always after Exited.
//
// # How a tree is held
//
// In order of strength, and Process.Containment says which is in force:
//
//   - "cgroup": the main process is born inside a cgroup of its own
//     (clone3 with CLONE_INTO_CGROUP). The kernel knows the members, and one
//     write to cgroup.kill ends them all. Needs a cgroup v2 folder that this
//     user may write to; controllers are not needed.
//   - "marker": the main process is born with an unusual soft RLIMIT_RTTIME.
//     Children inherit it through setsid, double forks and cleaned
//     environments; it does nothing to a process without real-time scheduling.
//     A scan of /proc finds the members by it.
//
// Either way the host is a subreaper (prctl(2)), so that a process whose
// parent ended becomes a child of this one and is reaped here: a stranger.
//
// A member that has left its cgroup, or has taken its marker off, is kin: it is
// found as a child of a member (noted when the tree is asked to end, while the
// parents live), or as a stranger that says whose it is, by what it wears (a
// process in a cgroup wears a belt, which is a marker of another range), its
// session, its group, its environment or the pipe it holds. Where the kernel
// tells of forks (births), it is known of whom it was born, whatever it wears.
// A child that a member has made its own sibling (CLONE_PARENT) is a child of the
// thread of this process that has forked that member; so there are many threads
// where trees are held by markers, and each forks one tree as long as there are
// enough (crew). Where it may be of several trees it is of the last that ends.
// One of whom nothing is known is left to Sweep, at the end of everything.
//
// A process that forks and ends at once is another one before it is looked at.
// So a tree is empty only where a look found nobody, alive or ended, while
// nothing was reaped; who had ended, or was about to, is a doubt, and looked
// for again. Where the tree is to be killed such a chain is chased: asked and
// killed in one go, with nothing in between.
//
// # Who owns what
//
// One goroutine owns the descriptors: it waits in one epoll set for the pidfds
// of main processes and of leftovers (members that outlived their main
// process), and for a wake-up. It alone reaps, and it alone calls
// Options.Notify, so events arrive in the order they happened. No thread waits
// for a child, and no number of units makes more threads.
//
// Host.mu guards the table of trees; it is never held over Notify, a fork or a
// scan. A main process is reaped under it, and a group is signalled under it,
// so a group is signalled only while its leader's number cannot belong to
// somebody else. Host.forking is held by the forkers, for reading, from before
// a fork until the new tree is in the table; strangers are reaped while it is
// held for writing, so an early end is never taken for a stranger's.
//
// # Forking
//
// All forks happen on threads of their own, the forkers. A fork takes time
// in proportion to the descriptors of the process, and a supervisor of 1000
// units has 3000 of them; a forker unshares the table while it is small and
// fetches the two descriptors each child needs (pidfd_getfd). The threads have
// an empty signal mask, which children inherit. A marker is worn by the whole
// process, so trees that are held by one are forked one after the other.
//
// Where something is ordered (Spec.Orders, Spec.Files, Spec.Reaper) the fork is
// that of package stage, which carries the orders out in the child and marks it
// there. The cgroup of such a tree is held to Spec.Cgroup before the fork.
package proc
