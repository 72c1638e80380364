package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"
)

// Schema is the version of state.json that this package writes. It grows when
// an older supervisor could misunderstand the file; new fields alone do not
// make it grow.
const Schema = 1

// State is all that a supervisor has to know about the one before it.
type State struct {
	Schema int `json:"schema"`
	// BootID is the machine's boot the process numbers belong to.
	BootID string `json:"boot_id"`
	// Generation names the supervisor that wrote it.
	Generation string `json:"generation"`
	// Diary is the file of the diary that begins with this state, Change the
	// last change that the state has.
	Diary    uint64             `json:"diary,omitempty"`
	Change   uint64             `json:"change,omitempty"`
	Saved    time.Time          `json:"saved,omitzero"`
	Projects map[string]Project `json:"projects"`
	// Operations are those that clients may still ask about.
	Operations []Operation `json:"operations,omitempty"`
	Units      []UnitState `json:"units"`
}

// Project is where a set of units came from.
type Project struct {
	// Manifest is an absolute path, empty for ad-hoc units.
	Manifest string `json:"manifest,omitempty"`
	// Env is the base environment of its services, as NAME=VALUE.
	Env    Env    `json:"env,omitempty"`
	Digest string `json:"digest,omitempty"`
	// Stopped is whether the operator stopped the project as a whole.
	Stopped bool `json:"stopped,omitempty"`
}

// UnitState is one unit: what is wanted, what was last known, and what is
// needed to find its process again.
type UnitState struct {
	Project string    `json:"project"`
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	Desired string    `json:"desired"`
	State   string    `json:"state"`
	Reason  string    `json:"reason,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// Run is the number of the present or last run.
	Run uint64 `json:"run"`
	// Runs is the highest number a run of the unit was ever given.
	Runs     uint64 `json:"runs,omitempty"`
	Restarts int    `json:"restarts,omitempty"`
	Failures int    `json:"failures,omitempty"`
	Attempts int    `json:"attempts,omitempty"`

	// PID is 0 when nothing of the unit lives. StartTicks is when it was
	// started, in clock ticks since boot, or Handle its number in pidfs: a
	// pid alone may be a stranger's.
	PID         int       `json:"pid,omitempty"`
	StartTicks  uint64    `json:"start_ticks,omitempty"`
	Handle      uint64    `json:"handle,omitempty"`
	Mark        uint64    `json:"mark,omitempty"`
	Cgroup      string    `json:"cgroup,omitempty"`
	Containment string    `json:"containment,omitempty"`
	StartedAt   time.Time `json:"started_at,omitzero"`
	LastExit    *Exit     `json:"last_exit,omitempty"`

	// Adhoc units came from a command line and are in no manifest;
	// Orphaned ones were in one and are no longer, and Removed ones are about
	// to end for that.
	Adhoc    bool `json:"adhoc,omitempty"`
	Orphaned bool `json:"orphaned,omitempty"`
	Removed  bool `json:"removed,omitempty"`
	// Found units were found at work when nothing was known of them: the
	// definition is only what runs.
	Found bool `json:"found,omitempty"`
	// Expires is when an ad-hoc unit's time to live ends; zero for never.
	Expires time.Time `json:"expires,omitzero"`
	// ParentPID is the process with which an ad-hoc unit ends, started at
	// ParentTicks; 0 for none.
	ParentPID   int    `json:"parent_pid,omitempty"`
	ParentTicks uint64 `json:"parent_ticks,omitempty"`
	// Base is an ad-hoc unit's own base environment.
	Base Env `json:"base,omitempty"`
	// Parent is the project/name of the unit that spawned this one in its
	// run ParentRun; empty for none.
	Parent    string `json:"parent,omitempty"`
	ParentRun uint64 `json:"parent_run,omitempty"`

	// Definition is the resolved definition, for a status without a
	// supervisor and for adoption without the manifest. It must be valid
	// JSON or empty.
	Definition json.RawMessage `json:"definition,omitempty"`
	// Proven is whether the definition was ready once; Good are earlier
	// ones that were, oldest first.
	Proven bool              `json:"proven,omitempty"`
	Good   []json.RawMessage `json:"good,omitempty"`
	// Last is how the newest attempt to replace the instance ended.
	Last *Rolled `json:"last_rollout,omitempty"`
	// Rollouts counts the attempts that have ended.
	Rollouts int `json:"rollouts,omitempty"`
	// Slot is where a blue-green instance stands.
	Slot string `json:"slot,omitempty"`
	// Ready is whether the present run has been ready, Health what its check
	// said, Then what follows once a run that is being stopped is gone.
	Ready  bool   `json:"ready,omitempty"`
	Health string `json:"health,omitempty"`
	Then   string `json:"then,omitempty"`
	// Step is the command of the run that is under way, Exited whether the
	// main process has ended though its tree has not, Fault why the run is
	// being ended and counts as failed.
	Step   string `json:"step,omitempty"`
	Exited bool   `json:"exited,omitempty"`
	Fault  string `json:"fault,omitempty"`
	// Deadline is when a back-off ends.
	Deadline time.Time `json:"deadline,omitzero"`
	// Trees are the commands that were ordered, and the main process until
	// it is known: each may have been started or not.
	Trees []Command `json:"trees,omitempty"`
	// Beside are the main processes of a rollout's second instance, Rollout
	// is the phase of the rollout; empty for none.
	Beside  []BesideState `json:"beside,omitempty"`
	Rollout string        `json:"rollout,omitempty"`
	// Ahead is what was asked for and is not done yet; nil for nothing.
	Ahead *Ahead `json:"ahead,omitempty"`
	// Owed are webhooks that were decided and may not be in the outbox.
	Owed []Delivery `json:"owed,omitempty"`
}

// BesideState is a process that lives beside the unit's own instance.
type BesideState struct {
	Run         uint64    `json:"run"`
	PID         int       `json:"pid"`
	StartTicks  uint64    `json:"start_ticks,omitempty"`
	Handle      uint64    `json:"handle,omitempty"`
	Mark        uint64    `json:"mark,omitempty"`
	Cgroup      string    `json:"cgroup,omitempty"`
	Containment string    `json:"containment,omitempty"`
	StartedAt   time.Time `json:"started_at,omitzero"`
	// Slot and Definition are the instance's, as in UnitState.
	Slot       string          `json:"slot,omitempty"`
	Definition json.RawMessage `json:"definition,omitempty"`
}

// Rolled is how an attempt to replace an instance ended.
type Rolled struct {
	OK     bool          `json:"ok"`
	Reason string        `json:"reason"`
	Time   time.Time     `json:"time"`
	Took   time.Duration `json:"took_ns"`
	Run    uint64        `json:"run"`
}

// Exit is how a run ended.
type Exit struct {
	Run uint64 `json:"run"`
	// Code is the exit status, -1 when a signal ended it or nobody knows.
	Code int `json:"code"`
	// Signal is a name such as SIGSEGV, empty for an ordinary exit.
	Signal string    `json:"signal,omitempty"`
	Core   bool      `json:"core,omitempty"`
	Time   time.Time `json:"time"`
	// Text is a phrase for a person: "exit 78".
	Text string `json:"text"`
}

// LoadState reads state.json. A file that this version cannot use, or that
// cannot be read at all, is moved aside, which the strings say in words, and
// counts as absent: then the State is the zero one. The error is for a file
// that could not even be moved.
func (d *Dir) LoadState() (State, []string, error) {
	s, err := ReadState(d.paths)
	return orMoveAside(d.paths.StateFile(), s, err)
}

// ReadState reads state.json and leaves it where it is. A missing file is the
// zero State and no error.
func ReadState(p Paths) (State, error) {
	s, err := readJSON(p.StateFile(), Schema, func(s *State) int { return s.Schema })
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err == nil {
		err = s.check()
	}
	if err != nil {
		e := failed("read", p.StateFile(), err)
		if e.Cure == "" {
			e.Cure = "sysg start, which moves it aside and begins without it"
		}
		return State{}, e
	}
	return s, nil
}

// ReadLatest is ReadState, with what has happened since in this boot: for who only
// looks. A diary that cannot be read adds nothing.
func ReadLatest(p Paths, boot string) (State, error) {
	s, err := ReadState(p)
	if err != nil || s.BootID != "" && s.BootID != boot {
		return s, err
	}
	entries, _ := ReadDiary(filepath.Join(knownPipeDir(p.Runtime), ".diary"), boot, s.Diary)
	if len(entries) > 0 {
		s, _, _ = Replay(s, entries)
		s.BootID = boot
	}
	return s, nil
}

// check finds what no supervisor has written: units that nobody could name,
// twice the same one, processes that cannot be.
func (s *State) check() error {
	known := make(map[unitKey]bool, len(s.Units))
	for i, u := range s.Units {
		key := unitKey{project: u.Project, name: u.Name}
		reason := ""
		switch {
		case u.Project == "" || u.Name == "":
			reason = "has no name"
		case strings.ContainsAny(u.Project+u.Name, "/\x00"):
			reason = "has a name that no unit can have"
		case known[key]:
			reason = "is there twice"
		case u.PID < 0 || u.ParentPID < 0:
			reason = "has a negative pid"
		}
		if reason != "" {
			return &unreadable{suffix: "corrupt", err: fmt.Errorf("unit %d (%q) %s", i+1, u.Project+"/"+u.Name, reason)}
		}
		known[key] = true
	}
	return nil
}

// orMoveAside turns a file that cannot be used into a missing one.
func orMoveAside[T any](path string, value T, err error) (T, []string, error) {
	if err == nil {
		return value, nil, nil
	}
	var zero T
	var why *unreadable
	if !errors.As(err, &why) {
		return zero, nil, err
	}
	said, err := moveAside(path, why, time.Now())
	if err != nil {
		return zero, nil, err
	}
	return zero, []string{said}, nil
}
