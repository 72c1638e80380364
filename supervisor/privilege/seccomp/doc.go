// Package seccomp makes filters of system calls: programs that the kernel runs
// before each call of a process and that say whether it may be made
// (seccomp(2)).
//
// # The built-in profile
//
// Standard denies what a service has no business with: the calls by which a
// process loads code into the kernel, mounts, makes namespaces, traces others,
// sets clocks, reboots, and the young or rarely used interfaces in which most
// of the kernel's holes were found. Its foundation is the list of calls that
// Docker's default profile blocks, with its reasons
// (docs.docker.com/engine/security/seccomp), brought up to Linux 6.18: the file
// descriptor based mount interface, io_uring and the newer memory and module
// calls behave like their elders there. As in that profile, a call that a
// capability governs is allowed to a unit that is given the capability. clone3
// does not exist for the unit (ENOSYS), so that libraries fall back to clone,
// whose flags a filter can see; and a call whose number is not known yet does
// not exist either.
//
// # A file of one's own
//
// Read takes the format of the OCI runtime specification that Docker and Podman
// use, as far as it can be carried out exactly; everything else in such a file
// is an error, never left out. Calls of other architectures than the machine's do
// not exist for the unit, whichever the file lists.
package seccomp
