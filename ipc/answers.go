package ipc

import "time"

// WhyParams asks why a unit is in its state.
type WhyParams struct {
	Unit    string `json:"unit"`
	Project string `json:"project,omitempty"`
	// Near is as in Selection.
	Near string `json:"near,omitempty"`
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
