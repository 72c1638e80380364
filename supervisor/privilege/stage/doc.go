// Package stage is what happens in a process between its fork and its exec.
//
// # Orders, program, fork
//
// Orders say in plain values what has to be done: numbers of users, limits,
// sets of capabilities, filters. Nothing is decided here any more. Compile
// turns them into a program: a list of system calls with all their arguments,
// each with the words that an error is told by. Fork makes the process, which
// carries the list out and then becomes the service. The first call that the
// kernel refuses ends it, and Fork says which: a service never runs with less
// than what was asked for.
//
// The order of the list is that of the contract: namespaces and the cgroup
// (both by clone3 itself), mounts, rlimits, nice, affinity, bounding set,
// groups, user, ambient set, no_new_privs, Landlock, seccomp, exec. What has to
// be opened while the process may still do so is opened before and held in a
// register, for a later call to use.
//
// # Why no program of its own
//
// The child of a fork shares the memory of this process until its exec
// (CLONE_VM|CLONE_VFORK), so it starts as fast with all of this as without:
// the list is made before the fork, and carrying it out is a loop over raw
// system calls. Between fork and exec nothing allocates, grows the stack,
// takes a lock or writes a pointer, for the Go runtime does not know that there
// is a second process: see child. All signals are blocked around it, and the
// child begins with default handlers (CLONE_CLEAR_SIGHAND).
//
// A user namespace needs somebody outside to write its maps, so there the
// child gets memory of its own (a plain fork) and waits for that.
//
// A PID namespace needs a process 1 that reaps and passes signals on. That is
// this program started anew (Main), which forks the service by the same road
// with what is left of the orders.
//
// # What is required
//
// Linux 5.5 (clone3 with CLONE_CLEAR_SIGHAND); 5.7 for cgroups, 5.12 for
// read_only and private_devices, 5.13 for Landlock.
package stage
