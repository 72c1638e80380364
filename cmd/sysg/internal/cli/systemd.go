package cli

import (
	"context"
	"fmt"
	"net"
	"strings"

	"systemg/ipc"
)

// tellManager tells the service manager that has started this command, where
// one has (sd_notify(3)). Nobody else hears of it.
func (a *app) tellManager(lines ...string) {
	name := a.getenv("NOTIFY_SOCKET")
	if name == "" {
		return
	}
	if name[0] == '@' {
		name = "\x00" + name[1:]
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		a.remark("cannot tell the service manager: %v", err)
		return
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		a.remark("cannot tell the service manager: %v", err)
	}
}

// tellReady says that everything is up, and who is to be looked after from now
// on: the guardian, where there is one.
func (a *app) tellReady(main int, r ipc.OperationResult) {
	up := 0
	for _, u := range r.Units {
		if u.OK {
			up++
		}
	}
	a.tellManager(fmt.Sprintf("MAINPID=%d", main), "READY=1", fmt.Sprintf("STATUS=%d of %s up", up, counted(len(r.Units), "unit")))
}

// tellWhenUp tells the service manager when every unit is up or has failed. It
// ends with ctx.
func (t *attachment) tellWhenUp(ctx context.Context, names []string) {
	if t.getenv("NOTIFY_SOCKET") == "" {
		return
	}
	var r ipc.OperationResult
	p := ipc.WaitParams{Selection: ipc.Selection{Units: names}, For: "running"}
	if err := t.insist(ctx, ipc.MethodWait, func() any { return p }, &r); err != nil && ctx.Err() != nil {
		return
	}
	t.tellManager("READY=1")
}
