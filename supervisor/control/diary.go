package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"systemg/supervisor"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
)

// openDiary brings the state up to the moment in which the supervisor before
// this one ended, and begins to write down what this one does.
func (d *daemon) openDiary() error {
	var err error
	if d.boot, err = proc.BootID(); err != nil {
		return err
	}
	if d.state.BootID == "" {
		d.state.BootID = d.boot
	}
	if _, err := os.Stat(d.paths.Diary()); errors.Is(err, fs.ErrNotExist) && d.state.BootID == d.boot && d.state.Diary > 0 {
		d.lost = append(d.lost, "what happened last is not known: the diary is gone")
	}
	if d.state.BootID == d.boot {
		entries, err := store.ReadDiary(d.paths.Diary(), d.boot, d.state.Diary)
		if err != nil {
			d.lost = append(d.lost, "what happened last is not known: "+err.Error())
		}
		d.state, d.past.Ended, d.past.Commands = store.Replay(d.state, entries)
	}
	d.past.Certain = d.link != nil && d.link.Welcome.Starts > 1
	if d.diary, err = store.OpenDiary(d.paths.Diary(), d.boot); err != nil {
		// A start is possible all the same.
		d.log.Error("a sudden death may have things done twice", "error", err)
	}
	return nil
}

// toldEnds are the ends of main processes that the journal has. That of a step
// begins with the step's name.
func (d *daemon) toldEnds(events int) map[string]bool {
	list := map[string]bool{}
	err := d.journal.Read(store.Filter{Limit: events}, func(e store.Event) bool {
		if e.Type == "exit" && e.Exit != nil && strings.HasPrefix(e.Reason, e.Exit.Text) {
			list[store.CommandName(e.Project+"/"+e.Unit, e.Run)] = true
		}
		return true
	})
	if err != nil {
		d.log.Warn("ends that were told may be told again", "error", err)
	}
	return list
}

// record writes down how a process ended, before it is reaped.
func (d *daemon) record(id proc.TreeID, p proc.Process, s proc.Status, at time.Time) {
	if !s.Known {
		return
	}
	ended := supervisor.EndedOf(id, p, s, at)
	// The loop says what is wrong with the diary when it writes there.
	_ = d.diary.Write(store.Entry{Ended: &ended})
}

// restored is after everything that was saved is taken over. A diary belongs to
// one boot, and so does the state that it begins with: one of an earlier boot is
// replaced first.
func (d *daemon) restored() {
	if d.state.BootID != d.boot {
		d.sup.Save()
		ctx, cancel := context.WithTimeout(context.Background(), flushTime)
		defer cancel()
		if err := d.saver.Flush(ctx); err != nil {
			d.log.Warn("the state of an earlier boot stays", "error", err)
		}
	}
	for _, v := range d.sup.Snapshot().Units {
		if leash := v.Leash; leash.PID != 0 && v.Unit.Alive() {
			d.leashAgain(v.ID, leash)
		}
	}
	d.state, d.past = store.State{}, supervisor.Past{}
}

// leashAgain watches the process with which a unit ends, or ends it where the
// process is gone.
func (s *server) leashAgain(id string, leash supervisor.Leash) {
	ticks, err := proc.StartedAt(leash.PID)
	if err == nil && ticks == leash.Ticks && s.follow(id, leash.PID) == nil {
		return
	}
	s.endLeashed(id, leash.PID)
}

// endLeashed stops a unit whose parent has ended.
func (s *server) endLeashed(id string, pid int) {
	reason := fmt.Sprintf("its parent process %d ended", pid)
	sel := supervisor.Selection{Units: []string{id}}
	if _, err := s.sup.Stop(context.Background(), sel, false, reason); err != nil {
		s.log.Warn("cannot stop a unit whose parent ended", "unit", id, "error", err)
	}
}
