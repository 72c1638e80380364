package view

import (
	"strconv"

	"systemg/ipc"
)

// processTree draws the unit's processes, children below their parent.
func processTree(p *page, list []ipc.Process) {
	if len(list) == 0 {
		return
	}
	heading(p, "processes")
	t := &table{columns: []column{
		{title: "PID", right: true},
		{title: "S", drop: 3},
		{title: "CPU%", right: true, drop: 1},
		{title: "MEM", right: true, drop: 2},
		{title: "COMMAND", min: 12},
	}}
	depths := make([]int, len(list))
	for i, proc := range list {
		depths[i] = proc.Depth
	}
	rails := branches(depths, p.st)
	for i, proc := range list {
		t.add(
			say(normal, strconv.Itoa(proc.PID)),
			say(processTone(proc.State), proc.State),
			say(normal, percent(proc.CPUPercent)),
			say(normal, Bytes(proc.MemoryBytes)),
			say(normal, rails[i]+proc.Command),
		)
	}
	t.write(p)
}

// processTone marks what does not run as processes do: waiting for a device,
// stopped, dead.
func processTone(state string) tone {
	switch state {
	case "D", "T", "t", "Z", "X":
		return bad
	}
	return faint
}

// neighbours are the units at the other ends of the dependencies.
func neighbours(p *page, title string, edges []ipc.Edge, project string) {
	if len(edges) == 0 {
		return
	}
	heading(p, title)
	names := 0
	for _, e := range edges {
		names = max(names, width(clean(shortName(e.Unit, project))))
	}
	for _, e := range edges {
		var head line
		if !p.st.Plain {
			head = line{p.st.sign(e.State), {text: " "}}
		}
		at := head.width() + names + 2
		head = append(head, say(normal, shortName(e.Unit, project))).pad(at)
		text := e.Condition
		if e.Cascade {
			text += ", cascades"
		}
		t := normal
		if !e.Satisfied {
			t = busy
			text += " - " + firstOf(e.Reason, "not yet: it is "+e.State)
		}
		p.wrapped(head, t, text)
	}
}

// shortName is the unit's id without the project it shares with its reader.
func shortName(id, project string) string {
	if rest, ok := cutProject(id, project); ok {
		return rest
	}
	return id
}

func cutProject(id, project string) (string, bool) {
	if n := len(project); n > 0 && len(id) > n+1 && id[:n] == project && id[n] == '/' {
		return id[n+1:], true
	}
	return id, false
}
