package hooks

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"systemg/config"
	"systemg/supervisor/unit"
)

// A restart that works calls the hooks of the stop, the start and the restart,
// in this order, with real commands: what the loop does with every step.
func TestRestartCallsHooksInOrder(t *testing.T) {
	dir := t.TempDir()
	def := web("web")
	def.Dir = dir
	for _, on := range []string{"start", "stop", "restart"} {
		for _, outcome := range []string{"success", "error"} {
			def.Hooks = append(def.Hooks, config.Hook{
				On: on, Outcome: outcome, Timeout: patience,
				Command: `echo "$SYSG_EVENT $SYSG_OUTCOME of run $SYSG_RUN: $SYSG_REASON" >> heard`,
			})
		}
	}
	ts, e := trees(t, nil), newEars()
	r := runner(t, Options{Run: ts.Run}, e)

	l := newLife(policy(nil))
	l.do(up + "restart bad gone go spawned late bad gone late go nospawn")
	for _, o := range l.all {
		if Wanted(def.Hooks, []Occasion{o}) {
			r.Fire(Notice{Def: def, Occasion: o, Time: l.now, Env: []string{"PATH=/bin:/usr/bin"}})
		}
	}
	r.Close(context.Background())

	want := strings.Join([]string{
		"on_start success of run 1: ",
		"on_stop success of run 1: asked to",
		"on_start success of run 2: ",
		"on_restart success of run 2: asked to",
		"on_stop error of run 2: exit 1",
		"on_start error of run 3: exit 1",
		"on_restart error of run 3: exit 1",
	}, "\n") + "\n"
	if got, err := os.ReadFile(filepath.Join(dir, "heard")); string(got) != want {
		t.Errorf("heard\n%swant\n%s%v", got, want, err)
	}
	if l.u.State != unit.Backoff {
		t.Errorf("the unit is %s", l.u.State)
	}
}
