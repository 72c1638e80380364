package board

import (
	"slices"
	"strings"

	"systemg/ipc"
	"systemg/tui/widget"
)

// Unit is what the screen knows of one unit.
type Unit struct {
	ipc.Unit
	// Look is how it is, in a word; see the package comment.
	Look string
}

// The looks, the one that most wants attention first.
var looks = []string{
	"failed", "blocked", "unhealthy", "backoff", "stopping", "deploying", "starting", "pending",
	"cron run", "running", "completed", "scheduled", "skipped", "stopped", unknown,
}

const unknown = "unknown"

// Looks are all of them, the one that most wants attention first.
func Looks() []string { return slices.Clone(looks) }

// Weight orders looks: the smaller, the more it wants attention.
func Weight(look string) int {
	if i := slices.Index(looks, look); i >= 0 {
		return i
	}
	return len(looks)
}

// Ill is whether a look means that something is wrong.
func Ill(look string) bool { return Weight(look) <= Weight("backoff") }

// lookOf is the word for a unit.
func lookOf(u ipc.Unit) string {
	switch {
	case u.State == "":
		return unknown
	case u.Deploy != "" && u.Deploy != "none" && u.State != "failed":
		return "deploying"
	case u.State != "running":
		if slices.Contains(looks, u.State) {
			return u.State
		}
		return unknown
	case u.Health == "unhealthy":
		return u.Health
	case u.Kind == "cron":
		return "cron run"
	}
	return "running"
}

// newUnit cleans what came.
func newUnit(u ipc.Unit) *Unit {
	for _, s := range []*string{
		&u.ID, &u.Project, &u.Name, &u.Base, &u.Hash, &u.Kind, &u.State, &u.Health, &u.Deploy, &u.Reason,
		&u.Desired, &u.Containment, &u.Parent,
	} {
		*s = words(*s)
	}
	if u.LastExit != nil {
		e := *u.LastExit
		e.Signal, e.Text = words(e.Signal), words(e.Text)
		u.LastExit = &e
	}
	if u.Rollout != nil {
		r := *u.Rollout
		r.Phase, r.State, r.Reason, r.Waits = words(r.Phase), words(r.State), words(r.Reason), words(r.Waits)
		u.Rollout = &r
	}
	for i, d := range u.Depends {
		u.Depends[i] = words(d)
	}
	return &Unit{Unit: u, Look: lookOf(u)}
}

// waitsFor is whether a unit names another as a dependency.
func (u *Unit) waitsFor(other *Unit) bool {
	if u.Project != other.Project {
		return slices.Contains(u.Depends, other.ID)
	}
	return slices.ContainsFunc(u.Depends, func(name string) bool {
		return name == other.Name || name == other.ID || other.Base != "" && name == other.Base
	})
}

// words makes a text safe to show.
func words(s string) string { return widget.Words(s) }

// cutID is a unit's project and name.
func cutID(id string) (project, name string) {
	project, name, ok := strings.Cut(id, "/")
	if !ok {
		return "", id
	}
	return project, name
}
