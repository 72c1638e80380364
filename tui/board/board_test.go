package board

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"systemg/ipc"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func unit(name, state string, needs ...string) ipc.Unit {
	return ipc.Unit{ID: "shop/" + name, Project: "shop", Name: name, Kind: "service", State: state, Depends: needs}
}

func board(units ...ipc.Unit) *Board {
	b := New()
	b.Begin(ipc.SubscribeResult{StatusResult: ipc.StatusResult{Units: units}})
	return b
}

func ids(list []*Unit) []string {
	var out []string
	for _, u := range list {
		out = append(out, u.Name)
	}
	return out
}

func TestLooks(t *testing.T) {
	for want, u := range map[string]ipc.Unit{
		"running":   {State: "running", Kind: "service"},
		"unhealthy": {State: "running", Health: "unhealthy"},
		"deploying": {State: "running", Deploy: "verifying"},
		"failed":    {State: "failed", Deploy: "undoing"},
		"cron run":  {State: "running", Kind: "cron"},
		"scheduled": {State: "scheduled", Kind: "cron"},
		"unknown":   {State: "a state of tomorrow"},
	} {
		if got := lookOf(u); got != want {
			t.Errorf("%+v looks %s, want %s", u, got, want)
		}
	}
	if Weight("failed") >= Weight("running") || !Ill("backoff") || Ill("running") {
		t.Error("what is ill is not first")
	}
}

// Changes keep the order; only units and dependencies that come or go change
// the graph.
func TestApply(t *testing.T) {
	b := board(unit("db", "running"), unit("api", "running", "db"))
	topology, changes := b.Topology, b.Changes
	b.Apply(ipc.Delta{Units: []ipc.Unit{unit("db", "failed")}})
	if b.Unit("shop/db").Look != "failed" || b.Topology != topology || b.Changes == changes {
		t.Errorf("%+v, topology %d, changes %d", b.Unit("shop/db"), b.Topology, b.Changes)
	}
	b.Apply(ipc.Delta{Units: []ipc.Unit{unit("web", "pending", "api")}, Removed: []string{"shop/db"}})
	if got := ids(b.Units); !slices.Equal(got, []string{"api", "web"}) || b.Topology == topology {
		t.Errorf("units %v, topology %d", got, b.Topology)
	}
	if b.Unit("shop/db") != nil || b.Unit("shop/web") == nil {
		t.Error("the index is wrong")
	}
}

// What services and manifests say cannot reach the terminal.
func TestNamesAndReasonsAreCleaned(t *testing.T) {
	u := unit("db\x1b[2J", "failed")
	u.Reason = "bad\nnews\a"
	u.LastExit = &ipc.Exit{Text: "\x1b]0;x\a"}
	b := board(u)
	b.Apply(ipc.Delta{Problems: []string{"disk\x1b[31m"}})
	b.Tell([]ipc.Event{{Seq: 1, Reason: "\x1b[H", By: "\x9b2J"}})
	got := b.Units[0]
	for _, s := range []string{got.ID, got.Name, got.Reason, got.LastExit.Text, b.Problems[0], b.Events[0].Reason, b.Events[0].By} {
		for _, r := range s {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				t.Errorf("%q came in", s)
			}
		}
	}
}

func TestDependents(t *testing.T) {
	b := board(unit("db", "running"), unit("api", "running", "db"), unit("web", "running", "api"), unit("other", "running"))
	if got := ids(b.Dependents("shop/db")); !slices.Equal(got, []string{"api", "web"}) {
		t.Error(got)
	}
	b.Know(ipc.GraphResult{Edges: []ipc.GraphArc{{From: "shop/other", To: "shop/db"}}})
	if got := ids(b.Dependents("shop/db")); !slices.Equal(got, []string{"other"}) {
		t.Errorf("with the graph: %v", got)
	}
}

func TestEventsComeOnce(t *testing.T) {
	b := New()
	b.Tell([]ipc.Event{{Seq: 1}, {Seq: 2}})
	b.Tell([]ipc.Event{{Seq: 2}, {Seq: 3}})
	if len(b.Events) != 3 {
		t.Errorf("%d events", len(b.Events))
	}
	for i := range 2 * eventsKept {
		b.Tell([]ipc.Event{{Seq: uint64(4 + i)}})
	}
	if n := len(b.Events); n > eventsKept*5/4+1 || b.Events[n-1].Seq != uint64(3+2*eventsKept) {
		t.Errorf("%d events are kept, the newest is %d", n, b.Events[n-1].Seq)
	}
}

func TestNamesWithSeveralProjects(t *testing.T) {
	b := board(unit("db", "running"))
	if got := b.NameOf(b.Units[0]); got != "db" {
		t.Error(got)
	}
	other := ipc.Unit{ID: "lab/db", Project: "lab", Name: "db", State: "running"}
	b = board(unit("db", "running"), other)
	if got := b.NameOf(b.Units[0]); got != "shop/db" || b.Find("db") != nil || b.Find("lab/db") == nil {
		t.Error(got)
	}
}

// A moment is kept every five seconds for a quarter of an hour, and the board
// can be looked at as it was.
func TestThePast(t *testing.T) {
	b := board(unit("db", "running"))
	for i := range 1000 {
		if i == 900 {
			b.Apply(ipc.Delta{Units: []ipc.Unit{unit("db", "failed")}})
			b.Tell([]ipc.Event{{Seq: 1, Time: noon.Add(900 * time.Second)}})
		}
		b.Sample(noon.Add(time.Duration(i) * time.Second))
	}
	oldest, newest := b.Span()
	if d := newest.Sub(oldest); d > Depth || d < Depth-2*Pause {
		t.Errorf("%s are kept", d)
	}
	then := b.At(noon.Add(880 * time.Second))
	if then.Units[0].Look != "running" || len(then.Events) != 0 || !then.Past.Equal(noon.Add(880*time.Second)) {
		t.Errorf("at %s: %s, %d events", then.Past, then.Units[0].Look, len(then.Events))
	}
	if now := b.At(newest); now.Units[0].Look != "failed" || len(now.Events) != 1 {
		t.Errorf("in the end: %s", now.Units[0].Look)
	}
	if b.Units[0].Look != "failed" {
		t.Error("the present changed")
	}
}

// Charts of the past are those of the minute before it, nothing where nothing ran.
func TestFiguresOfThePast(t *testing.T) {
	b := board(unit("db", "running"))
	for i := range 200 {
		u := unit("db", "running")
		u.PID, u.CPUPercent, u.MemoryBytes = 7, float64(i/100), 2<<20
		if i >= 150 {
			u = unit("db", "failed")
		}
		b.Apply(ipc.Delta{Units: []ipc.Unit{u}})
		b.Sample(noon.Add(time.Duration(i) * time.Second))
	}
	then := b.At(noon.Add(125 * time.Second)).Figures("shop/db")
	cpu, memory := then.CPU(Seconds), then.Memory(Seconds)
	if len(cpu) != Seconds || cpu[0] != 0 || cpu[Seconds-1] != 1 || memory[0] != 2<<20 {
		t.Errorf("125 s: %v, %v", cpu, memory)
	}
	after := b.At(noon.Add(175 * time.Second)).Figures("shop/db").CPU(Seconds)
	if after[0] != 1 || !math.IsNaN(after[Seconds-1]) {
		t.Errorf("175 s: %v", after)
	}
}

// What is kept of 500 units in a quarter of an hour is bounded: some 8 bytes for each
// unit and moment where nothing happens, which is under 1 MB.
func TestThePastIsSmall(t *testing.T) {
	var list []ipc.Unit
	for i := range 500 {
		list = append(list, unit(fmt.Sprintf("unit-%03d", i), "running"))
	}
	b := board(list...)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	b.Sample(noon)
	before := heap()
	for i := range 900 {
		b.Sample(noon.Add(time.Duration(i) * time.Second))
	}
	if grown := int64(heap()) - int64(before); grown > 1_000_000 {
		t.Errorf("it took %d bytes more", grown)
	}
	runtime.KeepAlive(b)
}

// Bars stand still: a sample more changes only the newest, until it is full.
func TestBars(t *testing.T) {
	f := &Figures{}
	for i := range 12 {
		f.add(float32(i), 0)
	}
	before := f.Bars(3, 5, false)
	if !slices.Equal(before, []float64{4, 9, 11}) {
		t.Errorf("%v", before)
	}
	f.add(20, 0)
	if got := f.Bars(3, 5, false); !slices.Equal(got, []float64{4, 9, 20}) {
		t.Errorf("%v", got)
	}
	f.add(float32(math.NaN()), 0)
	if got := f.Bars(3, 5, false); !slices.Equal(got, []float64{4, 9, 20}) {
		t.Errorf("%v", got)
	}
	var none *Figures
	if len(none.CPU(3)) != 0 || len(none.Bars(3, 5, true)) != 0 {
		t.Error("figures nobody has are some")
	}
}

// What was known before the dashboard opened stands before its own samples.
func TestFill(t *testing.T) {
	u := unit("db", "running")
	u.PID, u.CPUPercent, u.MemoryBytes = 7, 50, 100
	b := board(u)
	b.Sample(noon)
	b.Fill("shop/db", []float64{1, 2, 3}, []float64{10, 20, 30}, 2)
	if got, want := b.Figures("shop/db").CPU(Seconds), []float64{1, 1, 2, 2, 3, 3, 50}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for i := range 2 * Seconds {
		b.Sample(noon.Add(time.Duration(i) * time.Second))
	}
	before := b.Figures("shop/db")
	b.Fill("shop/db", []float64{1}, []float64{1}, 1)
	if b.Figures("shop/db") != before {
		t.Error("what is known already is filled")
	}
}
