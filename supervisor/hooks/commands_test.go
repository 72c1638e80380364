package hooks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"systemg/config"
	"systemg/supervisor/unit"
)

// shells is a fake Options.Run: a command line is how long it takes, and it
// succeeds unless it ends with "!".
type shells struct {
	mu      sync.Mutex
	ran     []string
	now     int
	most    int
	killed  int
	perUnit map[string]int
	overlap bool
}

func (s *shells) run(ctx context.Context, c Command) (unit.Exit, error) {
	s.mu.Lock()
	if s.perUnit == nil {
		s.perUnit = map[string]int{}
	}
	s.ran = append(s.ran, fmt.Sprint(c.Def.Name, " ", c.Run))
	s.now++
	s.most = max(s.most, s.now)
	s.perUnit[c.Def.Name]++
	s.overlap = s.overlap || s.perUnit[c.Def.Name] > 1
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.perUnit[c.Def.Name]--
		s.mu.Unlock()
	}()
	line, bad := strings.CutSuffix(c.Line, "!")
	took, err := time.ParseDuration(line)
	if err != nil {
		return unit.Exit{}, err
	}
	select {
	case <-time.After(took):
	case <-ctx.Done():
		s.mu.Lock()
		s.killed++
		s.mu.Unlock()
		return unit.Exit{Code: -1, Text: "killed by SIGKILL"}, nil
	}
	if bad {
		return unit.Exit{Code: 3, Text: "exit 3"}, nil
	}
	return unit.Exit{OK: true, Text: "exit 0"}, nil
}

func (s *shells) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ran)
}

// The hooks of one unit run one after the other, in the order of what they
// are about; those of different units at the same time, but not too many.
func TestCommandOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := &shells{}, newEars()
		r := runner(t, Options{Run: s.run}, e)
		for run := range uint64(5) {
			for i := range 40 {
				r.Fire(notice(web(fmt.Sprint("u", i), command("1s")), run))
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(s.ran) != 200 || s.most != atOnce || s.overlap {
			t.Errorf("%d ran, %d at once, one unit's at the same time: %v", len(s.ran), s.most, s.overlap)
		}
		last := map[string]string{}
		for _, one := range s.ran {
			name, run, _ := strings.Cut(one, " ")
			if last[name] > run {
				t.Errorf("%s after %s", one, last[name])
			}
			last[name] = run
		}
	})
}

// A hook that takes too long is killed and told; its unit's next one runs.
func TestCommandTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := &shells{}, newEars()
		r := runner(t, Options{Run: s.run}, e)
		start := time.Now()
		r.Fire(notice(web("web", command("1h")), 1))
		r.Fire(notice(web("web", command("1s!")), 2))
		r.Fire(notice(web("web", command("cannot")), 3))
		r.Fire(notice(web("web", command("1s")), 4))
		want := []string{
			"the command for on_start success of shop/web failed: took longer than 30s and was killed",
			"the command for on_start success of shop/web failed: exit 3",
			`the command for on_start success of shop/web failed: time: invalid duration "cannot"`,
			"the command for on_start success of shop/web is done",
		}
		for i, text := range want {
			if got := <-e.ended; got.String() != text || got.Run != uint64(i+1) {
				t.Errorf("told %q of run %d, want %q", got, got.Run, text)
			}
		}
		if took := time.Since(start); took != 32*time.Second || s.killed != 1 {
			t.Errorf("took %s, %d killed", took, s.killed)
		}
		if st := r.Stats(); st.Done != 1 || st.Failed != 3 || st.Dropped != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// A unit whose hooks are slower than its life has some dropped, which is
// counted and told until it has caught up. Other units lose nothing.
func TestCommandDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := &shells{}, newEars()
		r := runner(t, Options{Run: s.run}, e)
		for run := range uint64(100) {
			r.Fire(notice(web("slow", command("10s")), run))
		}
		r.Fire(notice(web("web", command("1s")), 1))
		time.Sleep(12 * time.Second)
		synctest.Wait()
		dropped := r.Stats().Dropped
		if dropped < 100-laneRoom-1 || dropped > 100-laneRoom {
			t.Errorf("%d dropped", dropped)
		}
		if want := fmt.Sprintf("shop/slow: %d calls of its hooks were dropped", dropped); !strings.Contains(e.trouble(), want) {
			t.Errorf("trouble %q, want %q", e.trouble(), want)
		}
		if !slices.Contains(s.list(), "web 1") {
			t.Error("another unit's hook did not run")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if e.trouble() != "" || len(s.list()) != 101-dropped {
			t.Errorf("trouble %q, %d ran", e.trouble(), len(s.list()))
		}
	})
}

// Close lets what is queued run as long as it may, and kills the rest.
func TestCommandClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := &shells{}, newEars()
		r := runner(t, Options{Run: s.run}, e)
		r.Fire(notice(web("web", command("1s")), 1))
		r.Fire(notice(web("web", command("1m")), 2))
		r.Fire(notice(web("web", command("1s")), 3))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		r.Close(ctx)
		if took := time.Since(start); took != 5*time.Second || s.killed != 1 || len(s.ran) != 2 {
			t.Errorf("took %s, killed %d, ran %v", took, s.killed, s.ran)
		}
		for _, want := range []string{"is done", "was killed because the supervisor ended", "ended before its turn came"} {
			if got := (<-e.ended).String(); !strings.HasSuffix(got, want) {
				t.Errorf("told %q, want %q", got, want)
			}
		}
		r.Fire(notice(web("web", command("1s")), 4))
		if st := r.Stats(); st.Dropped != 1 {
			t.Errorf("after the end: %+v", st)
		}
	})
}

// A command is told what it is about.
func TestCommandEnvironment(t *testing.T) {
	n := notice(web("web"), 7)
	n.Occasion.Event, n.Occasion.Outcome, n.Occasion.Reason = OnStop, Failure, "killed by\x00 SIGSEGV"
	n.Occasion.Exit, n.Occasion.GaveUp = &unit.Exit{Code: -1, Signal: "SIGSEGV"}, true
	var got []string
	for _, v := range environment(n) {
		got = append(got, v.Name+"="+v.Value)
	}
	want := []string{
		"SYSG_EVENT=on_stop", "SYSG_OUTCOME=error", "SYSG_REASON=killed by SIGSEGV", "SYSG_EXIT_CODE=-1",
		"SYSG_EXIT_SIGNAL=SIGSEGV", "SYSG_GAVE_UP=1", "SYSG_TIME=2026-01-02T03:04:05Z",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := clip(strings.Repeat("ä", reasonRoom)); len(got) > reasonRoom || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("clipped to %d bytes", len(got))
	}
}

// Only the hooks of the occasion are called.
func TestMatching(t *testing.T) {
	var list []config.Hook
	for _, on := range []string{"start", "stop", "restart"} {
		for _, outcome := range []string{"success", "error"} {
			list = append(list, config.Hook{On: on, Outcome: outcome, Command: on + " " + outcome})
		}
	}
	for _, event := range []Event{OnStart, OnStop, OnRestart} {
		for _, outcome := range []Outcome{Success, Failure} {
			o := Occasion{Event: event, Outcome: outcome}
			got := o.Matching(list)
			if len(got) != 1 || "on_"+got[0].Command != o.String() || !Wanted(list, []Occasion{o}) {
				t.Errorf("%s: %+v", o, got)
			}
		}
	}
	if Wanted(list[:1], []Occasion{{Event: OnStop, Outcome: Success}}) {
		t.Error("nobody asked for it")
	}
}
