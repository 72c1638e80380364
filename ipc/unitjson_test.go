package ipc

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// fill sets everything in v that can be set, to values that are not empty where
// full says so of each.
func fill(v reflect.Value, text func() string, full func() bool) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		if full() {
			v.Set(reflect.ValueOf(time.Unix(rand.Int64N(4e9), rand.Int64N(1e9)).UTC()))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), text, full)
		}
	case reflect.Pointer:
		if full() {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), text, full)
		}
	case reflect.Slice:
		for full() && v.Len() < 3 {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			fill(v.Index(v.Len()-1), text, full)
		}
	case reflect.String:
		if full() {
			v.SetString(text())
		}
	case reflect.Int:
		v.SetInt(rand.Int64N(1e6) - 1)
	case reflect.Uint64:
		v.SetUint(rand.Uint64() >> rand.UintN(64))
	case reflect.Float64:
		v.SetFloat(math.Ldexp(rand.Float64(), rand.IntN(120)-60))
	case reflect.Bool:
		v.SetBool(full())
	default:
		panic("this test knows no " + v.Kind().String())
	}
}

// checkUnits has units written and read both ways, which have to agree.
func checkUnits(t *testing.T, units []Unit) {
	t.Helper()
	ours, err := appendUnits(nil, units)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := marshal(units)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []Unit
	if err := json.Unmarshal(theirs, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(ours, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("encoding/json reads\n%+v, want\n%+v (%v)\nfrom %s", got, want, err, ours)
	}
	for name, items := range map[string][]byte{"ours": ours, "theirs": theirs} {
		if got, err := readUnits(items); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s read as\n%+v, want\n%+v (%v)\nfrom %s", name, got, want, err, items)
		}
	}
}

// Whatever there is of a unit comes over, in each combination of what may be
// left out.
func TestUnitsAreWrittenAndRead(t *testing.T) {
	plain := func() string { return "web" }
	odd := func() string {
		return []string{`say "hi"`, `a\b`, "line\nline\x00", "\u00e9\u2028</html>", "bad \xff\xfe bytes"}[rand.IntN(5)]
	}
	always := func() bool { return true }
	now := func() bool { return rand.IntN(2) == 0 }
	for _, text := range []func() string{plain, odd} {
		var one Unit
		fill(reflect.ValueOf(&one).Elem(), text, always)
		checkUnits(t, []Unit{one, {}, one})
		for range 300 {
			units := make([]Unit, 1+rand.IntN(3))
			for i := range units {
				fill(reflect.ValueOf(&units[i]).Elem(), text, now)
			}
			checkUnits(t, units)
		}
	}
}

// The quick way is taken for all but units that are being replaced: this is what
// it is for.
func TestUnitsAreReadQuickly(t *testing.T) {
	var one Unit
	fill(reflect.ValueOf(&one).Elem(), func() string { return "a \"word\"" }, func() bool { return true })
	one.Rollout = nil
	one.Project, one.Kind, one.State, one.Health, one.Deploy, one.Desired, one.Containment = "p", "service", "running", "none", "none", "up", "cgroup"
	items, err := appendUnits(nil, []Unit{one, one})
	if err != nil {
		t.Fatal(err)
	}
	r := unitReader{scanner: scanner{items}}
	if list, ok := r.units(nil); !ok || len(list) != 2 || !reflect.DeepEqual(list[1], one) {
		t.Errorf("%+v from %s", list, items)
	}
}

func TestAUnitThatIsNoNumber(t *testing.T) {
	if line, err := appendUnits(nil, []Unit{{CPUPercent: math.NaN()}}); err == nil {
		t.Errorf("%s", line)
	}
}

// What a stranger sends in the place of units is read as encoding/json reads it,
// or not at all.
func FuzzReadUnits(f *testing.F) {
	var one Unit
	fill(reflect.ValueOf(&one).Elem(), func() string { return "x" }, func() bool { return true })
	one.Rollout = nil
	items, err := appendUnits(nil, []Unit{one, {}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(items)
	f.Fuzz(func(t *testing.T, items []byte) {
		if !json.Valid(items) || !utf8.Valid(items) {
			return
		}
		var want []Unit
		wantErr := json.Unmarshal(items, &want)
		got, err := readUnits(items)
		if (err == nil) != (wantErr == nil) || err == nil && len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s\nis %+v (%v), want %+v (%v)", items, got, err, want, wantErr)
		}
	})
}

func BenchmarkUnits(b *testing.B) {
	units := make([]Unit, 230)
	for i := range units {
		units[i] = Unit{
			ID: "project/unit", Project: "project", Name: "unit", Hash: "2041e07634af", Kind: "service", State: "running",
			Health: "none", Deploy: "none", Since: time.Now(), Desired: "up", PID: 4711, Run: 1, StartedAt: time.Now(),
			UptimeSecs: 1.25, Depends: strings.Fields("db cache"), Containment: "cgroup",
		}
	}
	items, err := appendUnits(nil, units)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			items, _ = appendUnits(items[:0], units)
		}
	})
	b.Run("write, encoding/json", func(b *testing.B) {
		for b.Loop() {
			_, _ = marshal(units)
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			_, _ = readUnits(items)
		}
	})
	b.Run("read, encoding/json", func(b *testing.B) {
		for b.Loop() {
			list := make([]Unit, 0, len(units))
			_ = json.Unmarshal(items, &list)
		}
	})
}
