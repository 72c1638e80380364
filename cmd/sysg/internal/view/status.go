package view

import (
	"io"
	"strconv"
	"time"

	"systemg/ipc"
)

// Status writes the state of the system: a summary, what the supervisor
// suffers from, and a table of the units in the order they came in, which is
// that of their dependencies, with children below the unit that spawned them.
func Status(w io.Writer, s ipc.StatusResult, st Style) error {
	if st.Plain {
		return StatusPlain(w, s, st)
	}
	p := newPage(w, st)
	summary(p, s)
	for _, problem := range s.Problems {
		p.wrapped(line{{tone: bad, text: "! "}}, bad, problem)
	}
	if len(s.Units) > 0 {
		p.blank()
		statusTable(s.Units, st).write(p)
	}
	return p.done()
}

// summary is the first line: how many units are how, and to the right which
// supervisor says so, as far as there is room.
func summary(p *page, s ipc.StatusResult) {
	counts := tally(s.Units)
	head := line{}
	switch len(counts) {
	case 0:
		counts = []line{{{tone: faint, text: "no units"}}}
	case 1:
	default:
		head = line{{tone: strong, text: count(len(s.Units), "unit")}, {text: ": "}}
	}
	used := head.width() - 2
	for _, c := range counts {
		used += c.width() + 2
	}
	limit := p.st.limit()
	about := identity(s.Supervisor)
	for limit > 0 && len(about) > 0 && used+2+width(listed(about)) > limit {
		about = about[1:]
	}
	if limit > 0 && used > limit || len(about) == 0 {
		p.flow(head, ", ", counts...)
		return
	}
	for i, c := range counts {
		if i > 0 {
			head = append(head, span{text: ", "})
		}
		head = append(head, c...)
	}
	right := listed(about)
	head = head.pad(max(limit-width(right), head.width()+2))
	p.put(append(head, span{tone: faint, text: right})...)
}

// identity is what is known of the supervisor, the least important first.
func identity(s ipc.Supervisor) []string {
	if !s.Running {
		return []string{"no supervisor runs"}
	}
	var list []string
	if s.Privilege == "system" {
		list = append(list, "for the whole system")
	}
	if s.Version != "" {
		list = append(list, clean("sysg "+s.Version))
	}
	if s.PID > 0 {
		list = append(list, "pid "+strconv.Itoa(s.PID))
	}
	return list
}

// listed is the remarks as one, from the last to the first.
func listed(list []string) string {
	text := ""
	for _, s := range list {
		if text != "" {
			text += ", "
		}
		text += s
	}
	return text
}

// statusTable lays the units out with health as a column of its own, or,
// where that is too wide, in place of the state.
func statusTable(units []ipc.Unit, st Style) *table {
	t := unitTable(units, st, false)
	t.measure()
	if limit := st.limit(); limit > 0 && t.least() > limit {
		t = unitTable(units, st, true)
	}
	return t
}

func unitTable(units []ipc.Unit, st Style, merged bool) *table {
	t := &table{columns: []column{
		{},
		{title: "UNIT", min: 10},
		{title: "STATE"},
		{title: "HEALTH", stay: !merged},
		{title: "PID", right: true, drop: 3},
		{title: "UPTIME", right: true, drop: 2},
		{title: "RESTARTS", right: true, drop: 6},
		{title: "CPU%", right: true, drop: 4},
		{title: "MEM", right: true, drop: 5, stay: true},
		{title: "REASON", min: 28},
	}}
	several, limit := severalProjects(units), st.limit()
	headings, below := several && limit > 0, limit > 0 && limit < reasonsBelow
	units, rails := family(units, st)
	for i, u := range units {
		if headings && (i == 0 || u.Project != units[i-1].Project) {
			t.aside(line{say(strong, u.Project)})
		}
		cells := unitRow(u, st, several && !headings, merged)
		cells[1].text = rails[i] + cells[1].text
		reason := &cells[len(cells)-1]
		said := *reason
		if below {
			reason.text = ""
		}
		t.add(cells...)
		if below && said.text != "" && markOf(stateOf(u)).tone != faint {
			t.aside(line{{text: "  "}, said})
		}
	}
	return t
}

// reasonsBelow is the width under which reasons stand below their units.
const reasonsBelow = 44

// unitRow is a unit's cells. Whatever is wrong has its name emphasised too.
func unitRow(u ipc.Unit, st Style, qualified, merged bool) []span {
	state := stateOf(u)
	shown, health := u.State, u.Health
	if merged {
		shown, health = state, ""
	}
	if health == "none" {
		health = ""
	}
	name := say(normal, nameOf(u, qualified))
	if m := markOf(state); m.tone == bad || m.tone == held {
		name.tone = strong
	}
	return []span{
		st.sign(state),
		name,
		st.word(u, shown),
		orNone(healthTone(health), health),
		orNone(normal, positive(u.PID)),
		orNone(normal, uptime(u)),
		{tone: restartTone(u.Restarts), text: strconv.Itoa(max(u.Restarts, 0))},
		orNone(normal, cpuOf(u)),
		orNone(normal, memoryOf(u)),
		say(normal, reasonOf(u, st)),
	}
}

func healthTone(health string) tone {
	switch health {
	case "healthy":
		return good
	case "unhealthy":
		return bad
	case "waiting":
		return busy
	}
	return normal
}

func restartTone(n int) tone {
	if n > 0 {
		return busy
	}
	return faint
}

// positive is a number, "" for none.
func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// cpuOf and memoryOf are what a unit uses, "" where nothing of it lives.
func cpuOf(u ipc.Unit) string {
	if u.PID == 0 {
		return ""
	}
	return percent(u.CPUPercent)
}

func memoryOf(u ipc.Unit) string {
	if u.PID == 0 || u.MemoryBytes == 0 {
		return ""
	}
	return Bytes(u.MemoryBytes)
}

// StatusPlain writes one sentence per unit, its name first, and one for each
// thing the supervisor suffers from.
func StatusPlain(w io.Writer, s ipc.StatusResult, st Style) error {
	st.Plain = true
	p := newPage(w, st)
	several := severalProjects(s.Units)
	for _, problem := range s.Problems {
		p.put(say(normal, "problem: "+problem))
	}
	for _, u := range s.Units {
		p.put(say(normal, sentence(u, nameOf(u, several), st)))
	}
	return p.done()
}

// sentence is a unit in words: "api running, pid 4121, up 41m".
func sentence(u ipc.Unit, name string, st Style) string {
	text := name + " " + stateOf(u)
	also := func(s string) {
		if s != "" {
			text += ", " + s
		}
	}
	if u.Health == "healthy" || u.Health == "waiting" {
		also("health " + u.Health)
	}
	also(reasonOf(u, st))
	if u.State == "backoff" {
		if left := until(u.RetryAt, st); left != "" {
			also("next try " + left)
		}
	}
	if u.PID > 0 {
		also("pid " + strconv.Itoa(u.PID))
		also("up " + Duration(seconds(u.UptimeSecs).Truncate(time.Second)))
		also("cpu " + percent(u.CPUPercent) + "%")
		also("memory " + Bytes(u.MemoryBytes))
	}
	if u.Restarts > 0 {
		also(count(u.Restarts, "restart"))
	}
	return text
}
