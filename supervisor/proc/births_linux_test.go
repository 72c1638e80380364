package proc

import (
	"os"
	"testing"
)

// noted is what births make of forks, as parent and child, under process 1.
func noted(forks ...[2]int) *births {
	b := &births{self: 1, lines: map[int]*line{}, room: fewest}
	for _, f := range forks {
		b.born(f[0], f[1])
	}
	return b
}

// Whatever a child begins is of its line, and what somebody else on the machine
// forks is of none.
func TestALineIsAChildWithItsDescendants(t *testing.T) {
	b := noted([2]int{1, 10}, [2]int{10, 11}, [2]int{1, 20}, [2]int{11, 12}, [2]int{20, 21}, [2]int{99, 30})
	for pid, first := range map[int]int{10: 10, 11: 10, 12: 10, 20: 20, 21: 20} {
		if l := b.lines[pid]; l == nil || l.first != first {
			t.Errorf("%d is of %v, want the line of %d", pid, l, first)
		}
	}
	if l := b.lines[30]; l != nil {
		t.Errorf("30 is of the line of %d", l.first)
	}
	if b.begun(10) == nil || b.begun(11) != nil || b.begun(30) != nil {
		t.Error("10 alone of these has begun a line")
	}
}

// A number that is given again is another process, of another line or of none.
func TestANumberThatIsGivenAgain(t *testing.T) {
	b := noted([2]int{1, 10}, [2]int{10, 11}, [2]int{10, 12})
	old := b.lines[10]
	b.born(99, 11)
	if b.lines[11] != nil {
		t.Error("a foreign process is of the line of whom it has the number of")
	}
	b.born(1, 10)
	if b.begun(10) == old || b.lines[12] != old {
		t.Error("the new line is taken for the old one")
	}
}

// The dead are forgotten when there are many, and the living are not.
func TestTheDeadAreForgotten(t *testing.T) {
	const nobody = 1 << 23 // above any number (PID_MAX_LIMIT)
	b, err := newBirths()
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = b.forks.close() }()
	l := b.begin(os.Getpid(), kin{})
	for i := range 2 * fewest {
		b.lines[nobody+i] = l
	}
	if _, lost := b.catchUp(); lost || len(b.lines) != 1 || b.lines[os.Getpid()] != l {
		t.Errorf("lost %v, %d are known", lost, len(b.lines))
	}
}

// Who has taken off everything that says whose it is is known all the same, by
// those that let it go and by those that take it over: nothing is left when the
// tree is empty, and another tree keeps what it has.
func TestTheKernelTellsWhoseItIs(t *testing.T) {
	if err := TellsOfForks(); err != nil {
		t.Skip(err)
	}
	program := runaway(t)
	inBoth(t, func(r *room) {
		id, _ := r.away(program, "stealth")
		other, _ := r.away(program, "stealth")
		if got := len(executing(program)); got != 4 {
			t.Fatalf("%d processes are away with their parents, want 4", got)
		}
		r.host.Kill(id)
		r.exited(id)
		r.emptied(id)
		if got := executing(program); len(got) != 2 {
			r.Errorf("%v live, and should be the two of the other tree", got)
		}
		r.host.Kill(other)
		r.exited(other)
		r.emptied(other)
		if got := executing(program); len(got) > 0 {
			r.Errorf("%v live on", got)
		}
	})
}

// When the kernel has told more than could be kept, what is known begins anew
// with the main processes that live, and what they have that is not lost.
func TestForksThatWereMissed(t *testing.T) {
	if err := TellsOfForks(); err != nil {
		t.Skip(err)
	}
	r := newRoom(t, ContainMarker)
	id, p, in := r.start("sh", "-c", "sleep 1000 & echo $!; exec sleep 1000")
	child := r.number(in)
	h := r.host
	h.mu.Lock()
	h.catchUp()
	clear(h.births.lines)
	h.trace(h.mains[p.PID])
	h.mu.Unlock()
	for _, pid := range []int{p.PID, child} {
		if tr := h.bearer(pid); tr == nil || tr.id != id {
			t.Errorf("%d is of %v, want %v", pid, tr, id)
		}
	}
	h.Kill(id)
	r.exited(id)
	r.emptied(id)
}
