package supervisor

import (
	"strings"
	"testing"
	"time"

	"systemg/config"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
)

// told are the ends of runs that the journal has.
func (j *fakeJournal) told(int) map[string]bool {
	list := map[string]bool{}
	for _, e := range j.ends() {
		list[store.CommandName(e.Project+"/"+e.Unit, e.Run)] = true
	}
	return list
}

// ends are the events of ends.
func (j *fakeJournal) ends() []store.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []store.Event
	for _, e := range j.events {
		if e.Type == "exit" {
			list = append(list, e)
		}
	}
	return list
}

// The end of a process that no supervisor watched, or of which the journal was not
// told any more, has one event, however often supervisors die before they have
// written down what follows from it.
func TestAnEndThatNobodyWatchedIsToldOnce(t *testing.T) {
	once := func(u *config.Unit) { u.Kind, u.Restart = config.Oneshot, config.RestartNever }
	id := proc.TreeID{Unit: "demo/work", Run: 1}
	status := proc.Status{Known: true, Code: 78}
	for name, c := range map[string]struct {
		fate   func(proc.Process) (proc.Status, time.Time, bool)
		ended  bool
		reason string
		code   int
	}{
		"the diary knows":     {nil, true, "exit 78", 78},
		"the guardian knows":  {func(proc.Process) (proc.Status, time.Time, bool) { return status, time.Now(), true }, false, "exit 78, while no supervisor ran", 78},
		"nobody knows of how": {nil, false, "ended while no supervisor ran", -1},
	} {
		t.Run(name, func(t *testing.T) {
			inRoom(t, func(r *room) {
				dir := r.keeping()
				r.up(service("work", once))
				r.host.mu.Lock()
				delete(r.host.live, id)
				r.host.mu.Unlock()
				r.tell(func(l *loop) { l.o.Fate = c.fate })
				var more []store.Entry
				if c.ended {
					ended := EndedOf(id, proc.Process{PID: 7}, status, time.Now())
					more = append(more, store.Entry{Ended: &ended})
				}
				next := r
				for range 3 {
					// Each finds the diary of the first.
					next = next.killed(dir, more...)
				}
				list := r.journal.ends()
				if len(list) != 1 || !strings.HasPrefix(list[0].Reason, c.reason) || list[0].Exit.Code != c.code || list[0].Run != 1 {
					t.Errorf("the journal has %+v", list)
				}
				next.expect("work", "failed")
			})
		})
	}
}

// What one supervisor has found and told is known to the next as well where the
// journal lost it.
func TestAnEndThatTheJournalLostIsToldAgain(t *testing.T) {
	inRoom(t, func(r *room) {
		dir := r.keeping()
		r.up(service("work", func(u *config.Unit) { u.Restart = config.RestartAlways }))
		r.host.end(proc.TreeID{Unit: "demo/work", Run: 1}, proc.Status{Known: true, Code: 3})
		r.pass(5 * time.Second)
		ended := EndedOf(proc.TreeID{Unit: "demo/work", Run: 1}, proc.Process{PID: 7}, proc.Status{Known: true, Code: 3}, time.Now())
		r.journal.mu.Lock()
		r.journal.events = nil
		r.journal.mu.Unlock()
		next := r.killed(dir, store.Entry{Ended: &ended})
		next.killed(dir, store.Entry{Ended: &ended})
		if list := r.journal.ends(); len(list) != 1 || list[0].Run != 1 || list[0].Reason != "exit 3" {
			t.Errorf("the journal has %+v", list)
		}
	})
}
