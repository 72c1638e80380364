// Package privilege decides what a unit's user, limits, capabilities and
// isolation mean on this machine.
//
// # From wishes to orders
//
// A manifest says what a unit is to be held to. Of makes orders of it (package
// stage), which are carried out in the unit's process before it becomes the
// service, or refuses with the reason. It is a function of the definition and
// of Facts, which say who the supervisor is, who the users are and what the
// kernel can do; nothing here changes anything.
//
// # Two rules
//
// What cannot be enforced is refused: a key is never taken as advice. What this
// package cannot tell beforehand the kernel says when the order is carried out,
// and then the unit does not start either.
//
// What a unit asks for must not be undone by the unit. So a unit that changes
// its user, or names capabilities, or asks for Landlock or seccomp gets
// no_new_privs with it, and one whose mounts are restricted loses the
// capabilities by which it could lift that, unless it names them.
//
// # Root and others
//
// As root everything can be asked for. Another user can lower limits, be nicer,
// be the sooner victim of the OOM killer, set no_new_privs, and use Landlock and
// seccomp; its namespaces come with a user namespace, in which it stays itself.
package privilege
