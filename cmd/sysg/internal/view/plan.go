package view

import (
	"io"
	"strings"

	"systemg/ipc"
)

// action is how one kind of change is shown.
type action struct {
	sign, word string
	tone       tone
}

// actions are the kinds of change.
var actions = map[string]action{
	"add":    {sign: "+", word: "added", tone: good},
	"change": {sign: "~", word: "changed", tone: busy},
	"remove": {sign: "-", word: "removed", tone: held},
	"none":   {sign: "=", word: "untouched", tone: faint},
}

// actionOrder is the order in which a summary counts them.
var actionOrder = []string{"add", "change", "remove", "none"}

// Plan writes what would change, and where it has been applied, what became
// of it.
func Plan(w io.Writer, r ipc.PlanResult, st Style) error {
	p := newPage(w, st)
	if st.Plain {
		for _, c := range r.Changes {
			p.put(say(normal, planSentence(c)))
		}
	} else {
		planTable(r.Changes).write(p)
	}
	p.flow(planHead(r.Changes), ", ", planTally(r.Changes)...)
	if err := p.done(); err != nil || r.Operation == nil || len(r.Operation.Units) == 0 {
		return err
	}
	return Outcome(w, *r.Operation, st)
}

func planTable(changes []ipc.Change) *table {
	t := &table{columns: []column{{}, {title: "UNIT", min: 10}, {title: "EFFECT", min: 7}, {title: "KEYS", min: 8}}}
	for _, c := range changes {
		a, ok := actions[c.Action]
		if !ok {
			a = action{sign: "?", word: c.Action, tone: normal}
		}
		t.add(span{tone: a.tone, text: a.sign}, say(a.tone, c.Unit),
			say(a.tone, c.Effect), say(normal, strings.Join(c.Keys, ", ")))
	}
	return t
}

func planSentence(c ipc.Change) string {
	word := c.Action
	if a, ok := actions[c.Action]; ok {
		word = a.word
	}
	text := c.Unit + " " + word
	if c.Effect != "" {
		text += ", effect: " + c.Effect
	}
	if len(c.Keys) > 0 {
		text += ", keys: " + strings.Join(c.Keys, " ")
	}
	return text
}

// planHead says so where nothing would change.
func planHead(changes []ipc.Change) line {
	for _, c := range changes {
		if c.Action != "none" {
			return nil
		}
	}
	if len(changes) == 0 {
		return line{{text: "nothing to change"}}
	}
	return line{{text: "nothing to change: "}}
}

// planTally is how many units change how.
func planTally(changes []ipc.Change) []line {
	counts := map[string]int{}
	for _, c := range changes {
		counts[c.Action]++
	}
	var list []line
	for _, name := range actionOrder {
		if n := counts[name]; n > 0 {
			list = append(list, line{say(actions[name].tone, thousands(int64(n))+" "+actions[name].word)})
		}
	}
	return list
}
