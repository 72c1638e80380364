package config

import (
	"os"
	"time"
)

// Plan is what a manifest means: complete, valid and immutable. Every
// default is filled in, every variable expanded, every path absolute, every
// dependency resolved to the instances it names. Whoever holds a Plan never
// needs the manifest again.
type Plan struct {
	// File is the absolute path of the manifest.
	File string
	// Files are the absolute paths of everything that was read: the
	// manifest, its includes and its env files.
	Files []string
	// Digest is the hex SHA-256 over the contents of Files.
	Digest   string
	Version  string
	Projects []Project
	Metrics  Metrics
	// Warnings are findings that do not stop a start.
	Warnings []Diagnostic
}

// Project is a named set of units.
type Project struct {
	ID string
	// Units stand in manifest order, replicas expanded in number order.
	Units []Unit
}

// Kind says how a unit ends: a service is meant to stay, a one-shot to
// complete, a cron job to be run by the clock.
type Kind string

// The kinds of unit.
const (
	Service Kind = "service"
	Oneshot Kind = "oneshot"
	CronJob Kind = "cron"
)

// Unit is one supervised program. A service with replicas becomes one Unit
// per replica ("web.1", "web.2"), which share their Base ("web").
type Unit struct {
	Project string
	// Name is unique in its project: the manifest's key, or key.N for a
	// replica.
	Name string
	// Base is the manifest's key.
	Base string
	// Replica counts from 1; 0 means the unit is not replicated.
	Replica  int
	Replicas int
	Kind     Kind

	// Command is run by sh -c; Exec is an argv without a shell. Exactly
	// one of them is set.
	Command string
	Exec    []string
	Dir     string
	// Env is what the manifest adds to the base environment: root file,
	// root vars, unit file, unit vars, later ones winning; each name once,
	// sorted by name.
	Env []EnvVar

	Restart RestartPolicy
	Backoff Backoff
	// MaxRestarts is how many consecutive failures are answered by a
	// restart before the unit is failed; nil means no limit.
	MaxRestarts *int
	// RestartReset is how long a unit has to be ready before its failures
	// are forgotten.
	RestartReset time.Duration

	Depends []Dependency
	Skip    Skip
	Stop    Stop
	Logs    Logs

	Health     *HealthCheck
	Deployment Deployment
	Sockets    []Socket
	Hooks      []Hook
	Cron       *Cron
	Spawn      *Spawn
	Watch      *Watch
	Privileges Privileges

	// Pos is where the unit's key stands in the manifest.
	Pos Position
}

// ID is "project/name", unique in a supervisor.
func (u *Unit) ID() string { return u.Project + "/" + u.Name }

// EnvVar is one NAME=VALUE.
type EnvVar struct{ Name, Value string }

// RestartPolicy says which ends of a service are answered by a new run.
type RestartPolicy string

// The restart policies.
const (
	RestartNever     RestartPolicy = "never"
	RestartOnFailure RestartPolicy = "on-failure"
	RestartAlways    RestartPolicy = "always"
)

// Backoff is the delay before restart n (from 1): Initial * Factor^(n-1), at
// most Max, spread by ±Jitter (0.1 = 10 %). A fixed delay has Factor 1 and
// Jitter 0.
type Backoff struct {
	Initial time.Duration
	Factor  float64
	Max     time.Duration
	Jitter  float64
}

// Condition is what a dependent waits for.
type Condition string

// The conditions. Ready is what a plain list means: healthy where the
// dependency has a health check, completed with 0 where it is a one-shot,
// else up for the stability window or completed with 0.
const (
	CondReady     Condition = "ready"
	CondStarted   Condition = "started"
	CondHealthy   Condition = "healthy"
	CondCompleted Condition = "completed"
	CondLog       Condition = "log"
)

// Dependency is one edge of the graph. A dependency on a replicated service
// is one edge per replica.
type Dependency struct {
	// Unit is the Name of a unit of the same project.
	Unit      string
	Condition Condition
	// Log is the regular expression of CondLog.
	Log     string
	Cascade bool
	Pos     Position
}

// Skip says when a unit is not started at all: always, or when Command (run
// by sh -c in the unit's environment and folder) exits with 0.
type Skip struct {
	Always  bool
	Command string
}

// Stop says how a unit is asked to end. Command, when set, is run first (sh
// -c, with MAINPID set) and the signal follows only where it fails.
type Stop struct {
	// Signal is a canonical name such as "SIGTERM".
	Signal  string
	Timeout time.Duration
	Command string
}

// Logs says where output goes and how much of it is kept per stream.
type Logs struct {
	// Sink is "file" or "none".
	Sink     string
	MaxBytes int64
	MaxFiles int
}

// HealthCheck is one probe and how its results are counted. Exactly one of
// URL, TCP, Command, Notify, Log is set.
type HealthCheck struct {
	URL     string
	TCP     string
	Command string
	Notify  bool
	Log     string

	Interval       time.Duration
	AttemptTimeout time.Duration
	Timeout        time.Duration
	Retries        int
	StartPeriod    time.Duration
	// Watchdog is 0 where none is asked for.
	Watchdog time.Duration
	// Liveness is "none", "mark" or "restart".
	Liveness string
}

// Deployment says how a unit is replaced.
type Deployment struct {
	// Strategy is "immediate" or "rolling".
	Strategy string
	// PreStart is run by sh -c before each start; its failure is the
	// start's failure.
	PreStart    string
	GracePeriod time.Duration
	BlueGreen   *BlueGreen
}

// BlueGreen is a rollout over two slots.
type BlueGreen struct {
	EnvVar        string
	Slots         [2]string
	SwitchCommand string
	Candidate     *HealthCheck
	SwitchVerify  string
}

// Socket is a listening socket that the supervisor opens for the unit.
type Socket struct {
	Name string
	// Network is "tcp" or "unix".
	Network string
	Address string
	// Mode is 0 where none is asked for.
	Mode os.FileMode
	User string
}

// Hook is one reaction to a unit's lifecycle.
type Hook struct {
	// On is "start", "stop" or "restart"; Outcome "success" or "error".
	On, Outcome string
	Command     string
	Timeout     time.Duration
	Webhook     *Webhook
}

// Webhook is an HTTP call made by a hook.
type Webhook struct {
	URL     string
	Headers []EnvVar
	Secret  string
	Timeout time.Duration
	Retries int
}

// Cron says when a job runs.
type Cron struct {
	Expression string
	Timezone   string
	// Overlap is "skip", "queue" or "replace".
	Overlap string
	Timeout time.Duration
	Jitter  time.Duration
	// CatchUp is "none" or "once".
	CatchUp string
	History int
}

// Spawn lets a unit start children of its own through the supervisor.
type Spawn struct {
	Mode                         string
	Children, Depth, Descendants int
}

// Watch restarts a unit when files change.
type Watch struct {
	Paths, Ignore []string
	Debounce      time.Duration
}

// Privileges is what a unit asks of the kernel beyond being started.
type Privileges struct {
	User, Group         string
	SupplementaryGroups []string
	Limits              map[string]Limit
	Nice                *int
	CPUAffinity         []int
	OOMScoreAdj         *int
	Cgroup              map[string]string
	Capabilities        []string
	Isolation           map[string]string
	Landlock            *Landlock
	InheritEnv          bool
}

// Limit is a resource limit; Unlimited wins over Value (bytes or a count).
type Limit struct {
	Value     uint64
	Unlimited bool
}

// Landlock lists the paths a unit may read, and read and write.
type Landlock struct{ ReadOnly, ReadWrite []string }

// Metrics says how CPU and memory histories are sampled and kept.
type Metrics struct {
	SampleInterval    time.Duration
	Retention         time.Duration
	MaxMemoryBytes    int64
	SpilloverPath     string
	SpilloverMaxBytes int64
}
