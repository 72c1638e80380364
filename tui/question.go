package tui

import (
	"fmt"
	"strings"

	"systemg/tui/board"
	"systemg/tui/overlay"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// namesAtMost is how many names a sentence has.
const namesAtMost = 4

// names are units in words: "api", "api, web and 3 more".
func names(b *board.Board, ids []string) string {
	list := make([]string, 0, len(ids))
	for _, id := range ids {
		list = append(list, b.Name(id))
	}
	if n := len(list) - namesAtMost; n > 0 {
		return strings.Join(list[:namesAtMost], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(list, ", ")
}

// impossible says why an operation has no sense, "" where it has one.
func impossible(b *board.Board, do pane.Do) string {
	for _, id := range do.Units {
		u := b.Unit(id)
		switch {
		case u == nil:
			return id + " is gone"
		case do.Verb == "trigger" && u.Kind != "cron":
			return b.NameOf(u) + " is no cron job"
		case do.Verb == "signal" && u.PID == 0:
			return b.NameOf(u) + " does not run: there is nothing to signal"
		}
	}
	return ""
}

// question says what follows from an operation.
func question(b *board.Board, do pane.Do) *overlay.Confirm {
	verb := do.Verb
	title := strings.ToUpper(verb[:1]) + verb[1:] + " " + names(b, do.Units) + "?"
	if verb == "signal" {
		title = "Send " + do.Signal + " to " + names(b, do.Units) + "?"
	}
	c := &overlay.Confirm{Title: title, Yes: infinitive(verb)}
	for _, id := range do.Units[:min(len(do.Units), questionUnits)] {
		c.Says = append(c.Says, consequence(b, do, b.Unit(id)))
	}
	if n := len(do.Units) - questionUnits; n > 0 {
		c.Says = append(c.Says, overlay.Line{Text: fmt.Sprintf("and %d more", n), Tone: theme.Faint})
	}
	if verb != "signal" && verb != "trigger" && verb != "start" {
		c.Says = append(c.Says, below(b, do)...)
	}
	c.Danger = verb == "stop" || do.Signal == "SIGKILL"
	return c
}

// infinitive is a verb as a sentence has it.
func infinitive(verb string) string {
	if verb == "rollback" {
		return "roll back"
	}
	return verb
}

// questionUnits is how many units a question has a line for.
const questionUnits = 8

// consequence is what an operation does to one unit.
func consequence(b *board.Board, do pane.Do, u *board.Unit) overlay.Line {
	name := b.NameOf(u)
	runs := u.PID > 0
	process := fmt.Sprintf("pid %d", u.PID)
	text := ""
	switch do.Verb {
	case "start":
		text = name + " is " + u.Look + "; it starts once what it depends on is ready"
		if runs {
			text = name + " runs already (" + process + "): nothing changes"
		} else if waits := resting(b, u); waits != "" {
			text = name + " starts, and before it " + waits
		}
	case "stop":
		text = name + " (" + process + " and all it started) is asked to end, and killed if it does not"
		if !runs {
			text = name + " is " + u.Look + "; it stays down"
		}
	case "restart":
		text = name + ": the manifest is read again, and " + process + " is replaced the way the manifest says"
		if !runs {
			text = name + " is " + u.Look + "; it starts, with what the manifest says now"
		}
	case "deploy":
		text = name + ": a new instance with what the manifest says now; " + process + " goes when it is ready"
		if !runs {
			text = name + " is " + u.Look + "; it starts, with what the manifest says now"
		}
	case "rollback":
		text = name + ": back to its last good definition, whatever the manifest says now"
	case "trigger":
		text = name + " runs now"
		if u.State == "running" {
			text = name + " runs already: its rule for overlaps decides"
		}
	case "signal":
		text = name + ": to the main process, " + process
	}
	return overlay.Line{Text: text}
}

// resting are the dependencies of a unit that are not up.
func resting(b *board.Board, u *board.Unit) string {
	var list []string
	for _, name := range u.Depends {
		d := b.Unit(name)
		if d == nil {
			d = b.Unit(u.Project + "/" + name)
		}
		if d != nil && (d.Look == "stopped" || d.Look == "failed") {
			list = append(list, d.ID)
		}
	}
	return names(b, list)
}

// below says what hangs on the units.
func below(b *board.Board, do pane.Do) []overlay.Line {
	about := map[string]bool{}
	for _, id := range do.Units {
		about[id] = true
	}
	var ids []string
	for _, id := range do.Units {
		for _, u := range b.Dependents(id) {
			if !about[u.ID] && u.PID > 0 {
				about[u.ID] = true
				ids = append(ids, u.ID)
			}
		}
	}
	if len(ids) == 0 {
		return []overlay.Line{{Text: "nothing that runs depends on it", Tone: theme.Faint}}
	}
	noun := widget.Count(len(ids), "running unit") + " depend"
	if len(ids) == 1 {
		noun = "1 running unit depends"
	}
	text := noun + " on it: " + names(b, ids)
	if do.Verb == "stop" {
		text += "; a stop by hand does not take them down"
	}
	return []overlay.Line{{Text: text, Tone: theme.Warn}}
}
