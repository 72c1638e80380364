package store

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// Operation is what a client asked for by a name of its own, so that the next
// supervisor can tell it what came of that.
type Operation struct {
	Name  string    `json:"name"`
	Began time.Time `json:"began"`
	Units []Mark    `json:"units"`
	// Changes are those of an apply.
	Changes []Change `json:"changes,omitempty"`
	// At tells a run of a job that was triggered from the others.
	At time.Time `json:"at,omitzero"`
}

// Mark is how a unit stood just before an operation, and what it does to it.
type Mark struct {
	ID       string `json:"id"`
	Run      uint64 `json:"run,omitempty"`
	Rollouts int    `json:"rollouts,omitempty"`
	Changed  bool   `json:"changed,omitempty"`
	Fresh    bool   `json:"fresh,omitempty"`
	Down     bool   `json:"down,omitempty"`
}

// Change is what an apply does to a unit.
type Change struct {
	ID     string   `json:"id"`
	Action string   `json:"action"`
	Keys   []string `json:"keys,omitempty"`
	Effect string   `json:"effect"`
}

// Ahead is what an operator wants of a unit that has not been begun, or is a
// rollout under way.
type Ahead struct {
	// Wish is "stop" or "restart", for WishReason; empty for none.
	Wish       string `json:"wish,omitempty"`
	WishReason string `json:"wish_reason,omitempty"`
	// Next is the definition that the restart, or the rollout under way, leads
	// to; empty for the present one. Back is whether it is an earlier one.
	Next json.RawMessage `json:"next,omitempty"`
	Back bool            `json:"back,omitempty"`
	// Batch is the operation that wished for the newest restart, BatchRollouts
	// how many rollouts had ended then.
	Batch         int `json:"batch,omitempty"`
	BatchRollouts int `json:"batch_rollouts,omitempty"`
	// Reason is why the rollout began, Fault why it is about to fail. Stray is
	// whether it only ends what an interrupted one left, and Tries how often it
	// was begun again for that.
	Reason string `json:"reason,omitempty"`
	Fault  string `json:"fault,omitempty"`
	Stray  bool   `json:"stray,omitempty"`
	Tries  int    `json:"tries,omitempty"`
}

func sameAhead(a, b *Ahead) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Wish == b.Wish && a.WishReason == b.WishReason && bytes.Equal(a.Next, b.Next) && a.Back == b.Back &&
		a.Batch == b.Batch && a.BatchRollouts == b.BatchRollouts &&
		a.Reason == b.Reason && a.Fault == b.Fault && a.Stray == b.Stray && a.Tries == b.Tries
}

// note makes an operation known.
func (s *State) note(o Operation) {
	at := slices.IndexFunc(s.Operations, func(known Operation) bool { return known.Name == o.Name })
	if at < 0 {
		s.Operations = append(s.Operations, o)
		return
	}
	s.Operations[at] = o
}
