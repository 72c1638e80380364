package control

import (
	"context"
	"os"
	"sync"
	"time"

	"systemg/supervisor/guardian"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
)

// connect finds the guardian, nil for none. Where that has ended while this
// process was on its way up, this one becomes the guardian.
func connect(o Options) (*guardian.Link, error) {
	if !o.Guarded {
		return nil, nil //nolint:nilnil // no guardian is no error
	}
	link, err := guardian.Connect()
	if err != nil || !link.Lost() {
		return link, err
	}
	return nil, link.Become(o.Paths.SupervisorLog(), o.Paths.Trouble())
}

// lockName is what the guardian calls the lock of the state directory.
const lockName = "lock"

// lock takes the state directory: from the guardian, which holds the lock
// between two supervisors, or, as the first one, for both.
func lock(dir *store.Dir, link *guardian.Link) error {
	if link != nil {
		if fd, ok := link.Inherited[lockName]; ok {
			delete(link.Inherited, lockName)
			return dir.LockWith(os.NewFile(uintptr(fd), lockName))
		}
	}
	if err := dir.Lock(); err != nil {
		return err
	}
	return link.Hold(lockName, int(dir.Held().Fd()))
}

// ward is what a supervisor is told by its guardian of the ends of processes.
type ward struct {
	link *guardian.Link

	mu sync.Mutex
	// told are the ends nobody has asked for yet, until everything that was
	// saved is restored.
	// By pid, which may have been given again.
	told    map[int][]proc.Remains
	restore bool
	// open are the messages whose ends are not written down yet, last is
	// the newest message.
	open map[uint64]bool
	last uint64
}

// guard makes ready for the guardian's news, and takes over what it holds.
func (d *daemon) guard() {
	d.ward.link, d.ward.restore = d.link, true
	d.ward.told, d.ward.open = map[int][]proc.Remains{}, map[uint64]bool{}
	if d.link != nil {
		d.sockets.KeepBy(d.link, d.link.Inherited)
	}
}

// serveGuardian takes the guardian's news until it ends; then this process
// takes its place.
func (d *daemon) serveGuardian() {
	if d.link == nil {
		return
	}
	d.link.Serve(func(e guardian.Exit) { d.ward.take(e, d.host) })
	d.becomeGuardian()
}

// take passes an end on, or keeps it for whoever asks.
func (w *ward) take(e guardian.Exit, host *proc.Host) {
	w.mu.Lock()
	w.last = max(w.last, e.Seq)
	if w.restore {
		w.told[e.PID] = append(w.told[e.PID], e.Remains)
	}
	w.open[e.Seq] = true
	w.mu.Unlock()
	if !host.Told(e.Remains, e.Seq) {
		w.close(e.Seq)
	}
}

// written takes note that an end is known where it will be remembered.
func (w *ward) written(e proc.Event) {
	if exited, ok := e.(proc.Exited); ok && exited.Told > 0 {
		w.close(exited.Told)
	}
}

// close acknowledges what no open message precedes. While the state is being
// restored nothing is: who asks for the end of a process would not find it
// after the next death.
func (w *ward) close(seq uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, seq)
	w.acknowledge()
}

// acknowledge says up to which message all is written down; mu is held.
func (w *ward) acknowledge() {
	if w.restore {
		return
	}
	upTo := w.last
	for seq := range w.open {
		upTo = min(upTo, seq-1)
	}
	w.link.Ack(upTo)
}

// fate is how a process ended that an earlier supervisor started, if the
// guardian saw it.
func (w *ward) fate(p proc.Process) (proc.Status, time.Time, bool) {
	r, ok := w.find(p)
	if !ok && w.link != nil {
		ctx, cancel := context.WithTimeout(context.Background(), flushTime)
		defer cancel()
		w.link.Sync(ctx)
		r, ok = w.find(p)
	}
	return r.Status, r.Time, ok
}

func (w *ward) find(p proc.Process) (proc.Remains, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.PID > 0 {
		for _, r := range w.told[p.PID] {
			if r.Of(p) {
				return r, true
			}
		}
		return proc.Remains{}, false
	}
	// A tree that was ordered, of which only the hold is known.
	for _, list := range w.told {
		for _, r := range list {
			if r.Leader && (p.Mark != 0 && r.Mark == p.Mark || p.Cgroup != "" && r.Cgroup == p.Cgroup) {
				return r, true
			}
		}
	}
	return proc.Remains{}, false
}

// settled says that everything that was saved is restored.
func (w *ward) settled() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.restore, w.told = false, nil
	if w.link != nil {
		w.acknowledge()
	}
}

// starts counts the supervisors of this guardian.
func (s *server) starts() int {
	if s.link == nil {
		return 0
	}
	return s.link.Welcome.Starts
}

// becomeGuardian has this process take the place of a guardian that has ended,
// unless it ends itself.
func (d *daemon) becomeGuardian() {
	d.replacing.Lock()
	defer d.replacing.Unlock()
	if d.dismissed {
		return
	}
	d.log.Warn("the guardian has ended; this process becomes the guardian, and another one the supervisor", "guardian", d.link.Welcome.Guardian)
	// The guardian holds the pipes that are open now.
	d.outputs.Resume()
	d.host.Freeze()
	err := d.link.Become(d.paths.SupervisorLog(), d.paths.Trouble())
	d.log.Error("cannot become the guardian: this supervisor goes on alone", "error", err)
	d.host.Thaw()
	d.host.Disowned()
	d.sup.SetProblem("guardian", "there is no guardian: nothing starts this supervisor again ("+err.Error()+")")
}

// dismissGuardian says that this supervisor ends by order, or not at all.
func (d *daemon) dismissGuardian(err error) {
	d.replacing.Lock()
	defer d.replacing.Unlock()
	d.dismissed = true
	if err == nil {
		d.link.Bye()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	d.link.Flush(ctx)
}
