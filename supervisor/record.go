package supervisor

import (
	"systemg/supervisor/deploy"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// record writes a change of state to the journal.
func (l *loop) record(e *entry, from unit.State) {
	event := store.Event{
		Type: "state", Project: e.def.Project, Unit: e.def.Name, Run: e.u.Run,
		From: string(from), To: string(e.u.State), Reason: e.u.Reason,
	}
	if e.u.Spawned {
		event.PID = e.process.PID
	}
	l.o.Journal.Append(event)
}

// recordRollout writes a phase of a rollout to the journal.
func (l *loop) recordRollout(e *entry, from deploy.Phase, reason string) {
	event := store.Event{
		Type: "deploy", Project: e.def.Project, Unit: e.def.Name,
		From: string(from), To: string(e.roll.r.Phase), Reason: reason,
	}
	if e.roll.stray && e.roll.r.Phase == deploy.Done && e.old != nil && e.old.u.Run > e.u.Run {
		// What is done with is the new instance of an interrupted rollout.
		event.Run, event.To, event.Reason = e.old.u.Run, string(deploy.Failed), interrupted
	}
	if in := e.candidate; in != nil {
		event.Run = in.u.Run
		if in.u.Spawned {
			event.PID = in.process.PID
		}
	}
	l.o.Journal.Append(event)
}

// ended counts a run's end and writes it to the journal.
func (l *loop) ended(e *entry, t *tree, exit unit.Exit) {
	event := store.Event{
		Type: "exit", Project: e.def.Project, Unit: e.def.Name, Run: exit.Run,
		Reason: exit.Text, Exit: storeExit(&exit),
	}
	if t.step == unit.NoStep {
		e.ends++
		if in := e.at(exit.Run); in != nil {
			event.PID = in.process.PID
		}
	} else {
		event.Reason = string(t.step) + ": " + exit.Text
	}
	l.o.Journal.Append(event)
	l.touch(e)
}

// Operation notes in the journal that somebody asked for something.
func (s *Supervisor) Operation(what, by string) {
	s.send(func(l *loop) {
		l.o.Journal.Append(store.Event{Type: "operation", Reason: what, By: by})
	})
}

func storeExit(x *unit.Exit) *store.Exit {
	if x == nil {
		return nil
	}
	return &store.Exit{Run: x.Run, Code: x.Code, Signal: x.Signal, Core: x.Core, Time: x.Time, Text: x.Text}
}

func unitExit(x *store.Exit) *unit.Exit {
	if x == nil {
		return nil
	}
	return &unit.Exit{
		Run: x.Run, OK: x.Code == 0 && x.Signal == "", Code: x.Code,
		Signal: x.Signal, Core: x.Core, Time: x.Time, Text: x.Text,
	}
}
