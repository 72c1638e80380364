package cli

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"systemg/ipc"
)

// throughout makes a request of one supervisor after the other: of the client's,
// and whenever that one has ended, of the next. One that gave the connection's
// place to another client is asked again after a while. It calls between before each
// next request, and closes the clients; nil is one that is yet to come. It ends with
// ctx, and with a request that fails for another reason than these.
func (a *app) throughout(ctx context.Context, client *ipc.Client, request func(*ipc.Client) error, between func()) error {
	var err error
	way := back{app: a}
	if client == nil {
		between()
		client, err = a.dialWhenThere(ctx)
	}
	for err == nil {
		began := time.Now()
		err = request(client)
		_ = client.Close()
		if ctx.Err() != nil || err != nil && !over(err) && !crowded(err) {
			return err
		}
		between()
		client, err = way.find(ctx, client.Hello().PID, err, time.Since(began))
	}
	return err
}

// over is whether a request failed because its supervisor ended: nobody here
// cancels one and takes its answer.
func over(err error) bool {
	var e *ipc.Error
	return errors.As(err, &e) && (e.Code == ipc.CodeLost || e.Code == ipc.CodeShuttingDown || e.Code == ipc.CodeCanceled)
}

// crowded is whether a connection gave way to others, or found no place.
func crowded(err error) bool { return isCode(err, ipc.CodeTooMany) }

func isCode(err error, code ipc.Code) bool {
	var e *ipc.Error
	return errors.As(err, &e) && e.Code == code
}

// back is the way back to a supervisor, for a client that follows. It is longer
// each time that the supervisor has too many clients: from the first pause, doubled,
// to the longest; and short again after a connection that lasted.
type back struct {
	*app
	pause time.Duration
}

const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
	// lasting is how long a connection has to be there for the next pause to
	// be the first again.
	lasting = time.Minute
)

// find connects again after a request to the supervisor of that pid has ended like
// that, and lasted that long. A connection that ended without a word was the
// supervisor's end, or its way to be rid of a client that does not read: that is
// told by who is there afterwards.
func (b *back) find(ctx context.Context, pid int, why error, lasted time.Duration) (*ipc.Client, error) {
	if lasted >= lasting {
		b.pause = 0
	}
	pause := b.longer()
	wordless := isCode(why, ipc.CodeLost)
	switch {
	case crowded(why):
		b.remark("%v; it goes on in %s", why, pause)
	case !wordless:
		b.remark("the supervisor ended; waiting for the next one")
	}
	if ended := linger(ctx, pid, pause); ended && (wordless || crowded(why)) {
		b.remark("the supervisor ended; waiting for the next one")
		wordless = false
	}
	for {
		client, err := b.dialWhenThere(ctx)
		switch {
		case crowded(err):
			pause = b.longer()
			b.remark("%v; it is tried again in %s", err, pause)
			linger(ctx, pid, pause)
			continue
		case err == nil && client.Hello().PID != pid:
			b.pause = 0
		case err == nil && wordless:
			b.remark("the supervisor closed this connection, as it does where others need the place of one that is not read from; it goes on")
		}
		return client, err
	}
}

// same connects again to the supervisor of that pid where the request that ended so
// lost its connection to other clients; nil where it did not.
func (b *back) same(ctx context.Context, pid int, why error) *ipc.Client {
	if !crowded(why) && !isCode(why, ipc.CodeLost) {
		return nil
	}
	for {
		client, err := b.dialNow(ctx)
		switch {
		case err == nil && client.Hello().PID == pid:
			b.remark("%v; it goes on", why)
			return client
		case err == nil:
			_ = client.Close()
			return nil
		case !crowded(err):
			return nil
		}
		pause := b.longer()
		b.remark("%v; it is tried again in %s", err, pause)
		if linger(ctx, pid, pause) || ctx.Err() != nil {
			return nil
		}
	}
}

// longer is the next pause.
func (b *back) longer() time.Duration {
	b.pause = min(max(2*b.pause, firstPause), longestPause)
	return b.pause
}

// linger waits until a process has ended, and no longer than d. It says whether
// it has.
func linger(ctx context.Context, pid int, d time.Duration) (ended bool) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	untilGone(ctx, pid)
	return ctx.Err() == nil
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
