package hooks

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"systemg/supervisor/unit"
)

// life drives one unit's machine and listens to what hooks would hear.
type life struct {
	u   unit.Unit
	t   Thread
	now time.Time
	// heard are the occasions, "start+ stop-" and so on; all of them too.
	heard []string
	all   []Occasion
}

func newLife(p unit.Policy) *life {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &life{u: unit.New(p, now), now: now}
}

func (l *life) step(e unit.Event) {
	before := l.u
	l.u, _ = unit.Step(before, e, unit.Moment{Now: l.now})
	var told []Occasion
	l.t, told = l.t.Step(before, l.u, e)
	for _, o := range told {
		mark := "+"
		if o.Outcome == Failure {
			mark = "-"
		}
		l.heard = append(l.heard, strings.TrimPrefix(string(o.Event), "on_")+mark)
	}
	l.all = append(l.all, told...)
}

// do takes the steps that words name.
func (l *life) do(words string) {
	for _, w := range strings.Fields(words) {
		l.step(l.event(w))
	}
}

func (l *life) event(word string) unit.Event {
	run := l.u.Run
	exit := func(ok bool) unit.Exit {
		if ok {
			return unit.Exit{Run: run, OK: true, Text: "exit 0"}
		}
		return unit.Exit{Run: run, Code: 1, Text: "exit 1"}
	}
	switch word {
	case "start":
		return unit.Start{}
	case "stop":
		return unit.Stop{Reason: "by hand"}
	case "kill":
		return unit.Stop{Kill: true}
	case "restart":
		return unit.Restart{Reason: "asked to"}
	case "cascade":
		return unit.Cascade{Reason: "db was lost"}
	case "go":
		return unit.Go{}
	case "wait":
		return unit.Wait{}
	case "block":
		return unit.Block{Reason: "db failed"}
	case "spawned":
		return unit.Spawned{Run: run}
	case "nospawn":
		return unit.SpawnFailed{Run: run, Exit: exit(false)}
	case "ok", "bad":
		return unit.Exited{Run: run, Exit: exit(word == "ok")}
	case "ok-left", "bad-left":
		return unit.Exited{Run: run, Exit: exit(word == "ok-left"), Leftover: 2}
	case "gone":
		return unit.Emptied{Run: run}
	case "late":
		l.now = l.u.Deadline
		return unit.Deadline{}
	case "step-ok", "step-bad":
		return unit.StepDone{Run: run, Step: l.u.Step, Exit: exit(word == "step-ok")}
	}
	panic("no such step: " + word)
}

func policy(change func(*unit.Policy)) unit.Policy {
	p := unit.Policy{
		Restart: "on-failure", Initial: time.Second, Factor: 2, Max: time.Minute,
		RestartReset: time.Minute, Stability: time.Second, StopTimeout: 10 * time.Second,
	}
	if change != nil {
		change(&p)
	}
	return p
}

const up = "start go spawned late "

// The rows of the table in the package comment.
func TestOccasions(t *testing.T) {
	oneshot := func(p *unit.Policy) { p.Oneshot = true }
	never := func(p *unit.Policy) { p.Restart = "never" }
	always := func(p *unit.Policy) { p.Restart = "always" }
	once := func(p *unit.Policy) { n := 1; p.MaxRestarts = &n }
	prepared := func(p *unit.Policy) { p.HasPreStart = true }
	skips := func(p *unit.Policy) { p.HasSkip = true }
	refused := func(p *unit.Policy) { p.Refuse = "needs root" }

	rows := []struct {
		name   string
		policy func(*unit.Policy)
		steps  string
		want   string
	}{
		{"a run becomes ready", nil, up, "start+"},
		{"a one-shot completes", oneshot, "start go spawned ok gone", "start+"},
		{"a one-shot fails", func(p *unit.Policy) { oneshot(p); never(p) }, "start go spawned bad gone", "start-"},
		{"a service ends with 0 before it is ready", nil, "start go spawned ok gone", "start+"},
		{"so does one that is always restarted", always, "start go spawned ok gone", "start-"},
		{"it cannot be started", never, "start go nospawn", "start-"},
		{"it dies before it is ready", never, "start go spawned bad gone", "start-"},
		{"pre_start fails", func(p *unit.Policy) { prepared(p); never(p) }, "start go step-bad", "start-"},
		{"it is refused", refused, "start go", "start-"},
		{"it is skipped", skips, "start go step-ok", ""},
		{"it waits for what never comes", nil, "start wait block", ""},

		{"an operator stops it", nil, up + "stop bad gone", "start+ stop+"},
		{"an operator stops it before it is ready", nil, "start go spawned stop bad gone", "stop+"},
		{"an operator stops a pre_start", prepared, "start go stop step-bad", "stop+"},
		{"it has to be killed", nil, up + "stop late bad gone", "start+ stop-"},
		{"an operator wants it killed", nil, up + "kill bad gone", "start+ stop+"},
		{"what waits is stopped", nil, "start wait stop", ""},
		{"what failed is stopped", never, "start go spawned bad gone stop", "start-"},

		{"it crashes and is not restarted", never, up + "bad gone", "start+ stop-"},
		{"it ends with 0", nil, up + "ok gone", "start+ stop+"},
		{"it crashes and leaves something behind", never, up + "bad-left gone", "start+ stop-"},
		{"it ends with 0 and what it leaves is killed", nil, up + "ok-left late gone", "start+ stop-"},
		{"it crashes while an operator is about to stop it", nil, up + "bad stop gone", "start+ stop-"},
		{"it crashes once too often", once, up + "bad gone late go spawned late bad gone", "start+ stop- start+ restart+ stop- start-"},
		{"it never comes up and is given up", once, "start go spawned bad gone late go spawned bad gone", "start- start- restart-"},

		{"an operator restarts it", nil, up + "restart bad gone go spawned late", "start+ stop+ start+ restart+"},
		{"the restarted one cannot be started", never, up + "restart bad gone go nospawn", "start+ stop+ start- restart-"},
		{"the restarted one is refused", nil, up + "restart bad gone", "start+ stop+"},
		{"an operator restarts what does not run", nil, "restart go spawned late", "start+ restart+"},
		{"an operator restarts it twice", nil, up + "restart restart bad gone go spawned late", "start+ stop+ start+ restart+"},
		{"an operator restarts it before it is ready", nil, "start go spawned restart bad gone go spawned late", "stop+ start+ restart+"},
		{"an operator takes a restart back", nil, up + "restart stop bad gone start go spawned late", "start+ stop+ start+"},
		{"stopped and started again meanwhile", nil, up + "stop start bad gone go spawned late", "start+ stop+ start+"},

		{"it is restarted after a crash", nil, up + "bad gone late go spawned late", "start+ stop- start+ restart+"},
		{"the restart after a crash fails, the next does not", nil, up + "bad gone late go nospawn late go spawned late", "start+ stop- start- restart- start+ restart+"},
		{"an operator starts it before its back-off is over", nil, up + "bad gone start go spawned late", "start+ stop- start+"},
		{"an operator stops it before its back-off is over", nil, up + "bad gone stop start go spawned late", "start+ stop- start+"},
		{"an operator restarts it before its back-off is over", nil, up + "bad gone restart go spawned late", "start+ stop- start+ restart+"},
		{"it crashes unready and is restarted by hand while it clears up", nil, "start go spawned bad-left restart gone go spawned late", "start- start+ restart+"},
		{"it is always restarted", always, up + "ok gone late go spawned late", "start+ stop+ start+ restart+"},

		{"a dependency is lost and comes back", nil, up + "cascade bad gone go spawned late", "start+ stop+ start+ restart+"},
		{"a dependency is lost and it is stopped then", nil, up + "cascade stop bad gone", "start+ stop+"},
		{"it is ready for long: nothing more is told", nil, up + "bad gone late go spawned late late", "start+ stop- start+ restart+"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			l := newLife(policy(row.policy))
			l.do(row.steps)
			if got := strings.Join(l.heard, " "); got != row.want {
				t.Errorf("%s: heard %q, want %q", row.steps, got, row.want)
			}
		})
	}
}

// A restarted unit that its machine refuses is told of once.
func TestRefusedRestart(t *testing.T) {
	l := newLife(policy(nil))
	l.do(up + "restart bad gone")
	l.u.Policy.Refuse = "needs root"
	l.do("go")
	if got := strings.Join(l.heard, " "); got != "start+ stop+ start- restart-" {
		t.Errorf("heard %s", got)
	}
	if last := l.all[len(l.all)-1]; last.Reason != "needs root" || !last.GaveUp || last.Exit != nil {
		t.Errorf("told %+v", last)
	}
}

// The words of an occasion come from what led to it.
func TestReasons(t *testing.T) {
	n := 1
	l := newLife(policy(func(p *unit.Policy) { p.MaxRestarts = &n }))
	l.do(up + "restart bad gone go spawned late bad gone late go spawned late bad gone start go spawned late stop late gone")
	want := []string{
		"on_start success 1 ",
		"on_stop success 1 asked to",
		"on_start success 2 ",
		"on_restart success 2 asked to",
		"on_stop error 2 exit 1",
		"on_start success 3 ",
		"on_restart success 3 exit 1",
		"on_stop error 3 exit 1",
		"on_start error 3 exit 1, gave up after 1 restart",
		"on_start success 4 ",
		"on_stop error 4 by hand, killed",
	}
	var got []string
	for _, o := range l.all {
		got = append(got, o.String()+" "+string(rune('0'+o.Run))+" "+o.Reason)
		if o.GaveUp != (o.Run == 3 && (o.Event == OnStop || o.Outcome == Failure)) {
			t.Errorf("gave up: %+v", o)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A supervisor that takes a unit over knows which restart is under way.
func TestRecall(t *testing.T) {
	for steps, then := range map[string]string{
		up + "bad gone":                 "late go spawned late|start+ restart+",
		up + "bad gone late go spawned": "late|start+ restart+",
		up + "restart":                  "bad gone go spawned late|stop+ start+ restart+",
		up + "bad":                      "gone|stop-",
		up + "bad-left":                 "stop gone|stop-",
		up:                              "stop bad gone|stop+",
		"start":                         "go spawned late|start+",
	} {
		l := newLife(policy(nil))
		l.do(steps)
		l.heard, l.t = nil, Recall(l.u)
		todo, want, _ := strings.Cut(then, "|")
		l.do(todo)
		if got := strings.Join(l.heard, " "); got != want {
			t.Errorf("%s, taken over, %s: heard %q, want %q", steps, todo, got, want)
		}
	}
}

// Whatever happens in whatever order: a run is told of as started at most
// once and as ended at most once, on_restart never comes alone, and nothing
// is told of a run that was told to be over.
func TestOccasionsInAnyOrder(t *testing.T) {
	words := strings.Fields("start stop kill restart cascade go wait block spawned nospawn ok bad ok-left bad-left gone late step-ok step-bad")
	rapid.Check(t, func(t *rapid.T) {
		two := 2
		l := newLife(unit.Policy{
			Oneshot: rapid.Bool().Draw(t, "oneshot"),
			Restart: rapid.SampledFrom([]string{"always", "on-failure", "never"}).Draw(t, "restart"),
			Initial: time.Second, Factor: 1, Stability: time.Second, StopTimeout: time.Second,
			MaxRestarts: rapid.SampledFrom([]*int{nil, &two}).Draw(t, "max"),
			HasPreStart: rapid.Bool().Draw(t, "pre_start"),
		})
		ready, over := map[uint64]int{}, map[uint64]int{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			wasLive, run, n := live(l.u.State), l.u.Run, len(l.all)
			word := rapid.SampledFrom(words).Draw(t, "step")
			if strings.HasPrefix(word, "step-") && l.u.Step == unit.NoStep {
				continue
			}
			l.step(l.event(word))
			told := l.all[n:]
			if wasLive && !live(l.u.State) && len(told) == 0 && l.u.State != unit.Skipped {
				t.Fatalf("run %d ended and nothing was told", run)
			}
			for i, o := range told {
				switch {
				case o.Event == OnRestart && (i == 0 || told[i-1].Event != OnStart || told[i-1].Outcome != o.Outcome):
					t.Fatalf("told %v", told)
				case o.Event == OnStart && o.Outcome == Success:
					ready[o.Run]++
				case o.Event == OnStop, o.Event == OnStart && !o.GaveUp:
					over[o.Run]++
				}
			}
			if ready[run] > 1 || over[run] > 1 {
				t.Fatalf("run %d was told of twice: %v", run, l.heard)
			}
		}
	})
}
