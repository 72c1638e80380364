package supervisor

import (
	"container/heap"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"systemg/supervisor/graph"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
)

// saveInterval is how long changes are gathered before the state is built
// and handed to the saver: building and writing it costs about seven
// milliseconds for 1000 units, and a burst of starts changes thousands of
// things. Each unit adds saveUnit.
const (
	saveInterval = 100 * time.Millisecond
	saveUnit     = 1500 * time.Microsecond
)

// saveAt is when what is not saved yet is to be, none for nothing.
func (l *loop) saveAt() time.Time {
	if l.unsaved.IsZero() {
		return time.Time{}
	}
	return l.unsaved.Add(saveInterval + time.Duration(len(l.entries))*saveUnit)
}

// unsave takes note of a change that is to be saved.
func (l *loop) unsave() {
	if l.unsaved.IsZero() {
		l.unsaved = time.Now()
	}
}

// batch is how many messages are handled before their consequences are
// settled and published.
const batch = 256

// burst is how many deadlines, and how many runs of jobs, are handled before
// that: each is a record or two in the journal.
const burst = 64

// loop is the state that one goroutine owns.
type loop struct {
	s *Supervisor
	o Options

	entries  map[string]*entry
	projects map[string]Project
	// children are the IDs of the units that each unit spawned.
	children map[string][]string
	graph    *graph.Graph
	problems map[string]string
	closing  bool

	// asides are the commands that belong to no run.
	asides   map[proc.TreeID]*aside
	asideSeq uint64

	// owners are those whose wish for sockets may have changed, listening
	// those who have some.
	owners, listening map[string]bool

	// changed are the units whose views are out of date; dirty those whose
	// place in the graph has to be looked at.
	changed map[string]bool
	dirty   []string
	effects []pending
	// acts are what is to be done once the diary tells of it, entriesDue
	// what it is to be told beside changes of units.
	acts       []act
	entriesDue []store.Entry
	// operations are those that clients have named, operationsDue those that the
	// diary does not have yet.
	operations    map[string]*operation
	operationsDue []store.Operation
	// change is the number of the last entry about a unit, known are the
	// units that the diary has, notedProjects the projects as it has them.
	change        uint64
	known         map[string]bool
	notedProjects map[string]Project
	// diaryAt is when a diary that lacks something is to be written anew.
	diaryAt time.Time
	// replies are answers that wait for the next snapshot.
	replies []func()

	deadlines deadlines
	// pages are the histories of jobs whose units are not known yet; ready
	// are the jobs whose next run may begin, its record being on disk.
	pages map[string]page
	ready []string
	// unsaved is when the first change was made that is not saved yet, none
	// for no such change.
	unsaved time.Time
	seq     uint64
	// restarts counts the units that wait for a restart, batch the
	// operations that wished for some.
	restarts, batch int
	// place counts the units that were ever declared, to keep their order.
	place int
	stale bool
}

func newLoop(s *Supervisor, o Options) *loop {
	if o.Stability == 0 {
		o.Stability = 250 * time.Millisecond
	}
	if o.Launchers == 0 {
		o.Launchers = 8
	}
	if o.Spread == nil {
		o.Spread = func() float64 { return 2*rand.Float64() - 1 }
	}
	return &loop{
		s: s, o: o,
		entries:    map[string]*entry{},
		asides:     map[proc.TreeID]*aside{},
		projects:   map[string]Project{},
		children:   map[string][]string{},
		graph:      graph.New(nil),
		problems:   map[string]string{},
		changed:    map[string]bool{},
		known:      map[string]bool{},
		operations: map[string]*operation{},
		pages:      pagesOf(o.History),
		stale:      true,
		owners:     map[string]bool{}, listening: map[string]bool{},
	}
}

// run handles messages and deadlines until ctx ends.
func (l *loop) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	defer l.release()
	began := time.Now()
	for {
		l.finish()
		l.timed(time.Since(began))
		timer.Reset(l.untilNext())
		select {
		case <-ctx.Done():
			return
		case m := <-l.s.inbox:
			began = time.Now()
			m(l)
			l.drain()
		case <-timer.C:
			began = time.Now()
		}
		l.expire(time.Now())
		l.tidy()
		l.fireReady()
	}
}

// release ends every watch, for nobody hears of them any more.
func (l *loop) release() {
	for _, e := range l.entries {
		for _, in := range e.instances() {
			if in.vigil != nil {
				in.vigil.stop()
			}
		}
		if e.listening != nil {
			e.listening()
		}
		if e.watching != nil {
			e.watching.stop()
		}
	}
}

// slowStep is how long a step of the loop may take before the log tells.
const slowStep = 50 * time.Millisecond

// timed takes note of how long a step took: everybody waits meanwhile.
func (l *loop) timed(d time.Duration) {
	if d > time.Duration(l.s.longest.Load()) {
		l.s.longest.Store(int64(d))
		l.o.Log.Debug("the longest step so far", "took", d)
	}
	if d > slowStep {
		l.o.Log.Warn("a step of the loop was slow", "took", d)
	}
}

// drain handles what else is in the inbox, up to a batch.
func (l *loop) drain() {
	for range batch {
		select {
		case m := <-l.s.inbox:
			m(l)
		default:
			return
		}
	}
}

// finish brings the consequences of a batch about: wishes propagate, then
// effects are carried out, then everybody may see the result.
func (l *loop) finish() {
	l.decide()
	l.doDecided()
	l.publish()
	for _, reply := range l.replies {
		reply()
	}
	l.replies = nil
	now := time.Now()
	if at := l.saveAt(); !at.IsZero() && !now.Before(at) {
		l.persist()
	}
}

// decide has wishes propagate, and says what is to be done.
func (l *loop) decide() {
	l.settle()
	l.keepSockets()
	l.execute()
}

// advance does what is decided so far, in the middle of something long. What
// nothing is done to, and the operation, is written down, and everything
// published, when it is over: only something that may be begun twice advances.
func (l *loop) advance() {
	l.decide()
	l.doActs(l.noteFirst(), false)
}

// untilNext is how long the loop may sleep.
func (l *loop) untilNext() time.Duration {
	if len(l.ready) > 0 || l.stale {
		return 0
	}
	next := earlier(l.saveAt(), l.diaryAt)
	if at, ok := l.deadlines.first(); ok {
		next = earlier(next, at)
	}
	if next.IsZero() {
		return time.Hour
	}
	return max(time.Until(next), 0)
}

// earlier is the earlier of two times, either of which may be none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// touch marks a unit as changed: its view, and what depends on it.
func (l *loop) touch(e *entry) {
	l.changed[e.def.ID()] = true
	l.touchSockets(e)
	l.dirty = append(l.dirty, e.def.ID())
	l.unsave()
}

// reshape rebuilds the graph after units came, went or changed their edges.
func (l *loop) reshape() {
	nodes := make([]graph.Node, 0, len(l.entries))
	for _, e := range l.sorted() {
		if !e.orphan {
			nodes = append(nodes, nodeOf(e.def))
		}
	}
	l.graph = graph.New(nodes)
	l.stale = true
}

// sorted is every entry in the order units were declared.
func (l *loop) sorted() []*entry {
	all := slices.Collect(maps.Values(l.entries))
	slices.SortFunc(all, func(a, b *entry) int { return a.place - b.place })
	return all
}

// publish makes a new snapshot of what changed.
func (l *loop) publish() {
	if len(l.changed) == 0 && !l.stale {
		return
	}
	for id := range l.changed {
		if e, ok := l.entries[id]; ok {
			e.view = e.look()
		}
	}
	old := l.s.board.current.Load()
	next := &Snapshot{Seq: l.seq + 1, Graph: l.graph, Closing: l.closing, Problems: l.problemList()}
	if l.stale || old == nil {
		l.layout(next)
	} else {
		next.Projects, next.places = old.Projects, old.places
		next.Units = slices.Clone(old.Units)
		for id := range l.changed {
			if at, ok := next.places[id]; ok {
				next.Units[at] = l.entries[id].view
			}
		}
	}
	clear(l.changed)
	l.seq++
	l.stale = false
	l.s.board.publish(next)
}

// layout gives the units of a snapshot their places: dependency order,
// orphans last.
func (l *loop) layout(next *Snapshot) {
	next.Projects = maps.Clone(l.projects)
	ids := slices.Clone(l.graph.Order())
	for _, e := range l.sorted() {
		if e.orphan {
			ids = append(ids, e.def.ID())
		}
	}
	next.places = make(map[string]int, len(ids))
	for i, id := range ids {
		e := l.entries[id]
		if e.view == nil {
			e.view = e.look()
		}
		next.Units = append(next.Units, e.view)
		next.places[id] = i
	}
}

func (l *loop) problemList() []string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(l.problems)) {
		list = append(list, l.problems[key])
	}
	return list
}

// setProblem notes what the supervisor suffers from, or that it is over.
func (l *loop) setProblem(key, text string) {
	if l.problems[key] == text {
		return
	}
	event := store.Event{Type: "problem", Reason: text}
	if text == "" {
		event.Reason = "over: " + l.problems[key]
		delete(l.problems, key)
	} else {
		l.problems[key] = text
	}
	l.o.Journal.Append(event)
	l.stale = true
}

// deadlines is a heap of when units want to be looked at. An item whose unit
// has another deadline by now is out of date and ignored.
type deadlines []deadline

type deadline struct {
	at time.Time
	id string
}

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].at.Before(d[j].at) }
func (d deadlines) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }

// Push and Pop are heap.Interface's.
func (d *deadlines) Push(x any) { *d = append(*d, x.(deadline)) }

// Pop is heap.Interface's.
func (d *deadlines) Pop() any {
	old := *d
	last := old[len(old)-1]
	*d = old[:len(old)-1]
	return last
}

func (d deadlines) first() (time.Time, bool) {
	if len(d) == 0 {
		return time.Time{}, false
	}
	return d[0].at, true
}

func (d *deadlines) add(at time.Time, id string) { heap.Push(d, deadline{at: at, id: id}) }

// tidy forgets the items that are out of date once they are many: what changes
// its deadline often leaves one behind each time.
func (l *loop) tidy() {
	if len(l.deadlines) < 64+8*len(l.entries) {
		return
	}
	l.deadlines = nil
	for id, e := range l.entries {
		times := []time.Time{e.expires}
		for _, in := range e.instances() {
			times = append(times, in.u.Deadline)
		}
		if e.roll != nil {
			times = append(times, e.roll.r.Deadline)
		}
		if e.clock != nil {
			times = append(times, e.clock.timer)
		}
		for _, at := range times {
			if !at.IsZero() {
				l.deadlines.add(at, id)
			}
		}
	}
}

// due takes the next item whose time has come.
func (d *deadlines) due(now time.Time) (deadline, bool) {
	if len(*d) == 0 || now.Before((*d)[0].at) {
		return deadline{}, false
	}
	return heap.Pop(d).(deadline), true
}
