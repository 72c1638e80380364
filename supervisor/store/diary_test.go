package store

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// diary is a diary in a folder of its own, with what can be read of it.
type diary struct {
	*testing.T
	*Diary
	dir string
}

const thisBoot = "this boot"

func newDiary(t *testing.T) *diary {
	t.Helper()
	d := &diary{T: t, dir: t.TempDir()}
	d.again()
	return d
}

// again is the diary as the next supervisor opens it.
func (d *diary) again() {
	d.Helper()
	var err error
	if d.Diary, err = OpenDiary(d.dir, thisBoot); err != nil {
		d.Fatal(err)
	}
}

func (d *diary) write(list ...Entry) {
	d.Helper()
	if err := d.Write(list...); err != nil {
		d.Fatal(err)
	}
}

// tells are the changes that can be read from a file on.
func (d *diary) tells(from uint64) []uint64 {
	d.Helper()
	// What cannot be read is left out; see TestDiaryLeavesOut.
	list, _ := ReadDiary(d.dir, thisBoot, from)
	var changes []uint64
	for _, e := range list {
		changes = append(changes, e.Change)
	}
	return changes
}

func change(n uint64, name string) Entry {
	return Entry{Change: n, Unit: &UnitState{Project: "p", Name: name, Run: n}}
}

func (d *diary) want(from uint64, changes ...uint64) {
	d.Helper()
	if got := d.tells(from); !reflect.DeepEqual(got, changes) {
		d.Errorf("from file %d on it tells %v, want %v", from, got, changes)
	}
}

// A state names the file that begins with it; the one before is read too, for
// ends of processes that the state did not know yet. Older ones go.
func TestDiaryFiles(t *testing.T) {
	d := newDiary(t)
	d.write(change(1, "a"))
	second := d.Turn()
	d.write(change(2, "a"))
	third := d.Turn()
	if again := d.Turn(); again != third {
		t.Errorf("a file to which nothing was written was left for %d", again)
	}
	d.write(change(3, "a"))
	d.want(0, 1, 2, 3)
	d.want(third, 2, 3)
	d.Forget(second)
	d.want(0, 1, 2, 3)
	d.Forget(third)
	d.want(0, 2, 3)
	d.again()
	d.write(change(4, "a"))
	d.want(third, 2, 3, 4)
}

// A line that makes no sense is left out, which is told, and so is the diary of
// another boot.
func TestDiaryLeavesOut(t *testing.T) {
	d := newDiary(t)
	d.write(change(1, "a"))
	f, err := os.OpenFile(diaryName(d.dir, 1), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(`{"n":2,"unit":{"project":"p","na` + "\n")
	_ = f.Close()
	d.write(change(3, "a"))
	d.want(0, 1, 3)
	if _, err := ReadDiary(d.dir, thisBoot, 0); err == nil {
		t.Error("nobody is told of it")
	}
	other, err := OpenDiary(d.dir, "another boot")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Write(change(9, "a")); err != nil {
		t.Fatal(err)
	}
	d.want(0, 1, 3)
	if err := os.WriteFile(diaryName(d.dir, 7), []byte("garbage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.want(0, 1, 3)
}

// A writer that is killed in the middle of a line has done nothing of what that
// says: nothing is lost. What else a file may end with is damage.
func TestDiaryThatBreaksOff(t *testing.T) {
	for name, c := range map[string]struct {
		end     string
		damaged bool
	}{
		"in a word":        {`{"n":2,"unit":{"project":"p","na`, false},
		"at once":          {`{`, false},
		"before its end":   {`{"n":2,"unit":{"project":"p","name":"n"}}`, false},
		"garbage":          {"\x00\x00\x00", true},
		"two lines in one": {`{"n":2,"uni{"n":3}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDiary(t)
			d.write(change(1, "a"))
			f, err := os.OpenFile(diaryName(d.dir, 1), os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = f.WriteString(c.end)
			_ = f.Close()
			d.again()
			d.write(change(3, "a"))
			d.want(0, 1, 3)
			if _, err := ReadDiary(d.dir, thisBoot, 0); (err != nil) != c.damaged {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// Changes that the state has are not made again; ends of processes are told
// whatever their age; a definition stays until another one comes.
func TestReplay(t *testing.T) {
	def := json.RawMessage(`{"name":"a"}`)
	s := State{Change: 2, Units: []UnitState{{Project: "p", Name: "a", Run: 2, Definition: def}, {Project: "p", Name: "gone"}}}
	at := time.Unix(1, 0)
	after, ended, commands := Replay(s, []Entry{
		{Change: 1, Unit: &UnitState{Project: "p", Name: "a", Run: 1}},
		{Ended: &Ended{Tree: "p/a", Run: 1, Code: 78, Time: at}},
		{Change: 3, Unit: &UnitState{Project: "p", Name: "a", Run: 3, PID: 7}},
		{Change: 4, Gone: "p/gone"},
		{Change: 5, Unit: &UnitState{Project: "p", Name: "new", Definition: def}},
		{Change: 6, ID: "p", Project: &Project{Manifest: "/m"}},
		{Beside: &Command{Tree: "p/a:probe", Run: 1}},
		{Beside: &Command{Tree: "p/a:hook", Run: 2, Stays: true}},
		{Over: CommandName("p/a:probe", 1)},
	})
	want := State{
		Change: 6, Projects: map[string]Project{"p": {Manifest: "/m"}},
		Units: []UnitState{{Project: "p", Name: "a", Run: 3, PID: 7, Definition: def}, {Project: "p", Name: "new", Definition: def}},
	}
	if !reflect.DeepEqual(after, want) {
		t.Errorf("the state is %+v", after)
	}
	if len(ended) != 1 || ended[0].Code != 78 {
		t.Errorf("ended: %+v", ended)
	}
	if len(commands) != 1 || commands[0].Tree != "p/a:hook" || !commands[0].Stays {
		t.Errorf("commands that may run: %+v", commands)
	}
	if s.Units[0].Run != 2 || len(s.Units) != 2 {
		t.Error("the state that was given was changed")
	}
}

// The kernel takes any bytes in an environment, and so does the state.
func TestEnvKeepsBytes(t *testing.T) {
	want := Env{"A=1", "B=\xff\xfe", "", "C=ä"}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Env
	if err := json.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q from %s, %v", got, data, err)
	}
}

// A unit is spelled as JSON would be, with its definitions as they are.
func TestSpell(t *testing.T) {
	for _, u := range []UnitState{
		{Project: "demo", Name: "web", PID: 7},
		{Project: "demo", Name: "web", Definition: json.RawMessage(`{"exec":["a<b"]}`)},
		{Project: "demo", Name: "web", Definition: json.RawMessage(`{}`), Good: []json.RawMessage{[]byte(`{"a":1}`), []byte(`{"a":2}`)}},
	} {
		text, err := Spell(u)
		if err != nil {
			t.Fatal(err)
		}
		var got UnitState
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if !reflect.DeepEqual(got, u) {
			t.Errorf("%s is read as %+v", text, got)
		}
	}
}

// Who only looks sees what happened after the state was saved, and makes no
// folder for that.
func TestReadLatest(t *testing.T) {
	dir := t.TempDir()
	p := Paths{State: dir, Logs: filepath.Join(dir, "logs"), Runtime: dir}
	if s, err := ReadLatest(p, thisBoot); err != nil || len(s.Units) > 0 {
		t.Fatalf("of nothing: %+v, %v", s, err)
	}
	if _, err := os.Stat(inMemory(dir)); err == nil {
		t.Error("it made a folder")
	}
	t.Cleanup(func() { _ = p.RemovePipes() })
	d, err := OpenDiary(p.Diary(), thisBoot)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(change(1, "a"), change(2, "b")); err != nil {
		t.Fatal(err)
	}
	if s, err := ReadLatest(p, thisBoot); err != nil || len(s.Units) != 2 || s.BootID != thisBoot {
		t.Errorf("after two changes: %+v, %v", s, err)
	}
	if s, err := ReadLatest(p, "another boot"); err != nil || len(s.Units) > 0 {
		t.Errorf("in another boot: %+v, %v", s, err)
	}
}
