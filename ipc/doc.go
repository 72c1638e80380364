// Package ipc is how sysg's commands and dashboard talk to a supervisor:
// JSON-RPC 2.0, one message per line, over a Unix socket. docs/protocol.md
// shows it to people who want to speak it themselves.
//
// # A connection
//
// The client says hello first, with the protocol's version; anything else is
// refused and ends the connection. After that it may send any number of
// requests without waiting. Each is answered once, in the order they get done,
// by its id. While a request is under way the server may send notifications
// that carry the request's id as "request": progress, log lines, events,
// deltas. "cancel" ends a request; so does the end of the connection.
//
// # Who owns what
//
// Each connection of a server has three kinds of goroutine: one that reads
// lines, one that writes them, and one per request, which runs the Handler.
// The reader ends with the connection, the writer with the reader and the last
// request, a request with its Handler. Server.Serve returns when all have
// ended.
//
// # Slow readers
//
// A Notify waits until its line has been written, so a request has at most one
// in the queue: a client that does not read holds up its own requests and
// nobody else's, and a few lines of memory. An answer does not wait; those of
// one connection are bounded by the number of its requests. A client whose
// socket takes nothing for WriteTimeout while an answer is pending is cut off;
// one that merely reads notifications slowly is not.
//
// On the client's side one goroutine reads, and hands each notification to the
// call it belongs to. A call that does not take its notifications holds up the
// other calls of the connection, so a program that needs a stream and answers
// at the same time opens a second connection, or takes what it is given. A
// call that has returned takes nothing: what still comes for it is dropped.
//
// # Trust
//
// The socket is 0600 in a 0700 directory. Besides, both sides ask the kernel
// who the other is: a server answers its own user and root, a client talks to
// a server of its own user or root's.
package ipc
