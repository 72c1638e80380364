package plain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"systemg/tui/board"
	"systemg/tui/pane"
)

// Options are what a Teller is made with.
type Options struct {
	// Ask is whether somebody can answer: the first thing told then is how.
	Ask bool
	// ReadOnly offers nothing that changes the system.
	ReadOnly bool
	// Consequences says what follows from an operation, a sentence for each
	// line; Refused why it cannot be asked for now, "" where it can. Both may
	// be nil.
	Consequences func(pane.Do) []string
	Refused      func(pane.Do) string
}

// Teller says what changed.
type Teller struct {
	o Options

	greeted  bool
	link     board.LinkState
	text     string
	lost     time.Time
	problems []string
	units    map[string]told
	order    []string

	asked asked
}

// told is what was last said of a unit.
type told struct {
	name, look, health, phase string
	run                       uint64
	seen                      bool
}

// New is a Teller that has said nothing.
func New(o Options) *Teller { return &Teller{o: o, units: map[string]told{}} }

// Tell is what is new on the board, a sentence for each line, each with the time.
func (t *Teller) Tell(b *board.Board, now time.Time) []string {
	var say []string
	say = append(say, t.connection(b, now)...)
	if b.Link.State == board.Live {
		if !t.greeted {
			t.greeted = true
			say = append(say, t.greet(b)...)
		} else {
			say = append(say, t.changes(b)...)
		}
		say = append(say, t.troubles(b)...)
	}
	stamp := now.Format("15:04:05") + " "
	for i := range say {
		say[i] = stamp + say[i]
	}
	return say
}

// connection says how the connection is, where that has changed.
func (t *Teller) connection(b *board.Board, now time.Time) []string {
	l := b.Link
	if l.State == t.link && (l.Text == t.text || l.State == board.Live) {
		return nil
	}
	before := t.link
	t.link, t.text = l.State, l.Text
	switch l.State {
	case board.Live:
		if before != board.Lost {
			return nil
		}
		return []string{"Connected again after " + spoken(now.Sub(t.lost)) + "."}
	case board.Lost:
		if before != board.Lost {
			t.lost = now
		}
		return sentences("The connection to the supervisor is lost: "+l.Text, "What was said last may no longer be true", l.Cure)
	case board.Absent:
		list := []string{"No supervisor runs"}
		if l.Socket != "" {
			list[0] += "; there is none at " + l.Socket
		}
		if l.Manifest != "" {
			list = append(list, "In this folder there is "+l.Manifest+", which sysg start -d would start")
		} else {
			list = append(list, l.Cure)
		}
		return sentences(append(list, "As soon as one runs it is shown here")...)
	case board.Refused:
		return sentences("The supervisor will not talk to this program: "+l.Text, l.Cure)
	case board.Connecting:
	}
	return nil
}

// sentences are texts with a full stop each, without the empty ones.
func sentences(list ...string) []string {
	var out []string
	for _, s := range list {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if !strings.HasSuffix(s, ".") {
			s += "."
		}
		out = append(out, s)
	}
	return out
}

// greet says how everything is.
func (t *Teller) greet(b *board.Board) []string {
	say := []string{Summary(b)}
	for _, u := range b.Units {
		t.remember(b, u)
		if board.Ill(u.Look) || u.Look == "deploying" {
			say = append(say, b.NameOf(u)+" is "+state(u)+".")
		}
	}
	t.forget()
	if t.o.Ask {
		say = append(say, "Type a command such as \"restart api\", or help and Enter.")
	}
	return say
}

// Summary is how many units there are, and how they are.
func Summary(b *board.Board) string {
	if len(b.Units) == 0 {
		return "There are no units."
	}
	var parts []string
	for _, c := range b.Tally() {
		parts = append(parts, fmt.Sprintf("%d %s", c.N, c.Look))
	}
	noun := "units"
	if len(b.Units) == 1 {
		noun = "unit"
	}
	return fmt.Sprintf("%d %s: %s.", len(b.Units), noun, strings.Join(parts, ", "))
}

// changes are what has happened to units since the last time.
func (t *Teller) changes(b *board.Board) []string {
	var say []string
	for _, u := range b.Units {
		before, known := t.units[u.ID]
		after := t.remember(b, u)
		switch {
		case !known:
			say = append(say, after.name+" is new, and "+state(u)+".")
		case before.look != after.look:
			say = append(say, after.name+" is "+state(u)+", was "+before.look+".")
		case before.run != after.run && after.run != 0 && u.PID > 0:
			say = append(say, fmt.Sprintf("%s was replaced and is %s, run %d.", after.name, state(u), after.run))
		case before.phase != after.phase && after.phase != "":
			say = append(say, after.name+" is "+state(u)+".")
		case before.health != after.health && healthSaid(after.health):
			say = append(say, after.name+" is "+after.health+", was "+before.health+".")
		}
	}
	return append(say, t.forget()...)
}

// healthSaid is whether a health is worth a sentence beside the state.
func healthSaid(h string) bool { return h == "healthy" || h == "unhealthy" }

func (t *Teller) remember(b *board.Board, u *board.Unit) told {
	one := told{name: b.NameOf(u), look: u.Look, health: u.Health, run: u.Run, seen: true}
	if u.Rollout != nil {
		one.phase = u.Rollout.Phase
	}
	if _, known := t.units[u.ID]; !known {
		t.order = append(t.order, u.ID)
	}
	t.units[u.ID] = one
	return one
}

// forget drops the units that were not seen, and says so.
func (t *Teller) forget() []string {
	var say []string
	t.order = slices.DeleteFunc(t.order, func(id string) bool {
		one := t.units[id]
		if one.seen {
			one.seen = false
			t.units[id] = one
			return false
		}
		say = append(say, one.name+" is gone.")
		delete(t.units, id)
		return true
	})
	return say
}

// state is how a unit is, with what there is to say about it.
func state(u *board.Unit) string {
	text := u.Look
	switch {
	case u.Rollout != nil && u.Rollout.Phase != "":
		text += ", " + u.Rollout.Phase
		if u.Rollout.Waits != "" {
			text += " (" + u.Rollout.Waits + ")"
		}
	case u.Reason != "" && u.Look != "running":
		text += " (" + u.Reason + ")"
	}
	return text
}

// troubles are what the supervisor itself suffers from, and what is over.
func (t *Teller) troubles(b *board.Board) []string {
	var say []string
	for _, p := range b.Problems {
		if !slices.Contains(t.problems, p) {
			say = append(say, sentences("Problem: "+p)...)
		}
	}
	for _, p := range t.problems {
		if !slices.Contains(b.Problems, p) {
			say = append(say, sentences("No longer a problem: "+p)...)
		}
	}
	t.problems = slices.Clone(b.Problems)
	return say
}

// spoken is a length of time in words.
func spoken(d time.Duration) string {
	d = max(d.Round(time.Second), 0)
	number := func(n time.Duration, noun string) string {
		if n == 1 {
			return "1 " + noun
		}
		return fmt.Sprintf("%d %ss", n, noun)
	}
	switch {
	case d < time.Minute:
		return number(d/time.Second, "second")
	case d < time.Hour:
		return number(d/time.Minute, "minute")
	case d < 48*time.Hour:
		return number(d/time.Hour, "hour")
	}
	return number(d/(24*time.Hour), "day")
}
