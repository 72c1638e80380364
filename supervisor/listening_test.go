package supervisor

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"systemg/config"
	"systemg/supervisor/unit"
)

// fakeSockets are addresses that listen because somebody wants them.
type fakeSockets struct {
	mu   sync.Mutex
	want map[string][]string
	// early are owners whose sockets were opened before they were wanted.
	early []string
}

func (s *fakeSockets) Open(owner string, defs []config.Socket) ([]*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range defs {
		if !slices.Contains(s.want[owner], d.Address) {
			s.early = append(s.early, owner)
		}
	}
	return nil, nil
}

func (s *fakeSockets) Want(owner string, defs []config.Socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, d := range defs {
		list = append(list, d.Address)
	}
	slices.Sort(list)
	s.want[owner] = slices.Compact(list)
}

func (s *fakeSockets) Adopt(string, []config.Socket, int) error { return nil }

// inRoomWithSockets is inRoom with a function that says who is to listen where.
func inRoomWithSockets(t *testing.T, test func(r *room, listens func(owner string, addresses ...string))) {
	s := &fakeSockets{want: map[string][]string{}}
	inRoom(t, func(r *room) {
		r.sup.loop.o.Sockets = s
		test(r, func(owner string, addresses ...string) {
			r.Helper()
			synctest.Wait()
			s.mu.Lock()
			defer s.mu.Unlock()
			if !slices.Equal(s.want[owner], addresses) {
				r.Errorf("%s is to listen on %q, want %q", owner, s.want[owner], addresses)
			}
		})
		if len(s.early) > 0 {
			r.Errorf("opened before they were wanted: %q", s.early)
		}
	})
}

func on(addresses ...string) func(*config.Unit) {
	return func(u *config.Unit) {
		for _, a := range addresses {
			u.Sockets = append(u.Sockets, config.Socket{Network: "tcp", Address: a})
		}
	}
}

func TestSocketsStayWhileAUnitIsWanted(t *testing.T) {
	inRoomWithSockets(t, func(r *room, listens func(string, ...string)) {
		r.up(service("web", on(":1")))
		listens("demo/web", ":1")
		r.exit("web", 1)
		if got := r.view("web").Unit.State; got != unit.Backoff {
			t.Fatalf("web is %s", got)
		}
		listens("demo/web", ":1")
		time.Sleep(2 * time.Second)
		r.restart(nil, "web")
		listens("demo/web", ":1")
		r.stop("web")
		listens("demo/web")
		r.up(service("web", on(":1")))
		listens("demo/web", ":1")
	})
}

func TestSocketsGoWithAUnitThatHasFailedForGood(t *testing.T) {
	inRoomWithSockets(t, func(r *room, listens func(string, ...string)) {
		r.up(service("web", on(":1"), policyOf(config.RestartNever)))
		listens("demo/web", ":1")
		r.exit("web", 1)
		listens("demo/web")
	})
}

// Both lists are wanted while both instances live; a rollout that fails takes
// the new one's back.
func TestRolloutHasTheSocketsOfBothInstances(t *testing.T) {
	inRoomWithSockets(t, func(r *room, listens func(string, ...string)) {
		r.up(service("web", on(":1", ":2"), rolling))
		next := service("web", on(":2", ":3"), rolling)
		r.restart(source(next), "web")
		listens("demo/web", ":1", ":2", ":3")
		r.exitCandidate("web", 1)
		time.Sleep(time.Minute)
		listens("demo/web", ":1", ":2")
		r.restart(source(next), "web")
		time.Sleep(time.Minute)
		listens("demo/web", ":2", ":3")
	})
}

func TestReplicasShareTheirSockets(t *testing.T) {
	inRoomWithSockets(t, func(r *room, listens func(string, ...string)) {
		var units []config.Unit
		for i := range 2 {
			u := service(fmt.Sprintf("web.%d", i+1), on(":1"))
			u.Base, u.Replica, u.Replicas = "web", i+1, 2
			units = append(units, u)
		}
		r.up(units...)
		listens("demo/web", ":1")
		r.stop("web.1")
		listens("demo/web", ":1")
		if _, err := r.sup.Apply(context.Background(), source(service("other")), ""); err != nil {
			t.Fatal(err)
		}
		listens("demo/web")
	})
}
