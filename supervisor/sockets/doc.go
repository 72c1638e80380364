// Package sockets opens listening sockets and keeps them, so that services
// come and go while clients see one socket that always listens.
//
// # Who owns what
//
// A Table belongs to one supervisor. A socket in it belongs to an owner (a
// unit, or all replicas of one) and is known by its address. The loop says by
// Want which sockets an owner is to have, which never blocks; launchers take
// them by Open, which opens what is not open yet and hands out duplicates. A
// socket that is open and not wanted is released: by a sweep that Want begins,
// or by the next Open, whichever comes first, so an address is free again
// before somebody else asks for it. What is wanted stays open over crashes,
// restarts and rollouts, and with it the queue of clients that nobody has
// accepted yet.
//
// A supervisor that was killed leaves its sockets with the services that run.
// Adopt takes them back from one.
//
// # What a service gets
//
// Sockets as systemd gives them: blocking, listening, with the longest queue
// that the machine allows (net.core.somaxconn). All duplicates of a socket
// share their flags, so a service that makes its own non-blocking makes it so
// for the next one too.
//
// A Unix socket's file gets its mode and owner before the socket listens, and
// nobody can connect before that. A file that is left of a socket nobody
// listens on is removed; anything else in its place is left alone and an error.
// The file is removed when the socket is released.
//
// mu guards the wishes and is never held over a system call that may wait;
// work is held while sockets are opened and released.
package sockets
