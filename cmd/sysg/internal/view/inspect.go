package view

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"systemg/ipc"
)

// Inspect writes everything about one unit, the charts over the window; 0
// means as far as the history goes.
func Inspect(w io.Writer, r ipc.InspectResult, st Style, window time.Duration) error {
	p := newPage(w, st)
	inspectHead(p, r.Unit)
	p.blank()
	definition(p, r)
	job(p, r.Cron)
	charts(p, r.Series, window)
	processTree(p, r.Processes)
	children(p, r.Children)
	neighbours(p, "needs", r.DependsOn, r.Unit.Project)
	neighbours(p, "needed by", r.Dependents, r.Unit.Project)
	limits(p, r.Limits)
	heldTo(p, r.Held)
	streams(p, r.Logs)
	hooks(p, r.Hooks)
	history(p, r.Events)
	return p.done()
}

// inspectHead is the unit, how it is, and why.
func inspectHead(p *page, u ipc.Unit) {
	state := stateOf(u)
	var head line
	if !p.st.Plain {
		head = line{p.st.sign(state), {text: " "}}
	}
	head = append(head, say(strong, firstOf(u.ID, u.Name)), span{text: "  "})
	items := []line{{p.st.word(u, state)}}
	also := func(text string) {
		if text != "" {
			items = append(items, line{say(normal, text)})
		}
	}
	if u.Health == "healthy" || u.Health == "waiting" {
		items = append(items, line{say(healthTone(u.Health), u.Health)})
	}
	if u.PID > 0 {
		also("pid " + strconv.Itoa(u.PID))
		also("up " + uptime(u))
		also("cpu " + percent(u.CPUPercent) + "%")
		also("memory " + Bytes(u.MemoryBytes))
	} else if !u.Since.IsZero() {
		also("since " + clock(u.Since, p.st))
	}
	if u.Restarts > 0 {
		items = append(items, line{say(busy, count(u.Restarts, "restart"))})
	}
	p.flow(head, ", ", items...)
	if reason := reasonOf(u, p.st); reason != "" {
		p.wrapped(line{{text: "  "}}, markOf(state).tone, reason)
	}
}

// labelled is the width of the names of fields.
const labelled = 11

// field is a name and its value, wrapped; nothing where there is no value.
func field(p *page, name, value string) {
	if value == "" {
		return
	}
	p.wrapped(line{{tone: faint, text: name}}.pad(labelled), normal, value)
}

// definition is what the supervisor holds of the unit. Values of the
// environment are left out: they may be secrets.
func definition(p *page, r ipc.InspectResult) {
	c, u := r.Config, r.Unit
	if c.Command != "" {
		field(p, "command", c.Command)
	} else {
		field(p, "exec", quotedArgs(c.Exec))
	}
	field(p, "skip", c.Skip)
	field(p, "pre_start", c.PreStart)
	field(p, "folder", c.WorkingDir)
	field(p, "manifest", c.Manifest)
	field(p, "health", healthText(r.Health, p.st))
	deployments(p, r.Deployment)
	field(p, "restart", restartText(c, u))
	field(p, "stop", stopText(c))
	for i, socket := range r.Sockets {
		name := ""
		if i == 0 {
			name = "sockets"
		}
		field(p, name, socketText(socket))
	}
	field(p, "held by", heldBy(u.Containment))
	if x := u.LastExit; x != nil {
		field(p, "last end", "run "+number64(x.Run)+": "+firstOf(x.Text, "status unknown")+" at "+clock(x.Time, p.st))
	}
	field(p, "kind", u.Kind)
	field(p, "hash", u.Hash)
	field(p, "variables", strings.Join(slices.Sorted(maps.Keys(c.Env)), " "))
}

// quotedArgs is an argument list as a shell would read it.
func quotedArgs(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if a == "" || strings.ContainsAny(a, " \t\n\"'\\$`|&;<>()*?[]#~!{}") {
			out[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}

func restartText(c ipc.Config, u ipc.Unit) string {
	text := c.Restart
	if text == "" || text == "never" {
		return text
	}
	if c.Backoff != "" {
		text += ", after " + c.Backoff
	}
	if c.MaxRestarts != nil {
		text += ", at most " + count(*c.MaxRestarts, "time")
	}
	if u.Failures > 0 {
		text += " (" + count(u.Failures, "failure") + " in a row)"
	}
	return text
}

func stopText(c ipc.Config) string {
	text := c.StopSignal
	if c.StopCommand != "" {
		text = joined(c.StopCommand, text)
	}
	if text != "" && c.StopTimeout != "" {
		text += ", killed after " + c.StopTimeout
	}
	return text
}

func socketText(s ipc.Socket) string {
	text := s.Name + ": " + s.Listen + ", descriptor " + strconv.Itoa(s.FD)
	if !s.Open {
		text += ", closed"
	}
	return text
}

// heldBy spells out how the process tree is held.
func heldBy(containment string) string {
	switch containment {
	case "cgroup":
		return "cgroup: no process of it can get away"
	case "marker":
		return "marker: processes that leave the session are found"
	case "session":
		return "session: processes that leave the session are lost"
	}
	return containment
}

// heading begins a section.
func heading(p *page, text string) {
	p.blank()
	p.put(span{tone: strong, text: text})
}

// limits are what was asked beside what the kernel has in force; of what
// nobody asked for only what is limited at all.
func limits(p *page, list []ipc.Limit) {
	if len(list) == 0 {
		return
	}
	t := &table{columns: []column{
		{}, {title: "LIMIT"}, {title: "ASKED", right: true}, {title: "SOFT", right: true}, {title: "HARD", right: true},
	}}
	var rest []line
	for _, l := range list {
		if l.Asked != "" {
			t.add(span{}, say(normal, l.Name), say(normal, l.Asked), orNone(normal, l.Soft), orNone(normal, l.Hard))
		} else if text := inForce(l); text != "" {
			rest = append(rest, line{say(normal, text)})
		}
	}
	if len(t.rows) > 0 {
		heading(p, "limits")
		t.write(p)
	}
	if len(rest) > 0 {
		if len(t.rows) == 0 {
			heading(p, "limits")
		}
		p.flow(line{{tone: faint, text: "in force"}}.pad(labelled), ", ", rest...)
	}
}

// keyed is the width of the longest key of what a unit is held to.
const keyed = len("supplementary_groups") + 1

// heldTo is what the unit is held to: as it was asked, and as the kernel has
// it, side by side.
func heldTo(p *page, list []ipc.Holding) {
	if len(list) == 0 {
		return
	}
	heading(p, "held to")
	for _, h := range list {
		name := strings.TrimPrefix(strings.TrimPrefix(h.Key, "isolation."), "limits.")
		tone, text := normal, "asked "+h.Asked+", in force "+h.InForce
		if !h.OK {
			tone, text = bad, "asked "+h.Asked+", but in force is "+h.InForce
		}
		p.wrapped(line{{tone: faint, text: name}}.pad(keyed), tone, text)
	}
}

// inForce is a limit nobody asked for, "" where it limits nothing.
func inForce(l ipc.Limit) string {
	switch {
	case l.Soft == "unlimited" || l.Soft == "":
		return ""
	case l.Hard == "" || l.Hard == l.Soft:
		return l.Name + " " + l.Soft
	}
	return l.Name + " " + l.Soft + " of " + l.Hard
}

// streams are the logs on disk.
func streams(p *page, list []ipc.Log) {
	if len(list) == 0 {
		return
	}
	heading(p, "logs")
	for _, l := range list {
		text := Bytes(uint64(max(l.Bytes, 0)))
		if l.Segments > 1 {
			text += " in " + count(l.Segments, "file")
		}
		if l.LostBytes > 0 {
			text += ", " + Bytes(uint64(l.LostBytes)) + " lost: the disk was full"
		}
		if !l.Exact {
			text += ", copied (a kill of the supervisor may lose or double the last bytes)"
		}
		field(p, l.Kind, text)
		field(p, "", l.Path)
	}
}

// history is what happened to the unit.
func history(p *page, list []ipc.Event) {
	if len(list) == 0 {
		return
	}
	heading(p, "events")
	for _, e := range list {
		putEvent(p, e, false)
	}
}
