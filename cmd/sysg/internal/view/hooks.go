package view

import (
	"time"

	"systemg/ipc"
)

// hooks are what follows a unit's starts, stops and restarts, and how the
// newest of them went.
func hooks(p *page, h *ipc.Hooks) {
	if h == nil {
		return
	}
	heading(p, "hooks")
	for _, one := range h.Declared {
		if one.Command != "" {
			p.wrapped(line{{tone: faint, text: one.About}}.pad(aboutWidth), normal, one.Command)
		}
		if one.Webhook != "" {
			p.wrapped(line{{tone: faint, text: one.About}}.pad(aboutWidth), normal, "webhook to "+one.Webhook)
		}
	}
	for _, r := range h.Results {
		t, text := normal, "done in "+took(r.TookSecs)
		if r.Error != "" {
			t, text = bad, "failed: "+r.Error
		}
		head := line{{tone: faint, text: clock(r.Time, p.st) + "  "}}
		p.wrapped(head, t, r.Kind+" for "+r.About+" of run "+number64(r.Run)+" "+text)
	}
	if h.Owed > 0 {
		p.put(say(busy, count(h.Owed, "webhook")+" not delivered yet"))
	}
}

// aboutWidth is that of the longest occasion, and a gap.
const aboutWidth = len("on_restart success") + 2

func took(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Millisecond).String()
}
