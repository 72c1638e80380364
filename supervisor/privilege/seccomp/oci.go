package seccomp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// file is a profile as the OCI runtime specification 1.2 has it ("seccomp" in
// config-linux.md), without what cannot be carried out here.
type file struct {
	DefaultAction   string   `json:"defaultAction"`
	DefaultErrnoRet *uint32  `json:"defaultErrnoRet"`
	Architectures   []string `json:"architectures"`
	Syscalls        []entry  `json:"syscalls"`
}

type entry struct {
	Names    []string   `json:"names"`
	Action   string     `json:"action"`
	ErrnoRet *uint32    `json:"errnoRet"`
	Args     []argument `json:"args"`
	Comment  string     `json:"comment"`
}

type argument struct {
	Index    int    `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo"`
	Op       string `json:"op"`
}

var actions = map[string]Action{
	"SCMP_ACT_ALLOW": Allow, "SCMP_ACT_LOG": Log, "SCMP_ACT_ERRNO": Errno, "SCMP_ACT_TRAP": Trap,
	"SCMP_ACT_KILL": KillThread, "SCMP_ACT_KILL_THREAD": KillThread, "SCMP_ACT_KILL_PROCESS": KillProcess,
}

var ops = map[string]Op{
	"SCMP_CMP_EQ": Equal, "SCMP_CMP_NE": NotEqual, "SCMP_CMP_LT": Less, "SCMP_CMP_LE": LessOrEqual,
	"SCMP_CMP_GT": Greater, "SCMP_CMP_GE": GreaterOrEqual, "SCMP_CMP_MASKED_EQ": MaskedEqual,
}

// Read makes a profile of a file in the OCI format. Calls that exist on other
// machines only are left out; a name that is known nowhere is an error, and so
// is every key that cannot be carried out.
func Read(data []byte) (Profile, error) {
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	var f file
	if err := in.Decode(&f); err != nil {
		return Profile{}, fmt.Errorf("cannot be read: %w", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return Profile{}, errors.New("cannot be read: something follows the profile")
	}
	p := Profile{}
	var err error
	if p.Default, err = action(f.DefaultAction, f.DefaultErrnoRet); err != nil {
		return Profile{}, fmt.Errorf("defaultAction: %w", err)
	}
	for i, e := range f.Syscalls {
		r, err := e.rule()
		if err != nil {
			return Profile{}, fmt.Errorf("syscalls[%d]: %w", i, err)
		}
		p.Rules = append(p.Rules, r)
	}
	return p, nil
}

func action(name string, errno *uint32) (Action, error) {
	a, ok := actions[name]
	switch {
	case !ok:
		return 0, fmt.Errorf("there is no action %q that can be carried out", name)
	case a != Errno && errno != nil:
		return 0, fmt.Errorf("%s has no error number", name)
	case a != Errno:
		return a, nil
	case errno == nil:
		return Errno | permission, nil
	case *errno > 0xfff:
		return 0, fmt.Errorf("there is no error %d", *errno)
	}
	return Errno | Action(*errno), nil
}

func (e entry) rule() (Rule, error) {
	r := Rule{}
	var err error
	if r.Action, err = action(e.Action, e.ErrnoRet); err != nil {
		return r, err
	}
	if len(e.Names) == 0 {
		return r, errors.New("it names no call")
	}
	for _, name := range e.Names {
		if !Known(name) {
			return r, fmt.Errorf("there is no call %q", name)
		}
		if n, ok := number(name); ok {
			r.Numbers = append(r.Numbers, n)
		}
	}
	for _, a := range e.Args {
		op, ok := ops[a.Op]
		if !ok {
			return r, fmt.Errorf("there is no comparison %q", a.Op)
		}
		if a.Index < 0 || a.Index > 5 {
			return r, fmt.Errorf("a call has no argument %d", a.Index)
		}
		r.Args = append(r.Args, Arg{Index: a.Index, Op: op, Value: a.Value, Second: a.ValueTwo})
	}
	return r, nil
}
