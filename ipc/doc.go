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
// The reader ends with the client's last line, the writer with the reader and
// the last request, a request with its Handler. A client that has said its last
// line but is still there (a half-closed socket) gets its answers; when it is
// gone its requests are canceled. Server.Shutdown returns when all have ended.
//
// # Bounds
//
// Lines have at most MaxMessage bytes, in both directions. An answer longer
// than that has its lists sent ahead in pages, which Client puts together
// again; handlers need not care. One process may hold only a share of the
// connections, and the last ones are kept for processes that have none. Where
// all are taken, whoever does nothing with its connection gives way; see use.
//
// # Slow readers
//
// Whoever sends a line waits until it is written, so a connection has at most
// one in the queue for each request under way, and one of the reader's. A
// client that does not read its answers is soon not read from either: it holds
// up its own requests and nobody else's, and costs no memory that grows. A
// client whose socket takes nothing for WriteTimeout while an answer is pending
// is cut off; one that merely reads notifications slowly is not.
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
