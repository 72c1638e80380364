package deploy

import "time"

// Phase is how far a rollout has come.
type Phase string

// The phases; the package comment says what each means.
const (
	Starting  Phase = "starting"
	Switching Phase = "switching"
	Verifying Phase = "verifying"
	Grace     Phase = "grace"
	Draining  Phase = "draining"
	Undoing   Phase = "undoing"
	Aborting  Phase = "aborting"
	Done      Phase = "done"
	Failed    Phase = "failed"
)

// Phases lists every phase.
func Phases() []Phase {
	return []Phase{Starting, Switching, Verifying, Grace, Draining, Undoing, Aborting, Done, Failed}
}

// Command is a command of a rollout that belongs to neither instance.
type Command string

// The commands.
const (
	Switch Command = "switch_command"
	Verify Command = "switch_verify"
	Back   Command = "switch back"
)

// Plan is the part of a unit's definition that decides its rollouts.
type Plan struct {
	// Grace is how long both instances work after the new one is ready.
	Grace time.Duration
	// Switch and Verify say which commands there are.
	Switch, Verify bool
	// CommandTimeout is how long each command may take.
	CommandTimeout time.Duration
}

// Rollout is one replacement of an instance: a value, changed only by Step.
type Rollout struct {
	Plan  Plan
	Phase Phase
	// Since is when the phase began, Deadline when Step wants a Deadline
	// event; zero for never.
	Since, Deadline time.Time
	// Reason is why the rollout fails, in words; empty while it does not.
	Reason string
	// gone is whether nothing of the candidate lives any more.
	gone bool
}

// New is a rollout that begins. Its first effect, which New does not give, is
// that the candidate is started.
func New(p Plan, now time.Time) Rollout { return Rollout{Plan: p, Phase: Starting, Since: now} }

// Ended is whether the rollout is over.
func (r Rollout) Ended() bool { return r.Phase == Done || r.Phase == Failed }

// Promoted is whether the candidate has become the unit's instance.
func (r Rollout) Promoted() bool { return r.Phase == Draining || r.Phase == Done }

// Event is something that happened to a rollout.
type Event interface{ event() }

// The events of a rollout.
type (
	// Ready says that the candidate is ready.
	Ready struct{}
	// Unfit says why the candidate will not do: it ended, or its time to
	// become ready is over. Gone is whether nothing of it lives any more.
	Unfit struct {
		Reason string
		Gone   bool
	}
	// CandidateGone says that nothing of the candidate lives.
	CandidateGone struct{}
	// OldGone says that nothing of the old instance lives.
	OldGone struct{}
	// Ran says how a command ended.
	Ran struct {
		Command Command
		OK      bool
		Text    string
	}
	// Abort is an operator's wish to give up.
	Abort struct{ Reason string }
	// Deadline says that the time in Rollout.Deadline has come.
	Deadline struct{}
)

func (Ready) event()         {}
func (Unfit) event()         {}
func (CandidateGone) event() {}
func (OldGone) event()       {}
func (Ran) event()           {}
func (Abort) event()         {}
func (Deadline) event()      {}

// Effect is something that has to be brought about outside.
type Effect interface{ effect() }

// The effects.
type (
	// Run runs a command: Ran answers.
	Run struct{ Command Command }
	// Kill ends a command that takes too long; Ran still answers.
	Kill struct{ Command Command }
	// Promote makes the candidate the unit's instance and ends the old
	// one: OldGone answers.
	Promote struct{}
	// EndCandidate ends the candidate: CandidateGone answers.
	EndCandidate struct{}
	// Finish says that the rollout is over.
	Finish struct {
		OK     bool
		Reason string
	}
)

func (Run) effect()          {}
func (Kill) effect()         {}
func (Promote) effect()      {}
func (EndCandidate) effect() {}
func (Finish) effect()       {}
