package supervisor

import (
	"time"

	"systemg/config"
	"systemg/supervisor/hooks"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// Past is what the diary tells beside the state.
type Past struct {
	Ended []store.Ended
	// Commands are hooks and probes that may still run.
	Commands []store.Command
	// Certain is whether a guardian has seen all that the supervisor before
	// started: what it does not know was not started.
	Certain bool
	// Told is what the journal has of ends; nil for nothing.
	Told Told
}

// relics are what can be found of an earlier supervisor's trees.
type relics struct {
	l     *loop
	ended map[string]store.Ended
	found map[store.Hold]proc.Found
	// strays are trees that were ordered and belong to nobody yet.
	strays  map[string]store.Command
	certain bool
	// journal is asked at most once; told is what it has, and what was added.
	journal Told
	told    map[string]bool
}

// look looks for every tree that was ordered and of which it is not known
// whether it was started: in one scan.
func (l *loop) look(state store.State, past Past) *relics {
	r := &relics{
		l: l, certain: past.Certain, journal: past.Told, ended: map[string]store.Ended{}, found: map[store.Hold]proc.Found{}, strays: map[string]store.Command{},
	}
	for _, x := range past.Ended {
		r.ended[store.CommandName(x.Tree, x.Run)] = x
	}
	if state.BootID != l.o.BootID {
		return r
	}
	commands := past.Commands
	for _, u := range state.Units {
		commands = append(commands, u.Trees...)
	}
	holds := make([]proc.Hold, 0, len(commands))
	for _, c := range commands {
		r.strays[store.CommandName(c.Tree, c.Run)] = c
		holds = append(holds, proc.Hold(c.Hold))
	}
	for i, f := range l.o.Host.Find(holds) {
		r.found[commands[i].Hold] = f
	}
	return r
}

// take is a tree that was ordered; it is no stray then.
func (r *relics) take(id proc.TreeID) (c store.Command, f proc.Found, ordered bool) {
	name := store.CommandName(id.Unit, id.Run)
	c, ordered = r.strays[name]
	delete(r.strays, name)
	return c, r.found[c.Hold], ordered
}

// fate is how the main process of a tree ended.
func (r *relics) fate(id proc.TreeID, p proc.Process) (proc.Status, time.Time, bool) {
	if x, ok := r.ended[store.CommandName(id.Unit, id.Run)]; ok {
		return statusOf(x), x.Time, true
	}
	if r.l.o.Fate == nil {
		return proc.Status{}, time.Time{}, false
	}
	return r.l.o.Fate(p)
}

// known is the saved unit with the main process that was ordered, where that is
// found, alive or dead: it is not started again. Where nobody can know whether
// it was started, because the guardian died too, a service is started once more;
// a job or a one-shot is not, for it may have done its work.
func (r *relics) known(s store.UnitState, id proc.TreeID) store.UnitState {
	if s.PID != 0 || s.Exited {
		return s
	}
	c, f, ordered := r.take(id)
	if !ordered {
		return s
	}
	p := f.Main
	if p.PID == 0 {
		// Whoever reaped it knows it by its hold.
		p = proc.Process{PID: -1, BootID: r.l.o.BootID, Mark: c.Mark, Cgroup: c.Cgroup}
		_, _, ok := r.fate(id, p)
		if again := r.certain || s.Kind == string(config.Service); !ok && f.Members == 0 && again {
			return s
		}
	}
	s.PID, s.StartTicks, s.Mark, s.Cgroup, s.Containment = p.PID, p.StartTicks, p.Mark, p.Cgroup, p.Containment
	s.StartedAt = time.Now()
	return s
}

// leftBehind ends a run whose main process has ended: first what that left
// behind, where there is something.
func (l *loop) leftBehind(e *entry, id proc.TreeID, p proc.Process, exit unit.Exit) {
	left := l.o.Host.AdoptRest(id, p)
	if left == 0 {
		delete(e.trees, id)
	}
	l.step(e, unit.Exited{Run: exit.Run, Exit: exit, Leftover: left})
	if left == 0 {
		l.step(e, unit.Emptied{Run: exit.Run})
	}
}

// regainRest goes on with a run whose main process had ended before the
// supervisor did.
func (l *loop) regainRest(e *entry, s store.UnitState, id proc.TreeID, _ *relics) {
	e.u = adopted(e.u, s, time.Now())
	e.thread = hooks.Recall(e.u)
	if !e.u.Deadline.IsZero() {
		l.deadlines.add(e.u.Deadline, e.def.ID())
	}
	exit := unit.Exit{Run: s.Run, Code: -1, Time: time.Now(), Text: "ended, status unknown"}
	if x := e.u.LastExit; x != nil && x.Run == s.Run {
		exit = *x
	}
	e.trees[id] = &tree{run: s.Run, started: true, exit: exit}
	p := processOf(s, l.o.BootID)
	l.leftBehind(e, id, p, exit)
	l.touch(e)
}

// regainStep goes on with a command of a run that was under way: waits for it
// where it lives, and else goes on with how it ended. It says false where the
// command is to be run once more, for it was not started, or nobody knows.
func (l *loop) regainStep(e *entry, s store.UnitState, r *relics) bool {
	kind := unit.StepKind(s.Step)
	id := treeID(e.def, kind, s.Run)
	c, f, ordered := r.take(id)
	if !ordered {
		return false
	}
	p := f.Main
	alive := p.PID != 0 && l.o.Host.Adopt(id, p) == nil
	exit := unit.Exit{Run: s.Run, Code: -1, Time: time.Now(), Text: "nobody knows how it ended"}
	if !alive {
		dead := proc.Process{PID: -1, BootID: l.o.BootID, Mark: c.Mark, Cgroup: c.Cgroup}
		status, at, ok := r.fate(id, dead)
		if !ok && kind != unit.StopCommand {
			return false
		}
		if ok {
			exit = exitOf(e.def, l.base(e), shellLine(e.def, kind), s.Run, proc.Exited{Status: status, Time: at})
		}
	}
	e.u.Desired, e.u.State, e.u.Reason, e.u.Since = unit.Desired(s.Desired), unit.State(s.State), s.Reason, s.Since
	e.u.Step = kind
	if e.u.State == unit.Stopping && e.u.Deadline.IsZero() {
		e.u.Then, e.u.Deadline = unit.Next(s.Then), time.Now().Add(e.u.Policy.StopTimeout)
		l.deadlines.add(e.u.Deadline, e.def.ID())
	}
	if alive {
		e.trees[id] = &tree{step: kind, run: s.Run, started: true, hold: proc.Hold(c.Hold)}
		l.o.Log.Info("adopted", "unit", e.def.ID(), "step", kind, "pid", p.PID, "run", s.Run)
	} else {
		l.step(e, unit.StepDone{Run: s.Run, Step: kind, Exit: exit})
	}
	l.touch(e)
	return true
}

// endStrays ends what belongs to nobody any more: probes, commands of rollouts
// that are undone, a candidate that was just being started. Hooks go on.
func (l *loop) endStrays(r *relics) {
	for _, c := range r.strays {
		f := r.found[c.Hold]
		l.asideSeq = max(l.asideSeq, c.Run)
		if f.Members == 0 {
			continue
		}
		id := proc.TreeID{Unit: c.Tree, Run: c.Run}
		if f.Main.PID == 0 || l.o.Host.Adopt(id, f.Main) != nil {
			rest := f.Main
			rest.BootID, rest.Mark, rest.Cgroup = l.o.BootID, c.Mark, c.Cgroup
			if l.o.Host.AdoptRest(id, rest) == 0 {
				continue
			}
		}
		unitID, kind := splitTree(id)
		e := l.entries[unitID]
		if c.Stays && e != nil && !c.Until.IsZero() {
			l.o.Log.Info("adopted", "unit", unitID, "command", kind, "pid", f.Main.PID)
			l.keepAside(e.def, kind, id, c)
			continue
		}
		l.o.Log.Info("ended what an earlier supervisor had started", "tree", c.Tree, "pid", f.Main.PID)
		l.later(unitID, func() { l.o.Host.Kill(id) })
	}
}

// keepAside waits for a hook of an earlier supervisor, until its time is over.
func (l *loop) keepAside(def *config.Unit, kind unit.StepKind, id proc.TreeID, c store.Command) {
	a := &aside{
		tree: tree{step: kind, run: c.Run, hold: proc.Hold(c.Hold), started: true},
		def:  def, patient: true, until: c.Until, done: make(chan unit.Exit, 1),
	}
	l.asides[id] = a
	s := l.s
	time.AfterFunc(time.Until(c.Until), func() { s.send(func(l *loop) { l.killAside(id) }) })
}
