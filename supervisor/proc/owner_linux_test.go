package proc

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func (r *room) owned(pid int, want TreeID) {
	r.Helper()
	if got, ok := r.host.Owner(pid); !ok || got != want {
		r.Errorf("process %d belongs to %v (%v), want %v", pid, got, ok, want)
	}
}

func TestOwnerOfEveryMember(t *testing.T) {
	inBoth(t, func(r *room) {
		id, p, in := r.start("sh", "-c", `setsid env -i sh -c 'echo $$; exec sleep 1000' & wait`)
		stray := r.number(in)
		other, q, _ := r.start("sleep", "1000")
		r.owned(p.PID, id)
		r.owned(stray, id)
		r.owned(q.PID, other)
		for _, tree := range []TreeID{id, other} {
			r.host.Kill(tree)
			r.exited(tree)
			r.emptied(tree)
		}
		if got, ok := r.host.Owner(stray); ok {
			t.Errorf("what has ended belongs to %v", got)
		}
	})
}

// Who has said its last word is found as long as nobody has reaped it.
func TestOwnerOfAZombie(t *testing.T) {
	inBoth(t, func(r *room) {
		id, _, in := r.start("sh", "-c", `sh -c 'echo $$' & exec sleep 1000`)
		zombie := r.number(in)
		fd, err := unix.PidfdOpen(zombie, 0)
		if err != nil {
			t.Fatal("somebody reaped it")
		}
		defer unix.Close(fd)
		ended := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(ended, int(patience.Milliseconds())); err != nil {
			t.Fatal(err)
		}
		r.owned(zombie, id)
		r.host.Kill(id)
		r.exited(id)
		r.emptied(id)
	})
}

func TestOwnerOfStrangers(t *testing.T) {
	inBoth(t, func(r *room) {
		stranger := exec.Command("sleep", "1000")
		if err := stranger.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = stranger.Process.Kill()
			_ = stranger.Wait()
		}()
		for _, pid := range []int{stranger.Process.Pid, os.Getpid(), 1, 0, -1, 1 << 30} {
			if id, ok := r.host.Owner(pid); ok {
				t.Errorf("%d belongs to %v", pid, id)
			}
		}
	})
}

func TestCgroupOwner(t *testing.T) {
	r := newRoom(t, ContainCgroup)
	id, p, _ := r.start("sleep", "1000")
	var st unix.Stat_t
	if err := unix.Stat(p.Cgroup, &st); err != nil {
		t.Fatal(err)
	}
	if got, ok := r.host.CgroupOwner(st.Ino); !ok || got != id {
		t.Errorf("the cgroup holds %v (%v), want %v", got, ok, id)
	}
	r.host.Kill(id)
	r.exited(id)
	r.emptied(id)
	if got, ok := r.host.CgroupOwner(st.Ino); ok {
		t.Errorf("a cgroup that is gone holds %v", got)
	}
}
