package proc

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// noted is what births make of forks, as parent and child, under process 1, which
// forks with a thread of its own.
func noted(forks ...[2]int) *births {
	b := &births{self: 1, lines: map[int]*line{}, room: fewest}
	for _, f := range forks {
		b.born(f[0]+100, f[0], f[1])
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
	b.born(99, 99, 11)
	if b.lines[11] != nil {
		t.Error("a foreign process is of the line of whom it has the number of")
	}
	b.born(7, 1, 10)
	if b.begun(10) == old || b.lines[12] != old {
		t.Error("the new line is taken for the old one")
	}
}

// What the first thread's children have made may be of any of them that were
// there before, and of none that came later.
func TestWhoMayHaveMadeALine(t *testing.T) {
	b := noted([2]int{1, 10}, [2]int{10, 11}, [2]int{1, 20}, [2]int{20, 21})
	sibling := func(pid int) { b.born(1, 1, pid) }
	sibling(30)
	sibling(31)
	b.place([]int{11, 30, 31, 77})
	sibling(32)
	b.place([]int{11, 21, 30, 31, 32})
	for pid, want := range map[int][]int{30: {10}, 31: {10}, 32: {10, 20}} {
		var got []int
		for _, m := range b.lines[pid].makers {
			got = append(got, m.first)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d was made by one of the lines of %v, want %v", pid, got, want)
		}
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
	l := b.trace(os.Getpid())
	for i := range 2 * fewest {
		b.lines[nobody+i] = l
	}
	if lost := b.catchUp(); lost || len(b.lines) != 1 || b.lines[os.Getpid()] != l {
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
		if of := h.suspects(stranger{pid: pid}); len(of) != 1 || of[0].id != id {
			t.Errorf("%d is of %v, want %v", pid, of, id)
		}
	}
	h.Kill(id)
	r.exited(id)
	r.emptied(id)
}

// More may be forked at once than the kernel keeps: that is survived and said
// once, and what is forked from then on is known again.
func TestMoreIsForkedThanTheKernelKeeps(t *testing.T) {
	if err := TellsOfForks(); err != nil {
		t.Skip(err)
	}
	program := runaway(t)
	r := newRoom(t, ContainMarker)
	h := r.host
	var said strings.Builder
	h.mu.Lock()
	h.o.Log = slog.New(slog.NewTextHandler(&said, nil))
	h.mu.Unlock()
	keep := func(bytes int) {
		if err := unix.SetsockoptInt(h.births.forks.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes); err != nil {
			t.Fatal(err)
		}
	}
	// The kernel keeps no less than some 2 KiB (SOCK_MIN_RCVBUF).
	keep(1)
	cue := filepath.Join(t.TempDir(), "cue")
	if err := syscall.Mkfifo(cue, 0o600); err != nil {
		t.Fatal(err)
	}
	id, p, in := r.start("sh", "-c", `sleep 1000 & while read x <"$0"; do for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do (:); done; echo; done`, cue)
	for range 3 {
		h.mu.Lock()
		h.catchUp()
		before := h.births.misses
		if err := os.WriteFile(cue, []byte("go\n"), 0); err != nil {
			t.Error(err)
		}
		r.line(in)
		h.catchUp()
		if h.births.misses == before {
			t.Error("the kernel has kept what was forked")
		}
		h.mu.Unlock()
	}
	keep(backlog)
	for _, pid := range append(childrenOf(p.PID), p.PID) {
		if of := h.suspects(stranger{pid: pid}); len(of) != 1 || of[0].id != id {
			t.Errorf("%d is of %v, want %v", pid, of, id)
		}
	}
	away, lost := r.away(program, "stealth")
	r.end(away)
	if lost() {
		t.Errorf("%v lives on", executing(program))
	}
	r.end(id)
	if got := strings.Count(said.String(), "more was forked at once"); got != 1 {
		t.Errorf("it was said %d times:\n%s", got, said.String())
	}
}
