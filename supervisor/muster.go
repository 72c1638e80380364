package supervisor

import (
	"fmt"
	"slices"
	"strings"

	"systemg/config"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// unremembered is the reason of a unit that was found at work.
const unremembered = "found running; what was known of it is lost"

// Muster completes a state of which something was lost with what was found
// alive, so that nothing is started beside what runs already. It gives what is
// worth telling, too.
//
// Such a unit has no definition but its command line, until a manifest that
// names it is started (loop.recognize). Of several runs the newest is kept.
// The others, and commands that nobody waits for any more, are ended like all
// that an earlier supervisor leaves to nobody.
func Muster(state store.State, past Past, found []proc.Survivor) (store.State, Past, []string) {
	m := muster{state: state, past: past, known: map[proc.Hold]bool{}, at: map[string]int{}, alive: map[string]bool{}}
	m.state.Units = slices.Clone(state.Units)
	m.learn(found)
	// The newest run of a unit first.
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b proc.Survivor) int { return int(b.Tree.Run) - int(a.Tree.Run) })
	for _, s := range found {
		if m.known[holdOf(s.Process)] {
			m.define(s)
		} else {
			m.place(s)
		}
	}
	return m.state, m.past, m.said
}

// muster is one under way.
type muster struct {
	state store.State
	past  Past
	said  []string
	// known are the holds that the state and the diary have, at says where
	// a unit is in the state, alive which have a run that lives.
	known map[proc.Hold]bool
	at    map[string]int
	alive map[string]bool
}

// holdOf is by what a process is held.
func holdOf(p proc.Process) proc.Hold {
	if p.Cgroup != "" {
		return proc.Hold{Cgroup: p.Cgroup}
	}
	return proc.Hold{Mark: p.Mark}
}

// learn notes what is known, and which units live by that.
func (m *muster) learn(found []proc.Survivor) {
	living := map[proc.Hold]bool{}
	for _, s := range found {
		living[holdOf(s.Process)] = true
	}
	note := func(mark uint64, cgroup string) (lives bool) {
		for _, h := range []proc.Hold{{Mark: mark}, {Cgroup: cgroup}} {
			if h != (proc.Hold{}) {
				m.known[h] = true
				lives = lives || living[h]
			}
		}
		return lives
	}
	for i, u := range m.state.Units {
		id := u.Project + "/" + u.Name
		m.at[id] = i
		m.alive[id] = note(u.Mark, u.Cgroup)
		for _, b := range u.Beside {
			note(b.Mark, b.Cgroup)
		}
		for _, c := range u.Trees {
			lives := note(c.Mark, c.Cgroup)
			m.alive[id] = m.alive[id] || lives
		}
	}
	for _, c := range m.past.Commands {
		note(c.Mark, c.Cgroup)
	}
}

// define gives a unit that is known without its definition, which the diary has
// only where it changes, that of what runs.
func (m *muster) define(s proc.Survivor) {
	i, ok := m.at[s.Tree.Unit]
	if !ok || s.Step != "" || m.state.Units[i].Definition != nil {
		return
	}
	u := &m.state.Units[i]
	def := config.Adhoc(u.Project, u.Name, s.Argv, s.Dir)
	u.Definition, u.Adhoc, u.Found = encodeDefinition(&def), true, true
	m.say("process %d (%s) is run "+fmt.Sprint(u.Run)+" of "+s.Tree.Unit+", of which nothing else is known", s)
}

// place finds out what a survivor is.
func (m *muster) place(s proc.Survivor) {
	id := s.Tree.Unit
	project, name, ok := strings.Cut(id, "/")
	switch {
	case !ok:
		m.say("process %d (%s) is of a unit, and does not tell of which: it is left alone", s)
	case s.Step != "":
		m.strand(s, id+":"+s.Step)
		m.say("process %d (%s) was the "+s.Step+" of "+id+"; nobody waits for it any more: it is ended", s)
	case m.alive[id]:
		m.strand(s, id)
		m.say("process %d (%s) was another run of "+id+": it is ended", s)
	default:
		m.alive[id] = true
		i, known := m.at[id]
		if !known {
			i = len(m.state.Units)
			m.at[id] = i
			m.state.Units = append(m.state.Units, stranger(project, name, s))
		}
		m.state.Units[i] = reclaimed(m.state.Units[i], s)
		m.say("process %d (%s) is run "+fmt.Sprint(s.Tree.Run)+" of "+id+": it is taken back", s)
	}
}

// strand makes a survivor one of the trees that were ordered and belong to
// nobody.
func (m *muster) strand(s proc.Survivor, tree string) {
	m.past.Commands = append(m.past.Commands, store.Command{
		Tree: tree, Run: s.Tree.Run, Hold: store.Hold(holdOf(s.Process)),
	})
}

func (m *muster) say(format string, s proc.Survivor) {
	m.said = append(m.said, fmt.Sprintf(format, s.Process.PID, strings.Join(s.Argv, " ")))
}

// stranger is a unit of which nothing is known but what runs.
func stranger(project, name string, s proc.Survivor) store.UnitState {
	def := config.Adhoc(project, name, s.Argv, s.Dir)
	return store.UnitState{
		Project: project, Name: name, Kind: string(def.Kind), Definition: encodeDefinition(&def), Adhoc: true, Found: true,
	}
}

// reclaimed is a unit in the run that was found.
func reclaimed(u store.UnitState, s proc.Survivor) store.UnitState {
	p := s.Process
	u.Desired, u.State, u.Reason, u.Since = string(unit.Up), string(unit.Running), unremembered, s.Started
	u.Run, u.Runs = s.Tree.Run, max(u.Runs, s.Tree.Run)
	u.PID, u.StartTicks, u.Handle = p.PID, p.StartTicks, p.Handle
	u.Mark, u.Cgroup, u.Containment, u.StartedAt = p.Mark, p.Cgroup, p.Containment, s.Started
	u.Ready, u.Health, u.Then, u.Step, u.Fault = true, "", "", "", ""
	u.Exited, u.Removed, u.Orphaned, u.Trees, u.Rollout = false, false, false, nil, ""
	return u
}

// recognize gives a unit that was found at work the definition of a manifest
// that names it. It is taken to be what runs: nobody knows better.
func (l *loop) recognize(e *entry, def *config.Unit) {
	e.found, e.adhoc = false, false
	l.redefine(e, def)
	if e.u.Policy.Health {
		e.u.Health = unit.Waiting
	}
	l.attend(e, &e.instance)
	l.listen(e)
	l.touch(e)
}
