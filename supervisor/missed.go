package supervisor

import (
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// The journal has one event for the end of each main process, also of one that
// ended while no supervisor watched, or in the last moment of one that did. An end
// is in the diary before its event is in the journal, and what follows from it comes
// after both: so whoever comes next looks in the journal for every end that the
// diary has, and adds the events that are not there.

// Told gives the ends of main processes that are among the last so many events of
// the journal, by CommandName of unit and run.
type Told func(events int) map[string]bool

// toldLeast is how many events are looked through, toldEach how many more for each
// unit: as many as there can be between the last state that was saved, or the
// beginning of a supervisor that died at once, and the end of the journal.
const (
	toldLeast = 1000
	toldEach  = 8
)

// unwatched says of an end that is known that it was found later.
const unwatched = ", while no supervisor ran"

// isTold is whether the journal has the end of a run. It is only read where
// somebody asks.
func (r *relics) isTold(unitID string, run uint64) bool {
	if r.told == nil {
		r.told = map[string]bool{}
		if r.journal != nil {
			r.told = r.journal(toldLeast + toldEach*len(r.l.entries))
		}
	}
	return r.told[store.CommandName(unitID, run)]
}

// tellEnds adds the events of the ends that the diary has.
func (r *relics) tellEnds() {
	for _, x := range r.ended {
		unitID, step := splitTree(proc.TreeID{Unit: x.Tree, Run: x.Run})
		e := r.l.entries[unitID]
		if e == nil || step != unit.NoStep {
			continue
		}
		exit := exitOf(e.def, r.l.base(e), shellLine(e.def, unit.NoStep), x.Run, proc.Exited{Status: statusOf(x), Time: x.Time})
		r.tellEnd(e, exit, x.PID, "")
	}
}

// tellUnwatched adds the event of an end that no supervisor saw. The diary has it
// too then, where anybody knows how it was.
func (r *relics) tellUnwatched(e *entry, id proc.TreeID, p proc.Process, exit unit.Exit, status proc.Status) {
	if r.isTold(e.def.ID(), id.Run) {
		return
	}
	hint := ""
	if status.Known {
		x := EndedOf(id, p, status, exit.Time)
		r.l.entriesDue = append(r.l.entriesDue, store.Entry{Ended: &x})
		hint = unwatched
	}
	r.tellEnd(e, exit, max(p.PID, 0), hint)
}

// tellEnd adds the event of an end, unless it is there.
func (r *relics) tellEnd(e *entry, exit unit.Exit, pid int, hint string) {
	if r.isTold(e.def.ID(), exit.Run) {
		return
	}
	r.told[store.CommandName(e.def.ID(), exit.Run)] = true
	r.l.o.Journal.Append(store.Event{
		Type: "exit", Project: e.def.Project, Unit: e.def.Name, Run: exit.Run, PID: pid,
		Reason: exit.Text + hint, Exit: storeExit(&exit),
	})
}
