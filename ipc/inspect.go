package ipc

import "time"

// InspectParams asks for everything about one unit.
type InspectParams struct {
	Unit    string `json:"unit"`
	Project string `json:"project,omitempty"`
	// Near is as in Selection.
	Near string `json:"near,omitempty"`
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
	// Held is what else the unit is held to: user, capabilities, isolation.
	Held []Holding `json:"held,omitempty"`
	// Cron is a job's schedule and its runs; nil for other units.
	Cron *CronJob `json:"cron,omitempty"`
	// Health is nil where there is no health check.
	Health     *Health    `json:"health_check"`
	Deployment Deployment `json:"deployment"`
	// Children are the units it spawned, and all that those spawned in turn,
	// with those that ended lately: parents first, then the oldest first.
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

// Holding is one thing a unit is held to: as it was asked, and as the kernel
// has it now.
type Holding struct {
	// Key is the manifest's: "isolation.network".
	Key     string `json:"key"`
	Asked   string `json:"asked"`
	InForce string `json:"in_force"`
	// OK is whether they agree.
	OK bool `json:"ok"`
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
