package supervisor

import (
	"hash/maphash"
	"maps"
	"slices"
	"syscall"
	"time"

	"systemg/supervisor/failpoint"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// Diary keeps what happened since the state was last saved, in a file that
// outlives the supervisor but not the machine. *store.Diary is the real one.
type Diary interface {
	Write(...store.Entry) error
	// Turn begins a new file and gives its number, Forget removes those that
	// the state of that number makes superfluous, Size is how much there is.
	Turn() uint64
	Forget(uint64)
	Size() int64
}

// diaryMost is how many bytes the diary may have, where the state cannot be
// saved, before it is written anew.
const diaryMost = 16 << 20

// diaryRetry is how long after a line that could not be written the diary is
// tried again.
const diaryRetry = time.Second

// What the loop does to the world, it does later: it decides, writes down what
// it has decided, and only then starts and signals. Whoever comes after a
// sudden death therefore knows of everything that may have been done, and finds
// what was started by the hold that was written down for it.

// act is something to be done, once the diary has the unit that it is about.
type act struct {
	unit string
	do   func()
}

// stride is how many things are done after one look at the diary: the first of
// a thousand processes need not wait for the line of the last.
const stride = 64

// later has something done about a unit once that is in the diary. Where it is
// about none, what it is about is in entriesDue.
func (l *loop) later(unit string, do func()) { l.acts = append(l.acts, act{unit, do}) }

// doDecided writes down what changed and does what was decided, in the order in
// which it was; the units that nothing is done to are written first.
func (l *loop) doDecided() {
	list := l.noteRest()
	atOnce := len(l.operationsDue) > 0 && l.o.Diary != nil
	if atOnce {
		// Nothing of an operation is done before all that it decided is known.
		for _, a := range l.acts {
			list = l.noteChanged(list, a.unit)
		}
		list = l.noteOperations(list)
	}
	l.operationsDue = nil
	l.doActs(list, atOnce)
}

// doActs does what was decided, each thing after the line about its unit, unless
// that was noted already.
func (l *loop) doActs(list []store.Entry, noted bool) {
	for some := range slices.Chunk(l.acts, stride) {
		for _, a := range some {
			if !noted {
				list = l.noteChanged(list, a.unit)
			}
		}
		failpoint.Here(failpoint.Decided)
		l.writeDiary(list)
		failpoint.Here(failpoint.Noted)
		list = nil
		for _, a := range some {
			a.do()
		}
	}
	l.writeDiary(list)
	clear(l.acts)
	l.acts = l.acts[:0]
}

// noteFirst is what the diary is to have before any unit.
func (l *loop) noteFirst() []store.Entry {
	list := l.entriesDue
	l.entriesDue = nil
	if l.o.Diary == nil {
		return nil
	}
	l.amendDiary(time.Now())
	if l.stale {
		list = l.noteShape(list)
	}
	return list
}

// noteRest is what the diary is to have beside the units that something is done
// to.
func (l *loop) noteRest() []store.Entry {
	list := l.noteFirst()
	if l.o.Diary == nil {
		return nil
	}
	about := make(map[string]bool, len(l.acts))
	for _, a := range l.acts {
		about[a.unit] = true
	}
	for id := range l.changed {
		if !about[id] {
			list = l.noteChanged(list, id)
		}
	}
	return list
}

// noteChanged adds a unit where it changed.
func (l *loop) noteChanged(list []store.Entry, id string) []store.Entry {
	if e, ok := l.entries[id]; ok && l.changed[id] && l.o.Diary != nil {
		return l.noteUnit(list, e)
	}
	return list
}

// writeDiary writes, and has everything written anew a while after what could
// not be: until then those who come after would not know of all that was done.
func (l *loop) writeDiary(list []store.Entry) {
	if len(list) == 0 {
		return
	}
	err := l.o.Diary.Write(list...)
	if err == nil {
		if l.diaryAt.IsZero() {
			l.setProblem("diary", "")
		}
		return
	}
	l.diaryAt = time.Now().Add(diaryRetry)
	l.setProblem("diary", "what happens in the next moment may be done twice if the supervisor dies: "+err.Error())
}

// amendDiary writes everything down where the diary lacks something.
func (l *loop) amendDiary(now time.Time) {
	if l.diaryAt.IsZero() || now.Before(l.diaryAt) {
		return
	}
	l.diaryAt = time.Time{}
	l.writeDiary(l.everything())
}

// everything is all that is known of projects and units, for a diary that is to
// have it without what it had before.
func (l *loop) everything() []store.Entry {
	l.notedProjects = nil
	list := l.noteShape(nil)
	for _, e := range l.entries {
		e.notedDef = nil
		list = l.noteUnit(list, e)
	}
	l.operationsDue = l.operationList()
	return l.noteOperations(list)
}

// noteUnit adds a unit that is not as it was noted last. Its definition is
// noted when it is another one.
func (l *loop) noteUnit(list []store.Entry, e *entry) []store.Entry {
	s := e.state()
	if e.notedDef == e.def && e.notedGood == len(e.good) {
		s.Definition, s.Good = nil, nil
	}
	text, err := store.Spell(s)
	if err != nil {
		return list
	}
	sum := maphash.Bytes(diarySeed, text)
	if s.Definition == nil && sum == e.noted {
		return list
	}
	e.noted, e.notedDef, e.notedGood = sum, e.def, len(e.good)
	l.known[e.def.ID()] = true
	l.change++
	return append(list, store.Entry{Change: l.change, Unit: &s, Spelled: text})
}

var diarySeed = maphash.MakeSeed()

// noteShape adds projects that changed, and what is gone.
func (l *loop) noteShape(list []store.Entry) []store.Entry {
	add := func(e store.Entry) {
		l.change++
		e.Change = l.change
		list = append(list, e)
	}
	for id, p := range l.projects {
		if old, ok := l.notedProjects[id]; !ok || !sameProject(old, p) {
			add(store.Entry{ID: id, Project: &store.Project{Manifest: p.Manifest, Env: p.Env, Digest: p.Digest}})
		}
	}
	for id := range l.notedProjects {
		if _, ok := l.projects[id]; !ok {
			add(store.Entry{ID: id})
		}
	}
	l.notedProjects = maps.Clone(l.projects)
	for id := range l.known {
		if _, ok := l.entries[id]; !ok {
			delete(l.known, id)
			add(store.Entry{Gone: id})
		}
	}
	return list
}

// sameProject is whether two are the same; an environment is never changed in
// place.
func sameProject(a, b Project) bool {
	return a.Manifest == b.Manifest && a.Digest == b.Digest && len(a.Env) == len(b.Env) &&
		(len(a.Env) == 0 || &a.Env[0] == &b.Env[0])
}

// turnDiary begins a file of the diary with the commands that run, which no
// state has, and gives its number. Where the state could not be saved for long
// everything goes into that file.
func (l *loop) turnDiary() uint64 {
	if l.o.Diary == nil {
		return 0
	}
	number := l.o.Diary.Turn()
	var list []store.Entry
	for id, a := range l.asides {
		list = append(list, store.Entry{Beside: a.command(id)})
	}
	if l.o.Diary.Size() > diaryMost {
		l.writeDiary(append(list, l.everything()...))
		l.o.Diary.Forget(number + 1)
		return number
	}
	l.writeDiary(list)
	return number
}

// command is an aside as the diary has it.
func (a *aside) command(id proc.TreeID) *store.Command {
	return &store.Command{
		Tree: id.Unit, Run: id.Run, Hold: store.Hold(a.hold), Stays: a.patient, Until: a.until,
	}
}

// ordered are the trees of the unit that were ordered and about which nothing
// else is known yet.
func (e *entry) ordered() []store.Command {
	var list []store.Command
	for id, t := range e.trees {
		if t.step == unit.NoStep && t.started || t.hold == (proc.Hold{}) {
			continue
		}
		list = append(list, store.Command{Tree: id.Unit, Run: id.Run, Hold: store.Hold(t.hold)})
	}
	return list
}

// EndedOf is the end of a process as the diary has it.
func EndedOf(id proc.TreeID, p proc.Process, s proc.Status, at time.Time) store.Ended {
	return store.Ended{
		Tree: id.Unit, Run: id.Run, PID: p.PID, StartTicks: p.StartTicks,
		Code: s.Code, Signal: int(s.Signal), Core: s.Core, Time: at,
	}
}

// statusOf is the opposite.
func statusOf(e store.Ended) proc.Status {
	return proc.Status{Known: true, Code: e.Code, Signal: syscall.Signal(e.Signal), Core: e.Core}
}

// encodeBase is an environment as it is kept, nil for one that is another's.
func encodeBase(e *entry) store.Env {
	if !e.adhoc || e.parent != "" {
		return nil
	}
	return e.base
}
