// Package control is the only place where the protocol and the supervisor
// meet: it turns ipc requests into supervisor commands, and snapshots into
// ipc values. It also puts a daemon together from its parts (Run).
//
// A request is served in a goroutine of its own. Whatever it has to wait for
// (a unit coming up, a client that reads slowly, a manifest on a slow disk)
// it waits for there; the loop only ever answers questions. Operations wait
// by watching snapshots, so a client that goes away ends the waiting and not
// the operation.
//
// Streams follow the reader's pace. A subscription sends the difference
// between the snapshot the client has and the newest one, whenever the client
// has taken the one before: states in between are merged. Logs are read from
// the files. Neither keeps a queue.
package control
