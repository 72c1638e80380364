package supervisor

import (
	"time"

	"systemg/config"
	"systemg/supervisor/graph"
	"systemg/supervisor/proc"
	"systemg/supervisor/unit"
)

// wish is an operator's order that waits for dependents to end first.
type wish int

const (
	noWish wish = iota
	wishStop
	wishRestart
)

// entry is what the loop knows about one unit.
type entry struct {
	def *config.Unit
	// place orders units as they were declared.
	place int
	u     unit.Unit

	wish       wish
	wishReason string
	// adhoc units came from a command line; orphans are named by no
	// manifest; removed ones become orphans when nothing of them lives.
	adhoc, orphan, removed bool
	expires                time.Time
	// base is an ad-hoc unit's own base environment.
	base []string

	trees     map[proc.TreeID]*tree
	process   proc.Process
	startedAt time.Time
	ends      int

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

func newEntry(def *config.Unit, place int, stability time.Duration) *entry {
	return &entry{
		def:   def,
		place: place,
		u:     unit.New(policy(def, stability), time.Now()),
		trees: map[proc.TreeID]*tree{},
	}
}

// treeID names the tree of a run or of one of its steps.
func treeID(def *config.Unit, step unit.StepKind, run uint64) proc.TreeID {
	name := def.ID()
	if step != unit.NoStep {
		name += ":" + string(step)
	}
	return proc.TreeID{Unit: name, Run: run}
}

// node is the unit's part of the graph.
func (e *entry) node() graph.Node {
	n := graph.Node{ID: e.def.ID()}
	for _, d := range e.def.Depends {
		n.Needs = append(n.Needs, graph.Edge{
			Unit:      e.def.Project + "/" + d.Unit,
			Condition: d.Condition,
			Cascade:   d.Cascade,
		})
	}
	return n
}

func (e *entry) fact() graph.Fact {
	return graph.Fact{Unit: e.u, Leaving: e.wish != noWish || e.removed}
}

// look is the entry as readers see it.
func (e *entry) look() *View {
	v := &View{
		ID: e.def.ID(), Hash: Hash(e.def.ID()), Def: e.def, Unit: e.u,
		Ends: e.ends, Leaving: e.wish != noWish || e.removed,
		Adhoc: e.adhoc, Orphaned: e.orphan, Expires: e.expires,
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
func policy(def *config.Unit, stability time.Duration) unit.Policy {
	return unit.Policy{
		Oneshot:        def.Kind == config.Oneshot,
		Restart:        string(def.Restart),
		Initial:        def.Backoff.Initial,
		Factor:         def.Backoff.Factor,
		Max:            def.Backoff.Max,
		Jitter:         def.Backoff.Jitter,
		MaxRestarts:    def.MaxRestarts,
		RestartReset:   def.RestartReset,
		Stability:      stability,
		StopTimeout:    def.Stop.Timeout,
		SkipAlways:     def.Skip.Always,
		HasSkip:        def.Skip.Command != "",
		HasPreStart:    def.Deployment.PreStart != "",
		HasStopCommand: def.Stop.Command != "",
		Refuse:         refusal(def),
	}
}

// refusal is why this version cannot start the unit, or empty. A key that
// cannot be carried out is never ignored.
func refusal(def *config.Unit) string {
	if len(def.Unbuilt) == 0 {
		return ""
	}
	keys := ""
	for i, k := range def.Unbuilt {
		if i > 0 {
			keys += ", "
		}
		keys += k.Key
	}
	return "refused: this version cannot carry out " + keys
}
