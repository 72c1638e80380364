package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/health"
	"systemg/supervisor/privilege"
)

// listen opens the control socket. Where a group may look, its members can get
// to the socket, and still see nothing else of the folder.
func (d *daemon) listen() (net.Listener, error) {
	if d.readers != 0 {
		if err := os.Chown(d.paths.Runtime, -1, d.readers); err != nil {
			return nil, fmt.Errorf("cannot let the group %s to the socket: %w", d.o.SocketGroup, err)
		}
		if err := os.Chmod(d.paths.Runtime, 0o710); err != nil {
			return nil, fmt.Errorf("cannot let the group %s to the socket: %w", d.o.SocketGroup, err)
		}
	}
	return ipc.ListenFor(d.paths.Socket(), d.readers)
}

// readersOf is the number of the socket's group, 0 for none.
func readersOf(o Options, f privilege.Facts) (int, error) {
	if o.SocketGroup == "" {
		return 0, nil
	}
	gid, err := f.GroupNumber(o.SocketGroup)
	if err == nil && gid == 0 {
		err = errors.New("root's group cannot be the socket's: everybody in it would be taken for a reader")
	}
	if err != nil {
		return 0, fmt.Errorf("cannot use --socket-group: %w", err)
	}
	return gid, nil
}

// listenToServices opens the socket that services report to. Without one only
// the units that want to report cannot be started.
func (d *daemon) listenToServices() {
	d.probes = &supervisor.Probes{Files: d.outputs}
	d.probes.Aside = func(ctx context.Context, a supervisor.Aside) (string, bool) {
		exit, err := d.sup.RunAside(ctx, a)
		if err != nil {
			return err.Error(), false
		}
		return exit.Text, exit.OK
	}
	dir := d.paths.PipeDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.probes.Deaf = err
		return
	}
	receiver, err := health.Listen(dir, supervisor.OwnerOf(d.host))
	if err != nil {
		d.log.Warn("services cannot report", "error", err)
		d.probes.Deaf = err
		return
	}
	d.probes.Receiver = receiver
}

// stopListening ends it.
func (d *daemon) stopListening() error {
	if d.probes.Receiver == nil {
		return nil
	}
	return d.probes.Receiver.Close()
}
