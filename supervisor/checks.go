package supervisor

import (
	"context"
	"regexp"
	"time"

	"systemg/config"
	"systemg/supervisor/health"
	"systemg/supervisor/unit"
)

// Checks looks whether runs are well. *Probes is the real one.
type Checks interface {
	// Prepare makes ready for what a run says before its watch begins, and
	// gives what the run has to be told: NAME=VALUE. It is called before
	// the run is spawned, Watch after it, and both once.
	Prepare(def *config.Unit, run uint64) (env []string, err error)
	// Watch reports until ctx ends.
	Watch(ctx context.Context, w Watched, report func(health.News))
	// Match returns nil once a line of the run's output matches, or
	// ctx's error.
	Match(ctx context.Context, def *config.Unit, run uint64, pattern string) error
}

// Watched is a run that is watched.
type Watched struct {
	Def   *config.Unit
	Check *config.HealthCheck
	Base  []string
	Run   uint64
	// Ready is whether an earlier supervisor found it ready.
	Ready bool
	// Slots fill in where a blue-green instance stands.
	Slots func(string) string
}

// vigil is the watch over one instance.
type vigil struct {
	stop  context.CancelFunc
	tally health.Tally
	run   uint64
}

// checkOf is what an instance has to pass. A blue-green candidate may have a
// check of its own.
func (e *entry) checkOf(in *instance) *config.HealthCheck {
	if g := in.def.Deployment.BlueGreen; in == e.candidate && g != nil && g.Candidate != nil {
		return g.Candidate
	}
	return in.def.Health
}

// attend begins or ends the watch over an instance, as its state wants.
func (l *loop) attend(e *entry, in *instance) {
	if l.o.Checks == nil {
		return
	}
	wanted := l.watched(e, in)
	if in.vigil != nil && (!wanted || in.vigil.run != in.u.Run) {
		in.vigil.stop()
		in.vigil = nil
	}
	if !wanted || in.vigil != nil {
		return
	}
	check := e.checkOf(in)
	ctx, cancel := context.WithCancel(context.Background())
	policy := health.Policy{Retries: check.Retries, StartPeriod: check.StartPeriod, Timeout: check.Timeout}
	in.vigil = &vigil{stop: cancel, run: in.u.Run, tally: health.Begin(policy, awaits(check), time.Now())}
	if t := &in.vigil.tally; in.u.Health == unit.Well || in.u.Health == unit.Ill {
		// An earlier supervisor has found it so.
		t.Health, t.Ready, t.Deadline = health.Health(in.u.Health), in.u.Ready, time.Time{}
	}
	s, id, run := l.s, e.def.ID(), in.u.Run
	w := Watched{
		Def: in.def, Check: check, Base: l.base(e), Run: run, Ready: in.u.Ready, Slots: e.slots(in).fill,
	}
	go l.o.Checks.Watch(ctx, w, func(n health.News) {
		s.send(func(l *loop) { l.hear(id, run, n) })
	})
	if t := in.vigil.tally; t.Health == health.Waiting && t.Awaits != "" {
		// Until there is a result these are the words for what is missing.
		l.stepIn(e, in, unit.Probed{Run: run, Text: t.Awaits})
	}
}

// awaits says what has not come, of the checks that hear nothing until it has.
func awaits(c *config.HealthCheck) string {
	switch {
	case c.Notify:
		return health.Notify{}.Awaits()
	case c.Log != "":
		return health.Log{Match: regexp.MustCompile(c.Log)}.Awaits()
	}
	return ""
}

// watched is whether somebody has to look after an instance: until it is well,
// and longer where its check says so or it tells by itself.
func (l *loop) watched(e *entry, in *instance) bool {
	u := in.u
	if !u.Policy.Health || !u.Spawned || u.Exited || u.State != unit.Starting && u.State != unit.Running {
		return false
	}
	check := e.checkOf(in)
	return check != nil && (u.Health != unit.Well || check.Liveness != "none" || check.Notify)
}

// hear takes the news of a watch, and has the machine judge it.
func (l *loop) hear(id string, run uint64, n health.News) {
	e, ok := l.entries[id]
	if !ok {
		return
	}
	in := e.at(run)
	if in == nil || in.vigil == nil || in.vigil.run != run {
		return
	}
	before := in.vigil.tally
	in.vigil.tally = before.Hear(n)
	tally := in.vigil.tally
	in.tally = &tally
	l.touch(e)
	l.judge(e, in, before.Health, n)
}

// judge turns a tally into events of the machine.
func (l *loop) judge(e *entry, in *instance, before health.Health, n health.News) {
	t, run := in.tally, in.u.Run
	switch {
	case t.Health == health.Healthy:
		// Said again, it changes nothing.
		l.stepIn(e, in, unit.Probed{Run: run})
		l.stepIn(e, in, unit.Healthy{Run: run})
	case t.Health == health.Unhealthy && !t.Late() && before == health.Healthy:
		l.stepIn(e, in, unit.Unhealthy{Run: run, Text: t.Reason()})
	default:
		l.stepIn(e, in, unit.Probed{Run: run, Text: t.Last.Text})
	}
	if x, ok := n.(health.Extend); ok {
		l.stepIn(e, in, unit.Extend{Run: run, Until: x.Time.Add(x.For)})
	}
}

// listen begins or ends the watches over what a unit's present run writes, for
// dependents that wait for a line of it.
func (l *loop) listen(e *entry) {
	if l.o.Checks == nil {
		return
	}
	switch {
	case e.listening == nil:
	case e.listenRun != e.u.Run:
		e.listening()
		e.listening = nil
	case !e.u.Main && !e.lastWords:
		e.lastWords = true
		time.AfterFunc(lastWords, e.listening)
	}
	if e.listenRun != e.u.Run {
		e.matched, e.unheard = nil, nil
	}
	if e.listening != nil || !e.u.Spawned || e.u.Exited || !e.u.Main {
		return
	}
	patterns := l.patterns(e)
	if len(patterns) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.listening, e.listenRun, e.lastWords = cancel, e.u.Run, false
	s, id, def, run := l.s, e.def.ID(), e.def, e.u.Run
	for _, p := range patterns {
		go func() {
			found := l.o.Checks.Match(ctx, def, run, p) == nil
			s.send(func(l *loop) { l.heard(id, run, p, found) })
		}()
	}
}

// patterns are the expressions that dependents wait for.
func (l *loop) patterns(e *entry) []string {
	var list []string
	seen := map[string]bool{}
	for _, d := range l.graph.Dependents(e.def.ID()) {
		if d.Condition == config.CondLog && !seen[d.Log] {
			seen[d.Log] = true
			list = append(list, d.Log)
		}
	}
	return list
}

// lastWords is how long after the end of a run its output is still listened to.
const lastWords = 500 * time.Millisecond

// heard notes that a line of the run matched, or that none did to its end.
func (l *loop) heard(id string, run uint64, pattern string, found bool) {
	e, ok := l.entries[id]
	switch {
	case !ok || e.u.Run != run || e.listenRun != run:
		return
	case found:
		e.matched = with(e.matched, pattern)
	case e.lastWords:
		e.unheard = with(e.unheard, pattern)
	default:
		return
	}
	l.touch(e)
	l.touchNeighbours(e)
}

// with is a new set that has one more.
func with(set map[string]bool, one string) map[string]bool {
	all := map[string]bool{one: true}
	for x := range set {
		all[x] = true
	}
	return all
}
