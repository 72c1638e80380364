package view

import (
	"io"
	"time"

	"systemg/ipc"
)

// Operation is what the one who asked knows about an operation.
type Operation struct {
	// Verb is what was done, in the past tense: "started". Empty means
	// that the sentence goes without.
	Verb string
	// Took is how long it took; 0 leaves that out.
	Took time.Duration
}

// Outcome writes what became of an operation whose name nobody told.
func Outcome(w io.Writer, r ipc.OperationResult, st Style) error {
	return OutcomeOf(w, Operation{}, r, st)
}

// OutcomeOf writes what became of an operation: one line where all went well,
// else each unit that failed with the reason and its last lines, and one line
// about the rest.
func OutcomeOf(w io.Writer, o Operation, r ipc.OperationResult, st Style) error {
	p := newPage(w, st)
	units := make([]ipc.Unit, 0, len(r.Units))
	var wrong []ipc.Outcome
	changed, kept := 0, 0
	for _, u := range r.Units {
		units = append(units, u.Unit)
		if !u.OK {
			wrong = append(wrong, u)
			if u.DeployFailed != "" {
				kept++
			}
		} else if u.Changed {
			changed++
		}
	}
	failures(p, wrong, severalProjects(units))
	p.flow(conclusion(o, len(r.Units), changed, len(wrong), kept), ", ", endings(o, units)...)
	return p.done()
}

// conclusion is the beginning of the last line. Of the wrong ones some may run
// as they did before, not replaced.
func conclusion(o Operation, all, changed, wrong, kept int) line {
	switch {
	case all == 0 && o.Verb == "":
		return line{say(normal, "no units")}
	case all == 0:
		return line{say(normal, o.Verb+" nothing")}
	case wrong > 0 && wrong == kept:
		return line{say(bad, thousands(int64(wrong))+" of "+count(all, "unit")+" not replaced"), {text: ": "}}
	case wrong > 0:
		return line{say(bad, thousands(int64(wrong))+" of "+count(all, "unit")+" failed"), {text: ": "}}
	case o.Verb == "":
		return line{say(normal, count(all, "unit")+": ")}
	case changed == 0:
		return line{say(normal, "nothing to do: ")}
	}
	what := count(changed, "unit")
	if changed < all {
		what = thousands(int64(changed)) + " of " + count(all, "unit")
	}
	return line{say(normal, o.Verb+" "+what+": ")}
}

// endings are the states the units are in now, and the time it took.
func endings(o Operation, units []ipc.Unit) []line {
	list := tally(units)
	if o.Took <= 0 {
		return list
	}
	took := span{tone: faint, text: "in " + Duration(o.Took)}
	if len(list) == 0 {
		return []line{{{text: " "}, took}}
	}
	last := len(list) - 1
	list[last] = append(list[last], span{text: " "}, took)
	return list
}

// failures are the units that are not as they were asked to be.
func failures(p *page, wrong []ipc.Outcome, qualified bool) {
	if p.st.Plain {
		for _, u := range wrong {
			text := sentence(u.Unit, nameOf(u.Unit, qualified), p.st)
			if u.DeployFailed != "" {
				text = nameOf(u.Unit, qualified) + " " + notReplaced(u)
			}
			p.put(say(normal, text))
			quoted(p, 4, u.LastLines)
		}
		return
	}
	names, states := 0, 0
	for _, u := range wrong {
		names = max(names, width(clean(nameOf(u.Unit, qualified))))
		states = max(states, width(p.st.word(u.Unit, stateOf(u.Unit)).text))
	}
	for _, u := range wrong {
		state := stateOf(u.Unit)
		head := line{p.st.sign(state), {text: " "}, say(strong, nameOf(u.Unit, qualified))}.pad(2 + names + 2)
		head = append(head, p.st.word(u.Unit, state)).pad(2 + names + 2 + states + 2)
		p.wrapped(head, normal, firstOf(notReplaced(u), reasonOf(u.Unit, p.st)))
		quoted(p, 4, u.LastLines)
	}
}

// quoted are lines a program wrote, below what they explain.
func quoted(p *page, indent int, lines []string) {
	bar := p.st.pick("│ ", "| ")
	if p.st.Plain {
		bar = ""
	}
	for _, l := range lines {
		p.put(span{text: spaces(indent)}, span{tone: faint, text: bar}, say(normal, l))
	}
}
