package view

import (
	"io"

	"systemg/ipc"
)

// deepest is how far causes step to the right before they stay in line.
const deepest = 4

// Why writes the chain of causes of a unit's state, each below what it
// caused, and what to do about it.
func Why(w io.Writer, r ipc.WhyResult, st Style) error {
	p := newPage(w, st)
	for i, c := range r.Causes {
		var head line
		switch {
		case st.Plain && i > 0:
			head = line{{text: "because "}}
		case st.Plain:
		case i == 0:
			head = line{st.sign(stateOf(r.Unit)), {text: " "}}
		default:
			head = line{{text: spaces(2 * min(i, deepest))}, {tone: faint, text: st.pick("└ ", "`- ")}}
		}
		text := c.Text
		if age := Since(c.Time, st); age != "" {
			text += " (" + age + ")"
		}
		t := normal
		if i == 0 {
			t = strong
		}
		p.wrapped(head, t, text)
		quoted(p, head.width()+2, c.LastLines)
	}
	if len(r.Causes) == 0 {
		p.put(say(normal, sentence(r.Unit, nameOf(r.Unit, false), st)))
	}
	if r.Try != "" {
		p.wrapped(line{{tone: faint, text: "try: "}}, normal, r.Try)
	}
	return p.done()
}
