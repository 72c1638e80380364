package control

import (
	"systemg/supervisor"
	"systemg/supervisor/store"
)

// muster tells what was lost of the files, and where that may be what runs looks
// for it: a unit that lives and of which nothing is known would be started once
// more.
func (d *daemon) muster() {
	for _, text := range d.lost {
		d.log.Warn(text)
		d.journal.Append(store.Event{Type: "supervisor", Reason: text, PID: pid()})
	}
	if len(d.lost) == 0 && !d.blank {
		return
	}
	var said []string
	d.state, d.past, said = supervisor.Muster(d.state, d.past, d.host.Muster(d.paths.State, d.paths.PipeDir()))
	for _, text := range said {
		d.log.Warn(text)
		d.journal.Append(store.Event{Type: "supervisor", Reason: text, PID: pid()})
	}
}
