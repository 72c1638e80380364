//go:build !linux

package ipc

import (
	"net"
	"os"
)

// shorten refuses a path the kernel does not take: there is no way around it
// here.
func shorten(path string) (short string, release func(), err error) {
	if len(path) > maxPath {
		e := Errorf(CodeFailed, "the socket's path has %d bytes, more than the %d this system takes: %s", len(path), maxPath, path)
		e.Try = "set SYSG_STATE_DIR to a shorter path"
		return "", nil, e
	}
	return path, func() {}, nil
}

// peerOf relies on the permissions of the socket and its folder: nobody else
// can open it.
func peerOf(net.Conn) (Peer, error) { return Peer{UID: os.Geteuid(), GID: os.Getegid()}, nil }

// hangup takes the end of a client's lines for its end: here nobody can tell
// them apart without polling.
func hangup(net.Conn) {}

// waiting is not known here: who does not read is noticed when the socket is
// full.
func waiting(net.Conn) bool { return false }
