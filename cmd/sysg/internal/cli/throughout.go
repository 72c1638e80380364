package cli

import (
	"context"
	"errors"
	"path/filepath"

	"systemg/ipc"
)

// throughout makes a request of one supervisor after the other: of the client's,
// and whenever that one has ended, of the next. It calls between before each
// next one, and closes the clients; nil is one that is yet to come. It ends with
// ctx, and with a request that fails for another reason than its supervisor's
// end.
func (a *app) throughout(ctx context.Context, client *ipc.Client, request func(*ipc.Client) error, between func()) error {
	var err error
	for err == nil {
		if client != nil {
			err = request(client)
			_ = client.Close()
			if ctx.Err() != nil || err != nil && !over(err) {
				return err
			}
			a.remark("the supervisor ended; waiting for the next one")
			awaitEnd(ctx, client.Hello().PID)
		}
		between()
		client, err = a.dialWhenThere(ctx)
	}
	return err
}

// over is whether a request failed because its supervisor ended: nobody here
// cancels one and takes its answer.
func over(err error) bool {
	var e *ipc.Error
	return errors.As(err, &e) && (e.Code == ipc.CodeLost || e.Code == ipc.CodeShuttingDown || e.Code == ipc.CodeCanceled)
}

// dialWhenThere connects as soon as a supervisor runs.
func (a *app) dialWhenThere(ctx context.Context) (*ipc.Client, error) {
	folder, err := watchFolder(filepath.Dir(a.paths.Socket()))
	if err != nil {
		return nil, err
	}
	defer folder.close()
	for {
		client, err := a.dialNow(ctx)
		if over(err) {
			// It closes its door behind this one.
			continue
		}
		if !notRunning(err) {
			return client, err
		}
		if err := folder.wait(ctx); err != nil {
			return nil, err
		}
	}
}
