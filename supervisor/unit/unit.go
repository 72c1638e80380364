package unit

import "time"

// State is what a unit is doing now.
type State string

// The states; the package comment says what each means.
const (
	Pending   State = "pending"
	Blocked   State = "blocked"
	Starting  State = "starting"
	Running   State = "running"
	Backoff   State = "backoff"
	Stopping  State = "stopping"
	Stopped   State = "stopped"
	Completed State = "completed"
	Failed    State = "failed"
	Skipped   State = "skipped"
	Scheduled State = "scheduled"
)

// States lists every state, in the order of a unit's life.
func States() []State {
	return []State{Pending, Blocked, Starting, Running, Backoff, Stopping, Stopped, Completed, Failed, Skipped, Scheduled}
}

// Health is what a run's health check says.
type Health string

// The healths. A run without a check has none, and one that has not been well
// yet waits.
const (
	NoHealth Health = "none"
	Waiting  Health = "waiting"
	Well     Health = "healthy"
	Ill      Health = "unhealthy"
)

// Desired is what the operator wants.
type Desired string

// The wishes.
const (
	Up   Desired = "up"
	Down Desired = "down"
)

// StepKind names a command that belongs to a run but is not its main process.
type StepKind string

// The steps.
const (
	NoStep      StepKind = ""
	SkipCheck   StepKind = "skip"
	PreStart    StepKind = "pre_start"
	StopCommand StepKind = "stop_command"
)

// Next is what follows when the tree of a stopping unit is gone.
type Next string

// What may follow: the restart policy's judgement of the exit, rest, another
// run at once, or waiting for a dependency that was lost.
const (
	Judge Next = ""
	Rest  Next = "rest"
	Again Next = "again"
	Await Next = "await"
)

// Policy is the part of a unit's definition that decides its transitions.
type Policy struct {
	// Oneshot units are ready when they have completed with 0.
	Oneshot bool
	// Cron units rest as scheduled between runs, which Fire begins.
	Cron bool
	// Health is whether a run is ready only once its health check says so,
	// within HealthTimeout; Restarts whether one that is not well is ended
	// and judged as failed.
	Health        bool
	HealthTimeout time.Duration
	Restarts      bool
	// Restart is "always", "on-failure" or "never".
	Restart string
	// Initial, Factor, Max and Jitter give the delay before restart n:
	// Initial * Factor^(n-1), at most Max, spread by ±Jitter.
	Initial time.Duration
	Factor  float64
	Max     time.Duration
	Jitter  float64
	// MaxRestarts is how many consecutive failures are answered by a
	// restart; nil means all.
	MaxRestarts *int
	// RestartReset is how long a run has to be ready before the failures
	// before it are forgotten.
	RestartReset time.Duration
	// Stability is how long a new run has to live to count as running.
	Stability time.Duration
	// StopTimeout is how long a run may take to end when asked.
	StopTimeout time.Duration
	// SkipAlways, HasSkip, HasPreStart and HasStopCommand say which steps
	// exist.
	SkipAlways, HasSkip, HasPreStart, HasStopCommand bool
	// Refuse is why the unit can never be started by this version or on
	// this machine; empty when it can.
	Refuse string
}

// Exit is how a run's main process, or the attempt to start it, ended.
type Exit struct {
	Run uint64
	// OK is an exit status of 0.
	OK bool
	// Code is the exit status; -1 when a signal ended it, nobody knows, or
	// nothing was started.
	Code int
	// Signal is a name such as SIGSEGV, or empty.
	Signal string
	Core   bool
	Time   time.Time
	// Text is a phrase for a person: "exit 78".
	Text string
}

// Unit is one unit: a value, changed only by Step.
type Unit struct {
	Policy  Policy
	Desired Desired
	// Called is whether an operator asked for this unit by its name since it
	// was last stopped: then it runs though its policy always skips it.
	Called bool
	State  State
	// Reason says in words why the unit is in its state, Since since when.
	Reason string
	Since  time.Time
	// Deadline is when Step wants a Deadline event; zero for never.
	Deadline time.Time

	// Run is the number of the present or last run, Runs the highest that
	// was ever given: a rollout's candidate counts too.
	Run, Runs uint64
	// Main is whether something of the run's main tree may still live;
	// Spawned whether its process is known to exist; Step which other
	// command of the run does.
	Main    bool
	Spawned bool
	Step    StepKind
	// Exited is whether the main process has ended though its tree has not.
	Exited bool
	// Ready is whether this run has been ready, ReadyAt since when.
	Ready   bool
	ReadyAt time.Time
	// Health is what its check says, Probe the words of the last attempt
	// that failed.
	Health Health
	Probe  string
	// Fault is why the run was ended and counts as failed; empty where it
	// was not.
	Fault string
	// Then is what follows a stop; Killed whether it has come to SIGKILL.
	Then   Next
	Killed bool

	// Failures counts consecutive failures, Attempts consecutive automatic
	// restarts of any kind, Restarts all of them since the last operator
	// start.
	Failures, Attempts, Restarts int
	LastExit                     *Exit
}

// New is a unit that nobody wants yet.
func New(p Policy, now time.Time) Unit {
	return Unit{Policy: p, Desired: Down, State: Stopped, Reason: "not started", Since: now, Health: NoHealth}
}

// Alive is whether anything of the unit may live.
func (u Unit) Alive() bool { return u.Main || u.Step != NoStep }

// Settled is whether the unit stays as it is until somebody acts.
func (u Unit) Settled() bool {
	switch u.State {
	case Running, Stopped, Completed, Failed, Blocked, Skipped, Scheduled:
		return true
	case Pending, Starting, Backoff, Stopping:
		return false
	}
	return false
}
