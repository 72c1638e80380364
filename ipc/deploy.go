package ipc

import "time"

// DeployParams replaces units by their deployment strategy. The manifest is
// read again first, and its definitions of these units are taken over. Units
// are needed.
type DeployParams struct {
	Selection
	Manifest
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
	// Operation is a name that the client gives it; see Again.
	Operation string `json:"operation,omitempty"`
}

func (p DeployParams) check() error {
	return firstWrong(p.named("deploy"), p.Selection.check(), p.Manifest.check(), checkSecs("timeout_secs", p.TimeoutSecs), checkOperation(p.Operation))
}

// RollbackParams gives units back their newest earlier definition that was
// ready once, whatever the manifest says by now. Units are needed.
type RollbackParams struct {
	Selection
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
	// Operation is a name that the client gives it; see Again.
	Operation string `json:"operation,omitempty"`
}

func (p RollbackParams) check() error {
	return firstWrong(p.named("rollback"), p.Selection.check(), checkSecs("timeout_secs", p.TimeoutSecs), checkOperation(p.Operation))
}

// named checks that there are units: a whole system is not replaced by a
// slip of the keyboard.
func (s Selection) named(method string) error {
	if len(s.Units) == 0 {
		return wrong(`"units" has to name what to %s`, method)
	}
	return nil
}

// Rollout is how far the replacement of a unit's instance is.
type Rollout struct {
	// Phase is starting, switching, verifying, grace, draining, undoing or
	// aborting; Since is when it began.
	Phase string    `json:"phase"`
	Since time.Time `json:"since"`
	// Run is the new instance's, PID its process (0 while there is none),
	// State how it is, and Reason why.
	Run    uint64 `json:"run"`
	PID    int    `json:"pid"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	// Waits says what the phase waits for, in words.
	Waits string `json:"waits,omitempty"`
}

// Rolled is how the last attempt to replace a unit's instance ended.
type Rolled struct {
	OK bool `json:"ok"`
	// Reason is why it began, or why it failed.
	Reason   string    `json:"reason"`
	Time     time.Time `json:"time"`
	TookSecs float64   `json:"took_secs"`
	// Run is the new instance's.
	Run uint64 `json:"run"`
}

// Deployment is how a unit is replaced, and what came of it.
type Deployment struct {
	Strategy string `json:"strategy"` // immediate, rolling or blue-green
	// Last is nil where nothing was replaced yet.
	Last *Rolled `json:"last"`
	// Earlier is how many earlier good definitions rollback can go back
	// to, Differs the keys in which the newest of them is another one.
	Earlier int      `json:"earlier_generations"`
	Differs []string `json:"differs,omitempty"`
	// Slot is where a blue-green instance stands.
	Slot string `json:"slot,omitempty"`
	// Replicas are the names of all replicas of the unit's base.
	Replicas []string `json:"replicas,omitempty"`
}

// Health is a unit's health check, and what it found of the present run.
type Health struct {
	// Kind is url, tcp, command, notify or log; Target is what it looks at.
	Kind   string `json:"kind"`
	Target string `json:"target,omitempty"`
	// Liveness says what follows when it fails later: none, mark, restart.
	Liveness string `json:"liveness"`
	// WatchdogSecs is how often the unit has to report; 0 means never.
	WatchdogSecs float64 `json:"watchdog_secs,omitempty"`
	// Last is the newest result, nil for none.
	Last *Probe `json:"last"`
	// Failures counts those in a row; Retries is how many are too many.
	Failures int `json:"failures"`
	Retries  int `json:"retries"`
	// Status is what the unit says of itself (STATUS=).
	Status string `json:"status,omitempty"`
}

// Probe is one result of a health check.
type Probe struct {
	OK       bool      `json:"ok"`
	Text     string    `json:"text"`
	Time     time.Time `json:"time"`
	TookSecs float64   `json:"took_secs"`
}
