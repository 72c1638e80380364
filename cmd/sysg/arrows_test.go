package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
}

// leaves are the packages that know nothing of the rest, but for the types of
// config.
var leaves = []string{"unit", "graph", "proc", "logs", "sockets", "usage", "store", "health", "deploy", "watch", "privilege", "privilege/stage"}

// panes are what a view of the dashboard may import: none knows another.
var panes = []string{"ipc", "tui/board", "tui/keys", "tui/pane", "tui/theme", "tui/widget"}

// allowed says, for each room, which rooms of the project it may import. A room
// that is not listed may import nothing of it.
var allowed = map[string][]string{
	"cmd/sysg":                 {"cmd/sysg/internal/cli", "cmd/sysg/internal/early", "supervisor/guardian", "supervisor/proc"},
	"cmd/sysg/internal/cli":    {"cmd/sysg/internal/view", "config", "ipc", "supervisor", "supervisor/control", "supervisor/guardian", "supervisor/logs", "supervisor/privilege", "supervisor/proc", "supervisor/sockets", "supervisor/store", "supervisor/unit", "tui", "tui/pane"},
	"cmd/sysg/internal/early":  {},
	"cmd/sysg/internal/view":   {"ipc"},
	"cmd/bench":                {"config", "ipc", "supervisor/privilege", "supervisor/privilege/stage"},
	"cmd/bench-tui":            {},
	"cmd/torture":              {"ipc", "supervisor/failpoint"},
	"cmd/shots":                {},
	"config":                   {"supervisor/cron/calendar", "supervisor/watch/ignore"},
	"ipc":                      {},
	"supervisor/unit":          {},
	"supervisor/failpoint":     {},
	"supervisor/graph":         {"config", "supervisor/unit"},
	"supervisor/proc":          {"supervisor/failpoint", "supervisor/privilege/stage"},
	"supervisor/privilege":     {"config", "supervisor/privilege/seccomp", "supervisor/privilege/stage"},
	"supervisor/guardian":      {"supervisor/failpoint", "supervisor/proc"},
	"supervisor/logs":          {"supervisor/failpoint"},
	"supervisor/sockets":       {"config"},
	"supervisor/usage":         {},
	"supervisor/health":        {},
	"supervisor/deploy":        {},
	"supervisor/cron":          {"supervisor/cron/calendar", "supervisor/store"},
	"supervisor/cron/calendar": {},
	"supervisor/store":         {"supervisor/failpoint"},
	"supervisor/watch":         {"supervisor/watch/ignore"},
	"supervisor/watch/ignore":  {},
	"supervisor/hooks":         {"config", "supervisor/proc", "supervisor/store", "supervisor/unit"},
	"supervisor":               {"config", "supervisor/cron", "supervisor/cron/calendar", "supervisor/deploy", "supervisor/failpoint", "supervisor/graph", "supervisor/health", "supervisor/hooks", "supervisor/logs", "supervisor/privilege", "supervisor/proc", "supervisor/store", "supervisor/unit", "supervisor/watch"},
	"supervisor/control":       {"config", "ipc", "supervisor", "supervisor/cron", "supervisor/deploy", "supervisor/failpoint", "supervisor/graph", "supervisor/guardian", "supervisor/health", "supervisor/hooks", "supervisor/logs", "supervisor/privilege", "supervisor/proc", "supervisor/sockets", "supervisor/store", "supervisor/unit", "supervisor/usage", "supervisor/watch"},
	"tui":                      {"ipc", "tui/board", "tui/keys", "tui/overlay", "tui/pane", "tui/pane/cron", "tui/pane/deploys", "tui/pane/detail", "tui/pane/events", "tui/pane/graph", "tui/pane/logs", "tui/pane/units", "tui/plain", "tui/theme", "tui/widget"},
	"tui/board":                {"ipc", "tui/widget"},
	"tui/keys":                 {},
	"tui/overlay":              {"tui/board", "tui/keys", "tui/theme", "tui/widget"},
	"tui/pane":                 {"ipc", "tui/board", "tui/keys", "tui/theme", "tui/widget"},
	"tui/pane/cron":            panes,
	"tui/pane/deploys":         panes,
	"tui/pane/detail":          panes,
	"tui/pane/events":          panes,
	"tui/pane/graph":           panes,
	"tui/pane/logs":            panes,
	"tui/pane/units":           panes,
	"tui/plain":                {"ipc", "tui/board", "tui/pane"},
	"tui/theme":                {},
	"tui/widget":               {},
	"examples/quickstart/app":  {},
	"examples/quickstart":      {},
	"examples/stack":           {},
	"examples/internal/trial":  {"ipc"},

	"supervisor/privilege/seccomp":         {},
	"supervisor/privilege/stage":           {},
	"examples/zero-downtime":               {"examples/internal/trial", "examples/zero-downtime/internal/load"},
	"examples/zero-downtime/app":           {},
	"examples/zero-downtime/internal/load": {},
	"examples/zero-downtime/loadgen":       {"examples/zero-downtime/internal/load"},
}

// dashboard are the libraries that only the dashboard may use: they would ask
// the terminal questions as soon as they are linked (see package early).
var dashboard = []string{"github.com/charmbracelet/bubbletea", "github.com/charmbracelet/lipgloss", "github.com/charmbracelet/bubbles", "github.com/muesli/termenv"}

// Imports go one way: leaves, supervisor, control, command line. See
// docs/how-it-works.md.
func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		room := strings.TrimPrefix(p.ImportPath, "systemg/")
		rule, known := allowed[room]
		if !known {
			t.Errorf("%s is a new room: say in this test what it may import", room)
		}
		for _, i := range p.Imports {
			if !strings.HasPrefix(room+"/", "tui/") && slices.ContainsFunc(dashboard, func(d string) bool { return strings.HasPrefix(i, d) }) {
				t.Errorf("%s imports %s", room, i)
			}
			if other, ours := strings.CutPrefix(i, "systemg/"); ours && !slices.Contains(rule, other) {
				t.Errorf("%s imports %s", room, other)
			}
		}
	}
	for _, leaf := range leaves {
		if _, ok := allowed["supervisor/"+leaf]; !ok {
			t.Errorf("there is no room supervisor/%s", leaf)
		}
	}
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "systemg/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}
