package view

import (
	"io"
	"strconv"

	"systemg/ipc"
)

// Events writes entries of the journal, one line each.
func Events(w io.Writer, list []ipc.Event, st Style) error {
	p := newPage(w, st)
	for _, e := range list {
		putEvent(p, e, true)
	}
	return p.done()
}

// putEvent writes an entry, and goes on below it where a line is too short:
// the reason stands at its end, and is what a reader came for.
func putEvent(p *page, e ipc.Event, named bool) {
	l, limit := eventLine(e, named, p.st), p.st.limit()
	if limit == 0 || l.width() <= limit {
		p.put(l...)
		return
	}
	indent := min(width(clock(e.Time, p.st))+4, limit/4)
	for i, part := range l.split(limit, limit-indent) {
		if i > 0 {
			part = append(line{{text: spaces(indent)}}, part...)
		}
		p.put(part...)
	}
}

// EventLine is one entry of the journal, without a newline.
func EventLine(e ipc.Event, st Style) string { return st.render(eventLine(e, true, st)) }

// eventLine begins with the time and, unless the unit is known already, its
// name.
func eventLine(e ipc.Event, named bool, st Style) line {
	l := line{{tone: faint, text: clock(e.Time, st)}, {text: "  "}}
	if !st.Plain {
		l = append(l, eventSign(e, st), span{text: " "})
	}
	if named && e.Unit != "" {
		name := e.Unit
		if e.Project != "" {
			name = e.Project + "/" + e.Unit
		}
		l = append(l, say(strong, name), span{text: "  "})
	}
	return append(l, eventText(e)...)
}

// eventSign is the state a unit went to, or what kind of event it is.
func eventSign(e ipc.Event, st Style) span {
	switch {
	case e.Type == "state":
		return st.sign(e.To)
	case e.Type == "exit" && endedWell(e.Exit):
		return span{tone: faint, text: st.pick("·", ".")}
	case e.Type == "exit":
		return span{tone: busy, text: st.pick("·", ".")}
	case e.Type == "problem", e.Type == "hook", e.Type == "deploy" && rolledBadly(e.To):
		return span{tone: bad, text: "!"}
	case e.Type == "operation":
		return span{tone: strong, text: ">"}
	}
	return span{tone: faint, text: st.pick("·", ".")}
}

func endedWell(x *ipc.Exit) bool { return x == nil || x.Code == 0 && x.Signal == "" }

// eventText is what happened.
func eventText(e ipc.Event) line {
	var l line
	switch e.Type {
	case "state":
		l = line{say(markOf(e.To).tone, e.To)}
		if e.From != "" {
			l = append(l, say(faint, " (was "+e.From+")"))
		}
		if e.Reason != "" {
			l = append(l, say(normal, ": "+e.Reason))
		}
	case "exit":
		l = line{say(normal, exitText(e))}
	case "deploy":
		l = deployText(e)
	case "problem", "hook":
		l = line{say(bad, e.Reason)}
	default:
		l = line{say(normal, firstOf(e.Reason, e.Type))}
	}
	if e.By != "" {
		l = append(l, say(faint, ", by "+e.By))
	}
	switch {
	case e.Run > 0 && e.PID > 0:
		l = append(l, span{tone: faint, text: "  run " + number64(e.Run) + ", pid " + strconv.Itoa(e.PID)})
	case e.Run > 0:
		l = append(l, span{tone: faint, text: "  run " + number64(e.Run)})
	}
	return l
}

func exitText(e ipc.Event) string {
	text := e.Reason
	if text == "" && e.Exit != nil {
		text = e.Exit.Text
	}
	return "ended: " + firstOf(text, "status unknown")
}

func number64(n uint64) string { return strconv.FormatUint(n, 10) }

// firstOf is the first text that is not empty.
func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
