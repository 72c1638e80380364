package view

import (
	"fmt"
	"time"

	"systemg/ipc"
)

// mark is how a state is shown.
type mark struct {
	glyph, ascii string
	tone         tone
	// weight orders summaries: the heaviest first.
	weight int
}

// unknown is the mark of a state of a later version.
var unknown = mark{glyph: "?", ascii: "?", tone: normal}

// marks are the states, and the health that overrides one.
var marks = map[string]mark{
	"failed":    {glyph: "✗", ascii: "X", tone: bad, weight: 13},
	"blocked":   {glyph: "⊘", ascii: "/", tone: held, weight: 12},
	"unhealthy": {glyph: "!", ascii: "!", tone: bad, weight: 11},
	"backoff":   {glyph: "↻", ascii: "r", tone: busy, weight: 10},
	"stopping":  {glyph: "◑", ascii: "~", tone: busy, weight: 9},
	"starting":  {glyph: "◐", ascii: "~", tone: busy, weight: 8},
	"pending":   {glyph: "◌", ascii: ".", tone: busy, weight: 7},
	"running":   {glyph: "●", ascii: "*", tone: good, weight: 6},
	"completed": {glyph: "✓", ascii: "v", tone: good, weight: 5},
	"scheduled": {glyph: "◷", ascii: "c", tone: good, weight: 4},
	"skipped":   {glyph: "⊘", ascii: "/", tone: faint, weight: 3},
	"stopped":   {glyph: "○", ascii: "o", tone: faint, weight: 2},
}

// stateOf is the word for how a unit is: its state, or "unhealthy" where
// that is what is wrong with a running one.
func stateOf(u ipc.Unit) string {
	switch {
	case u.State == "running" && u.Health == "unhealthy":
		return "unhealthy"
	case u.State == "":
		return "unknown"
	}
	return u.State
}

func markOf(state string) mark {
	if m, ok := marks[state]; ok {
		return m
	}
	return unknown
}

// sign is a state's glyph.
func (st Style) sign(state string) span {
	m := markOf(state)
	return span{tone: m.tone, text: st.pick(m.glyph, m.ascii)}
}

// word is the state in its colour, a back-off with the time that is left.
func (st Style) word(u ipc.Unit, state string) span {
	text := state
	if state == "backoff" && !st.Now.IsZero() {
		if left := u.RetryAt.Sub(st.Now).Round(time.Second); !u.RetryAt.IsZero() && left > 0 {
			text += " " + Duration(left)
		}
	}
	return say(markOf(state).tone, text)
}

// reasonOf is what there is to say about a unit beside its state.
func reasonOf(u ipc.Unit, st Style) string {
	text := joined(rolling(u), u.Reason)
	if !u.NextRun.IsZero() {
		next := "next " + clock(u.NextRun, st)
		if d := u.NextRun.Sub(st.Now); d > 0 && d < 24*time.Hour {
			next = "next " + st.local(u.NextRun).Format("15:04:05")
		}
		if left := until(u.NextRun, st); left != "" {
			next += " (" + left + ")"
		}
		text = joined(next, text)
	}
	if u.Orphaned {
		text = joined(text, "in no manifest")
	}
	return text
}

// joined is two remarks as one.
func joined(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "; " + b
}

// uptime is how long the unit's present run lives, "" where none does.
func uptime(u ipc.Unit) string {
	if u.PID == 0 {
		return ""
	}
	return Duration(seconds(u.UptimeSecs))
}

// tally is how many units are in each state, the gravest state first.
func tally(units []ipc.Unit) []line {
	counts := map[string]int{}
	var states []string
	for _, u := range units {
		s := stateOf(u)
		if counts[s]++; counts[s] == 1 {
			states = append(states, s)
		}
	}
	for i := range states {
		for j := i; j > 0 && markOf(states[j]).weight > markOf(states[j-1]).weight; j-- {
			states[j], states[j-1] = states[j-1], states[j]
		}
	}
	list := make([]line, 0, len(states))
	for _, s := range states {
		list = append(list, line{say(markOf(s).tone, fmt.Sprintf("%d %s", counts[s], s))})
	}
	return list
}

// severalProjects is whether the units are of more than one project, so that
// a bare name does not say which is meant.
func severalProjects(units []ipc.Unit) bool {
	for _, u := range units {
		if u.Project != units[0].Project {
			return true
		}
	}
	return false
}

// nameOf is what a unit is called where qualified says whether its project
// has to be named.
func nameOf(u ipc.Unit, qualified bool) string {
	if qualified && u.ID != "" || u.Name == "" {
		return u.ID
	}
	return u.Name
}
