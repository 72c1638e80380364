package supervisor

import (
	"syscall"
	"time"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/proc"
	"systemg/supervisor/unit"
)

// pending is an effect that waits until the wishes have settled.
type pending struct {
	entry  *entry
	effect unit.Effect
}

// execute carries the gathered effects out, in the order they arose.
func (l *loop) execute() {
	for len(l.effects) > 0 {
		todo := l.effects
		l.effects = nil
		for _, p := range todo {
			l.perform(p.entry, p.effect)
		}
	}
}

func (l *loop) perform(e *entry, effect unit.Effect) {
	switch f := effect.(type) {
	case unit.Spawn:
		l.order(e, unit.NoStep, f.Run)
	case unit.RunStep:
		l.order(e, f.Step, f.Run)
	case unit.Ask:
		l.signal(e, f.Run, orderAsk)
	case unit.Kill:
		l.signal(e, f.Run, orderKill)
	case unit.Lost:
		// Carried out in settle: it is a change of wishes.
	}
}

// order has a launcher start a tree.
func (l *loop) order(e *entry, step unit.StepKind, run uint64) {
	in := e.at(run)
	if in == nil {
		return
	}
	id := treeID(in.def, step, run)
	t := &tree{step: step, run: run, hold: l.o.Host.Hold(in.def.Privileges.Cgroup["root"])}
	e.trees[id] = t
	one := job{
		id: id, def: in.def, step: step, run: run, base: l.base(e), main: in.process.PID, slots: e.slots(in),
		beside: e.accompanied(in), mark: t.hold.Mark, home: l.o.Home,
	}
	l.later(e.def.ID(), func() { l.s.jobs.put(one) })
	l.touch(e)
}

// base is the environment a unit starts from.
func (l *loop) base(e *entry) []string {
	if up, ok := l.entries[e.parent]; ok {
		return l.base(up)
	}
	if e.adhoc {
		return e.base
	}
	return l.projects[e.def.Project].Env
}

// signal asks or kills every tree of a run, as soon as it exists. A
// stop_command is part of the asking and is only ever killed.
func (l *loop) signal(e *entry, run uint64, what order) {
	for id, t := range e.trees {
		if t.run != run || (what == orderAsk && t.step == unit.StopCommand) {
			continue
		}
		if !t.started {
			t.due = max(t.due, what)
			continue
		}
		l.send(e, id, what)
	}
}

func (l *loop) send(e *entry, id proc.TreeID, what order) {
	switch what {
	case orderAsk:
		sig := e.stopSignal(id.Run)
		l.later(e.def.ID(), func() {
			if err := l.o.Host.Signal(id, sig); err != nil {
				l.o.Log.Debug("cannot signal", "unit", id.Unit, "run", id.Run, "error", err)
			}
		})
	case orderKill:
		l.later(e.def.ID(), func() { l.o.Host.Kill(id) })
	case noOrder:
	}
}

// launched is a launcher's answer: the tree exists.
func (l *loop) launched(unitID string, id proc.TreeID, p proc.Process) {
	if a, ok := l.asides[id]; ok {
		l.asideLaunched(a, id)
		return
	}
	e, t := l.find(unitID, id)
	if t == nil {
		return
	}
	t.started = true
	if in := e.at(t.run); t.step == unit.NoStep && in != nil {
		in.process, in.startedAt = p, time.Now()
		l.stepIn(e, in, unit.Spawned{Run: t.run})
		l.touch(e)
	}
	if t.due != noOrder {
		l.send(e, id, t.due)
	}
	for _, early := range t.early {
		l.processEvent(early)
	}
}

// launchFailed is a launcher's answer: the tree could not be started.
func (l *loop) launchFailed(unitID string, id proc.TreeID, exit unit.Exit) {
	if a, ok := l.asides[id]; ok {
		l.asideOver(a, id, exit)
		return
	}
	e, t := l.find(unitID, id)
	if t == nil {
		return
	}
	delete(e.trees, id)
	exit.Run = t.run
	l.ended(e, t, exit)
	if t.step == unit.NoStep {
		l.about(e, t.run, unit.SpawnFailed{Run: t.run, Exit: exit})
		return
	}
	l.stepEnded(e, t, exit)
}

// about gives an event to the instance in that run, if there is one.
func (l *loop) about(e *entry, run uint64, event unit.Event) {
	if in := e.at(run); in != nil {
		l.stepIn(e, in, event)
	}
}

// stepEnded tells whoever waits for a command that belongs to a run.
func (l *loop) stepEnded(e *entry, t *tree, exit unit.Exit) {
	if command, ok := rolloutCommand(t.step); ok {
		l.rollOn(e, deploy.Ran{Command: command, OK: exit.OK, Text: exit.Text})
		return
	}
	l.about(e, t.run, unit.StepDone{Run: t.run, Step: t.step, Exit: exit})
}

// processEvent is news of a tree.
func (l *loop) processEvent(event proc.Event) {
	id := eventTree(event)
	if a, ok := l.asides[id]; ok {
		l.asideEvent(a, id, event)
		return
	}
	unitID, _ := splitTree(id)
	e, t := l.find(unitID, id)
	if t == nil {
		return
	}
	if !t.started {
		t.early = append(t.early, event)
		return
	}
	switch event := event.(type) {
	case proc.Exited:
		l.exited(e, t, event)
	case proc.Emptied:
		delete(e.trees, id)
		if t.step == unit.NoStep {
			l.about(e, t.run, unit.Emptied{Run: t.run})
			return
		}
		l.stepEnded(e, t, t.exit)
	}
}

func (l *loop) exited(e *entry, t *tree, event proc.Exited) {
	def := e.def
	if in := e.at(t.run); in != nil {
		def = in.def
	}
	t.exit = exitOf(def, l.base(e), shellLine(def, t.step), t.run, event)
	l.ended(e, t, t.exit)
	if t.step == unit.NoStep {
		l.about(e, t.run, unit.Exited{Run: t.run, Exit: t.exit, Leftover: len(event.Leftover)})
		return
	}
	if len(event.Leftover) > 0 {
		l.o.Host.Kill(event.Tree)
	}
}

// find is the entry and the tree an answer is about; nil when nobody waits
// for it any more.
func (l *loop) find(unitID string, id proc.TreeID) (*entry, *tree) {
	e, ok := l.entries[unitID]
	if !ok {
		return nil, nil
	}
	return e, e.trees[id]
}

// stopSignal is that of the definition a run was started with.
func (e *entry) stopSignal(run uint64) syscall.Signal {
	if in := e.at(run); in != nil {
		return stopSignal(in.def)
	}
	return stopSignal(e.def)
}

// stopSignal is the unit's own; the manifest was checked, so a name that
// cannot be read is one of an older state file.
func stopSignal(def *config.Unit) syscall.Signal {
	sig, _, err := config.ParseSignal(def.Stop.Signal)
	if err != nil {
		return syscall.SIGTERM
	}
	return sig
}
