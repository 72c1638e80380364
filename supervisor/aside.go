package supervisor

import (
	"context"
	"fmt"
	"os"
	"time"

	"systemg/config"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// Aside is a command line that belongs to a unit and to none of its runs: a
// probe, a hook. It runs by sh -c in the unit's folder and environment.
type Aside struct {
	// Def is the unit's definition, Base its base environment, Run the run
	// it is about.
	Def  *config.Unit
	Base []string
	Run  uint64
	// Kind is a word for the journal and the log: "probe", "hook".
	Kind string
	Line string
	// Env comes on top of the unit's environment.
	Env []config.EnvVar
	// Patient lets what the command leaves behind go on until ctx ends; else
	// that is killed.
	Patient bool
	// Output gets what it prints; nil means the unit's log.
	Output *os.File
}

// aside is one that was ordered.
type aside struct {
	tree
	def  *config.Unit
	base []string
	line string
	// patient is Aside.Patient.
	patient bool
	// until is when it is killed, zero for never.
	until time.Time
	done  chan unit.Exit
}

// RunAside runs a command as a process tree of its own, and returns how its
// main process ended once nothing of the tree lives. When ctx ends the tree is
// killed; the exit then says so. The error is ErrClosing, or ctx's where the
// command was not started any more.
func (s *Supervisor) RunAside(ctx context.Context, a Aside) (unit.Exit, error) {
	done := make(chan unit.Exit, 1)
	ordered := make(chan proc.TreeID, 1)
	s.send(func(l *loop) { ordered <- l.orderAside(ctx, a, done) })
	var id proc.TreeID
	select {
	case id = <-ordered:
	case <-s.ended:
		return unit.Exit{}, ErrClosing
	}
	select {
	case exit := <-done:
		return exit, nil
	case <-s.ended:
		return unit.Exit{}, ErrClosing
	case <-ctx.Done():
	}
	s.send(func(l *loop) { l.killAside(id) })
	select {
	case exit := <-done:
		return exit, nil
	case <-s.ended:
		return unit.Exit{}, ErrClosing
	}
}

// orderAside has a launcher start the tree.
func (l *loop) orderAside(ctx context.Context, a Aside, done chan unit.Exit) proc.TreeID {
	l.asideSeq++
	id := proc.TreeID{Unit: a.Def.ID() + ":" + a.Kind, Run: l.asideSeq}
	one := &aside{
		tree: tree{step: unit.StepKind(a.Kind), run: a.Run, hold: l.o.Host.Hold(a.Def.Privileges.Cgroup["root"])},
		def:  a.Def, base: a.Base, line: a.Line, patient: a.Patient, done: done,
	}
	if at, ok := ctx.Deadline(); ok {
		one.until = at
	}
	l.asides[id] = one
	l.entriesDue = append(l.entriesDue, store.Entry{Beside: one.command(id)})
	order := job{id: id, def: a.Def, step: unit.StepKind(a.Kind), run: a.Run, base: a.Base, aside: &a, mark: one.hold.Mark, home: l.o.Home}
	if e, ok := l.entries[a.Def.ID()]; ok {
		order.main = e.mainOf(a.Run)
	}
	l.later("", func() { l.s.jobs.put(order) })
	return id
}

// mainOf is the number of a run's main process, 0 where it does not live.
func (e *entry) mainOf(run uint64) int {
	if in := e.at(run); in != nil && in.u.Main && !in.u.Exited {
		return in.process.PID
	}
	return 0
}

func (l *loop) killAside(id proc.TreeID) {
	a, ok := l.asides[id]
	switch {
	case !ok:
	case !a.started:
		a.due = orderKill
	default:
		l.o.Host.Kill(id)
	}
}

// asideLaunched is a launcher's answer for one.
func (l *loop) asideLaunched(a *aside, id proc.TreeID) {
	a.started = true
	if a.due == orderKill {
		l.o.Host.Kill(id)
	}
	for _, early := range a.early {
		l.asideEvent(a, id, early)
	}
}

// asideEvent is news of one. What its main process leaves behind is killed,
// unless it is patient.
func (l *loop) asideEvent(a *aside, id proc.TreeID, event proc.Event) {
	if !a.started {
		a.early = append(a.early, event)
		return
	}
	switch event := event.(type) {
	case proc.Exited:
		a.exit = exitOf(a.def, a.base, a.line, a.run, event)
		if a.due == orderKill {
			a.exit.Text = "took too long, killed"
		}
		if len(event.Leftover) > 0 && (!a.patient || a.due == orderKill) {
			l.o.Host.Kill(id)
		}
	case proc.Emptied:
		l.asideOver(a, id, a.exit)
	}
}

func (l *loop) asideOver(a *aside, id proc.TreeID, exit unit.Exit) {
	delete(l.asides, id)
	l.entriesDue = append(l.entriesDue, store.Entry{Over: store.CommandName(id.Unit, id.Run)})
	a.done <- exit
}

// startAside starts one.
func (s *Supervisor) startAside(one job) (proc.Process, error) {
	o, a := s.loop.o, one.aside
	plan, err := privilege.Of(&one.def.Privileges, o.Facts)
	if err != nil {
		return proc.Process{}, err
	}
	plan.Beside(one.main)
	spec := proc.Spec{
		Tree: one.id, Mark: one.mark, Argv: []string{"/bin/sh", "-c", a.Line}, Dir: a.Def.Dir,
		Env: environment(one, plan), Stdout: a.Output, Stderr: a.Output, Orders: plan.Orders, Cgroup: plan.Cgroup, Reaper: plan.Reaper,
	}
	if a.Output == nil {
		stdout, stderr, err := o.Outputs.Open(a.Def, a.Run, Onward)
		if err != nil {
			return proc.Process{}, fmt.Errorf("cannot open its log: %w", err)
		}
		defer stdout.Close()
		defer stderr.Close()
		spec.Stdout, spec.Stderr = stdout, stderr
	}
	return o.Host.Start(spec)
}
