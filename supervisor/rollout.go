package supervisor

import (
	"fmt"
	"time"

	"systemg/config"
	"systemg/supervisor/deploy"
	"systemg/supervisor/graph"
	"systemg/supervisor/hooks"
	"systemg/supervisor/proc"
	"systemg/supervisor/unit"
)

// commandTimeout is how long a switch_command, or a switch_verify, may take.
const commandTimeout = time.Minute

// rollout is one replacement under way.
type rollout struct {
	r deploy.Rollout
	// reason is why it began, back which of the good definitions it goes
	// back to, nil for none.
	reason string
	back   *config.Unit
	began  time.Time
	// stray is whether it only ends what an earlier supervisor's rollout
	// left behind.
	stray bool
	// aborted is whether somebody gave it up.
	aborted bool
}

// Rollout is how far a rollout is.
type Rollout struct {
	Phase deploy.Phase
	Since time.Time
	// Run is the new instance's run, PID its process, State and Reason how
	// it is.
	Run    uint64
	PID    int
	State  unit.State
	Reason string
	// Grace is how long both instances are to work side by side.
	Grace time.Duration
}

// Rolled is how an attempt to replace an instance ended.
type Rolled struct {
	OK bool
	// Reason is why it began, or why it failed.
	Reason string
	Time   time.Time
	// Took is how long it took.
	Took time.Duration
	// Run is the new instance's.
	Run uint64
}

// rolls is whether instances of the definition are replaced side by side.
func rolls(def *config.Unit) bool {
	return def.Kind == config.Service && (def.Deployment.Strategy == "rolling" || def.Deployment.BlueGreen != nil)
}

// target is the definition a restart leads to.
func (e *entry) target() *config.Unit {
	if e.next != nil {
		return e.next
	}
	return e.def
}

// rollable is whether a restart of the unit, now, is a rollout: there has to be
// an instance that works, or nothing is lost by ending it first.
func (e *entry) rollable() bool {
	return rolls(e.target()) && e.u.State == unit.Running && e.u.Ready && !e.removed && e.wish != wishStop
}

// roll begins a rollout.
func (l *loop) roll(e *entry, reason string) {
	def, back := e.target(), e.goesBack()
	now := time.Now()
	c := &instance{def: def, slot: candidateSlot(def, e.slot)}
	e.candidate, e.next = c, nil
	check := e.checkOf(c)
	p := l.onceOnly(def)
	p.Health, p.HealthTimeout = check != nil, healthTimeout(check)
	c.u = unit.New(p, now)
	c.u.Run, c.u.Runs = 0, e.u.Runs
	plan := rolloutPlan(def)
	if check != nil {
		// A check may succeed before the instance has had the time to die.
		plan.Grace = max(plan.Grace, l.o.Stability)
	}
	e.roll = &rollout{r: deploy.New(plan, now), reason: reason, back: back, began: now}
	l.recordRollout(e, "", reason)
	l.stepIn(e, c, unit.Start{})
	l.touch(e)
}

// onceOnly is the policy of an instance that is not the unit's own: it has one
// life, and how that ends is judged by the rollout.
func (l *loop) onceOnly(def *config.Unit) unit.Policy {
	p := policy(def, &l.o)
	p.Restart, p.MaxRestarts, p.Restarts = string(config.RestartNever), nil, false
	return p
}

func rolloutPlan(def *config.Unit) deploy.Plan {
	p := deploy.Plan{Grace: def.Deployment.GracePeriod, CommandTimeout: commandTimeout}
	if g := def.Deployment.BlueGreen; g != nil {
		p.Switch, p.Verify = g.SwitchCommand != "", g.SwitchVerify != ""
	}
	return p
}

// admitCandidate starts a candidate once its dependencies are as they have to
// be. One that waits in vain will not do.
func (l *loop) admitCandidate(e *entry) {
	c := e.candidate
	if c == nil || c.u.State != unit.Pending {
		return
	}
	verdict, reason := l.verdict(c.def)
	switch {
	case verdict == graph.Satisfied || c.u.Policy.Refuse != "":
		l.stepIn(e, c, unit.Go{})
	case verdict == graph.Hopeless:
		l.rollOn(e, deploy.Unfit{Reason: reason, Gone: true})
	case c.u.Reason != reason:
		l.stepIn(e, c, unit.Wait{Reason: reason})
	}
}

// besides tells the rollout what became of the instance beside the unit's own.
func (l *loop) besides(e *entry, in *instance) {
	if e.roll == nil {
		return
	}
	if in == e.old {
		if !in.u.Alive() {
			l.rollOn(e, deploy.OldGone{})
		}
		return
	}
	switch u := in.u; {
	case u.State == unit.Running && u.Ready && u.Health != unit.Ill:
		l.rollOn(e, deploy.Ready{})
	case u.State == unit.Running && u.Health == unit.Ill:
		l.rollOn(e, deploy.Unfit{Reason: u.Reason})
	case u.State == unit.Stopping:
		// What it left behind is being ended: its end is news already.
		if u.Desired == unit.Up {
			l.rollOn(e, deploy.Unfit{Reason: u.Reason})
		}
	case u.Settled() && !u.Alive() && e.roll.r.Phase == deploy.Aborting:
		l.rollOn(e, deploy.CandidateGone{})
	case u.Settled() && !u.Alive():
		l.rollOn(e, deploy.Unfit{Reason: unfit(u), Gone: true})
	}
}

// unfit says how a candidate ended.
func unfit(u unit.Unit) string {
	if u.State == unit.Completed {
		return "the new instance ended by itself: " + u.Reason
	}
	return u.Reason
}

// rollOn gives the rollout an event, and brings about what comes of it.
func (l *loop) rollOn(e *entry, event deploy.Event) {
	if e.roll == nil {
		return
	}
	before := e.roll.r
	if _, ok := event.(deploy.Abort); ok && !before.Promoted() {
		e.roll.aborted = true
	}
	after, effects := deploy.Step(before, event, time.Now())
	e.roll.r = after
	if before.Phase != after.Phase {
		l.recordRollout(e, before.Phase, after.Reason)
	}
	if !after.Deadline.IsZero() && after.Deadline != before.Deadline {
		l.deadlines.add(after.Deadline, e.def.ID())
	}
	l.touch(e)
	for _, f := range effects {
		l.rollEffect(e, f)
	}
}

func (l *loop) rollEffect(e *entry, effect deploy.Effect) {
	switch f := effect.(type) {
	case deploy.Run:
		if f.Command == deploy.Switch {
			// The next supervisor has to know that the traffic may have moved.
			l.onceSaved(func(l *loop) { l.switchOver(e) })
			return
		}
		l.orderStep(e, f.Command)
	case deploy.Kill:
		l.killStep(e, rolloutStep(f.Command))
	case deploy.Promote:
		l.promote(e)
	case deploy.EndCandidate:
		l.stepIn(e, e.candidate, unit.Stop{Reason: e.roll.r.Reason})
	case deploy.Finish:
		l.rolledOut(e, f)
	}
}

// orderStep has a command of the rollout run.
func (l *loop) orderStep(e *entry, c deploy.Command) {
	if e.candidate != nil {
		l.order(e, rolloutStep(c), e.candidate.u.Run)
	}
}

// switchOver runs switch_command, unless the rollout was given up meanwhile.
func (l *loop) switchOver(e *entry) {
	switch {
	case e.roll == nil || e.roll.r.Phase != deploy.Switching:
	case e.roll.r.Reason != "":
		l.rollOn(e, deploy.Ran{Command: deploy.Switch, Text: "given up before it began"})
	default:
		l.orderStep(e, deploy.Switch)
	}
}

// promote makes the candidate the unit's instance and ends the former one.
func (l *loop) promote(e *entry) {
	old := e.instance
	if e.roll.back != nil {
		e.dropGood(e.roll.back)
	} else {
		e.keepGood(e.candidate.def)
	}
	e.instance, e.candidate, e.old = *e.candidate, nil, &old
	if e.u.Policy = policy(e.def, &l.o); !e.u.Policy.Health {
		// The candidate's check was its only one.
		e.u.Health = unit.NoHealth
	}
	e.u.Runs, e.u.Restarts, e.proven = old.u.Runs, 0, true
	l.reshape()
	l.configureLogs(e)
	l.record(e, old.u.State)
	e.held = hooks.TakenOver(e.u.Run, e.roll.reason)
	l.touch(e)
	l.touchNeighbours(e)
	// Were it asked to end before the other one is known to be the unit's, a
	// supervisor that dies now would leave the next one with neither.
	l.onceSaved(func(l *loop) {
		if e.old == &old {
			l.stepIn(e, e.old, unit.Stop{Reason: fmt.Sprintf("replaced by run %d", e.u.Run)})
		}
	})
}

// rolledOut is the end of a rollout.
func (l *loop) rolledOut(e *entry, f deploy.Finish) {
	reason, began := f.Reason, e.roll.began
	if f.OK {
		reason = e.roll.reason
	}
	run := e.u.Run
	if !f.OK && e.candidate != nil {
		run = e.candidate.u.Run
	}
	stray := e.roll.stray
	l.tellRolledOut(e, f, run, reason)
	e.roll, e.candidate, e.old = nil, nil, nil
	l.touch(e)
	if stray {
		return
	}
	e.rollouts++
	e.tries = 0
	e.last = &Rolled{OK: f.OK, Reason: reason, Time: time.Now(), Took: time.Since(began), Run: run}
	l.touchNeighbours(e)
	l.touchReplicas(e)
}

// replaced notes the end of an attempt that was no rollout.
func (l *loop) replaced(e *entry, ok bool, reason string) {
	e.rollouts++
	e.last = &Rolled{OK: ok, Reason: reason, Time: time.Now(), Run: e.u.Run}
	l.touch(e)
}

// killStep kills a command of the rollout, as soon as it exists.
func (l *loop) killStep(e *entry, step unit.StepKind) {
	for id, t := range e.trees {
		if t.step != step {
			continue
		}
		if !t.started {
			t.due = orderKill
			continue
		}
		l.send(e, id, orderKill)
	}
}

// rollout is how far the unit's rollout is, as readers see it.
func (e *entry) rollout() Rollout {
	if e.roll == nil {
		return Rollout{}
	}
	v := Rollout{Phase: e.roll.r.Phase, Since: e.roll.r.Since, Reason: e.roll.r.Reason, Grace: e.roll.r.Plan.Grace}
	in := e.candidate
	if in == nil {
		in = &e.instance
	}
	v.Run, v.State = in.u.Run, in.u.State
	if in.u.Main && in.u.Spawned && !in.u.Exited {
		v.PID = in.process.PID
	}
	if v.Reason == "" {
		v.Reason = in.u.Reason
	}
	return v
}

// beside are the living processes of the other instances.
func (e *entry) beside() []proc.Process {
	var list []proc.Process
	for _, in := range e.instances()[1:] {
		if in.u.Alive() {
			list = append(list, in.process)
		}
	}
	return list
}
