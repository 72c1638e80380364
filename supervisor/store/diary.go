package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The diary is what has happened since the state was last saved: a line of JSON
// for each change of a unit, written before anything is done that must not be
// done twice, and one for each end of a process, written before that is reaped.
// It protects against the death of the supervisor, not of the machine: nothing
// is fsynced, and it lies in memory where there is such a filesystem, so a line
// costs some microseconds and needs no room on the disk.
//
// It consists of numbered files. Each state names the file that begins with it
// (State.Diary): a supervisor reads the state, then the files from the one
// before that on. Changes that the state has already are told by their number
// (State.Change); ends of processes may be in the older file though the state
// does not know them, so that one is kept until the next state is on disk.

// Entry is one line. Exactly one of its parts is set.
type Entry struct {
	// Change numbers the changes of units; ends of processes have none.
	Change uint64 `json:"n,omitempty"`
	// Unit is a unit as it is from now on. Without a definition it has the
	// one it had.
	Unit *UnitState `json:"unit,omitempty"`
	// Spelled is the unit as Spell writes it, where that is done already.
	Spelled []byte `json:"-"`
	// Gone is the project/name of a unit that was forgotten.
	Gone string `json:"gone,omitempty"`
	// Project is what is known of the project ID.
	ID      string   `json:"id,omitempty"`
	Project *Project `json:"project,omitempty"`
	// Operation is one that was begun; the changes that it made come before it.
	Operation *Operation `json:"operation,omitempty"`
	// Ended is the end of a process.
	Ended *Ended `json:"ended,omitempty"`
	// Beside is a command that belongs to no run and is about to be
	// started; Over is the tree of one of which nothing is left.
	Beside *Command `json:"beside,omitempty"`
	Over   string   `json:"over,omitempty"`
}

// Ended is how the main process of a tree ended.
type Ended struct {
	// Tree is the tree's name, Run its number.
	Tree       string    `json:"tree"`
	Run        uint64    `json:"run"`
	PID        int       `json:"pid"`
	StartTicks uint64    `json:"start_ticks"`
	Code       int       `json:"code"`
	Signal     int       `json:"signal,omitempty"`
	Core       bool      `json:"core,omitempty"`
	Time       time.Time `json:"time"`
}

// Command is a hook or a probe that runs.
type Command struct {
	Tree string `json:"tree"`
	Run  uint64 `json:"run"`
	Hold
	// Stays is whether it is to go on without the supervisor that started
	// it, until the time Until.
	Stays bool      `json:"stays,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

// Hold is by what the processes of a tree are found.
type Hold struct {
	Mark   uint64 `json:"mark,omitempty"`
	Cgroup string `json:"cgroup,omitempty"`
}

// Diary writes. Its methods may be called from any goroutine.
type Diary struct {
	dir, boot string

	mu     sync.Mutex
	number uint64
	file   *os.File
	size   int64
	closed bool
}

// diaryHead begins every file: a diary of another boot says nothing.
type diaryHead struct {
	Boot string `json:"boot"`
}

// Diary is the folder of the diary.
func (p Paths) Diary() string { return filepath.Join(p.PipeDir(), ".diary") }

// OpenDiary begins a file after those that are there.
func OpenDiary(dir, boot string) (*Diary, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, failed("keep a diary in", dir, err)
	}
	d := &Diary{dir: dir, boot: boot}
	if list := diaryFiles(dir); len(list) > 0 {
		d.number = list[len(list)-1]
	}
	d.number++
	return d, nil
}

func diaryName(dir string, number uint64) string {
	return filepath.Join(dir, strconv.FormatUint(number, 10))
}

// diaryFiles are the numbers of the files, sorted.
func diaryFiles(dir string) []uint64 {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var list []uint64
	for _, e := range entries {
		if n, err := strconv.ParseUint(e.Name(), 10, 64); err == nil {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

// Write appends entries, in one piece.
func (d *Diary) Write(entries ...Entry) error {
	if d == nil || len(entries) == 0 {
		return nil
	}
	var text []byte
	for _, e := range entries {
		var err error
		if text, err = e.line(text); err != nil {
			return fmt.Errorf("cannot put into words what happened: %w", err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	if err := d.open(); err != nil {
		return failed("write the diary", d.dir, err)
	}
	n, err := d.file.Write(text)
	d.size += int64(n)
	if err != nil {
		if n > 0 {
			// Half a line would hide the ones after it.
			_, _ = d.file.WriteString("\n")
		}
		return failed("write the diary", d.file.Name(), err)
	}
	return nil
}

// line adds the entry's line to a text.
func (e *Entry) line(text []byte) ([]byte, error) {
	if e.Spelled != nil {
		text = append(strconv.AppendUint(append(text, `{"n":`...), e.Change, 10), `,"unit":`...)
		return append(append(text, e.Spelled...), "}\n"...), nil
	}
	data, err := json.Marshal(e)
	return append(append(text, data...), '\n'), err
}

// Spell is a unit as JSON. The definitions are JSON already and put in as they
// are: to encode one anew takes longer than all else.
func Spell(u UnitState) ([]byte, error) {
	definition, good := u.Definition, u.Good
	u.Definition, u.Good = nil, nil
	data, err := json.Marshal(&u)
	if err != nil || definition == nil && good == nil {
		return data, err
	}
	const names = 32
	data = slices.Grow(data[:len(data)-1], len(definition)+names)
	if definition != nil {
		data = append(append(data, `,"definition":`...), definition...)
	}
	if good != nil {
		data = append(append(append(data, `,"good":[`...), bytes.Join(raw(good), []byte{','})...), ']')
	}
	return append(data, '}'), nil
}

func raw(list []json.RawMessage) [][]byte {
	texts := make([][]byte, len(list))
	for i, m := range list {
		texts[i] = m
	}
	return texts
}

// open opens the present file; mu is held.
func (d *Diary) open() error {
	if d.file != nil {
		return nil
	}
	f, err := os.OpenFile(diaryName(d.dir, d.number), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	head, _ := json.Marshal(diaryHead{Boot: d.boot})
	if _, err := f.Write(append(head, '\n')); err != nil {
		_ = f.Close()
		return err
	}
	d.file = f
	return nil
}

// Turn begins a new file where something was written to the present one, and
// gives its number.
func (d *Diary) Turn() uint64 {
	if d == nil {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file != nil {
		_ = d.file.Close()
		d.file = nil
		d.number++
	}
	return d.number
}

// Forget removes the files that nobody needs once a state that names the file
// of that number is on disk.
func (d *Diary) Forget(number uint64) {
	if d == nil {
		return
	}
	removed := int64(0)
	for _, n := range diaryFiles(d.dir) {
		if n+1 >= number {
			break
		}
		if info, err := os.Stat(diaryName(d.dir, n)); err == nil {
			removed += info.Size()
		}
		_ = os.Remove(diaryName(d.dir, n))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.size = max(d.size-removed, 0)
}

// Size is how many bytes this diary has written and not forgotten.
func (d *Diary) Size() int64 {
	if d == nil {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.size
}

// Close ends the writing; the files stay.
func (d *Diary) Close() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}
