package view

import (
	"fmt"
	"io"
	"strings"

	"systemg/ipc"
)

// The formats of Graph.
const (
	GraphText    = "text"
	GraphDot     = "dot"
	GraphMermaid = "mermaid"
)

// Graph writes the dependency graph as text for people, or as a document for
// Graphviz (dot) or Mermaid, where arrows point from a unit to what it needs.
// It fails for any other format.
func Graph(w io.Writer, r ipc.GraphResult, format string, st Style) error {
	p := newPage(w, st)
	switch format {
	case GraphText, "":
		graphText(p, r)
	case GraphDot:
		dot(p, r)
	case GraphMermaid:
		mermaid(p, r)
	default:
		return fmt.Errorf("cannot draw the graph as %q: the formats are text, dot and mermaid", format)
	}
	return p.done()
}

// graphText draws rails, or, where they would take more than half of a line,
// a list. Units without edges follow.
func graphText(p *page, r ipc.GraphResult) {
	if len(r.Units) == 0 {
		p.put(span{tone: faint, text: "no units"})
		return
	}
	needs, dependents := adjacency(r)
	order := railOrder(needs, dependents)
	lay := layRails(order, needs, dependents)
	limit := p.st.limit()
	if p.st.Plain || limit > 0 && 2*lay.columns > limit/2 {
		graphList(p, r, needs)
		return
	}
	labels := labelsOf(r.Units, p.st)
	for _, row := range lay.rows {
		head := row.draw(p.st, p.st.sign(stateOf(r.Units[row.unit])), lay.columns)
		p.put(append(append(head, span{text: " "}), labels[row.unit]...)...)
	}
	for i := range r.Units {
		if len(needs[i]) == 0 && dependents[i] == 0 {
			head := line{p.st.sign(stateOf(r.Units[i]))}.pad(2 * max(lay.columns, 1))
			p.put(append(append(head, span{text: " "}), labels[i]...)...)
		}
	}
}

// graphList says in words what each unit needs.
func graphList(p *page, r ipc.GraphResult, needs [][]arc) {
	qualified := severalProjects(r.Units)
	for i, u := range r.Units {
		text := stateOf(u)
		for n, a := range needs[i] {
			if n == 0 {
				text += ", needs "
			} else {
				text += " and "
			}
			text += nameOf(r.Units[a.to], qualified)
			if !a.satisfied {
				text += " (waits)"
			}
		}
		if p.st.Plain {
			p.put(say(normal, nameOf(u, qualified)+" "+text))
			continue
		}
		head := line{p.st.sign(stateOf(u)), {text: " "}, say(normal, nameOf(u, qualified)), {text: "  "}}
		p.wrapped(head, normal, text)
	}
}

// labelsOf are name, state and reason beside each unit, aligned.
func labelsOf(units []ipc.Unit, st Style) []line {
	qualified := severalProjects(units)
	names, states := 0, 0
	for _, u := range units {
		names = max(names, width(clean(nameOf(u, qualified))))
		states = max(states, width(st.word(u, stateOf(u)).text))
	}
	out := make([]line, len(units))
	for i, u := range units {
		name := say(normal, nameOf(u, qualified))
		if m := markOf(stateOf(u)); m.tone == bad || m.tone == held {
			name.tone = strong
		}
		l := append(line{name}.pad(names+2), st.word(u, stateOf(u))).pad(names + 2 + states + 2)
		out[i] = append(l, say(normal, reasonOf(u, st)))
	}
	return out
}

// dot writes the graph in Graphviz's language.
func dot(p *page, r ipc.GraphResult) {
	qualified := severalProjects(r.Units)
	p.raw("digraph units {\n\trankdir=RL;\n\tnode [shape=box, style=rounded];\n")
	for _, u := range r.Units {
		label := clean(nameOf(u, qualified)) + "\n" + clean(stateOf(u))
		p.raw("\t" + dotQuote(clean(u.ID)) + " [label=" + dotQuote(label) + ", color=" + dotColor(u) + "];\n")
	}
	for _, e := range r.Edges {
		style := ""
		if !e.Satisfied {
			style = ", style=dashed"
		}
		p.raw("\t" + dotQuote(clean(e.From)) + " -> " + dotQuote(clean(e.To)) + " [label=" + dotQuote(clean(e.Condition)) + style + "];\n")
	}
	p.raw("}\n")
}

// dotQuote is a quoted ID of the DOT language: only quotes and backslashes
// mean something in it.
func dotQuote(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s)
	return `"` + s + `"`
}

// dotColor is a colour of the palette of Okabe and Ito, which colour-blind
// eyes can tell apart.
func dotColor(u ipc.Unit) string {
	switch markOf(stateOf(u)).tone {
	case good:
		return `"#0072B2"`
	case busy:
		return `"#E69F00"`
	case bad, held:
		return `"#D55E00"`
	}
	return `"#888888"`
}

// mermaid writes the graph as a Mermaid flowchart. Names stand in labels
// only, as entities where they are not plain.
func mermaid(p *page, r ipc.GraphResult) {
	qualified := severalProjects(r.Units)
	p.raw("flowchart RL\n")
	index := map[string]int{}
	for i, u := range r.Units {
		index[u.ID] = i
		label := mermaidText(nameOf(u, qualified)) + "<br/>" + mermaidText(stateOf(u))
		p.raw(fmt.Sprintf("  n%d[\"%s\"]\n", i, label))
	}
	for _, e := range r.Edges {
		from, ok1 := index[e.From]
		to, ok2 := index[e.To]
		if !ok1 || !ok2 {
			continue
		}
		arrow := "-->"
		if !e.Satisfied {
			arrow = "-.->"
		}
		p.raw(fmt.Sprintf("  n%d %s|\"%s\"| n%d\n", from, arrow, mermaidText(e.Condition), to))
	}
}

// mermaidText is text inside quotes of a Mermaid diagram: anything that could
// mean something there becomes an entity by its number.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		if r > '~' || r == ' ' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' ||
			r >= 'a' && r <= 'z' || strings.ContainsRune("-_./:,", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
