package ipc

import "slices"

// readers are the methods by which nothing is changed and no file is read that
// the client names: what members of the readers' group may call.
var readers = []string{
	MethodStatus, MethodInspect, MethodSubscribe, MethodLogs, MethodEvents, MethodWhy, MethodGraph, MethodWait,
}

// access is what a peer may do.
type access int

const (
	accessNone access = iota
	accessRead
	accessAll
)

// accessOf decides by who the kernel says is there: the server's user and root
// may do everything, members of the readers' group may look. A group of 0 is
// none: nobody needs to be in root's.
func accessOf(p Peer, own, readersGroup int) access {
	switch {
	case p.UID == own || p.UID == 0:
		return accessAll
	case readersGroup > 0 && (p.GID == readersGroup || slices.Contains(p.Groups, readersGroup)):
		return accessRead
	}
	return accessNone
}

// mayCall is nil where the peer may call the method.
func (a access) mayCall(method string) *Error {
	if a == accessAll || a == accessRead && slices.Contains(readers, method) {
		return nil
	}
	e := Errorf(CodeRefused, "members of the socket's group may look, and %s is more than that", clipped([]byte(method)))
	e.Try = "sudo sysg --sys …"
	return e
}
