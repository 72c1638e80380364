package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"systemg/config"
	"systemg/supervisor/unit"
)

func spawns(children, depth, descendants int) func(*config.Unit) {
	return func(u *config.Unit) {
		u.Spawn = &config.Spawn{Mode: "dynamic", Children: children, Depth: depth, Descendants: descendants}
	}
}

// spawn has the parent's main process ask for a child.
func (r *room) spawn(parent, name string, ttl time.Duration) error {
	r.Helper()
	_, err := r.sup.Spawn(context.Background(), Child{
		Tree: TreeOf(r.view(parent)), Name: name, Exec: []string{name}, Dir: "/", TTL: ttl,
	})
	r.pass(time.Second)
	return err
}

func (r *room) spawned(parent string, names ...string) {
	r.Helper()
	for _, n := range names {
		if err := r.spawn(parent, n, 0); err != nil {
			r.Fatal(err)
		}
		r.expect(n, "running")
	}
}

func (r *room) refused(err error, want SpawnReason) {
	r.Helper()
	var e *SpawnError
	if !errors.As(err, &e) || e.Reason != want {
		r.Errorf("got %v, want a refusal for %s", err, want)
	}
}

func TestSpawnKeepsToTheLimits(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("boss", spawns(2, 2, 3)), service("other"))
		r.refused(r.spawn("other", "x", 0), SpawnNotAllowed)
		r.spawned("boss", "a", "b")
		r.refused(r.spawn("boss", "c", 0), SpawnChildren)
		r.spawned("a", "aa")
		r.refused(r.spawn("aa", "aaa", 0), SpawnDepth)
		r.refused(r.spawn("b", "bb", 0), SpawnDescendants)
		r.exit("b", 0)
		var taken *TakenError
		if err := r.spawn("boss", "a", 0); !errors.As(err, &taken) {
			r.Errorf("a living name was given again: %v", err)
		}
		r.spawned("boss", "c")
	})
}

func TestChildrenEndBeforeAStoppedParentNewestFirst(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("boss", spawns(9, 9, 9)))
		r.spawned("boss", "a", "b")
		r.spawned("b", "bb")
		r.host.deaf["demo/bb"] = true
		r.stop("boss")
		r.expect("boss", "running", "a", "running", "b", "running", "bb", "stopping")
		r.refused(r.spawn("boss", "late", 0), SpawnStopping)
		r.pass(10 * time.Second)
		r.expect("boss", "stopped", "a", "stopped", "b", "stopped", "bb", "stopped")
	})
}

func TestChildrenEndWithACrashAndTheNextRunWaitsForThem(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("boss", spawns(9, 9, 9)))
		r.spawned("boss", "a")
		r.host.deaf["demo/a"] = true
		r.exit("boss", 1)
		r.pass(5 * time.Second)
		r.expect("boss", "pending", "a", "stopping")
		r.pass(10 * time.Second)
		r.expect("boss", "running", "a", "stopped")
		r.host.deaf["demo/a"] = false
		r.spawned("boss", "a")
	})
}

func TestATimeToLiveEndsAChildAndItsOwnChildren(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("boss", spawns(9, 9, 9)))
		if err := r.spawn("boss", "a", 5*time.Second); err != nil {
			r.Fatal(err)
		}
		r.spawned("a", "aa")
		r.pass(5 * time.Second)
		r.expect("boss", "running", "a", "stopped", "aa", "stopped")
	})
}

func TestARestartOfEverythingDoesNotBringChildrenBack(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("boss", spawns(9, 9, 9)))
		r.spawned("boss", "a")
		if _, err := r.sup.Restart(context.Background(), nil, Selection{}, ""); err != nil {
			r.Fatal(err)
		}
		r.pass(time.Second)
		r.expect("boss", "running", "a", "stopped")
	})
}

func TestFinishedChildrenAreKeptUpToANumber(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("boss", spawns(9, 9, 9)))
		for i := range keepFinished + 5 {
			name := fmt.Sprintf("c%d", i)
			r.spawned("boss", name)
			r.exit(name, 0)
		}
		if n := len(r.sup.Snapshot().Units); n != 1+keepFinished+1 {
			r.Errorf("%d units are known", n)
		}
		if _, ok := r.sup.Snapshot().Find("demo/c0"); ok {
			r.Error("the oldest child is still known")
		}
		// Who asked is told, for what is kept of them elsewhere.
		r.exit(fmt.Sprintf("c%d", keepFinished+4), 0)
		b, err := r.sup.Spawn(context.Background(), Child{Tree: TreeOf(r.view("boss")), Name: "last", Exec: []string{"last"}, Dir: "/"})
		if err != nil || !slices.Equal(b.Forgotten, []string{"demo/c4"}) {
			r.Errorf("forgotten are %v, %v", b.Forgotten, err)
		}
	})
}

func TestASuccessorKeepsChildrenAndEndsThoseOfALostParent(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("boss", spawns(9, 9, 9)), service("lost", spawns(9, 9, 9)))
		r.spawned("boss", "a")
		r.spawned("lost", "b")
		delete(r.host.live, TreeOf(r.view("lost")))
		r.sup = r.successor(r.saver.last)
		r.pass(time.Second)
		r.expect("boss", "running", "a", "running", "b", "stopped")
		r.spawned("a", "aa")
	})
}

// A child that is forgotten with its parent's place in the manifest waits for
// nothing any more.
func TestAChildOfARemovedUnitIsAtRest(t *testing.T) {
	inRoom(t, func(r *room) {
		r.up(service("boss", spawns(9, 9, 9)), service("other"))
		if err := r.spawn("boss", "a", 5*time.Second); err != nil {
			r.Fatal(err)
		}
		r.apply(service("other"))
		r.pass(time.Minute)
		if v := r.view("a"); v.Leaving || !v.Orphaned || v.Unit.State != unit.Stopped {
			t.Errorf("it is %s, leaving %v, orphaned %v", v.Unit.State, v.Leaving, v.Orphaned)
		}
	})
}
