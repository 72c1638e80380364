package ipc

import "encoding/json"

// StartParams brings units up. Starting what runs changes nothing.
type StartParams struct {
	Selection
	Manifest
	// Adhoc starts a command instead of what a manifest names.
	Adhoc *Adhoc `json:"adhoc,omitempty"`
	// TimeoutSecs bounds the wait; 0 means no bound.
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
	// NoWait answers as soon as the units are asked to start.
	NoWait bool `json:"no_wait,omitempty"`
	// Operation is a name that the client gives it; see Again.
	Operation string `json:"operation,omitempty"`
}

// Adhoc is a unit without a manifest.
type Adhoc struct {
	Name string `json:"name,omitempty"`
	Exec Texts  `json:"exec"`
	// Dir is absolute.
	Dir string `json:"dir"`
	// TTLSecs ends the unit after that long; 0 means never.
	TTLSecs float64 `json:"ttl_secs,omitempty"`
	// ParentPID ends the unit when that process ends; 0 means none.
	ParentPID int `json:"parent_pid,omitempty"`
}

// SpawnParams starts a child of the unit whose process tree the client, or
// the process ParentPID, is in.
type SpawnParams struct {
	Name string `json:"name"`
	Exec Texts  `json:"exec"`
	// Dir is absolute.
	Dir string `json:"dir"`
	// TTLSecs ends the child after that long; 0 means with its parent.
	TTLSecs float64 `json:"ttl_secs,omitempty"`
	// ParentPID is a process of the parent, for clients outside of it; 0
	// means the client itself.
	ParentPID int `json:"parent_pid,omitempty"`
	// TimeoutSecs bounds the wait; 0 means no bound.
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
	// Operation is a name that the client gives it; see Again.
	Operation string `json:"operation,omitempty"`
}

// StopParams brings units down, dependents first.
type StopParams struct {
	Selection
	// Supervisor stops everything and then the supervisor itself.
	Supervisor bool `json:"supervisor,omitempty"`
	// Kill skips the stop signal.
	Kill        bool    `json:"kill,omitempty"`
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
	// Operation is a name that the client gives it; see Again.
	Operation string `json:"operation,omitempty"`
}

// RestartParams reads the manifest again and restarts units by their
// deployment strategy. With a Path other than the project's manifest the
// project moves to that manifest.
type RestartParams struct {
	Selection
	Manifest
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
	// Operation is a name that the client gives it; see Again.
	Operation string `json:"operation,omitempty"`
}

// PlanParams asks what apply would change.
type PlanParams struct {
	Manifest
	Project string `json:"project,omitempty"`
}

// PlanResult is what would change, or what apply changed.
type PlanResult struct {
	Changes []Change `json:"changes"`
	// Operation is apply's outcome; nil for plan.
	Operation *OperationResult `json:"operation,omitempty"`
}

// Change is what happens to one unit.
type Change struct {
	Unit string `json:"unit"`
	// Action is "add", "remove", "change" or "none".
	Action string `json:"action"`
	// Keys are the manifest keys that differ, for "change".
	Keys []string `json:"keys,omitempty"`
	// Effect says in words what apply does: "start", "stop", "restart",
	// "nothing", "update in place".
	Effect string `json:"effect"`
}

// ApplyParams makes it so.
type ApplyParams struct {
	Manifest
	Project     string  `json:"project,omitempty"`
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
	// Operation is a name that the client gives it; see Again.
	Operation string `json:"operation,omitempty"`
}

// OperationResult is the outcome of start, stop, restart, deploy, rollback or
// apply.
type OperationResult struct {
	OK bool `json:"ok"`
	// Units are the units the operation was about, in dependency order.
	Units []Outcome `json:"units"`
}

// Outcome is what became of one unit.
type Outcome struct {
	Unit
	OK bool `json:"ok"`
	// Changed is whether the operation did anything to the unit.
	Changed bool `json:"changed"`
	// DeployFailed is why the unit was not replaced, while what ran before
	// runs on; LastLines are then the new instance's.
	DeployFailed string `json:"deploy_failed,omitempty"`
	// LastLines are the last lines of output of a unit that failed.
	LastLines []string `json:"last_lines,omitempty"`
}

// Progress is one unit on its way.
type Progress struct {
	Request json.RawMessage `json:"request"`
	Unit    Unit            `json:"unit"`
	// Done and Total count the units of the operation.
	Done  int `json:"done"`
	Total int `json:"total"`
	// Waiting names what the unit waits for, such as processes that have
	// not ended yet.
	Waiting string `json:"waiting,omitempty"`
}

// WaitParams waits until every selected unit is as wanted. It fails at once
// where a unit can no longer get there by itself.
type WaitParams struct {
	Selection
	// For is healthy, running, completed or stopped.
	For         string  `json:"for"`
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
}

// SignalParams sends a signal to the main process group of units.
type SignalParams struct {
	Selection
	// Signal is a name with or without SIG, or a number.
	Signal string `json:"signal"`
}

// SignalResult names what was signalled.
type SignalResult struct {
	Units []Unit `json:"units"`
}
