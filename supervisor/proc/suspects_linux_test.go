package proc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// family is a host of which nothing runs: its trees are named by a letter, and
// so are their main processes by a number that begins with 1 for a, 2 for b.
type family struct {
	*Host
	*testing.T
}

func newFamily(t *testing.T) family {
	b := &births{self: 1, lines: map[int]*line{}, room: fewest}
	h := &Host{trees: map[TreeID]*tree{}, mains: map[int]*tree{}, births: b}
	return family{Host: h, T: t}
}

// fork has a thread fork the main process of a tree.
func (f family) fork(name string, pid, thread int, since uint64) *tree {
	tr := &tree{id: TreeID{Unit: name}, process: Process{PID: pid}, thread: thread, since: since}
	f.trees[tr.id], f.mains[pid] = tr, tr
	f.births.born(thread, f.births.self, pid)
	return tr
}

// end reaps a main process; the tree is empty then.
func (f family) end(tr *tree) {
	tr.line = f.births.begun(tr.process.PID)
	delete(f.mains, tr.process.PID)
	delete(f.trees, tr.id)
	tr.line.over = true
}

// of says to which trees a process may belong, and which of them is left alone.
func (f family) of(pid int) string {
	l := f.births.lines[pid]
	if l == nil {
		return "nobody"
	}
	of, _ := f.owners(l)
	var names []string
	for _, tr := range of {
		if tr == nil {
			names = append(names, "others")
			continue
		}
		names = append(names, tr.id.Unit)
	}
	slices.Sort(names)
	text := strings.Join(names, " or ")
	if tr := f.sole(of); tr != nil {
		text += ": " + tr.id.Unit
	}
	return text
}

func (f family) want(says map[int]string) {
	f.Helper()
	for pid, want := range says {
		if got := f.of(pid); got != want {
			f.Errorf("%d is of %q, want %q", pid, got, want)
		}
	}
}

// now is a time after everything that a test has begun.
const now = 1 << 62

// later has what was born until now have been born later than any tree began.
func (f family) later(pids ...int) {
	for _, pid := range pids {
		f.births.lines[pid].by = now
	}
}

// A sibling of main processes, and all that descends from it, is of the tree
// that its thread has forked; where there are more, of what is left of those
// that were there.
func TestASiblingIsOfATreeOfItsThread(t *testing.T) {
	f := newFamily(t)
	f.fork("a", 10, 7, 1)
	b := f.fork("b", 20, 8, 1)
	f.fork("c", 30, 8, 1)
	f.births.born(7, 1, 11)
	f.births.born(11, 11, 12)
	f.births.born(8, 1, 21)
	f.births.born(9, 1, 40)
	f.later(11, 21, 40)
	f.want(map[int]string{10: "a: a", 11: "a: a", 12: "a: a", 20: "b: b", 21: "b or c", 40: "", 99: "nobody"})
	late := f.fork("d", 50, 8, now+1)
	f.want(map[int]string{21: "b or c", 50: "d: d"})
	f.end(b)
	f.want(map[int]string{21: "c: c"})
	f.end(late)
	f.want(map[int]string{21: "c: c", 50: ""})
}

// What was made by one that had lost its parents is of one of their trees.
func TestASiblingOfOrphansIsOfOneOfTheirTrees(t *testing.T) {
	f := newFamily(t)
	a := f.fork("a", 10, 7, 1)
	f.fork("b", 20, 8, 1)
	c := f.fork("c", 30, 9, 1)
	for _, birth := range [][2]int{{10, 11}, {20, 21}, {30, 31}} {
		f.births.born(birth[0], birth[0], birth[1])
	}
	f.births.born(1, 1, 60)
	f.births.place([]int{11, 60})
	f.births.born(1, 1, 61)
	f.births.place([]int{11, 21, 31, 60, 61})
	f.births.born(61, 61, 62)
	f.want(map[int]string{60: "a: a", 61: "a or b or c", 62: "a or b or c"})
	f.end(c)
	f.end(a)
	f.want(map[int]string{60: "", 61: "b: b", 62: "b: b"})
}

// What was there before the kernel told of anything may be anybody's, and so may
// be what it makes: it is nobody's in the end.
func TestWhoMayBeForeignIsNobodys(t *testing.T) {
	f := newFamily(t)
	f.fork("a", 10, 7, 1)
	f.births.born(10, 10, 11)
	f.births.lines[70] = &line{first: 70, foreign: true}
	f.births.born(1, 1, 60)
	f.births.place([]int{11, 60, 70})
	f.want(map[int]string{70: "others", 60: "a or others"})
}

// Of several trees it is of those that it resembles, where it resembles any.
func TestWhomAProcessResembles(t *testing.T) {
	a, b, c := &tree{}, &tree{}, &tree{}
	for _, try := range []struct{ of, like, want []*tree }{
		{[]*tree{a, b}, []*tree{b}, []*tree{b}},
		{[]*tree{a, b, nil}, []*tree{b}, []*tree{b}},
		{[]*tree{a, b, c}, []*tree{b, c}, []*tree{b, c}},
		{[]*tree{a, b}, []*tree{c}, []*tree{a, b}},
		{[]*tree{a, b, nil}, nil, []*tree{a, b, nil}},
	} {
		if got := likely(try.of, try.like); !slices.Equal(got, try.want) {
			t.Errorf("of %v like %v: %v", try.of, try.like, got)
		}
	}
}

// Where the kernel does not tell the layout it says 0 or 1, which is nobody's.
func TestALayoutIsTold(t *testing.T) {
	stat := func(code, stack, heap, args int) []byte {
		fields := make([]string, 52)
		for i := range fields {
			fields[i] = "0"
		}
		fields[0], fields[1] = "12", "(a ) b)"
		for field, n := range map[int]int{26: code, 28: stack, 47: heap, 48: args} {
			fields[field-1] = fmt.Sprint(n)
		}
		return []byte(strings.Join(fields, " "))
	}
	if l, ok := parseLayout(stat(100, 200, 300, 400)); !ok || l != (layout{code: 100, stack: 200, heap: 300, args: 400}) {
		t.Errorf("%+v, %v", l, ok)
	}
	for _, text := range [][]byte{stat(1, 0, 0, 0), stat(100, 200, 0, 400), []byte("12 (a) S 1")} {
		if l, ok := parseLayout(text); ok {
			t.Errorf("%s: %+v", text, l)
		}
	}
}

// penned has one thread fork every tree.
func (r *room) penned() {
	c := r.host.crew
	c.await()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.threads = c.threads[:1]
}

// end kills a tree and waits until it is empty.
func (r *room) end(ids ...TreeID) {
	r.Helper()
	for _, id := range ids {
		r.host.Kill(id)
	}
	for _, id := range ids {
		r.exited(id)
		r.emptied(id)
	}
}

// A sibling that has taken everything off and is another program at once goes
// with its own tree, and no other one, whether the kernel tells of forks or not.
func TestASiblingGoesWithItsOwnTree(t *testing.T) {
	program := runaway(t)
	for _, told := range []bool{true, false} {
		t.Run(fmt.Sprintf("told=%v", told), func(t *testing.T) {
			r := newRoom(t, ContainMarker)
			if !told {
				r.untold()
			}
			before, _, _ := r.start("sleep", "1000")
			id, lost := r.away(program, "unmarked_sibling")
			after, _, _ := r.start("sleep", "1000")
			r.end(before, after)
			if !lost() {
				t.Fatal("it was killed with another tree")
			}
			r.end(id)
			if lost() {
				t.Errorf("%v lives on", executing(program))
			}
		})
	}
}

// Where one thread has forked both trees it goes with the one that ends last,
// with whichever that is, and at once where both do.
func TestASiblingOfTwoGoesWithTheLast(t *testing.T) {
	program := runaway(t)
	for _, order := range []string{"own first", "own last", "both"} {
		t.Run(order, func(t *testing.T) {
			r := newRoom(t, ContainMarker)
			r.penned()
			other, _, _ := r.start("sleep", "1000")
			id, lost := r.away(program, "unmarked_sibling")
			first, last := []TreeID{id}, []TreeID{other}
			switch order {
			case "own last":
				first, last = last, first
			case "both":
				first, last = nil, []TreeID{id, other}
			}
			r.end(first...)
			if !lost() {
				t.Fatal("it was killed while it may have been another tree's")
			}
			r.end(last...)
			if lost() {
				t.Errorf("%v lives on", executing(program))
			}
		})
	}
}

// One that is no other program yet has the layout of whom it is a copy of, and
// goes with that tree though one thread has forked both.
func TestASiblingIsKnownByItsLayout(t *testing.T) {
	program := runaway(t)
	r := newRoom(t, ContainMarker)
	r.penned()
	other, same := r.away(program, "unmarked")
	id, _ := r.away(program, "scrubbed_sibling")
	if l, ok := layoutOf(1 << 30); ok {
		t.Errorf("nobody has the layout %+v", l)
	}
	r.end(other)
	if got := executing(program); len(got) != 2 {
		t.Errorf("%v live, and should be two of the other tree", got)
	}
	next, _ := r.away(program, "unmarked")
	r.end(id)
	if got := executing(program); len(got) != 2 {
		t.Errorf("%v live, and should be two of the last tree", got)
	}
	r.end(next)
	if same() {
		t.Errorf("%v live on", executing(program))
	}
}

// A sibling of one that had lost its parents is of one of the trees that have
// such, as the kernel tells.
func TestASiblingOfAnOrphan(t *testing.T) {
	if err := TellsOfForks(); err != nil {
		t.Skip(err)
	}
	program := runaway(t)
	r := newRoom(t, ContainMarker)
	bystander, _, _ := r.start("sleep", "1000")
	id, _ := r.away(program, "orphan_sibling")
	late, _ := r.away(program, "stealth")
	r.end(late)
	if got := executing(program); len(got) != 3 {
		t.Errorf("%v live, and should be three of the first tree", got)
	}
	r.end(id)
	if got := executing(program); len(got) > 0 {
		t.Errorf("%v live on", got)
	}
	r.end(bystander)
}
