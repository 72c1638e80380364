package supervisor

import (
	"os"

	"systemg/config"
	"systemg/supervisor/unit"
)

// Sockets keeps listening sockets for units. An owner is a unit, or all
// replicas of one. *sockets.Table is the real one.
type Sockets interface {
	// Open gives duplicates of the owner's sockets, which the caller closes,
	// and opens those that are not open. It may block.
	Open(owner string, defs []config.Socket) ([]*os.File, error)
	// Want says which sockets the owner is to have; others of its are
	// released. It never blocks.
	Want(owner string, defs []config.Socket)
	// Adopt takes sockets back from a process that listens on them.
	Adopt(owner string, defs []config.Socket, pid int) error
}

// SocketOwner is who has the unit's sockets: replicas share theirs.
func SocketOwner(def *config.Unit) string { return def.Project + "/" + def.Base }

// SocketName is what LISTEN_FDNAMES calls a socket: the unit's name where the
// manifest gives none.
func SocketName(def *config.Unit, s config.Socket) string {
	if s.Name != "" {
		return s.Name
	}
	return def.Base
}

// openSockets gives the files of a run and their names.
func (s *Supervisor) openSockets(one job) (files []*os.File, names []string, err error) {
	table := s.loop.o.Sockets
	if one.step != unit.NoStep || one.aside != nil || table == nil || len(one.def.Sockets) == 0 {
		return nil, nil, nil
	}
	files, err = table.Open(SocketOwner(one.def), one.def.Sockets)
	for _, socket := range one.def.Sockets {
		names = append(names, SocketName(one.def, socket))
	}
	return files, names, err
}

// touchSockets has the wish for sockets looked at that may have changed with
// the unit. Units that have none and had none cost next to nothing.
func (l *loop) touchSockets(e *entry) {
	if l.o.Sockets == nil || len(l.listening) == 0 && !e.hasSockets() {
		return
	}
	if owner := SocketOwner(e.def); l.listening[owner] || e.hasSockets() {
		l.owners[owner] = true
	}
}

func (e *entry) hasSockets() bool {
	for _, in := range e.instances() {
		if len(in.def.Sockets) > 0 {
			return true
		}
	}
	return false
}

// keepSockets says which sockets are wanted by the owners whose units changed.
// It comes before anything is started, so what a start opens is wanted.
func (l *loop) keepSockets() {
	if len(l.owners) == 0 {
		return
	}
	want := map[string][]config.Socket{}
	for _, e := range l.entries {
		if owner := SocketOwner(e.def); l.owners[owner] {
			want[owner] = append(want[owner], e.sockets()...)
		}
	}
	for owner := range l.owners {
		if defs := want[owner]; len(defs) > 0 || l.listening[owner] {
			l.o.Sockets.Want(owner, defs)
			l.listening[owner] = true
			if len(defs) == 0 {
				delete(l.listening, owner)
			}
		}
	}
	clear(l.owners)
}

// sockets are those of every instance that lives, and of one that is to come:
// they stay over crashes, restarts and rollouts, and go when the unit rests by
// wish or has failed for good.
func (e *entry) sockets() []config.Socket {
	var list []config.Socket
	if e.u.Alive() || !e.orphan && e.u.Desired == unit.Up && !e.u.Settled() {
		list = append(list, e.def.Sockets...)
	}
	for _, in := range e.instances()[1:] {
		list = append(list, in.def.Sockets...)
	}
	return list
}

// adoptSockets takes the sockets of a process that was adopted back. Where that
// fails the service goes on with its own, and they are opened anew when it is
// started the next time.
func (l *loop) adoptSockets(e *entry, pid int) {
	if l.o.Sockets == nil || len(e.def.Sockets) == 0 {
		return
	}
	if err := l.o.Sockets.Adopt(SocketOwner(e.def), e.def.Sockets, pid); err != nil {
		l.o.Log.Warn("cannot take its sockets back: clients may be refused while it is restarted the next time", "unit", e.def.ID(), "pid", pid, "error", err)
	}
}
