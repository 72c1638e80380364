package graph

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// noon is the time of every picture.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// unit is name, state, health and reason.
type unit struct{ name, state, health, reason string }

// aBoard has units and edges; an edge is "user needs dependency", with "(waits)"
// behind it where it is not satisfied.
func aBoard(units []unit, edges ...string) *board.Board {
	b := board.New()
	var list []ipc.Unit
	for _, u := range units {
		kind := "service"
		if u.state == "scheduled" || u.name == "reindex" {
			kind = "cron"
		}
		list = append(list, ipc.Unit{ID: "shop/" + u.name, Project: "shop", Name: u.name, Kind: kind, State: u.state, Health: u.health, Reason: u.reason, Deploy: "none"})
	}
	b.Begin(ipc.SubscribeResult{StatusResult: ipc.StatusResult{Units: list}})
	g := ipc.GraphResult{}
	for _, e := range edges {
		e, waits := strings.CutSuffix(e, " (waits)")
		from, to, _ := strings.Cut(e, " needs ")
		g.Edges = append(g.Edges, ipc.GraphArc{From: "shop/" + from, To: "shop/" + to, Satisfied: !waits})
	}
	b.Know(g)
	return b
}

func shop() *board.Board {
	return aBoard([]unit{
		{"postgres", "running", "healthy", ""},
		{"redis", "running", "healthy", ""},
		{"api", "running", "healthy", ""},
		{"search", "running", "unhealthy", "probe 3 of 3 timed out"},
		{"worker", "backoff", "none", "exit 1"},
		{"web-1", "running", "healthy", ""},
		{"web-2", "running", "healthy", ""},
		{"ml-embed", "pending", "none", "waits for search: healthy"},
		{"backup", "scheduled", "none", ""},
		{"reindex", "running", "none", ""},
		{"mailer", "failed", "none", "exit 78"},
		{"debug-ui", "stopped", "none", ""},
	},
		"api needs postgres", "api needs redis", "search needs postgres", "worker needs postgres", "worker needs redis",
		"web-1 needs api", "web-2 needs api", "ml-embed needs search (waits)")
}

func look(t testing.TB, o theme.Options) *theme.Theme {
	t.Helper()
	th, err := theme.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

func frame(t testing.TB, b *board.Board, w, h int) pane.Frame {
	return pane.Frame{Width: w, Height: h, Theme: look(t, theme.Options{}), Now: noon, Board: b, Focus: true, Selected: "shop/api"}
}

// Every picture fits its screen, at every size and in every look.
func TestPictures(t *testing.T) {
	for _, th := range []*theme.Theme{look(t, theme.Options{}), look(t, theme.Options{ASCII: true}), look(t, theme.Options{Level: theme.ANSI16})} {
		var out strings.Builder
		for _, size := range [][2]int{{120, 35}, {80, 24}, {60, 15}, {50, 14}, {20, 5}, {1, 1}, {0, 0}} {
			for _, form := range []Form{Auto, Rail} {
				f := frame(t, shop(), size[0], size[1])
				f.Theme = th
				p := &Pane{form: form}
				lines := p.Lines(f)
				fmt.Fprintf(&out, "== %dx%d %s\n", size[0], size[1], []string{"", "layered", "rail"}[form])
				if len(lines) != size[1] {
					t.Errorf("%dx%d: %d lines", size[0], size[1], len(lines))
				}
				for _, line := range lines {
					if n := widget.Width(line); n > size[0] {
						t.Errorf("%dx%d: %d columns in %q", size[0], size[1], n, line)
					}
					if th.ASCII && strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
						t.Errorf("not ASCII: %q", line)
					}
					out.WriteString(strings.ReplaceAll(strings.TrimRight(line, " "), "\x1b", "␛") + "\n")
				}
			}
		}
		kind := map[bool]string{true: "ascii", false: "unicode"}[th.ASCII]
		if th.Level > theme.None {
			kind = "colour"
		}
		compare(t, filepath.Join("testdata", "shop-"+kind+".golden"), out.String())
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", file, got)
	}
}

// random is a graph in which unit n needs some of those before it.
func random(units, edges int, seed uint64) *board.Board {
	r := rand.New(rand.NewPCG(seed, 1))
	var list []unit
	for i := range units {
		list = append(list, unit{name: fmt.Sprintf("svc-%03d", i), state: []string{"running", "running", "running", "failed", "pending", "backoff"}[r.IntN(6)], health: "none"})
	}
	var arcs []string
	for range edges {
		to := r.IntN(units)
		from := r.IntN(units)
		if from == to {
			continue
		}
		waits := ""
		if r.IntN(4) == 0 {
			waits = " (waits)"
		}
		arcs = append(arcs, fmt.Sprintf("svc-%03d needs svc-%03d%s", max(from, to), min(from, to), waits))
	}
	return aBoard(list, arcs...)
}

// Every unit is shown exactly once, and stands right of (or below) all it needs.
func TestEveryUnitOnceAfterWhatItNeeds(t *testing.T) {
	for seed := range uint64(30) {
		n := 1 + int(seed)*2
		b := random(n, int(seed)*3, seed)
		topo := newTopology(b, nil)
		pictures := map[string]*picture{"rail": rail(topo)}
		if lay, _ := layered(topo, nil, 100, 30, true); lay != nil {
			lay.addLonely(topo, 100)
			pictures["layered"] = lay
		}
		for name, p := range pictures {
			if len(p.rows) != n {
				t.Errorf("%s %d: %d of %d units", name, seed, len(p.rows), n)
			}
			seen := map[place]bool{}
			for _, s := range p.places {
				s.words = 0
				if seen[s] {
					t.Errorf("%s %d: two units stand at %v", name, seed, s)
				}
				seen[s] = true
			}
			for _, a := range topo.arcs {
				d, u := p.places[a.dep], p.places[a.user]
				if name == "rail" && d.y >= u.y || name == "layered" && d.x >= u.x {
					t.Errorf("%s %d: %s stands before %s, which it needs", name, seed, topo.names[a.user], topo.names[a.dep])
				}
			}
		}
	}
}

// Lines of different dependencies cross and meet, but never run over each other:
// side by side they may only where both end at the same unit.
func TestLinesDoNotRunOverEachOther(t *testing.T) {
	over, all := 0, 0
	for seed := range uint64(60) {
		topo := newTopology(random(14, 18, seed), nil)
		for form, p := range map[string]*picture{"layered": forced(topo), "rail": rail(topo)} {
			type side struct {
				x, y int32
				bit  uint8
			}
			owners := map[side]arc{}
			for i, path := range p.lines {
				all++
				for _, s := range path {
					for _, bit := range []uint8{north, east, south, west} {
						at := side{x: s.x, y: s.y, bit: s.bits & bit}
						if at.bit == 0 {
							continue
						}
						a, taken := owners[at]
						if taken && a.dep != topo.arcs[i].dep && a.user != topo.arcs[i].user {
							over++
							t.Logf("%s %d: %v and %v at %v", form, seed, a, topo.arcs[i], at)
						}
						owners[at] = topo.arcs[i]
					}
				}
			}
		}
	}
	if over > 0 {
		t.Errorf("%d times, in %d lines", over, all)
	}
}

// Who needs whom can be read off the picture: following the lines from each unit
// to the right, up and down, and below what covers them, one comes to those that
// need it and to no other.
func TestThePictureSaysWhoNeedsWhom(t *testing.T) {
	for seed := range uint64(300) {
		topo := newTopology(random(10+int(seed)%30, 15+int(seed)%45, seed), nil)
		p := forced(topo)
		c := trace(p, topo, health{kinds: make([]kind, len(topo.arcs)), path: make([]bool, len(topo.arcs))}, p.width, 0, p.height)
		for n := range topo.ids {
			var want []int
			for _, i := range topo.out[n] {
				want = append(want, topo.arcs[i].user)
			}
			slices.Sort(want)
			if got := reached(c, p, topo, n); !slices.Equal(got, want) {
				t.Errorf("seed %d: lines lead from %d to %v, it is needed by %v", seed, n, got, want)
			}
		}
	}
}

// at is a cell, and the side it is entered by.
type at struct {
	x, y int
	by   uint8
}

// reached are the units the lines from a unit lead to.
func reached(c cells, p *picture, topo *topology, from int) (list []int) {
	units := map[[2]int]int{}
	for n, s := range p.places {
		if !topo.lonely(n) {
			units[[2]int{s.x - 1, s.y}] = n
		}
	}
	seen := map[at]bool{}
	var follow func(at)
	follow = func(a at) {
		if a.x < 0 || a.y < 0 || a.x >= c.w || a.y >= len(c.rows) || seen[a] {
			return
		}
		seen[a] = true
		here := c.rows[a.y][a.x]
		if n, ok := units[[2]int{a.x, a.y}]; ok && here.bits&head != 0 {
			if !slices.Contains(list, n) {
				list = append(list, n)
			}
			return
		}
		sides := here.sides()
		if sides&a.by == 0 {
			sides = opposite(a.by) // below what is drawn
		}
		for _, side := range []uint8{north, east, south} {
			if sides&side == 0 || side == a.by {
				continue
			}
			dx, dy := map[uint8]int{east: 1}[side], map[uint8]int{north: -1, south: 1}[side]
			follow(at{x: a.x + dx, y: a.y + dy, by: opposite(side)})
		}
	}
	for _, i := range topo.out[from] {
		first := p.lines[i][0]
		follow(at{x: int(first.x), y: int(first.y), by: west})
	}
	slices.Sort(list)
	return list
}

func opposite(side uint8) uint8 {
	return map[uint8]uint8{north: south, south: north, east: west, west: east}[side]
}

func forced(topo *topology) *picture {
	p, _ := layered(topo, nil, 200, 50, true)
	if p == nil {
		return &picture{}
	}
	return p
}

// Every line is whole: each cell is beside the one before it, from the unit that
// is needed to the one that needs it.
func TestLinesAreWhole(t *testing.T) {
	for seed := range uint64(60) {
		topo := newTopology(random(14, 18, seed), nil)
		p := forced(topo)
		for i, path := range p.lines {
			for n := 1; n < len(path); n++ {
				if d := abs(int(path[n].x-path[n-1].x)) + abs(int(path[n].y-path[n-1].y)); d != 1 {
					t.Errorf("seed %d: the line of %v jumps from %v to %v", seed, topo.arcs[i], path[n-1], path[n])
				}
			}
			last := path[len(path)-1]
			if u := p.places[topo.arcs[i].user]; int(last.x) != u.x-1 || int(last.y) != u.y || last.bits&head == 0 {
				t.Errorf("seed %d: the line of %v ends at %v, the unit stands at %v", seed, topo.arcs[i], last, u)
			}
		}
	}
}

func TestCyclesAreShownAndDoNotHang(t *testing.T) {
	b := aBoard([]unit{{"a", "pending", "none", ""}, {"b", "pending", "none", ""}, {"c", "running", "none", ""}, {"d", "running", "none", ""}},
		"a needs b (waits)", "b needs a (waits)", "c needs a (waits)", "d needs d", "c needs nobody")
	for _, form := range []Form{Layered, Rail} {
		p := &Pane{form: form}
		text := strings.Join(p.Lines(frame(t, b, 100, 20)), "\n")
		if n := strings.Count(text, "(cycle)"); n != 3 || !strings.Contains(text, "(cycle) needs itself") {
			t.Errorf("a cycle is not shown:\n%s", text)
		}
		for _, name := range []string{"a", "b", "c", "d"} {
			if !strings.Contains(text, " "+name+" ") && !strings.Contains(text, " "+name+"\n") {
				t.Errorf("%s is missing:\n%s", name, text)
			}
		}
	}
}

// A change of state recolours; only a change of units or edges moves anything.
func TestUnitsStayWhereTheyAre(t *testing.T) {
	b := random(30, 40, 7)
	p := &Pane{form: Layered}
	f := frame(t, b, 120, 35)
	p.Lines(f)
	before := p.pic
	b.Apply(ipc.Delta{Units: []ipc.Unit{{ID: "shop/svc-003", Project: "shop", Name: "svc-003", State: "failed"}}})
	p.Lines(f)
	if p.pic != before {
		t.Error("a change of state made a new layout")
	}
	order := slices.Clone(p.pic.columns[0])
	ids := func(list []int, t *topology) (out []string) {
		for _, n := range list {
			out = append(out, t.ids[n])
		}
		return out
	}
	was := ids(order, p.topo)
	b.Apply(ipc.Delta{Units: []ipc.Unit{{ID: "shop/new", Project: "shop", Name: "new", State: "running"}}})
	p.Lines(f)
	if p.pic == before {
		t.Fatal("a new unit made no new layout")
	}
	if now := ids(p.pic.columns[0], p.topo); !slices.Equal(was, now) {
		t.Errorf("a new unit without edges moved others: %v, then %v", was, now)
	}
}

func TestFewLinesCross(t *testing.T) {
	b := random(50, 71, 3)
	topo := newTopology(b, nil)
	l := newLayering(topo, nil)
	after := l.crossings()
	for i := range l.order {
		slices.Sort(l.order[i])
	}
	if before := l.crossings(); after*2 > before {
		t.Errorf("%d crossings, %d before", after, before)
	}
}

// press gives actions to the pane and follows what it selects.
func press(p *Pane, f *pane.Frame, actions ...keys.Action) {
	for _, a := range actions {
		if s, ok := p.Act(a, *f).(pane.Select); ok {
			f.Selected = s.Unit
		}
	}
}

func TestMoving(t *testing.T) {
	for _, c := range []struct {
		name, from string
		form       Form
		keys       []keys.Action
		want       string
	}{
		{name: "right to what needs it", from: "api", keys: []keys.Action{keys.Right}, want: "web-1"},
		{name: "left to what it needs", from: "web-2", keys: []keys.Action{keys.Left, keys.Left}, want: "postgres"},
		{name: "down in the layer", from: "web-1", keys: []keys.Action{keys.Down}, want: "web-2"},
		{name: "up and down again", from: "web-2", keys: []keys.Action{keys.Up, keys.Down}, want: "web-2"},
		{name: "down to those without edges", from: "redis", keys: []keys.Action{keys.Down, keys.Down, keys.Down}, want: "backup"},
		{name: "and along them", from: "backup", keys: []keys.Action{keys.Right, keys.Right, keys.Left}, want: "reindex"},
		{name: "up from them", from: "backup", keys: []keys.Action{keys.Up}, want: "redis"},
		{name: "not beyond the edge", from: "postgres", keys: []keys.Action{keys.Left, keys.Up}, want: "postgres"},
		{name: "the last and the first", from: "api", keys: []keys.Action{keys.Last, keys.First}, want: "postgres"},
		{name: "in rails down and up", from: "postgres", form: Rail, keys: []keys.Action{keys.Down, keys.Down, keys.Up}, want: "search"},
		{name: "in rails to what needs it", from: "postgres", form: Rail, keys: []keys.Action{keys.Right}, want: "search"},
		{name: "in rails to what it needs", from: "ml-embed", form: Rail, keys: []keys.Action{keys.Left, keys.Left}, want: "postgres"},
		{name: "in rails by pages", from: "postgres", form: Rail, keys: []keys.Action{keys.PageDown, keys.PageDown}, want: "debug-ui"},
		{name: "from nowhere", from: "gone", keys: []keys.Action{keys.Down}, want: "postgres"},
	} {
		f := frame(t, shop(), 120, 35)
		f.Selected = "shop/" + c.from
		p := &Pane{form: c.form}
		press(p, &f, c.keys...)
		if f.Selected != "shop/"+c.want {
			t.Errorf("%s: %s, want %s", c.name, f.Selected, c.want)
		}
	}
}

func TestFocusShowsTheFamily(t *testing.T) {
	f := frame(t, shop(), 120, 35)
	f.Selected = "shop/search"
	p := &Pane{}
	press(p, &f, keys.GraphFocus)
	text := strings.Join(p.Lines(f), "\n")
	for name, want := range map[string]bool{"postgres": true, "search": true, "ml-embed": true, "redis": false, "api": false, "mailer": false} {
		if strings.Contains(text, name) != want {
			t.Errorf("%s is shown: %t\n%s", name, !want, text)
		}
	}
	press(p, &f, keys.GraphFocus)
	if text := strings.Join(p.Lines(f), "\n"); !strings.Contains(text, "mailer") {
		t.Errorf("without focus:\n%s", text)
	}
}

// The other form is shown on demand, also where it does not fit: it can be moved
// then.
func TestOtherForm(t *testing.T) {
	f := frame(t, shop(), 40, 20)
	p := &Pane{}
	if p.Lines(f); p.pic.form != Rail {
		t.Fatal("four layers were laid out in 40 columns")
	}
	press(p, &f, keys.GraphForm)
	f.Selected = "shop/ml-embed"
	if text := strings.Join(p.Lines(f), "\n"); p.pic.form != Layered || !strings.Contains(text, "ml-embed") || p.pan == 0 {
		t.Errorf("the selection is out of view, pan %d:\n%s", p.pan, text)
	}
	press(p, &f, keys.PanLeft, keys.PanLeft, keys.PanLeft)
	if text := strings.Join(p.Lines(f), "\n"); !strings.Contains(text, "postgres") || !strings.Contains(text, "more") {
		t.Errorf("moved back:\n%s", text)
	}
	alone := frame(t, aBoard([]unit{{"a", "running", "none", ""}}), 80, 20)
	if _, ok := (&Pane{}).Act(keys.GraphForm, alone).(pane.Say); !ok {
		t.Error("nothing was said about layers without edges")
	}
}

func TestAnEmptyBoard(t *testing.T) {
	p := &Pane{}
	f := frame(t, board.New(), 80, 24)
	if lines := p.Lines(f); len(lines) != 24 || !strings.Contains(lines[1], "no units") {
		t.Errorf("got %q", lines)
	}
	for _, a := range []keys.Action{keys.Down, keys.Last, keys.GraphFocus, keys.GraphForm, keys.PanRight} {
		p.Act(a, f)
	}
}

// Before the graph is known the units' own words stand for it.
func TestEdgesFromWhatUnitsSay(t *testing.T) {
	b := board.New()
	b.Begin(ipc.SubscribeResult{StatusResult: ipc.StatusResult{Units: []ipc.Unit{
		{ID: "s/db.1", Project: "s", Name: "db.1", Base: "db", Replica: 1, State: "running"},
		{ID: "s/db.2", Project: "s", Name: "db.2", Base: "db", Replica: 2, State: "failed"},
		{ID: "s/web", Project: "s", Name: "web", State: "pending", Depends: []string{"db"}},
	}}})
	topo := newTopology(b, nil)
	if len(topo.arcs) != 2 {
		t.Errorf("got %v", topo.arcs)
	}
	text := strings.Join((&Pane{}).Lines(frame(t, b, 100, 20)), "\n")
	if !strings.Contains(text, "failing path: db.2 → web") {
		t.Errorf("the failing path is not told:\n%s", text)
	}
}

func TestNothingPanicsAtAnySize(t *testing.T) {
	boards := []*board.Board{shop(), random(40, 60, 2), board.New(), random(3, 0, 1)}
	for _, b := range boards {
		p := &Pane{}
		for _, form := range []Form{Auto, Layered, Rail} {
			p.form = form
			for w := 0; w < 130; w += 7 {
				for h := range 30 {
					f := frame(t, b, w, h)
					if len(b.Units) > 0 {
						f.Selected = b.Units[(w+h)%len(b.Units)].ID
					}
					lines := p.Lines(f)
					if len(lines) != h {
						t.Fatalf("%dx%d: %d lines", w, h, len(lines))
					}
					for _, line := range lines {
						if widget.Width(line) > w {
							t.Fatalf("%dx%d: %q is too wide", w, h, line)
						}
					}
					p.Act(keys.Down, f)
					p.Act(keys.Right, f)
				}
			}
		}
	}
}

func benchmark(b *testing.B, units, edges int, form Form, again bool) {
	bd := random(units, edges, 5)
	th := look(b, theme.Options{Level: theme.ANSI16})
	f := pane.Frame{Width: 200, Height: 50, Theme: th, Now: noon, Board: bd, Selected: "shop/svc-010"}
	p := &Pane{form: form}
	p.Lines(f)
	b.ReportAllocs()
	for b.Loop() {
		if again {
			p = &Pane{form: form}
		}
		p.Lines(f)
	}
}

func BenchmarkLayout50(b *testing.B)      { benchmark(b, 50, 71, Layered, true) }
func BenchmarkLayout500(b *testing.B)     { benchmark(b, 500, 750, Layered, true) }
func BenchmarkLayout500Rail(b *testing.B) { benchmark(b, 500, 750, Rail, true) }
func BenchmarkFrame500(b *testing.B)      { benchmark(b, 500, 750, Layered, false) }
func BenchmarkFrame500Rail(b *testing.B)  { benchmark(b, 500, 750, Rail, false) }
