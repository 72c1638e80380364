package supervisor

import (
	"context"
	"slices"
	"time"

	"systemg/config"
	"systemg/supervisor/graph"
	"systemg/supervisor/health"
	"systemg/supervisor/hooks"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// wish is an operator's order that waits for dependents to end first.
type wish int

const (
	noWish wish = iota
	wishStop
	wishRestart
)

// instance is one process of a unit, its machine, and what it runs.
type instance struct {
	def       *config.Unit
	u         unit.Unit
	process   proc.Process
	startedAt time.Time
	// vigil is the watch over it, nil for none; tally is what was found.
	vigil *vigil
	tally *health.Tally
	// slot is where a blue-green instance stands; empty for others.
	slot string
	// thread is what hooks have to remember of it.
	thread hooks.Thread
}

// entry is what the loop knows about one unit. The embedded instance is the
// unit's; a rollout has a second one beside it.
type entry struct {
	instance
	// place orders units as they were declared.
	place int

	wish       wish
	wishReason string
	// batch is the operation that wished for the newest restart, and
	// batchRollouts how many rollouts had ended then.
	batch, batchRollouts int
	// next is the definition that a restart which is wished for takes over.
	next *config.Unit
	// roll is the rollout under way, nil for none. Before its promotion
	// candidate is the new instance, after it old is the former one.
	roll           *rollout
	candidate, old *instance
	// rollouts counts the attempts to replace the instance that have
	// ended, last is how the newest of them did.
	rollouts int
	last     *Rolled
	// tries is how often the rollout was begun again.
	tries int
	// held are the occasions that wait for the end of what was replaced.
	held []hooks.Occasion
	// owed are webhooks that the outbox may not have yet, oldest first.
	owed []store.Delivery
	// watching is the watch over the unit's files, nil for none.
	watching *watching
	// good are earlier definitions that were ready once, oldest first;
	// proven is whether the present one was.
	good   []*config.Unit
	proven bool
	// adhoc units came from a command line; orphans are named by no
	// manifest; removed ones become orphans when nothing of them lives.
	adhoc, orphan, removed bool
	// found units have no definition but their command line.
	found   bool
	expires time.Time
	// base is an ad-hoc unit's own base environment.
	base []string
	// parent is the ID of the unit that spawned this one in its run
	// parentRun; empty for units that nobody spawned.
	parent    string
	parentRun uint64

	trees map[proc.TreeID]*tree
	ends  int
	// matched are the regular expressions that the present run's output
	// has matched; a new map with each match.
	matched map[string]bool
	// unheard are those that it has not matched to its end.
	unheard map[string]bool
	// clock is what starts a cron job; nil for other units.
	clock *clockwork
	// listening ends the watches over the output of run listenRun.
	listening context.CancelFunc
	listenRun uint64
	// lastWords is whether that run has ended.
	lastWords bool

	// noted is a sum of what the diary has of the unit, with its definition
	// notedDef and that many good ones; leash is the process it ends with.
	noted     uint64
	notedDef  *config.Unit
	notedGood int
	leash     Leash

	view *View
	// encoded is encodedFrom, which is def or an older one, as JSON.
	encoded     []byte
	encodedFrom *config.Unit
}

// tree is one process tree of the unit, from the order to start it until
// nothing of it is left.
type tree struct {
	step    unit.StepKind
	run     uint64
	hold    proc.Hold
	started bool
	// due is the signal that has to be sent as soon as the tree exists.
	due order
	// early are process events that came before the launcher's answer.
	early []proc.Event
	exit  unit.Exit
}

// order is what has to be done to a tree.
type order int

const (
	noOrder order = iota
	orderAsk
	orderKill
)

func newEntry(def *config.Unit, place int, o *Options) *entry {
	return &entry{
		instance: instance{def: def, u: unit.New(policy(def, o), time.Now()), slot: firstSlot(def, "")},
		place:    place,
		trees:    map[proc.TreeID]*tree{},
	}
}

// instances are the unit's own instance and what a rollout put beside it.
func (e *entry) instances() []*instance {
	list := []*instance{&e.instance}
	for _, in := range []*instance{e.candidate, e.old} {
		if in != nil {
			list = append(list, in)
		}
	}
	return list
}

// at is the instance in that run, nil for none.
func (e *entry) at(run uint64) *instance {
	for _, in := range e.instances() {
		if in.u.Run == run {
			return in
		}
	}
	return nil
}

// alive is whether anything of any instance may live.
func (e *entry) alive() bool {
	for _, in := range e.instances() {
		if in.u.Alive() {
			return true
		}
	}
	return false
}

// accompanied is whether another instance than this one may live.
func (e *entry) accompanied(in *instance) bool {
	for _, other := range e.instances() {
		if other != in && other.u.Alive() {
			return true
		}
	}
	return false
}

// treeID names the tree of a run or of one of its steps.
func treeID(def *config.Unit, step unit.StepKind, run uint64) proc.TreeID {
	name := def.ID()
	if step != unit.NoStep {
		name += ":" + string(step)
	}
	return proc.TreeID{Unit: name, Run: run}
}

// nodeOf is a unit's part of the graph.
func nodeOf(def *config.Unit) graph.Node {
	n := graph.Node{ID: def.ID()}
	for _, d := range def.Depends {
		n.Needs = append(n.Needs, edgeOf(def, d))
	}
	return n
}

func edgeOf(def *config.Unit, d config.Dependency) graph.Edge {
	return graph.Edge{
		Unit: def.Project + "/" + d.Unit, Condition: d.Condition, Log: d.Log, Cascade: d.Cascade,
	}
}

// leaving is whether the unit's instance is about to end without another one
// in its place.
func (e *entry) leaving() bool { return e.removed || e.wish != noWish && !e.rollable() }

// heard is whether the output of the present or last run is listened to.
func (e *entry) heard() bool { return e.listening != nil && e.listenRun == e.u.Run }

func (e *entry) fact() graph.Fact {
	return graph.Fact{Unit: e.u, Leaving: e.leaving(), Matched: e.matched, Unheard: e.unheard, Heard: e.heard()}
}

// look is the entry as readers see it.
func (e *entry) look() *View {
	v := &View{
		Rollout: e.rollout(), Rolling: e.roll != nil, Rollouts: e.rollouts, Last: e.last, Slot: e.slot, Beside: e.beside(), Tally: e.tally,
		ID: e.def.ID(), Hash: Hash(e.def.ID()), Def: e.def, Unit: e.u,
		Ends: e.ends, Leaving: e.leaving(), Matched: e.matched, Unheard: e.unheard, Heard: e.heard(),
		Good:  slices.Clone(e.good),
		Adhoc: e.adhoc, Found: e.found, Orphaned: e.orphan, Removed: e.removed, Expires: e.expires, Parent: e.parent, Leash: e.leash,
	}
	if e.clock != nil {
		v.NextRun, v.History = e.nextRun(), e.clock.page.runs
	}
	if e.u.Main {
		v.Process, v.StartedAt = e.process, e.startedAt
	}
	if e.u.Exited {
		v.Process.PID = 0
	}
	return v
}

// policy is what the machine has to know of a definition.
func policy(def *config.Unit, o *Options) unit.Policy {
	return unit.Policy{
		Oneshot:        def.Kind == config.Oneshot,
		Cron:           def.Kind == config.CronJob,
		Health:         def.Health != nil,
		HealthTimeout:  healthTimeout(def.Health),
		Restarts:       def.Health != nil && def.Health.Liveness == "restart",
		Restart:        string(def.Restart),
		Initial:        def.Backoff.Initial,
		Factor:         def.Backoff.Factor,
		Max:            def.Backoff.Max,
		Jitter:         def.Backoff.Jitter,
		MaxRestarts:    def.MaxRestarts,
		RestartReset:   def.RestartReset,
		Stability:      o.Stability,
		StopTimeout:    def.Stop.Timeout,
		SkipAlways:     def.Skip.Always,
		HasSkip:        def.Skip.Command != "",
		HasPreStart:    def.Deployment.PreStart != "",
		HasStopCommand: def.Stop.Command != "",
		Refuse:         refusal(def, o.Facts),
	}
}

func healthTimeout(check *config.HealthCheck) time.Duration {
	if check == nil {
		return 0
	}
	return max(check.Timeout, check.StartPeriod)
}

// refusal is why this supervisor, on this machine and as this user, can never
// start the unit, or empty. A key that cannot be carried out is never ignored.
func refusal(def *config.Unit, f privilege.Facts) string {
	if err := privilege.Refused(&def.Privileges, f); err != nil {
		return "refused: " + err.Error()
	}
	return ""
}
