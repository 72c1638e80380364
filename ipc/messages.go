package ipc

import (
	"encoding/json"
	"time"
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
}

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
	Running   bool      `json:"running"`
	Version   string    `json:"version,omitempty"`
	PID       int       `json:"pid,omitempty"`
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

// InspectParams asks for everything about one unit.
type InspectParams struct {
	Unit    string `json:"unit"`
	Project string `json:"project,omitempty"`
	// WindowSecs is how far back charts and events go; 0 means 900.
	WindowSecs float64 `json:"window_secs,omitempty"`
}

// InspectResult is everything about one unit.
type InspectResult struct {
	Unit      Unit      `json:"unit"`
	Config    Config    `json:"config"`
	Processes []Process `json:"process_tree"`
	// Series are the charts, one point per StepSecs, oldest first.
	Series Series  `json:"series"`
	Events []Event `json:"events"`
	Logs   []Log   `json:"logs"`
	// DependsOn and Dependents carry the state of the neighbours.
	DependsOn  []Edge `json:"depends_on"`
	Dependents []Edge `json:"dependents"`
	// Limits are what was asked beside what the kernel has in force.
	Limits []Limit `json:"limits"`
	// Cron is a job's schedule and its runs; nil for other units.
	Cron *CronJob `json:"cron,omitempty"`
	// Health is nil where there is no health check.
	Health     *Health    `json:"health_check"`
	Deployment Deployment `json:"deployment"`
	// Children are the units it spawned, the oldest first, with those that
	// ended lately.
	Children []Unit `json:"children,omitempty"`
	// Hooks is nil where the unit has none.
	Hooks *Hooks `json:"hooks,omitempty"`
	// Sockets are those the supervisor keeps for the unit.
	Sockets []Socket `json:"sockets,omitempty"`
}

// Socket is a listening socket that the supervisor keeps for a unit.
type Socket struct {
	// Name is what LISTEN_FDNAMES calls it, FD the descriptor it is.
	Name string `json:"name"`
	FD   int    `json:"fd"`
	// Listen is like tcp://127.0.0.1:8080.
	Listen string `json:"listen"`
	// Open is whether it listens now.
	Open bool `json:"open"`
}

// Config is the resolved definition as the supervisor holds it.
type Config struct {
	Manifest   string            `json:"manifest,omitempty"`
	Command    string            `json:"command,omitempty"`
	Exec       []string          `json:"exec,omitempty"`
	WorkingDir string            `json:"working_dir"`
	Env        map[string]string `json:"env,omitempty"`
	Restart    string            `json:"restart_policy"`
	Backoff    string            `json:"backoff"`
	// MaxRestarts is nil when there is no limit.
	MaxRestarts *int   `json:"max_restarts"`
	StopSignal  string `json:"stop_signal"`
	StopTimeout string `json:"stop_timeout"`
	StopCommand string `json:"stop_command,omitempty"`
	PreStart    string `json:"pre_start,omitempty"`
	Skip        string `json:"skip,omitempty"`
}

// Process is one process of a unit's tree, parents before children.
type Process struct {
	PID         int     `json:"pid"`
	PPID        int     `json:"ppid"`
	Depth       int     `json:"depth"`
	State       string  `json:"state"` // the kernel's letter: R S D Z T …
	Command     string  `json:"command"`
	CPUPercent  float64 `json:"cpu_percent"`
	MemoryBytes uint64  `json:"memory_bytes"`
}

// Series is a history at an even step. A point where nothing ran, or nobody
// sampled, is null (NaN does not exist in JSON).
type Series struct {
	From        time.Time  `json:"from,omitzero"`
	StepSecs    float64    `json:"step_secs"`
	CPUPercent  []*float64 `json:"cpu_percent"`
	MemoryBytes []*float64 `json:"memory_bytes"`
}

// Log describes one stream on disk.
type Log struct {
	Kind     string `json:"kind"`
	Path     string `json:"path"`
	Bytes    int64  `json:"bytes"`
	Segments int    `json:"segments"`
	// LostBytes could not be kept: the disk was full.
	LostBytes int64 `json:"lost_bytes,omitempty"`
	// Exact is false where bytes are copied instead of spliced, so that a
	// kill of the supervisor may lose or double the last of them.
	Exact bool `json:"exact"`
}

// Limit is one resource limit, asked and in force.
type Limit struct {
	Name  string `json:"name"`
	Asked string `json:"asked,omitempty"`
	Soft  string `json:"soft"`
	Hard  string `json:"hard"`
}

// Edge is a neighbour in the dependency graph.
type Edge struct {
	Unit      string `json:"unit"`
	Condition string `json:"condition"`
	Cascade   bool   `json:"cascade"`
	State     string `json:"state"`
	// Satisfied is whether the condition holds now; Reason says why not.
	Satisfied bool   `json:"satisfied"`
	Reason    string `json:"reason,omitempty"`
}

// SubscribeParams asks for a snapshot and what changes after it.
type SubscribeParams struct {
	Selection
	// Metrics asks for CPU and memory with each sample; the supervisor
	// then samples every second.
	Metrics bool `json:"metrics,omitempty"`
}

// SubscribeResult is the snapshot. Deltas follow with Seq+1, Seq+2, …; a
// gap, or another Generation, means: subscribe again.
type SubscribeResult struct {
	// Generation changes with every start of the supervisor.
	Generation string `json:"generation"`
	Seq        uint64 `json:"seq"`
	StatusResult
}

// Delta is what changed since the message before it. A slow reader gets
// fewer, larger deltas: states in between are merged, the newest wins.
type Delta struct {
	Request    json.RawMessage `json:"request"`
	Generation string          `json:"generation"`
	Seq        uint64          `json:"seq"`
	// Units are the changed or added units, whole.
	Units   []Unit   `json:"units,omitempty"`
	Removed []string `json:"removed,omitempty"`
	// Problems are all there are now; none when it is left out.
	Problems []string `json:"problems,omitempty"`
}

// LogsParams asks for output. Without Follow the answer ends at the end of
// the files.
type LogsParams struct {
	Selection
	// Kinds are "stdout", "stderr", or both; or "supervisor" alone.
	Kinds []string `json:"kinds,omitempty"`
	// Lines are the last lines to begin with; -1 means all, 0 none.
	Lines int       `json:"lines"`
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Grep is a regular expression (RE2) that a line must match.
	Grep   string `json:"grep,omitempty"`
	Run    uint64 `json:"run,omitempty"`
	Follow bool   `json:"follow,omitempty"`
	// UntilDown ends a Follow once every selected unit has come to rest
	// and all that they wrote was sent.
	UntilDown bool `json:"until_down,omitempty"`
	// Down are the units whose rest UntilDown waits for; none means every
	// selected one.
	Down []string `json:"down,omitempty"`
	// Newest lets a slow follower jump to the newest lines instead of
	// reading all of them; what it jumps over is told as Skipped.
	Newest bool `json:"newest,omitempty"`
}

// LogBatch is a piece of the answer, oldest line first: lines, or what was
// skipped between the lines before it and those after.
type LogBatch struct {
	Request json.RawMessage `json:"request"`
	Lines   []LogLine       `json:"lines,omitempty"`
	Skipped []LogSkip       `json:"skipped,omitempty"`
}

// LogLine is one line, or a part of one that is longer than a message.
type LogLine struct {
	// Unit is project/name; empty for the supervisor's own log.
	Unit string    `json:"u,omitempty"`
	Kind string    `json:"k"`
	Time time.Time `json:"t"`
	Run  uint64    `json:"run,omitempty"`
	// Text is the line without its newline where it is valid UTF-8;
	// otherwise Bytes (base64 in JSON) has it.
	Text  string `json:"l,omitempty"`
	Bytes []byte `json:"b,omitempty"`
	// Open is true where no newline follows: the end of the file, or the
	// line goes on in the next LogLine of the same unit and kind.
	Open bool `json:"open,omitempty"`
}

// LogSkip says that part of a stream was not sent.
type LogSkip struct {
	Unit  string `json:"u"`
	Kind  string `json:"k"`
	Bytes int64  `json:"bytes"`
	// Lines is -1 where nobody could count them.
	Lines int64 `json:"lines"`
	// Why is "rotated", "newest", "truncated" or "lost".
	Why string `json:"why"`
}

// LogsResult ends a logs request.
type LogsResult struct {
	Lines   int64 `json:"lines"`
	Skipped int64 `json:"skipped_bytes"`
}

// EventsParams asks for the journal.
type EventsParams struct {
	Selection
	Since  time.Time `json:"since,omitzero"`
	Follow bool      `json:"follow,omitempty"`
	// Limit is how many of the latest events to begin with; 0 means all.
	Limit int `json:"limit,omitempty"`
}

// EventBatch is a piece of the journal, oldest first.
type EventBatch struct {
	Request json.RawMessage `json:"request"`
	Events  []Event         `json:"events"`
}

// Event is one entry of the journal.
type Event struct {
	// Seq grows by one per event, over restarts of the supervisor too.
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	// Type is "state", "exit", "deploy", "cron", "operation", "supervisor",
	// "problem".
	Type    string `json:"type"`
	Project string `json:"project,omitempty"`
	Unit    string `json:"unit,omitempty"`
	Run     uint64 `json:"run,omitempty"`
	PID     int    `json:"pid,omitempty"`
	// From and To are the states of a "state" event, the phases of a
	// "deploy" event.
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Reason string `json:"reason,omitempty"`
	Exit   *Exit  `json:"exit,omitempty"`
	// By says who asked: "uid 1000 pid 4121 (sysg 0.1.0)".
	By string `json:"by,omitempty"`
}

// EventsResult ends an events request.
type EventsResult struct {
	Events int `json:"events"`
}

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
}

// StopParams brings units down, dependents first.
type StopParams struct {
	Selection
	// Supervisor stops everything and then the supervisor itself.
	Supervisor bool `json:"supervisor,omitempty"`
	// Kill skips the stop signal.
	Kill        bool    `json:"kill,omitempty"`
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
}

// RestartParams reads the manifest again and restarts units by their
// deployment strategy. With a Path other than the project's manifest the
// project moves to that manifest.
type RestartParams struct {
	Selection
	Manifest
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
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

// WhyParams asks why a unit is in its state.
type WhyParams struct {
	Unit    string `json:"unit"`
	Project string `json:"project,omitempty"`
}

// WhyResult is one causal answer, nearest cause first.
type WhyResult struct {
	Unit   Unit    `json:"unit"`
	Causes []Cause `json:"causes"`
	// Try is what to do about it, or empty.
	Try string `json:"try,omitempty"`
}

// Cause is one link of the chain.
type Cause struct {
	Unit string    `json:"unit"`
	Text string    `json:"text"`
	Time time.Time `json:"time,omitzero"`
	// LastLines are the last lines the unit wrote before it ended.
	LastLines []string `json:"last_lines,omitempty"`
}

// GraphParams asks for the dependency graph.
type GraphParams struct {
	Project string `json:"project,omitempty"`
}

// GraphResult is the graph, units in dependency order.
type GraphResult struct {
	Units []Unit     `json:"units"`
	Edges []GraphArc `json:"edges"`
}

// GraphArc goes from a unit to one it depends on, both as project/name.
type GraphArc struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Condition string `json:"condition"`
	Cascade   bool   `json:"cascade"`
	Satisfied bool   `json:"satisfied"`
}

// PurgeParams forgets a project: state, history and logs.
type PurgeParams struct {
	Project string `json:"project,omitempty"`
	// Force stops running units first.
	Force bool `json:"force,omitempty"`
}

// PurgeResult names what was forgotten.
type PurgeResult struct {
	Units []string `json:"units"`
}
