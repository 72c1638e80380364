package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"slices"
	"time"
)

// encoder makes the bytes of state.json, one line per unit, and remembers the
// line of each: a change of one unit among a thousand costs one line of JSON
// and a copy of the rest. It holds no copy of the file, and of a definition
// only what the State shares with it.
type encoder struct {
	seed  maphash.Seed
	lines map[unitKey]unitLine
	// round tells lines of this state from those of units that left.
	round uint64
	head  []byte
}

type unitKey struct{ project, name string }

// unitLine is a unit and its JSON without the definition and the closing
// brace.
type unitLine struct {
	unit  UnitState
	json  []byte
	round uint64
}

func newEncoder() *encoder {
	return &encoder{seed: maphash.MakeSeed(), lines: map[unitKey]unitLine{}}
}

// take prepares the lines of s. The number stands for all that will be
// written except the time of saving: the same number, the same file.
func (e *encoder) take(s State) (uint64, error) {
	e.round++
	var err error
	if e.head, err = header(s); err != nil {
		return 0, err
	}
	var sum maphash.Hash
	sum.SetSeed(e.seed)
	_, _ = sum.Write(e.head)
	for i := range s.Units {
		u := &s.Units[i]
		line, err := e.line(u)
		if err != nil {
			return 0, fmt.Errorf("unit %s/%s: %w", u.Project, u.Name, err)
		}
		_, _ = sum.Write(line)
		_, _ = sum.Write(u.Definition)
	}
	if len(e.lines) > len(s.Units) {
		maps.DeleteFunc(e.lines, func(_ unitKey, l unitLine) bool { return l.round != e.round })
	}
	return sum.Sum64(), nil
}

// line is the unit's JSON up to its definition.
func (e *encoder) line(u *UnitState) ([]byte, error) {
	key := unitKey{project: u.Project, name: u.Name}
	known, ok := e.lines[key]
	if !ok || !same(&known.unit, u) {
		if len(u.Definition) > 0 && !json.Valid(u.Definition) {
			return nil, errors.New("its definition is not JSON")
		}
		plain := *u
		plain.Definition = nil
		data, err := json.Marshal(plain)
		if err != nil {
			return nil, err
		}
		known = unitLine{unit: *u, json: data[:len(data)-1]}
	}
	// The newest equal definition is the one that is shared.
	known.unit.Definition = u.Definition
	known.round = e.round
	e.lines[key] = known
	return known.json, nil
}

// writeTo writes the state that was taken last. An error of w comes out of
// its Flush.
func (e *encoder) writeTo(w io.Writer, s State, saved time.Time) {
	fmt.Fprintf(w, "{\"schema\":%d,\n\"saved\":%q%s", Schema, saved.UTC().Format(time.RFC3339Nano), e.head)
	for i := range s.Units {
		u := &s.Units[i]
		if i > 0 {
			_, _ = io.WriteString(w, ",")
		}
		_, _ = io.WriteString(w, "\n")
		_, _ = w.Write(e.lines[unitKey{project: u.Project, name: u.Name}].json)
		if len(u.Definition) > 0 {
			_, _ = io.WriteString(w, `,"definition":`)
			_, _ = w.Write(u.Definition)
		}
		_, _ = io.WriteString(w, "}")
	}
	_, _ = io.WriteString(w, "\n]}\n")
}

// header is what stands between the time of saving and the first unit.
func header(s State) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, ",\n\"boot_id\":%s,\n\"generation\":%s,\n", quote(s.BootID), quote(s.Generation))
	if s.Diary > 0 {
		fmt.Fprintf(&b, "\"diary\":%d,\"change\":%d,\n", s.Diary, s.Change)
	}
	b.WriteString("\"projects\":{")
	for i, id := range slices.Sorted(maps.Keys(s.Projects)) {
		project, err := json.Marshal(s.Projects[id])
		if err != nil {
			return nil, fmt.Errorf("project %s: %w", id, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n%s:%s", quote(id), project)
	}
	b.WriteString("},\n")
	if len(s.Operations) > 0 {
		operations, err := json.Marshal(s.Operations)
		if err != nil {
			return nil, fmt.Errorf("operations: %w", err)
		}
		fmt.Fprintf(&b, "\"operations\":%s,\n", operations)
	}
	b.WriteString("\"units\":[")
	return b.Bytes(), nil
}

// quote is text as JSON. Marshalling a string cannot fail.
func quote(text string) []byte {
	data, _ := json.Marshal(text)
	return data
}

// same is whether a and b make the same line.
func same(a, b *UnitState) bool {
	return a.Project == b.Project && a.Name == b.Name && a.Kind == b.Kind &&
		a.Desired == b.Desired && a.State == b.State && a.Reason == b.Reason &&
		a.Since.Equal(b.Since) && a.Run == b.Run && a.Restarts == b.Restarts &&
		a.Failures == b.Failures && a.Attempts == b.Attempts &&
		a.PID == b.PID && a.StartTicks == b.StartTicks && a.Handle == b.Handle && a.Mark == b.Mark &&
		a.Cgroup == b.Cgroup && a.Containment == b.Containment &&
		a.StartedAt.Equal(b.StartedAt) && sameExit(a.LastExit, b.LastExit) &&
		a.Adhoc == b.Adhoc && a.Found == b.Found && a.Orphaned == b.Orphaned && a.Removed == b.Removed &&
		a.Expires.Equal(b.Expires) && a.ParentPID == b.ParentPID &&
		a.Parent == b.Parent && a.ParentRun == b.ParentRun &&
		a.Runs == b.Runs && a.Proven == b.Proven && a.Slot == b.Slot && sameRolled(a.Last, b.Last) &&
		slices.EqualFunc(a.Good, b.Good, func(x, y json.RawMessage) bool { return bytes.Equal(x, y) }) &&
		a.Ready == b.Ready && a.Health == b.Health && a.Then == b.Then && a.Rollout == b.Rollout &&
		a.Step == b.Step && a.Deadline.Equal(b.Deadline) && a.Exited == b.Exited && a.Fault == b.Fault &&
		slices.EqualFunc(a.Trees, b.Trees, sameCommand) && a.ParentTicks == b.ParentTicks && slices.Equal(a.Base, b.Base) &&
		slices.EqualFunc(a.Beside, b.Beside, sameBeside) && a.Rollouts == b.Rollouts && sameAhead(a.Ahead, b.Ahead) &&
		slices.EqualFunc(a.Owed, b.Owed, func(a, b Delivery) bool { return a.ID == b.ID }) &&
		bytes.Equal(a.Definition, b.Definition)
}

func sameRolled(a, b *Rolled) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.OK == b.OK && a.Reason == b.Reason && a.Time.Equal(b.Time) && a.Took == b.Took && a.Run == b.Run
}

func sameCommand(a, b Command) bool {
	return a.Tree == b.Tree && a.Run == b.Run && a.Hold == b.Hold && a.Stays == b.Stays && a.Until.Equal(b.Until)
}

func sameBeside(a, b BesideState) bool {
	return a.Run == b.Run && a.PID == b.PID && a.StartTicks == b.StartTicks && a.Handle == b.Handle && a.Mark == b.Mark &&
		a.Cgroup == b.Cgroup && a.Containment == b.Containment && a.StartedAt.Equal(b.StartedAt) &&
		a.Slot == b.Slot && bytes.Equal(a.Definition, b.Definition)
}

func sameExit(a, b *Exit) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Run == b.Run && a.Code == b.Code && a.Signal == b.Signal &&
		a.Core == b.Core && a.Time.Equal(b.Time) && a.Text == b.Text
}
