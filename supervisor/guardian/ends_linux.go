package guardian

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"slices"

	"systemg/supervisor/proc"
)

// What a guardian is about to reap it writes down first, in a file beside its
// note: the kernel forgets how a process ended once that is reaped, and a guardian
// that is killed before it has told the supervisor takes what it knows with it. The
// next guardian, whoever that is, begins with what the file has. It protects
// against the death of processes, not of the machine, and is empty as long as the
// supervisor lives: then it reaps its services itself.

// endsOf is the file beside a note.
func endsOf(note string) string { return note + ".ends" }

// end is one line.
type end struct {
	// Boot is the machine's boot that the process belongs to.
	Boot string `json:"boot"`
	proc.Remains
}

// ends writes the file. A disk that takes nothing costs what it would have saved,
// and nothing else.
type ends struct {
	boot string
	file *os.File
	// some is whether there is anything in the file.
	some bool
}

// note writes an end down.
func (e *ends) note(path string, r proc.Remains) {
	if e.file == nil {
		var err error
		if e.boot, err = proc.BootID(); err != nil {
			return
		}
		if e.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
			e.file = nil
			return
		}
	}
	line, err := json.Marshal(end{Boot: e.boot, Remains: r})
	if err != nil {
		return
	}
	_, _ = e.file.Write(append(line, '\n'))
	e.some = true
}

// clear forgets all: the supervisor knows it.
func (e *ends) clear(path string) {
	if !e.some {
		return
	}
	if e.file != nil && e.file.Truncate(0) != nil || e.file == nil && os.Remove(path) != nil {
		return
	}
	e.some = false
}

// recall is what the guardian before has written down, for one that knows nothing
// else.
func (g *guard) recall() {
	path := endsOf(g.Note)
	data, err := os.ReadFile(path)
	if err != nil || len(g.Exits) > 0 {
		g.ends.some = err == nil
		return
	}
	boot, err := proc.BootID()
	if err != nil {
		return
	}
	g.ends.some = true
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var e end
		known := func(x Exit) bool { return x.PID == e.PID && x.StartTicks == e.StartTicks && x.Handle == e.Handle }
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Boot == boot && e.PID > 0 && !slices.ContainsFunc(g.Exits, known) {
			g.keepExit(e.Remains)
		}
	}
	if len(g.Exits) == 0 {
		g.ends.clear(path)
	}
}
