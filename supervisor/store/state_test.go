package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"
	"time"
)

func TestLoadState(t *testing.T) {
	tests := []struct {
		name, content string
		aside         string // pattern of the name it is moved to; empty: it stays
		said          string
	}{
		{name: "good", content: `{"schema":1,"boot_id":"b"}`},
		{name: "fields of a later version of the same schema", content: `{"schema":1,"boot_id":"b","colour":"red"}`},
		{
			name: "empty", content: "", aside: `corrupt-\d+T\d+\.\d+Z`,
			said: `^cannot read .*/state\.json: unexpected end of JSON input; moved it to state\.json\.corrupt-\S+ and started without it$`,
		},
		{name: "torn", content: `{"schema":1,"boot_id":"b`, aside: `corrupt-.*`, said: `unexpected end`},
		{name: "zeroed by a crash of the machine", content: "\x00\x00\x00\x00", aside: `corrupt-.*`, said: `invalid character`},
		{name: "followed by more", content: `{"schema":1}{}`, aside: `corrupt-.*`, said: `after top-level value`},
		{name: "something else", content: `[]`, aside: `corrupt-.*`, said: `cannot unmarshal`},
		{name: "no schema", content: `{"boot_id":"b"}`, aside: `corrupt-.*`, said: `no schema number`},
		{
			name: "newer", content: `{"schema":9,"boot_id":"b"}`, aside: `schema-9-.*`,
			said: `it has schema 9 and this version knows up to 1: a newer sysg wrote it; moved it to state\.json\.schema-9-`,
		},
		{name: "a unit without a name", content: `{"schema":1,"units":[{"project":"p"}]}`, aside: `corrupt-.*`, said: `unit 1 \("p/"\) has no name`},
		{name: "a unit outside", content: `{"schema":1,"units":[{"project":"p","name":"../x"}]}`, aside: `corrupt-.*`, said: `no unit can have`},
		{name: "a unit twice", content: `{"schema":1,"units":[{"project":"p","name":"a"},{"project":"p","name":"a"}]}`, aside: `corrupt-.*`, said: `is there twice`},
		{name: "a process group", content: `{"schema":1,"units":[{"project":"p","name":"a","pid":-1}]}`, aside: `corrupt-.*`, said: `has a negative pid`},
		{name: "a text for a pid", content: `{"schema":1,"units":[{"project":"p","name":"a","pid":"1"}]}`, aside: `corrupt-.*`, said: `cannot unmarshal string`},
		{name: "newer and shaped otherwise", content: `{"schema":9,"units":"none"}`, aside: `schema-9-.*`, said: `newer sysg`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := open(t)
			write(t, d.Paths().StateFile(), test.content)
			s, said, err := d.LoadState()
			if err != nil {
				t.Fatal(err)
			}
			left, err := filepath.Glob(d.Paths().StateFile() + "*")
			if err != nil || len(left) != 1 {
				t.Fatalf("files %q (%v), want one", left, err)
			}
			if test.aside == "" {
				if s.BootID != "b" || len(said) != 0 {
					t.Errorf("got %+v, said %q", s, said)
				}
				return
			}
			if !reflect.DeepEqual(s, State{}) {
				t.Errorf("got %+v, want nothing", s)
			}
			if !regexp.MustCompile(`/state\.json\.` + test.aside + `$`).MatchString(left[0]) {
				t.Errorf("moved to %s", left[0])
			}
			if len(said) != 1 || !regexp.MustCompile(test.said).MatchString(said[0]) {
				t.Errorf("said %q, want %s", said, test.said)
			}
			if kept, err := os.ReadFile(left[0]); err != nil || string(kept) != test.content {
				t.Errorf("kept %q (%v)", kept, err)
			}
		})
	}
}

func TestLoadStateOfANewDirectory(t *testing.T) {
	s, said, err := open(t).LoadState()
	if err != nil || len(said) != 0 || !reflect.DeepEqual(s, State{}) {
		t.Errorf("got %+v, %q, %v", s, said, err)
	}
}

func TestLoadStateOfWhatIsNoFile(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"a directory":                      func(path string) error { return os.Mkdir(path, 0o700) },
		"a symbolic link to nothing":       func(path string) error { return os.Symlink("/nowhere/at/all", path) },
		"a symbolic link to itself":        func(path string) error { return os.Symlink(path, path) },
		"a directory with something in it": func(path string) error { return os.MkdirAll(filepath.Join(path, "kept"), 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			if err := make(d.Paths().StateFile()); err != nil {
				t.Fatal(err)
			}
			s, said, err := d.LoadState()
			if err != nil || len(said) != 1 || !reflect.DeepEqual(s, State{}) {
				t.Errorf("got %+v, %q, %v", s, said, err)
			}
			saver := NewSaver(d, nil)
			saver.Save(State{BootID: "b"})
			if err := saver.Close(); err != nil {
				t.Error(err)
			}
			if left, err := filepath.Glob(d.Paths().StateFile() + ".corrupt-*"); err != nil || len(left) != 1 {
				t.Errorf("moved to %q (%v)", left, err)
			}
		})
	}
}

// A reader beside the supervisor must not move the supervisor's file.
func TestReadStateLeavesTheFile(t *testing.T) {
	d := open(t)
	write(t, d.Paths().StateFile(), "torn")
	if _, err := ReadState(d.Paths()); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(d.Paths().StateFile()); err != nil {
		t.Error(err)
	}
}

func sampleState(units int) State {
	began := time.Date(2026, 11, 2, 10, 0, 0, 123456789, time.UTC)
	code := 0
	s := State{
		Schema: Schema, BootID: "3f1c", Generation: "g7",
		Projects: map[string]Project{
			"shop":  {Manifest: "/srv/shop/systemg.yaml", Env: []string{"PATH=/bin", "X=<&>"}, Digest: "ab12"},
			"adhoc": {Stopped: true},
		},
	}
	for i := range units {
		s.Units = append(s.Units, UnitState{
			Project: "shop", Name: fmt.Sprintf("web.%d", i+1), Kind: "service", Desired: "up", State: "running",
			Reason: "up for 250ms", Since: began, Run: uint64(i), PID: 1000 + i, StartTicks: 1 << 60, Mark: 1<<53 + uint64(i),
			Containment: "marker", StartedAt: began, LastExit: &Exit{Run: 3, Code: code, Time: began, Text: "exit 0"},
			Definition: json.RawMessage(fmt.Sprintf(`{"Name":"web.%d","Command":"exec sleep 1000","Env":[%s]}`, i+1, bytes.Repeat([]byte(`{"Name":"A","Value":"b"},`), 30)) + ``),
		})
		// Thirty entries and one without a comma after it.
		d := &s.Units[i].Definition
		*d = bytes.Replace(*d, []byte(`,]`), []byte(`]`), 1)
	}
	return s
}

func encoded(t testing.TB, e *encoder, s State) string {
	t.Helper()
	if _, err := e.take(s); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e.writeTo(&b, s, time.Unix(0, 0))
	return b.String()
}

func TestEncodedStateIsRead(t *testing.T) {
	want := sampleState(3)
	text := encoded(t, newEncoder(), want)
	var got State
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	want.Saved = time.Unix(0, 0).UTC()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The lines an encoder remembers never show: whatever was encoded before, the
// bytes are those of a fresh one, and equal numbers mean equal bytes.
func TestEncoderForgetsNothing(t *testing.T) {
	e := newEncoder()
	seen := map[uint64]string{}
	s := sampleState(4)
	steps := []func(){
		func() {},
		func() { s.Units[1].State = "failed" },
		func() { s.Units[2].Definition = json.RawMessage(`{"Name":"other"}`) },
		func() { s.Units[2].Definition = nil },
		func() { s.Units = s.Units[1:] },
		func() { s.Units[0], s.Units[1] = s.Units[1], s.Units[0] },
		func() { s.Projects = map[string]Project{"shop": {Digest: "cd"}} },
		func() { s.Units[0].LastExit = nil },
		func() { s.Units = nil },
	}
	for i, step := range steps {
		// The Saver's caller hands over a new slice every time.
		s.Units = append([]UnitState(nil), s.Units...)
		step()
		number, err := e.take(s)
		if err != nil {
			t.Fatal(err)
		}
		got := encoded(t, e, s)
		if want := encoded(t, newEncoder(), s); got != want {
			t.Errorf("step %d: got\n%s\nwant\n%s", i, got, want)
		}
		if before, ok := seen[number]; ok && before != got {
			t.Errorf("step %d: the number of another state", i)
		}
		seen[number] = got
	}
	if len(seen) != len(steps) {
		t.Errorf("%d numbers for %d different states", len(seen), len(steps))
	}
	if len(e.lines) != 0 {
		t.Errorf("%d lines of units that left", len(e.lines))
	}
}

func TestEncoderRefusesADefinitionThatIsNotJSON(t *testing.T) {
	s := sampleState(1)
	s.Units[0].Definition = json.RawMessage(`}`)
	if _, err := newEncoder().take(s); err == nil {
		t.Error("taken")
	}
}

// same has to look at every field: one it forgot would be saved stale.
func TestSameLooksAtEveryField(t *testing.T) {
	check := func(kind reflect.Type, differ func(field int) bool) {
		for i := range kind.NumField() {
			if !differ(i) {
				t.Errorf("%s.%s is not compared", kind.Name(), kind.Field(i).Name)
			}
		}
	}
	check(reflect.TypeFor[UnitState](), func(i int) bool {
		var a, b UnitState
		alter(t, reflect.ValueOf(&b).Elem().Field(i))
		return !same(&a, &b)
	})
	check(reflect.TypeFor[BesideState](), func(i int) bool {
		var a, b BesideState
		alter(t, reflect.ValueOf(&b).Elem().Field(i))
		return !sameBeside(a, b)
	})
	check(reflect.TypeFor[Command](), func(i int) bool {
		var a, b Command
		alter(t, reflect.ValueOf(&b).Elem().Field(i))
		return !sameCommand(a, b)
	})
	check(reflect.TypeFor[Rolled](), func(i int) bool {
		var a, b Rolled
		alter(t, reflect.ValueOf(&b).Elem().Field(i))
		return !sameRolled(&a, &b)
	})
	check(reflect.TypeFor[Exit](), func(i int) bool {
		var a, b Exit
		alter(t, reflect.ValueOf(&b).Elem().Field(i))
		return !sameExit(&a, &b)
	})
}

func alter(t *testing.T, v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *string:
		*x = "x"
	case *bool:
		*x = true
	case *int:
		*x = 1
	case *uint64:
		*x = 1
	case *time.Time:
		*x = time.Unix(1, 0)
	case *json.RawMessage:
		*x = json.RawMessage("1")
	case **Rolled:
		*x = &Rolled{}
	case *time.Duration:
		*x = 1
	case **Exit:
		*x = &Exit{}
	case *[]json.RawMessage:
		*x = []json.RawMessage{json.RawMessage("1")}
	case *Env:
		*x = Env{"A=1"}
	case *Hold:
		*x = Hold{Mark: 1}
	case *[]Command:
		*x = []Command{{Run: 1}}
	case *[]Delivery:
		*x = []Delivery{{ID: "x"}}
	case **Ahead:
		*x = &Ahead{}
	case *[]BesideState:
		*x = []BesideState{{Run: 1}}
	default:
		t.Fatalf("cannot alter a %s", v.Type())
	}
}

// One unit of a thousand changes, as after every exit.
func BenchmarkEncodeThousandUnits(b *testing.B) {
	e, s := newEncoder(), sampleState(1000)
	encoded(b, e, s)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Units[i%1000].Run++
		if _, err := e.take(s); err != nil {
			b.Fatal(err)
		}
		e.writeTo(io.Discard, s, time.Now())
	}
}

// The same with the disk.
func BenchmarkSaveThousandUnits(b *testing.B) {
	d, err := Open(at(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	e, s := newEncoder(), sampleState(1000)
	for i := 0; b.Loop(); i++ {
		s.Units[i%1000].Run++
		if _, err := e.take(s); err != nil {
			b.Fatal(err)
		}
		err := replace(d.Paths().StateFile(), func(w io.Writer) { e.writeTo(w, s, time.Now()) })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzStateFile(f *testing.F) {
	f.Add([]byte(`{"schema":1,"boot_id":"b","units":[{"project":"p","name":"n","definition":{}}]}`))
	f.Add([]byte(`{"schema":99}`))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := open(t)
		write(t, d.Paths().StateFile(), string(data))
		s, said, err := d.LoadState()
		if err != nil {
			t.Fatal(err)
		}
		if len(said) > 0 {
			return
		}
		// What was read can be written and is then read as the same.
		saver := NewSaver(d, nil)
		saver.Save(s)
		if err := saver.Close(); err != nil {
			t.Fatal(err)
		}
		again, said, err := d.LoadState()
		if err != nil || len(said) > 0 {
			t.Fatalf("own file: %v %q", err, said)
		}
		if len(again.Units) != len(s.Units) || again.BootID != s.BootID {
			t.Errorf("got %+v, want %+v", again, s)
		}
	})
}

// Operations outlive the supervisor in the state, and in the diary that follows it.
func TestOperationsAreKept(t *testing.T) {
	d, err := Open(at(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	s := sampleState(1)
	s.Diary, s.Change = 2, 7
	s.Operations = []Operation{{Name: "a", Began: time.Unix(1, 0).UTC(), Units: []Mark{{ID: "p/u", Run: 3, Rollouts: 1, Changed: true, Fresh: true}}, Changes: []Change{{ID: "p/u", Action: "change", Keys: []string{"env"}, Effect: "restart"}}}}
	saver := NewSaver(d, func(string) {})
	saver.Save(s)
	if err := saver.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := ReadState(d.paths)
	if err != nil || !reflect.DeepEqual(got.Operations, s.Operations) {
		t.Errorf("%+v, want %+v: %v", got.Operations, s.Operations, err)
	}
	again, other := Operation{Name: "a", Units: []Mark{{ID: "p/u", Down: true}}}, Operation{Name: "b"}
	after, _, _ := Replay(got, []Entry{{Change: 7, Operation: &Operation{Name: "old"}}, {Change: 8, Operation: &again}, {Change: 9, Operation: &other}})
	if want := []Operation{again, other}; !reflect.DeepEqual(after.Operations, want) {
		t.Errorf("%+v, want %+v", after.Operations, want)
	}
	if got.Operations[0].Units[0].Down {
		t.Error("a replay changed the state that it began with")
	}
}
