package board

import (
	"slices"
	"strings"
	"time"

	"systemg/ipc"
)

// Edge goes from a unit to one it depends on, both by ID.
type Edge struct {
	From, To           string
	Condition          string
	Cascade, Satisfied bool
}

// Event is one entry of the journal, cleaned.
type Event = ipc.Event

// eventsKept is how many events are kept: what a person scrolls through.
const eventsKept = 5000

// Board is the state of the system as far as it is known.
type Board struct {
	// Units are in the order of their dependencies.
	Units []*Unit
	// Edges are nil until somebody asked for the graph.
	Edges []Edge
	// Topology and Changes: see the package comment.
	Topology, Changes uint64
	// Events are the newest of the journal, the newest last.
	Events     []Event
	Supervisor ipc.Supervisor
	Problems   []string
	// Several is whether units are of more than one project.
	Several bool
	Link    Link
	// Past is when the board was like this; zero is now.
	Past time.Time

	byID    map[string]int
	figures map[string]*Figures
	history ring
}

// New is a board that knows nothing.
func New() *Board {
	return &Board{byID: map[string]int{}, figures: map[string]*Figures{}}
}

// Begin takes a snapshot; what is not in it is gone.
func (b *Board) Begin(r ipc.SubscribeResult) {
	before := b.Units
	b.Units = make([]*Unit, 0, len(r.Units))
	for _, u := range r.Units {
		b.Units = append(b.Units, newUnit(u))
	}
	b.Supervisor = r.Supervisor
	b.Supervisor.Version = words(r.Supervisor.Version)
	b.setProblems(r.Problems)
	b.index()
	if !slices.EqualFunc(before, b.Units, sameArcs) {
		b.Topology++
	}
	for id := range b.figures {
		if _, ok := b.byID[id]; !ok {
			delete(b.figures, id)
		}
	}
	b.Changes++
}

// Apply takes what changed.
func (b *Board) Apply(d ipc.Delta) {
	moved := false
	for _, raw := range d.Units {
		u := newUnit(raw)
		if i, ok := b.byID[u.ID]; ok {
			moved = moved || !sameArcs(b.Units[i], u)
			u.share(b.Units[i])
			b.Units[i] = u
			continue
		}
		b.byID[u.ID] = len(b.Units)
		b.Units = append(b.Units, u)
		moved = true
	}
	if len(d.Removed) > 0 {
		gone := map[string]bool{}
		for _, id := range d.Removed {
			gone[words(id)] = true
			delete(b.figures, words(id))
		}
		b.Units = slices.DeleteFunc(slices.Clone(b.Units), func(u *Unit) bool { return gone[u.ID] })
		moved = true
	}
	if moved {
		b.index()
		b.Topology++
	}
	b.setProblems(d.Problems)
	b.Changes++
}

// share has equal texts held once: figures come every second, reasons seldom
// change.
func (u *Unit) share(old *Unit) {
	if u.Reason == old.Reason {
		u.Reason = old.Reason
	}
	u.ID, u.Project, u.Name = old.ID, old.Project, old.Name
}

// sameArcs is whether two units are at the same place in the graph.
func sameArcs(a, b *Unit) bool {
	return a.ID == b.ID && a.Parent == b.Parent && slices.Equal(a.Depends, b.Depends)
}

func (b *Board) setProblems(list []string) {
	b.Problems = nil
	for _, p := range list {
		b.Problems = append(b.Problems, words(p))
	}
}

func (b *Board) index() {
	clear(b.byID)
	b.Several = false
	for i, u := range b.Units {
		b.byID[u.ID] = i
		b.Several = b.Several || u.Project != b.Units[0].Project
	}
}

// Know takes the graph.
func (b *Board) Know(g ipc.GraphResult) {
	edges := make([]Edge, 0, len(g.Edges))
	for _, e := range g.Edges {
		edges = append(edges, Edge{
			From: words(e.From), To: words(e.To), Condition: words(e.Condition), Cascade: e.Cascade, Satisfied: e.Satisfied,
		})
	}
	same := slices.EqualFunc(b.Edges, edges, func(x, y Edge) bool { return x.From == y.From && x.To == y.To })
	if !same || b.Edges == nil {
		b.Topology++
	}
	b.Edges = edges
	b.Changes++
}

// Tell takes events, oldest first; those that are known are left out.
func (b *Board) Tell(list []ipc.Event) {
	for _, e := range list {
		if n := len(b.Events); n > 0 && e.Seq <= b.Events[n-1].Seq {
			continue
		}
		for _, s := range []*string{&e.Type, &e.Project, &e.Unit, &e.From, &e.To, &e.Reason, &e.By} {
			*s = words(*s)
		}
		if e.Exit != nil {
			x := *e.Exit
			x.Signal, x.Text = words(x.Signal), words(x.Text)
			e.Exit = &x
		}
		b.Events = append(b.Events, e)
	}
	if over := len(b.Events) - eventsKept; over > eventsKept/4 {
		b.Events = append([]Event(nil), b.Events[over:]...)
	}
	b.Changes++
}

// SetLink takes how the connection is.
func (b *Board) SetLink(l Link) {
	b.Link = l
	b.Changes++
}

// Unit is the unit of an ID, nil for none.
func (b *Board) Unit(id string) *Unit {
	if i, ok := b.byID[id]; ok && i < len(b.Units) {
		return b.Units[i]
	}
	return nil
}

// Find is the unit a person means by a name: an ID, or a name that is unique.
// It is nil where there is none or more than one.
func (b *Board) Find(name string) *Unit {
	if u := b.Unit(name); u != nil {
		return u
	}
	var found *Unit
	for _, u := range b.Units {
		if u.Name == name {
			if found != nil {
				return nil
			}
			found = u
		}
	}
	return found
}

// NameOf is what a unit is called: with its project where there are several.
func (b *Board) NameOf(u *Unit) string {
	if b.Several || u.Name == "" {
		return u.ID
	}
	return u.Name
}

// Name is the same for an ID, also of a unit that is gone.
func (b *Board) Name(id string) string {
	if u := b.Unit(id); u != nil {
		return b.NameOf(u)
	}
	if _, name, ok := strings.Cut(id, "/"); ok && !b.Several {
		return name
	}
	return id
}

// Dependents are the units that hang on one, also through others, nearest
// first.
func (b *Board) Dependents(id string) []*Unit {
	seen := map[string]bool{id: true}
	var all []*Unit
	for layer := []string{id}; len(layer) > 0; {
		var next []string
		for _, below := range layer {
			for _, u := range b.directly(below) {
				if !seen[u.ID] {
					seen[u.ID] = true
					all = append(all, u)
					next = append(next, u.ID)
				}
			}
		}
		layer = next
	}
	return all
}

// directly are the units that name one as a dependency.
func (b *Board) directly(id string) []*Unit {
	var list []*Unit
	if b.Edges != nil {
		for _, e := range b.Edges {
			if u := b.Unit(e.From); e.To == id && u != nil {
				list = append(list, u)
			}
		}
		return list
	}
	target := b.Unit(id)
	for _, u := range b.Units {
		if target != nil && u.waitsFor(target) {
			list = append(list, u)
		}
	}
	return list
}

// Count is how many units have a look.
type Count struct {
	Look string
	N    int
}

// Tally counts the looks, the gravest first.
func (b *Board) Tally() []Count {
	counts := map[string]int{}
	for _, u := range b.Units {
		counts[u.Look]++
	}
	var list []Count
	for _, look := range looks {
		if n := counts[look]; n > 0 {
			list = append(list, Count{Look: look, N: n})
		}
	}
	return list
}

// Usage is what all units use together: percent of one core, and bytes.
func (b *Board) Usage() (cpu float64, memory uint64) {
	for _, u := range b.Units {
		if u.PID > 0 {
			cpu += u.CPUPercent
			memory += u.MemoryBytes
		}
	}
	return cpu, memory
}
