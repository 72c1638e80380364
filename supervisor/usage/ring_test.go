package usage

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// noon is a moment at the beginning of a minute.
var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func slotAt(at time.Time, step time.Duration) uint32 { return uint32(at.UnixNano() / int64(step)) }

func TestBucket(t *testing.T) {
	type sample struct {
		from, to time.Duration
		cpu      float64
	}
	s := time.Second
	tests := []struct {
		name    string
		samples []sample
		want    map[int]float32 // slot of ten seconds after noon: mean
	}{
		{name: "within one slot", samples: []sample{{0, 4 * s, 10}, {4 * s, 8 * s, 20}}, want: map[int]float32{0: 15}},
		{name: "weighted by time", samples: []sample{{0, 9 * s, 10}, {9 * s, 10 * s, 110}}, want: map[int]float32{0: 20}},
		{name: "over a border", samples: []sample{{5 * s, 15 * s, 10}, {15 * s, 20 * s, 40}}, want: map[int]float32{0: 10, 1: 25}},
		{name: "over several", samples: []sample{{5 * s, 35 * s, 10}}, want: map[int]float32{0: 10, 1: 10, 2: 10, 3: 10}},
		{name: "a gap stays one", samples: []sample{{0, 5 * s, 10}, {35 * s, 40 * s, 20}}, want: map[int]float32{0: 10, 3: 20}},
		{name: "no time", samples: []sample{{5 * s, 5 * s, 10}}, want: map[int]float32{}},
		{name: "the clock is set back", samples: []sample{{20 * s, 25 * s, 10}, {0, 5 * s, 30}}, want: map[int]float32{2: 10, 0: 30}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := map[int]float32{}
			emit := func(p record) { got[int(p.slot-slotAt(noon, fineStep))] = p.cpu }
			var b bucket
			for _, x := range test.samples {
				b.add(fineStep, noon.Add(x.from), noon.Add(x.to), x.cpu, 1000, emit)
			}
			b.close(emit)
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func archiveIn(t *testing.T, dir string, retention time.Duration, most int64) (*archive, *[]string) {
	t.Helper()
	var said []string
	return &archive{
		dir: dir, layout: layoutFor(retention), most: most, used: -1,
		say: func(text string) { said = append(said, text) },
	}, &said
}

// fill writes minutes of history that end at noon; the value is the minute's
// distance from it.
func fill(t *testing.T, a *archive, unit string, minutes int) {
	t.Helper()
	var points [2][]record
	for i := minutes; i > 0; i-- {
		at := noon.Add(-time.Duration(i) * time.Minute)
		points[1] = append(points[1], record{slot: slotAt(at, coarseStep), cpu: float32(i), memory: 5})
	}
	err := a.write(unit, points, func() bool { return true }, func() map[string]bool { return nil })
	if err != nil {
		t.Fatal(err)
	}
}

func minute(r *rings, before int) (float32, bool) {
	p, ok := r[1].at(int64(slotAt(noon.Add(-time.Duration(before)*time.Minute), coarseStep)))
	return p.cpu, ok
}

func TestArchiveKeepsARing(t *testing.T) {
	a, said := archiveIn(t, t.TempDir()+"/metrics", time.Hour, 0)
	fill(t, a, "shop/web", 100) // more than an hour holds
	r := a.load("shop/web")
	for _, want := range []struct {
		before int
		known  bool
	}{{1, true}, {60, true}, {61, false}, {0, false}} {
		got, ok := minute(&r, want.before)
		if ok != want.known || ok && got != float32(want.before) {
			t.Errorf("minute -%d: %v, %v", want.before, got, ok)
		}
	}
	path, _ := ringPath(a.dir, "shop/web")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != a.layout.size() || info.Mode().Perm() != 0o600 {
		t.Errorf("%d bytes %v, want %d for ever", info.Size(), info.Mode(), a.layout.size())
	}
	if len(*said) > 0 {
		t.Errorf("said %q", *said)
	}
}

func TestArchiveMendsFiles(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(data []byte) []byte
		keeps bool // whether old minutes are still known
		said  string
	}{
		{name: "whole", spoil: func(d []byte) []byte { return d }, keeps: true},
		{name: "empty", spoil: func([]byte) []byte { return nil }, said: "not a history"},
		{name: "torn", spoil: func(d []byte) []byte { return d[:len(d)-5] }, said: "bytes, not"},
		{name: "too long", spoil: func(d []byte) []byte { return append(d, 0) }, said: "bytes, not"},
		{name: "garbage", spoil: func(d []byte) []byte { return bytes.Repeat([]byte{0xa5}, len(d)) }, said: "not a history"},
		{name: "of a later version", spoil: func(d []byte) []byte { d[8] = 9; return d }, said: "version 9"},
		{name: "absurdly large", spoil: func(d []byte) []byte { d[23] = 0xff; return d }, said: "records of"},
		{
			name: "of another retention",
			spoil: func(d []byte) []byte {
				r, _ := decode(d)
				l := layoutFor(3 * time.Hour)
				n := l.empty()
				n.carry(r)
				return n.encode(l)
			},
			keeps: true,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, said := archiveIn(t, t.TempDir(), time.Hour, 0)
			fill(t, a, "shop/web", 30)
			path, _ := ringPath(a.dir, "shop/web")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, test.spoil(data), 0o600); err != nil {
				t.Fatal(err)
			}
			fill(t, a, "shop/web", 2)
			r := a.load("shop/web")
			if got, ok := minute(&r, 1); !ok || got != 1 {
				t.Errorf("the new minute: %v, %v", got, ok)
			}
			if _, ok := minute(&r, 20); ok != test.keeps {
				t.Errorf("an old minute is known: %v, want %v", ok, test.keeps)
			}
			if test.said == "" && len(*said) > 0 || test.said != "" && (len(*said) != 1 || !strings.Contains((*said)[0], test.said)) {
				t.Errorf("said %q, want %q", *said, test.said)
			}
		})
	}
}

// A machine that crashed while a record was written leaves half of it; the
// rest of the history is as good as before.
func TestDecodeLeavesOutWhatMakesNoSense(t *testing.T) {
	l := layoutFor(time.Hour)
	r := l.empty()
	at := slotAt(noon, coarseStep)
	r[1].put(record{slot: at, cpu: 1, memory: 2})
	data := r.encode(l)
	broken := []record{
		{slot: at + 1, cpu: float32(math.NaN())},
		{slot: at + 2, cpu: -1},
		{slot: at + 3, memory: float32(math.Inf(1))},
	}
	for _, p := range broken {
		copy(data[l.offset(1, p.slot):], appendRecord(nil, p))
	}
	// A record in the place of another.
	copy(data[l.offset(1, at+4):], appendRecord(nil, record{slot: at + 5, cpu: 7}))

	got, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, r) {
		t.Errorf("got %v", got[1].records)
	}
}

func TestArchiveBound(t *testing.T) {
	dir := t.TempDir()
	size := layoutFor(time.Hour).size()
	a, _ := archiveIn(t, dir, time.Hour, 3*size)
	for i, unit := range []string{"p/a", "p/b", "p/c"} {
		fill(t, a, unit, 1)
		path, _ := ringPath(dir, unit)
		when := noon.Add(time.Duration(i) * time.Minute)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	// A new process counts what is there.
	b, said := archiveIn(t, dir, time.Hour, 3*size)
	live := map[string]bool{filepath.Join(dir, "p/a.ring"): true, filepath.Join(dir, "p/c.ring"): true}
	write := func(unit string) error {
		points := [2][]record{1: {{slot: slotAt(noon, coarseStep), cpu: 1}}}
		return b.write(unit, points, func() bool { return true }, func() map[string]bool { return live })
	}
	if err := write("q/d"); err != nil {
		t.Fatal(err)
	}
	// b was the oldest of those that do not run.
	for unit, want := range map[string]bool{"p/a": true, "p/b": false, "p/c": true, "q/d": true} {
		path, _ := ringPath(dir, unit)
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is kept: %v, want %v", unit, err == nil, want)
		}
	}
	if len(*said) != 1 || !strings.HasPrefix((*said)[0], "forgot 1 histories") {
		t.Errorf("said %q", *said)
	}
	live[filepath.Join(dir, "q/d.ring")] = true
	if err := write("q/e"); err != errNoRoom {
		t.Errorf("with everything running: %v, want %v", err, errNoRoom)
	}
	if err := write("p/a"); err != nil {
		t.Errorf("a history that is there: %v", err)
	}
	b.remove("p/a")
	if err := write("q/e"); err != nil {
		t.Errorf("after one was removed: %v", err)
	}
}

func TestNamesThatLeadOutside(t *testing.T) {
	a, _ := archiveIn(t, t.TempDir()+"/m", time.Hour, 0)
	for _, unit := range []string{"../x", "/etc/x", "a/../../x", "a//b", "", ".", "a/."} {
		if path, ok := ringPath(a.dir, unit); ok {
			t.Errorf("%q would be %s", unit, path)
		}
		fill(t, a, unit, 1)
	}
	if _, err := os.Stat(a.dir); err == nil {
		t.Error("something was written")
	}
}

func FuzzDecode(f *testing.F) {
	l := layoutFor(time.Minute)
	r := l.empty()
	r[0].put(record{slot: slotAt(noon, fineStep), cpu: 1, memory: 2})
	f.Add(r.encode(l))
	f.Add(l.header())
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decode(data)
		if err != nil {
			return
		}
		s := assemble(r[:], time.Hour, noon)
		for i := range s.CPU {
			if s.CPU[i] < 0 || math.IsInf(s.CPU[i], 0) || math.IsInf(s.Memory[i], 0) {
				t.Errorf("point %d: %v %v", i, s.CPU[i], s.Memory[i])
			}
		}
		fresh := l.empty()
		fresh.carry(r)
	})
}

func TestAnyProjectNameMayHaveAHistory(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "spillover"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "spillover", "web.ring"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := point(dir, dir); err != nil {
		t.Error(err)
	}
	if err := point(dir, "/elsewhere"); err != nil || follow(dir) != "/elsewhere" {
		t.Errorf("leads to %s (%v)", follow(dir), err)
	}
}
