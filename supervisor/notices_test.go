package supervisor

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"systemg/config"
	"systemg/supervisor/hooks"
	"systemg/supervisor/store"
)

// heardBy collects what a unit's hooks are called for.
func (r *room) heardBy() func() []string {
	var list []string
	var mu sync.Mutex
	r.sup.send(func(l *loop) {
		l.o.Fire = func(n hooks.Notice) {
			mu.Lock()
			defer mu.Unlock()
			list = append(list, fmt.Sprint(n.Occasion, " ", n.Occasion.Run))
		}
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		got := list
		list = nil
		return got
	}
}

func hooked(u *config.Unit) {
	for _, on := range []string{"start", "stop", "restart"} {
		for _, outcome := range []string{"success", "error"} {
			u.Hooks = append(u.Hooks, config.Hook{On: on, Outcome: outcome, Command: "x"})
		}
	}
}

// A rollout is told of when the old run is gone: stop, start, restart. One that
// fails is a restart that failed, and nothing else.
func TestHooksOfRollouts(t *testing.T) {
	inRoom(t, func(r *room) {
		heard := r.heardBy()
		want := func(list ...string) {
			t.Helper()
			if got := heard(); !slices.Equal(got, list) {
				t.Errorf("heard %q, want %q", got, list)
			}
		}
		r.up(service("web", rolling, hooked))
		want("on_start success 1")
		r.restart(nil, "web")
		r.pass(time.Second)
		want()
		r.pass(10 * time.Second)
		want("on_stop success 1", "on_start success 2", "on_restart success 2")
		r.restart(nil, "web")
		r.exitCandidate("web", 7)
		r.pass(time.Second)
		want("on_restart error 3")
		r.stop("web")
		r.pass(time.Second)
		want("on_stop success 2")
	})
}

// What webhooks are to send is in the diary with the step that it is about. Until the
// outbox has it the next supervisor sends it, the same; and not after that.
func TestWebhooksOutliveTheStepThatTheyTellOf(t *testing.T) {
	inRoom(t, func(r *room) {
		var mu sync.Mutex
		var sent []string
		dir := r.keeping()
		r.tell(func(l *loop) {
			l.o.Letters = func(n hooks.Notice) []store.Delivery {
				return []store.Delivery{{ID: fmt.Sprintf("%s of run %d", n.Occasion, n.Occasion.Run), Unit: n.Def.ID(), URL: "x", Body: []byte("{}")}}
			}
			l.o.Fire = func(n hooks.Notice) {
				mu.Lock()
				defer mu.Unlock()
				for _, d := range n.Letters {
					sent = append(sent, d.ID)
				}
			}
		})
		want := func(list ...string) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(sent, list) {
				t.Errorf("sent %q, want %q", sent, list)
			}
		}
		r.up(service("web", hooked))
		want("on_start success of run 1")
		next := r.killed(dir)
		want("on_start success of run 1", "on_start success of run 1")
		dir = next.keeping()
		next.tell(func(l *loop) { l.writeDiary(l.everything()) })
		next.sup.Posted(store.Delivery{ID: "on_start success of run 1", Unit: "demo/web"})
		synctest.Wait()
		last := next.killed(dir)
		last.expect("web", "running")
		want("on_start success of run 1", "on_start success of run 1")
	})
}
