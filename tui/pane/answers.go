package pane

import (
	"systemg/ipc"
	"systemg/tui/board"
)

// Answers are what the supervisor said of units when it was asked to inspect
// them, for views that need more than the board has.
type Answers struct {
	by map[string]answer
}

type answer struct {
	result ipc.InspectResult
	err    string
	// state is what the unit was like when it was asked.
	state asked
}

// asked is what has an answer be outdated when it changes.
type asked struct {
	run                       uint64
	state, deploy, phase, end string
}

func askedOf(u *board.Unit) asked {
	a := asked{run: u.Run, state: u.State, deploy: u.Deploy}
	if u.Rollout != nil {
		a.phase = u.Rollout.Phase
	}
	if u.LastExit != nil {
		a.end = u.LastExit.Time.String()
	}
	return a
}

// wantedAtOnce is how many units are asked about in one go.
const wantedAtOnce = 8

// Want are those of the units whose answer is missing or outdated.
func (a *Answers) Want(units []*board.Unit) []string {
	var list []string
	for _, u := range units {
		if known, ok := a.by[u.ID]; (!ok || known.state != askedOf(u)) && len(list) < wantedAtOnce {
			list = append(list, u.ID)
		}
	}
	return list
}

// Take takes an answer.
func (a *Answers) Take(u *board.Unit, r ipc.InspectResult, err error) {
	if a.by == nil {
		a.by = map[string]answer{}
	}
	one := answer{result: r, state: askedOf(u)}
	if err != nil {
		one.err = err.Error()
	}
	a.by[u.ID] = one
}

// Of is the newest answer about a unit, nil for none.
func (a *Answers) Of(id string) *ipc.InspectResult {
	one, ok := a.by[id]
	if !ok || one.err != "" {
		return nil
	}
	return &one.result
}
