package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// dependencies reads depends_on as it stands: names are resolved later.
func (d *decoder) dependencies(o object, unit string) []Dependency {
	n := o.get("depends_on")
	if n == nil {
		return nil
	}
	var list []Dependency
	named := map[string]bool{}
	add := func(dep Dependency) {
		switch {
		case dep.Unit == unit:
			d.errorf(dep.Pos, utf8.RuneCountInString(dep.Unit), "take it away", "service %s depends on itself", unit)
		case named[dep.Unit]:
			d.errorf(dep.Pos, utf8.RuneCountInString(dep.Unit), "keep one of them", "service %s names %s twice in depends_on", unit, dep.Unit)
		default:
			named[dep.Unit] = true
			list = append(list, dep)
		}
	}
	switch n.kind {
	case scalarNode, listNode:
		items := n.items
		if n.kind == scalarNode {
			items = []*node{n}
		}
		for i, item := range items {
			if item.kind == nullNode && !item.bad {
				d.wrong(item, fmt.Sprintf("entry %d of depends_on is empty", i+1), "write the name of a unit")
				continue
			}
			if name, ok := d.text(item, "depends_on"); ok {
				add(Dependency{Unit: name, Condition: CondReady, Cascade: true, Pos: item.pos})
			}
		}
	case mapNode:
		for _, p := range n.pairs {
			add(d.dependency(p))
		}
	case nullNode:
	}
	return list
}

func (d *decoder) dependency(p pair) Dependency {
	dep := Dependency{Unit: p.key, Condition: CondReady, Cascade: true, Pos: p.pos}
	if p.value.kind == scalarNode && slices.Contains(find(dependencyKeys, "condition").enum, p.value.value) {
		d.wrong(p.value, fmt.Sprintf("depends_on %s has to be a map, not a value", p.key), fmt.Sprintf("write {condition: %s}", p.value.value))
		return dep
	}
	o := d.object(p.value, "depends_on "+p.key, dependencyKeys)
	if o.has("condition") {
		dep.Condition = Condition(o.word("condition", string(CondReady)))
	}
	dep.Cascade = o.boolean("cascade", true)
	dep.Log = o.filled("log")
	switch {
	case dep.Condition == CondLog && !o.given("log"):
		d.errorf(p.pos, len(p.key), "add log: REGEX", "condition: log needs a regular expression")
	case dep.Condition != CondLog && dep.Log != "":
		d.errorf(o.pos("log"), len("log"), "add condition: log", "log belongs to condition: log")
	}
	if _, err := regexp.Compile(dep.Log); err != nil {
		d.wrong(o.get("log"), fmt.Sprintf("log is no regular expression: %v", err), regexpHint)
	}
	return dep
}

// resolve replaces the names of dependencies by the units they stand for, and
// finds circles.
func (d *decoder) resolve(plan *Plan) {
	for i := range plan.Projects {
		p := &plan.Projects[i]
		d.collisions(p)
		index := indexOf(p.Units)
		// Replicas of a unit depend on the same, and share the list.
		lists := map[string][]Dependency{}
		for j := range p.Units {
			u := &p.Units[j]
			list, known := lists[u.Base]
			if !known {
				list = d.edges(p, index, u)
				lists[u.Base] = list
			}
			u.Depends = list
		}
		d.circles(p)
	}
}

// edges are the dependencies of a unit, each on one unit.
func (d *decoder) edges(p *Project, index map[string][]int, u *Unit) []Dependency {
	var list []Dependency
	named := map[string]bool{}
	for _, dep := range u.Depends {
		for _, one := range d.targets(p, index, u, dep) {
			if named[one.Unit] {
				d.errorf(dep.Pos, utf8.RuneCountInString(dep.Unit), "keep the name without a number, or the numbers", "service %s names %s twice in depends_on", u.Base, one.Unit)
				continue
			}
			named[one.Unit] = true
			list = append(list, one)
		}
	}
	return list
}

// collisions notes units of one name: web.1, and web with replicas.
func (d *decoder) collisions(p *Project) {
	seen := map[string]Position{}
	for _, u := range p.Units {
		if before, twice := seen[u.Name]; twice {
			d.errorf(u.Pos, len(u.Base), fmt.Sprintf("the other is in line %d", before.Line), "there are two units %q: a replica and one of that name", u.Name)
		}
		seen[u.Name] = u.Pos
	}
}

// indexOf finds the units a name stands for: its own, or the replicas of a
// base.
func indexOf(units []Unit) map[string][]int {
	index := map[string][]int{}
	for i, u := range units {
		index[u.Base] = append(index[u.Base], i)
		if u.Name != u.Base {
			index[u.Name] = append(index[u.Name], i)
		}
	}
	return index
}

func (d *decoder) targets(p *Project, index map[string][]int, u *Unit, dep Dependency) []Dependency {
	found := index[dep.Unit]
	if len(found) == 0 {
		d.unknownDependency(p, u, dep)
		return nil
	}
	list := make([]Dependency, 0, len(found))
	for _, i := range found {
		target := &p.Units[i]
		if target.Replica <= 1 || len(found) == 1 {
			d.checkCondition(u, target, dep)
		}
		one := dep
		one.Unit = target.Name
		list = append(list, one)
	}
	return list
}

// maxSuggestions is among how many units a name that is meant is looked for.
const maxSuggestions = 2000

func (d *decoder) unknownDependency(p *Project, u *Unit, dep Dependency) {
	var known []string
	// To compare it with thousands, or for what is not told, is of no use.
	if len(p.Units) <= maxSuggestions && d.counts[SeverityError] < maxFindings {
		for _, other := range p.Units {
			if other.Base != u.Base && other.Replica <= 1 {
				known = append(known, other.Base)
			}
		}
	}
	hint := "the other units are " + strings.Join(known, ", ")
	if len(known) == 0 || len(known) > 20 {
		hint = "write the name of another unit of the project"
	}
	if near := nearest(dep.Unit, known); near != "" {
		hint = fmt.Sprintf("did you mean `%s`?", near)
	}
	d.errorf(dep.Pos, utf8.RuneCountInString(dep.Unit), hint, "service %s depends on %q, which does not exist", u.Base, dep.Unit)
}

// checkCondition notes conditions that cannot come true.
func (d *decoder) checkCondition(u, target *Unit, dep Dependency) {
	span := utf8.RuneCountInString(dep.Unit)
	d.checkLogged(u, target, dep)
	switch {
	case target.Kind == CronJob:
		d.errorf(dep.Pos, span, "depend on what the job needs, or make it a oneshot", "service %s depends on %s, which is a cron job and never up", u.Base, dep.Unit)
	case dep.Condition == CondHealthy && target.Health == nil:
		d.errorf(dep.Pos, span, "add a health_check to it, or use condition: started", "service %s waits until %s is healthy, which has no health_check", u.Base, dep.Unit)
	case dep.Condition == CondCompleted && target.Restart == RestartAlways:
		d.note(SeverityWarning, dep.Pos, span, "use condition: started, or another restart_policy there", "service %s waits until %s has completed, which is always restarted", u.Base, dep.Unit)
	}
}

// circles notes each circle of dependencies once. Replicas of a unit depend
// on the same, so that the units are looked at as the manifest has them.
func (d *decoder) circles(p *Project) {
	const (
		open = iota + 1
		done
	)
	base, unit := map[string]string{}, map[string]*Unit{}
	for i := range p.Units {
		u := &p.Units[i]
		base[u.Name] = u.Base
		if unit[u.Base] == nil {
			unit[u.Base] = u
		}
	}
	state := map[string]int{}
	var path []string
	var visit func(name string)
	visit = func(name string) {
		state[name] = open
		path = append(path, name)
		seen := map[string]bool{}
		for _, dep := range unit[name].Depends {
			on := base[dep.Unit]
			if seen[on] {
				continue
			}
			seen[on] = true
			switch state[on] {
			case open:
				d.circle(path[slices.Index(path, on):], on, dep.Pos)
			case done:
			default:
				visit(on)
			}
		}
		path = path[:len(path)-1]
		state[name] = done
	}
	for _, u := range p.Units {
		if state[u.Base] == 0 {
			visit(u.Base)
		}
	}
}

func (d *decoder) circle(members []string, last string, at Position) {
	names := append(slices.Clone(members), last)
	d.errorf(at, utf8.RuneCountInString(last), "take one of these dependencies away", "units depend on each other in a cycle: %s", circle(names))
}
