package ipc

import "time"

// StatusParams asks for the state of the selected units.
type StatusParams struct {
	Selection
	// All adds what state knows and no manifest names.
	All bool `json:"all,omitempty"`
}

// StatusResult is the state of the system at one moment.
type StatusResult struct {
	Supervisor Supervisor `json:"supervisor"`
	Units      []Unit     `json:"units"`
	// Problems are what the supervisor itself suffers from, in words.
	Problems []string `json:"problems,omitempty"`
}

// Supervisor describes the daemon.
type Supervisor struct {
	Running bool   `json:"running"`
	Version string `json:"version,omitempty"`
	PID     int    `json:"pid,omitempty"`
	// Guardian is the pid of the process that starts the supervisor again
	// when it dies, 0 for none; Starts counts the supervisors it started.
	Guardian int `json:"guardian_pid,omitempty"`
	Starts   int `json:"starts,omitempty"`
	// Upgrade is the newest attempt to change the program, where this
	// supervisor was started by it.
	Upgrade   *Upgrade  `json:"upgrade,omitempty"`
	Since     time.Time `json:"since,omitzero"`
	StateDir  string    `json:"state_dir"`
	Privilege string    `json:"mode,omitempty"` // "user" or "system"
}

// Unit is one unit's state as a client sees it.
type Unit struct {
	// ID is project/name.
	ID      string `json:"id"`
	Project string `json:"project"`
	Name    string `json:"name"`
	// Base and Replica are set for replicas: web.2 is replica 2 of web.
	Base    string `json:"base,omitempty"`
	Replica int    `json:"replica,omitempty"`
	// Hash is 12 hex digits that stay the same for this ID.
	Hash string `json:"hash"`
	// Kind is service, oneshot, cron or adhoc.
	Kind string `json:"kind"`
	// State is one of pending starting running backoff stopping stopped
	// completed failed blocked skipped scheduled.
	State  string `json:"state"`
	Health string `json:"health"`
	// Deploy is the phase of the rollout under way, or "none"; Rollout says
	// more about it.
	Deploy  string   `json:"deploy"`
	Rollout *Rollout `json:"rollout,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	// Since is when the state was entered.
	Since time.Time `json:"since,omitzero"`
	// Desired is "up" or "down".
	Desired string `json:"desired"`
	// PID is the main process, 0 when none lives.
	PID int    `json:"pid"`
	Run uint64 `json:"run"`
	// StartedAt is when the present run was spawned.
	StartedAt time.Time `json:"started_at,omitzero"`
	// UptimeSecs is now minus StartedAt; 0 when nothing runs.
	UptimeSecs float64 `json:"uptime_secs"`
	// Restarts counts automatic restarts since the last operator start;
	// Failures the consecutive failures that max_restarts limits.
	Restarts int `json:"restarts"`
	Failures int `json:"failures"`
	// LastExit is the end of the last run, nil while none has ended.
	LastExit *Exit `json:"last_exit,omitempty"`
	// CPUPercent is of one core, over the whole tree; MemoryBytes is the
	// tree's resident memory. Both are 0 when nothing runs.
	CPUPercent  float64 `json:"cpu_percent"`
	MemoryBytes uint64  `json:"memory_bytes"`
	Processes   int     `json:"processes"`
	// NextRun is a cron job's next time, RetryAt a backoff's end.
	NextRun time.Time `json:"next_run,omitzero"`
	RetryAt time.Time `json:"retry_at,omitzero"`
	// Depends are the names of the units this one waits for.
	Depends []string `json:"depends,omitempty"`
	// Containment is how the tree is held: cgroup, marker or session.
	Containment string `json:"containment,omitempty"`
	// Orphaned is true for state that no manifest names.
	Orphaned bool `json:"orphaned,omitempty"`
	// Parent is the project/name of the unit that spawned this one.
	Parent string `json:"parent,omitempty"`
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
	// Text is a phrase for a person: "exit 78", "killed by SIGSEGV".
	Text string `json:"text"`
}
