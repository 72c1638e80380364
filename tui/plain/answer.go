package plain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"systemg/tui/board"
	"systemg/tui/pane"
)

// asked is the question that stands.
type asked struct {
	// verb wants a unit, or a signal where unit is known; do wants a yes.
	verb, unit string
	do         *pane.Do
	// options are what numbers mean.
	options []string
}

// command is something that can be said.
type command struct {
	verb, text string
	acts       bool
}

// commands are all of them, in the order of their numbers.
var commands = []command{
	{verb: "list", text: "list all units"},
	{verb: "ill", text: "list the units with which something is wrong"},
	{verb: "about", text: "tell about one unit"},
	{verb: "start", text: "start a unit", acts: true},
	{verb: "stop", text: "stop a unit", acts: true},
	{verb: "restart", text: "restart a unit", acts: true},
	{verb: "deploy", text: "replace a unit by what the manifest says now", acts: true},
	{verb: "rollback", text: "bring back the last good definition of a unit", acts: true},
	{verb: "trigger", text: "run a cron job now", acts: true},
	{verb: "signal", text: "send a signal to a unit", acts: true},
	{verb: "quit", text: "leave; units keep running"},
}

// signals are those that are offered; any other can be typed.
var signals = []string{"SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGTERM", "SIGKILL"}

// Answer takes a line that was typed: what to say, what to do where something is
// to be done, and whether to leave.
func (t *Teller) Answer(b *board.Board, line string) (say []string, do *pane.Do, quit bool) {
	line = strings.TrimSpace(line)
	q := t.asked
	switch {
	case q.do != nil:
		t.asked = asked{}
		if line == "yes" {
			return []string{"Asked for."}, q.do, false
		}
		return []string{"Nothing was done."}, nil, false
	case line == "":
		t.asked = asked{}
		if q.verb != "" {
			return []string{"Nothing was done."}, nil, false
		}
		return t.menu(), nil, false
	case q.verb != "":
		return t.more(b, q, line)
	}
	if n, err := strconv.Atoi(line); err == nil {
		list := t.commands()
		if n < 1 || n > len(list) {
			return []string{fmt.Sprintf("There is no number %d; help lists what there is.", n)}, nil, false
		}
		line = list[n-1].verb
	}
	words := strings.Fields(line)
	return t.command(b, words[0], words[1:])
}

// commands are those that are offered.
func (t *Teller) commands() []command {
	return slices.DeleteFunc(slices.Clone(commands), func(c command) bool { return c.acts && t.o.ReadOnly })
}

func (t *Teller) menu() []string {
	say := []string{"Type a number or the word, and Enter."}
	for i, c := range t.commands() {
		say = append(say, fmt.Sprintf("%d: %s, %s.", i+1, c.verb, c.text))
	}
	return say
}

func (t *Teller) command(b *board.Board, verb string, rest []string) ([]string, *pane.Do, bool) {
	verb = strings.ToLower(verb)
	switch verb {
	case "help", "?", "menu":
		return t.menu(), nil, false
	case "q", "exit":
		verb = "quit"
	case "status":
		verb = "list"
	}
	at := slices.IndexFunc(commands, func(c command) bool { return c.verb == verb })
	switch {
	case at < 0:
		return []string{fmt.Sprintf("There is no command %q; help lists what there is.", verb)}, nil, false
	case verb == "quit":
		return nil, nil, true
	case verb == "list", verb == "ill":
		return listed(b, verb == "ill"), nil, false
	case commands[at].acts && t.o.ReadOnly:
		return []string{"Nothing can be changed here: the dashboard was opened with --read-only."}, nil, false
	}
	q := asked{verb: verb}
	if len(rest) == 0 {
		return t.askUnit(b, q), nil, false
	}
	say, do, quit := t.more(b, q, rest[0])
	if len(rest) > 1 && t.asked.verb == "signal" && t.asked.unit != "" {
		return t.more(b, t.asked, rest[1])
	}
	return say, do, quit
}

// listed are units, one sentence each.
func listed(b *board.Board, ill bool) []string {
	say := []string{Summary(b)}
	for _, u := range b.Units {
		if !ill || board.Ill(u.Look) {
			say = append(say, b.NameOf(u)+" is "+state(u)+".")
		}
	}
	if ill && len(say) == 1 {
		say = append(say, "Nothing is wrong.")
	}
	return say
}

// askUnit asks which unit is meant.
func (t *Teller) askUnit(b *board.Board, q asked) []string {
	say := []string{"Which unit? Type its number or its name; Enter alone goes back."}
	for _, u := range b.Units {
		if q.verb == "trigger" && u.Kind != "cron" {
			continue
		}
		q.options = append(q.options, u.ID)
		say = append(say, fmt.Sprintf("%d: %s, %s.", len(q.options), b.NameOf(u), u.Look))
	}
	if len(q.options) == 0 {
		return []string{"There is no unit to " + q.verb + "."}
	}
	t.asked = q
	return say
}

// more takes the answer to a question about the unit or the signal.
func (t *Teller) more(b *board.Board, q asked, line string) ([]string, *pane.Do, bool) {
	if n, err := strconv.Atoi(line); err == nil && len(q.options) > 0 {
		if n < 1 || n > len(q.options) {
			return []string{fmt.Sprintf("There is no number %d.", n)}, nil, false
		}
		line = q.options[n-1]
	}
	if q.unit == "" {
		u := b.Find(line)
		if u == nil {
			t.asked = q
			return []string{fmt.Sprintf("There is no unit %q, or more than one. Enter alone goes back.", line)}, nil, false
		}
		q.unit, q.options = u.ID, nil
		switch q.verb {
		case "about":
			t.asked = asked{}
			return about(b, u), nil, false
		case "signal":
			return t.askSignal(q), nil, false
		}
		return t.confirm(b, pane.Do{Verb: q.verb, Units: []string{u.ID}})
	}
	name := strings.ToUpper(line)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	return t.confirm(b, pane.Do{Verb: "signal", Units: []string{q.unit}, Signal: name})
}

func (t *Teller) askSignal(q asked) []string {
	q.options = signals
	t.asked = q
	say := []string{"Which signal? Type its number or its name; Enter alone goes back."}
	for i, s := range signals {
		say = append(say, fmt.Sprintf("%d: %s.", i+1, s))
	}
	return say
}

// confirm says what follows, and asks for a yes.
func (t *Teller) confirm(b *board.Board, do pane.Do) ([]string, *pane.Do, bool) {
	t.asked = asked{}
	if t.o.Refused != nil {
		if why := t.o.Refused(do); why != "" {
			return sentences("That cannot be done: " + why), nil, false
		}
	}
	var say []string
	if t.o.Consequences != nil {
		say = sentences(t.o.Consequences(do)...)
	}
	what := do.Verb + " " + b.Name(do.Units[0])
	if do.Signal != "" {
		what = "send " + do.Signal + " to " + b.Name(do.Units[0])
	}
	t.asked.do = &do
	return append(say, "Type yes to "+what+"; anything else does nothing."), nil, false
}

// about is what there is to say about a unit.
func about(b *board.Board, u *board.Unit) []string {
	say := []string{b.NameOf(u) + " is " + state(u) + "."}
	if u.Health != "" && u.Health != "none" {
		say = append(say, "Its health is "+u.Health+".")
	}
	if u.PID > 0 {
		say = append(say, fmt.Sprintf("Its process is %d, run %d, restarted %d times.", u.PID, u.Run, u.Restarts))
	}
	if len(u.Depends) > 0 {
		say = append(say, "It depends on "+strings.Join(u.Depends, ", ")+".")
	}
	var users []string
	for _, d := range b.Dependents(u.ID) {
		users = append(users, b.NameOf(d))
	}
	if len(users) > 0 {
		say = append(say, "On it depend "+strings.Join(users, ", ")+".")
	}
	if !u.NextRun.IsZero() {
		say = append(say, "It runs next at "+u.NextRun.Local().Format("15:04:05 on 2 January")+".")
	}
	return say
}
