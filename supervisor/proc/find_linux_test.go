package proc

import (
	"testing"
	"time"
)

// A tree is found by the hold that was given for it before it was started: its
// main process, and how many live. One that was never started is not there.
func TestFoundByItsHold(t *testing.T) {
	inBoth(t, func(r *room) {
		hold, never := r.host.Hold(""), r.host.Hold("")
		if hold == never {
			t.Fatal("two trees have one hold")
		}
		id, p, in := r.startHeld(hold.Mark, "/bin/sh", "-c", "sleep 1000 & setsid sleep 1000 & echo $!; wait")
		r.line(in)
		found := r.host.Find([]Hold{never, hold})
		if found[0].Members != 0 || found[0].Main.PID != 0 {
			t.Errorf("what was never started is %+v", found[0])
		}
		f := found[1]
		if f.Main.PID != p.PID || f.Main.StartTicks == 0 || f.Main.Mark != p.Mark || f.Main.Cgroup != p.Cgroup || f.Members != 3 {
			t.Errorf("found %+v, want %+v and 3 members", f, p)
		}
		r.host.Kill(id)
		r.exited(id)
		r.emptied(id)
	})
}

// What outlived its main process can be taken over by the next supervisor: it
// is counted, killed, and told when it is gone.
func TestTheRestIsAdopted(t *testing.T) {
	inBoth(t, func(r *room) {
		id, p, in := r.start("/bin/sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo started")
		r.line(in)
		if e := r.exited(id); len(e.Leftover) != 1 {
			t.Fatalf("left over: %v", e.Leftover)
		}
		// The table forgets it, as a new host's would not have it.
		r.host.mu.Lock()
		delete(r.host.trees, id)
		r.host.mu.Unlock()
		if n := r.host.AdoptRest(id, p); n != 1 {
			t.Fatalf("%d processes are adopted", n)
		}
		r.host.Kill(id)
		r.emptied(id)
		if n := r.host.AdoptRest(id, p); n != 0 {
			t.Errorf("%d processes are left", n)
		}
	})
}

// How a process ends is recorded before it is reaped.
func TestRecordedBeforeItIsReaped(t *testing.T) {
	r := newRoom(t, ContainMarker)
	recorded := make(chan bool, 1)
	r.host.mu.Lock()
	r.host.o.Record = func(_ TreeID, p Process, s Status, _ time.Time) {
		st, err := readStat(p.PID)
		recorded <- err == nil && st.dead() && s == Status{Known: true, Code: 9}
	}
	r.host.mu.Unlock()
	id, _, _ := r.start("/bin/sh", "-c", "exit 9")
	r.exited(id)
	if !<-recorded {
		t.Error("it was reaped first, or the status is wrong")
	}
}
