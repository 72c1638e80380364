package supervisor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"systemg/config"
	"systemg/supervisor/proc"
	"systemg/supervisor/unit"
)

// Dynamic children are ad-hoc units that a unit started through the
// supervisor. A child belongs to one run of its parent: when that run ends, or
// is about to, the child is stopped, and its own children before it. A parent
// that is to be stopped waits for its children as it does for dependents, and
// its next run waits until those of the run before are gone. The limits are
// those of the root: the unit of a manifest from which the generations come.

// keepFinished is how many children that have ended a parent keeps in status,
// with their logs; the oldest are forgotten when another one is spawned.
const keepFinished = 10

// SpawnReason says in one stable word why a child was refused.
type SpawnReason string

// The reasons.
const (
	SpawnOutside     SpawnReason = "outside"
	SpawnOther       SpawnReason = "other_unit"
	SpawnNotAllowed  SpawnReason = "no_spawn"
	SpawnStopping    SpawnReason = "parent_stopping"
	SpawnChildren    SpawnReason = "children"
	SpawnDepth       SpawnReason = "depth"
	SpawnDescendants SpawnReason = "descendants"
)

// SpawnError says why a child was refused, and what to do.
type SpawnError struct {
	Reason SpawnReason
	// Parent is the unit's ID, empty where there is none.
	Parent    string
	Text, Try string
}

func (e *SpawnError) Error() string { return e.Text }

// Child is a unit that another one asks for.
type Child struct {
	// Tree is the process tree that it was asked for from.
	Tree proc.TreeID
	Name string
	Exec []string
	Dir  string
	// TTL is its time to live; 0 means as long as its parent's run.
	TTL time.Duration
}

// Spawn starts a child of the unit to which the tree belongs. It starts from
// the parent's environment and belongs to its project. The error is a
// *SpawnError, or a *TakenError where the name is another unit's.
func (s *Supervisor) Spawn(ctx context.Context, c Child) (Baseline, error) {
	return begin(ctx, s, func(l *loop) (Baseline, error) {
		if l.closing {
			return Baseline{}, ErrClosing
		}
		parent, run, err := l.spawner(c.Tree)
		if err != nil {
			return Baseline{}, err
		}
		if err := l.withinLimits(parent); err != nil {
			return Baseline{}, err
		}
		def := config.Adhoc(parent.def.Project, c.Name, c.Exec, c.Dir)
		def.Env = parent.at(run).def.Env
		def.Logs = parent.def.Logs
		// It can do no more than whoever asked for it.
		def.Privileges = parent.at(run).def.Privileges
		e, err := l.addAdhoc(&def, nil)
		if err != nil {
			return Baseline{}, err
		}
		l.relate(e, parent.def.ID(), run)
		if c.TTL > 0 {
			e.expires = time.Now().Add(c.TTL)
			l.deadlines.add(e.expires, def.ID())
		}
		b := l.startAll([]*entry{e}, true)
		b.Forgotten = l.forgetFinished(parent)
		return b, nil
	})
}

// spawner is the unit that owns the tree, and the run of it.
func (l *loop) spawner(id proc.TreeID) (*entry, uint64, error) {
	name, _ := splitTree(id)
	e, ok := l.entries[name]
	var t *tree
	if ok {
		t = e.trees[id]
	}
	if t == nil {
		return nil, 0, &SpawnError{
			Reason: SpawnOutside, Parent: name,
			Text: fmt.Sprintf("the process belongs to a command beside %s, not to a run of it", name), Try: "spawn from the unit's command itself",
		}
	}
	in := e.at(t.run)
	if l.root(e).def.Spawn == nil {
		return nil, 0, &SpawnError{
			Reason: SpawnNotAllowed, Parent: name,
			Text: fmt.Sprintf("%s may not start children", e.def.Name),
			Try:  fmt.Sprintf("add spawn: {mode: dynamic} to %s in its manifest, and restart it", l.root(e).def.Name),
		}
	}
	if in == nil || e.parting(in) || l.ofEndedRun(e) {
		return nil, 0, &SpawnError{
			Reason: SpawnStopping, Parent: name,
			Text: fmt.Sprintf("%s is being stopped, and starts no children any more", e.def.Name),
		}
	}
	return e, t.run, nil
}

// withinLimits checks the root's limits for one more child of the parent.
func (l *loop) withinLimits(parent *entry) error {
	root, depth := parent, 1
	for e := parent; e.parent != ""; depth++ {
		e = l.entries[e.parent]
		root = e
	}
	limits := root.def.Spawn
	refuse := func(why SpawnReason, format string, args ...any) *SpawnError {
		return &SpawnError{
			Reason: why, Parent: parent.def.ID(), Text: fmt.Sprintf(format, args...),
			Try: fmt.Sprintf("raise spawn.limits.%s of %s, or wait until a child has ended", why, root.def.Name),
		}
	}
	if n := l.living(parent, false); n >= limits.Children {
		return refuse(SpawnChildren, "%s has %d children, and may have %d", parent.def.Name, n, limits.Children)
	}
	if depth > limits.Depth {
		e := refuse(SpawnDepth, "%s would start generation %d below %s, and there may be %d", parent.def.Name, depth, root.def.Name, limits.Depth)
		e.Try = fmt.Sprintf("raise spawn.limits.depth of %s", root.def.Name)
		return e
	}
	if n := l.living(root, true); n >= limits.Descendants {
		return refuse(SpawnDescendants, "%s has %d descendants, and may have %d", root.def.Name, n, limits.Descendants)
	}
	return nil
}

// root is the unit from which the generations come: the entry itself where it
// is nobody's child.
func (l *loop) root(e *entry) *entry {
	for e.parent != "" {
		up, ok := l.entries[e.parent]
		if !ok {
			return e
		}
		e = up
	}
	return e
}

// living counts the children, or all descendants, that have not ended.
func (l *loop) living(e *entry, all bool) int {
	n := 0
	for _, c := range l.childrenOf(e) {
		if !c.over() {
			n++
		}
		if all {
			n += l.living(c, true)
		}
	}
	return n
}

// over is whether the unit has ended and does not come back by itself.
func (e *entry) over() bool {
	if e.alive() {
		return false
	}
	switch e.u.State {
	case unit.Stopped, unit.Completed, unit.Failed, unit.Skipped:
		return true
	case unit.Pending, unit.Blocked, unit.Starting, unit.Running, unit.Backoff, unit.Stopping, unit.Scheduled:
		return false
	}
	return false
}

// relate makes a unit the child of a run.
func (l *loop) relate(e *entry, parent string, run uint64) {
	e.parent, e.parentRun = parent, run
	id := e.def.ID()
	if !slices.Contains(l.children[parent], id) {
		l.children[parent] = append(l.children[parent], id)
	}
	l.touch(e)
}

// unrelate ends that relation.
func (l *loop) unrelate(e *entry) {
	if e.parent == "" {
		return
	}
	id := e.def.ID()
	list := slices.DeleteFunc(slices.Clone(l.children[e.parent]), func(c string) bool { return c == id })
	if l.children[e.parent] = list; len(list) == 0 {
		delete(l.children, e.parent)
	}
	e.parent, e.parentRun = "", 0
}

// childrenOf are the unit's children, the oldest first.
func (l *loop) childrenOf(e *entry) []*entry {
	var list []*entry
	for _, id := range l.children[e.def.ID()] {
		if c, ok := l.entries[id]; ok {
			list = append(list, c)
		}
	}
	return list
}

// parting is whether the instance is about to end, or has.
func (e *entry) parting(in *instance) bool {
	return !in.u.Alive() || in.u.Exited || in.u.State == unit.Stopping || in == &e.instance && e.leaving()
}

// ofEndedRun is whether the unit is a child of a run that ends or has ended.
func (l *loop) ofEndedRun(e *entry) bool {
	if e.parent == "" {
		return false
	}
	p, ok := l.entries[e.parent]
	if !ok {
		return true
	}
	in := p.at(e.parentRun)
	return in == nil || p.parting(in)
}

// tend stops the children of the unit's runs that end.
func (l *loop) tend(e *entry) {
	for _, c := range slices.Backward(l.childrenOf(e)) {
		l.endWithParent(c)
	}
}

// endWithParent stops a child whose parent's run ends.
func (l *loop) endWithParent(c *entry) {
	if c.over() || c.wish == wishStop || !l.ofEndedRun(c) {
		return
	}
	if c.u.State == unit.Stopping && c.u.Desired == unit.Down && c.wish == noWish {
		return
	}
	l.want(c, wishStop, "ends with its parent "+strings.TrimPrefix(c.parent, c.def.Project+"/"))
}

// heldByChildren is whether children have to end before the unit does: all of
// them, the newest first.
func (l *loop) heldByChildren(e *entry) bool {
	for _, c := range l.childrenOf(e) {
		if c.alive() {
			return true
		}
	}
	return false
}

// heldBySiblings is whether a child that is to end with its parent waits for
// one that was started after it.
func (l *loop) heldBySiblings(e *entry) bool {
	p, ok := l.entries[e.parent]
	if !ok || !e.alive() || !l.ofEndedRun(e) {
		return false
	}
	list := l.childrenOf(p)
	for _, c := range list[slices.Index(list, e)+1:] {
		if c.parentRun == e.parentRun && c.alive() {
			return true
		}
	}
	return false
}

// killChildren kills what the unit has started, the last generation first.
func (l *loop) killChildren(e *entry, reason string) {
	for _, c := range slices.Backward(l.childrenOf(e)) {
		if !c.over() {
			l.want(c, noWish, "")
			l.kill(c, reason)
		}
	}
}

// touchFamily has a unit's parent and siblings looked at, which may wait for
// its end.
func (l *loop) touchFamily(e *entry) {
	if e.parent == "" {
		return
	}
	l.dirty = append(l.dirty, e.parent)
	l.dirty = append(l.dirty, l.children[e.parent]...)
}

// forgetFinished forgets the oldest of a parent's children that have ended,
// beyond those that are kept, and names them.
func (l *loop) forgetFinished(parent *entry) []string {
	var done []*entry
	for _, c := range l.childrenOf(parent) {
		if c.over() && l.living(c, true) == 0 {
			done = append(done, c)
		}
	}
	if len(done) <= keepFinished {
		return nil
	}
	slices.SortStableFunc(done, func(a, b *entry) int { return a.u.Since.Compare(b.u.Since) })
	var old []*entry
	for _, c := range done[:len(done)-keepFinished] {
		old = append(old, l.family(c)...)
	}
	forgotten, _ := l.forget(old)
	return forgotten
}

// family is the unit after all of its descendants.
func (l *loop) family(e *entry) []*entry {
	var list []*entry
	for _, c := range l.childrenOf(e) {
		list = append(list, l.family(c)...)
	}
	return append(list, e)
}

// passing is whether the unit is no part of "every unit" for a start or a
// restart: a child goes with its parent, and a command that has ended is not
// run again unless it is named.
func (e *entry) passing() bool { return e.parent != "" || e.adhoc && e.over() }
