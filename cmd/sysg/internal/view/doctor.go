package view

import (
	"io"

	"systemg/ipc"
)

// Doctor writes what can be enforced.
func Doctor(w io.Writer, d ipc.Doctor, st Style) error {
	p := newPage(w, st)
	p.flow(line{say(strong, "as "+d.User)}, ", ", line{say(normal, " on Linux "+d.Kernel)})
	hold := heldBy(d.Containment)
	if d.Missing != "" {
		hold += "; for a cgroup, which is stronger: " + d.Missing
	}
	field(p, "units", "held by "+hold)
	told := "known by every fork, of which the kernel tells"
	if d.Untold != "" {
		told = "known by what they wear, say and hold: " + d.Untold
	}
	field(p, "orphans", told)
	p.blank()
	wide := 0
	for _, f := range d.Findings {
		wide = max(wide, width(f.Key))
	}
	for _, f := range d.Findings {
		word, tone := "yes", good
		if !f.Can {
			word, tone = "no", bad
		}
		p.wrapped(append(line{say(normal, f.Key)}.pad(wide+2), line{say(tone, word)}.pad(5)...), normal, f.Text)
	}
	return p.done()
}
