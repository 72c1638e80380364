package ipc

import (
	"encoding/json"
	"slices"
)

// Protocol is the major version both sides must agree on.
const Protocol = 1

// MaxMessage is the longest line, newline included, either side may send: 1 MiB.
const MaxMessage = 1 << 20

// The methods. Each is named after the command that uses it.
const (
	MethodHello     = "hello"
	MethodStatus    = "status"
	MethodInspect   = "inspect"
	MethodSubscribe = "subscribe"
	MethodLogs      = "logs"
	MethodEvents    = "events"
	MethodStart     = "start"
	MethodStop      = "stop"
	MethodRestart   = "restart"
	MethodDeploy    = "deploy"
	MethodRollback  = "rollback"
	MethodPlan      = "plan"
	MethodApply     = "apply"
	MethodWait      = "wait"
	MethodSignal    = "signal"
	MethodWhy       = "why"
	MethodGraph     = "graph"
	MethodPurge     = "purge"
	MethodTrigger   = "trigger"
	MethodSpawn     = "spawn"
	MethodUpgrade   = "upgrade"
	// MethodCancel ends a request of the same connection that is still
	// under way; params are a CancelParams.
	MethodCancel = "cancel"
)

// The notifications a server sends while a request is under way. The params
// of each carry the request's id as "request".
const (
	// NoteProgress carries a Progress: a unit on its way in start, stop,
	// restart, deploy, rollback, apply or wait.
	NoteProgress = "progress"
	// NoteWarnings carries the Warnings of a manifest that start reads.
	NoteWarnings = "warnings"
	// NoteDelta carries a Delta of a subscription.
	NoteDelta = "delta"
	// NoteLog carries a LogBatch.
	NoteLog = "log"
	// NoteEvent carries an EventBatch.
	NoteEvent = "event"
	// NotePage carries a Page: part of an answer that would not fit one
	// message.
	NotePage = "page"
)

// Warnings are what a manifest that was taken gives reason to doubt.
type Warnings struct {
	Request json.RawMessage `json:"request"`
	// Diagnostics are as in the error manifest_invalid.
	Diagnostics any `json:"diagnostics"`
}

// Page is a part of a list in an answer. Pages come before the answer, in
// order, and their items precede those that the answer's own list has.
type Page struct {
	Request json.RawMessage `json:"request"`
	// Member names the list: "units", or "operation.units" where it is in
	// an object of the answer.
	Member string          `json:"member"`
	Items  json.RawMessage `json:"items"`
}

// Code is the stable word in an error's data.code.
type Code string

// The codes and the exit status a command gives for each.
const (
	CodeFailed          Code = "failed"           // 1: the operation failed
	CodeUsage           Code = "usage"            // 2: bad parameters
	CodeManifestInvalid Code = "manifest_invalid" // 2: data.diagnostics has every finding
	CodeNotRunning      Code = "not_running"      // 3
	CodeUnknownUnit     Code = "unknown_unit"     // 4: data.unit, data.known
	CodeUnknownProject  Code = "unknown_project"  // 4
	CodeTimeout         Code = "timeout"          // 5
	CodeRefused         Code = "refused"          // 1: cannot be enforced or is not allowed now
	CodeParse           Code = "parse_error"      // the line is no JSON
	CodeInvalid         Code = "invalid_request"  // the line is JSON and no request
	CodeTooMany         Code = "too_many"         // connections or requests
	CodeHelloFirst      Code = "hello_first"
	CodeVersion         Code = "version"
	CodeTooLarge        Code = "too_large"
	CodeUnknownMethod   Code = "unknown_method"
	CodeCanceled        Code = "canceled"
	CodeShuttingDown    Code = "shutting_down"
	CodeInternal        Code = "internal"
	// CodeLost is a client's own: the connection ended before the answer.
	CodeLost Code = "lost"
)

// HelloParams opens every connection.
type HelloParams struct {
	// Client names the program and its version, for the log; at most 128
	// bytes.
	Client   string `json:"client"`
	Protocol int    `json:"protocol"`
	// Quiet asks for no progress notifications: a client that shows none
	// spares both sides thousands of them.
	Quiet bool `json:"quiet,omitempty"`
}

// HelloResult answers it.
type HelloResult struct {
	Server   string `json:"server"`
	Protocol int    `json:"protocol"`
	PID      int    `json:"pid"`
	StateDir string `json:"state_dir"`
	// Guardian is the pid of the process that starts the supervisor again,
	// 0 for none.
	Guardian int `json:"guardian_pid,omitempty"`
	// Flags are those that the supervisor was started with and that decide
	// what it enforces: "--sys", "--drop-privileges", "--socket-group adm".
	Flags []string `json:"flags,omitempty"`
	// Features are what this supervisor can do that others of the same
	// protocol may not: FeatureBlocks and others.
	Features []string `json:"features,omitempty"`
}

const (
	// FeatureBlocks is that LogsParams.Blocks is known.
	FeatureBlocks = "log_blocks"
	// FeatureOperations is that operations are known by names; see Again.
	FeatureOperations = "operations"
)

// Can is whether the supervisor has a feature.
func (h HelloResult) Can(feature string) bool { return slices.Contains(h.Features, feature) }

// CancelParams names the request to end.
type CancelParams struct {
	Request json.RawMessage `json:"request"`
}

// CancelResult says whether the request was under way.
type CancelResult struct {
	Canceled bool `json:"canceled"`
}

// Selection names units. Units are names, project/name, or hashes; a
// replicated unit's base name stands for all its replicas. Empty Units mean
// every unit of Project; empty Project means every project.
type Selection struct {
	Units   []string `json:"units,omitempty"`
	Project string   `json:"project,omitempty"`
	// Near is the folder the caller is in, absolute: a name that several
	// projects have is that of the project whose manifest is there.
	Near string `json:"near,omitempty"`
}

// Manifest names a manifest for the supervisor to read, with the caller's
// environment: it is the base environment of the project's services and what
// ${VAR} expands from.
type Manifest struct {
	// Path is absolute.
	Path string `json:"path,omitempty"`
	// Env is a list of NAME=VALUE.
	Env Texts `json:"env,omitempty"`
}
