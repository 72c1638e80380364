package unit

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata and docs anew")

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// row is one pair of state and event: where it leads and what it asks for.
type row struct {
	state   State
	event   string
	to      State
	effects string
}

// events are one of each kind, about run 7.
var events = []struct {
	name  string
	event Event
}{
	{"Start", Start{}},
	{"Stop", Stop{}},
	{"Stop kill", Stop{Kill: true}},
	{"Restart", Restart{}},
	{"Cascade", Cascade{Reason: "db was lost"}},
	{"Go", Go{}},
	{"Wait", Wait{Reason: "waits for db"}},
	{"Block", Block{Reason: "db failed"}},
	{"Spawned", Spawned{Run: 7}},
	{"SpawnFailed", SpawnFailed{Run: 7, Exit: bad}},
	{"StepDone ok", StepDone{Run: 7, Step: PreStart, Exit: good}},
	{"StepDone failed", StepDone{Run: 7, Step: PreStart, Exit: bad}},
	{"Exited ok", Exited{Run: 7, Exit: good}},
	{"Exited failed", Exited{Run: 7, Exit: bad}},
	{"Exited leftovers", Exited{Run: 7, Exit: bad, Leftover: 2}},
	{"Emptied", Emptied{Run: 7}},
	{"Healthy", Healthy{Run: 7}},
	{"Unhealthy", Unhealthy{Run: 7, Text: "connection refused"}},
	{"Fire", Fire{}},
	{"Fail", Fail{Run: 7, Text: "it took too long"}},
	{"Deadline", Deadline{}},
	{"stranger", Emptied{Run: 6}},
}

var (
	good = Exit{Run: 7, OK: true, Text: "exit 0"}
	bad  = Exit{Run: 7, Code: 1, Text: "exit 1"}
)

// in is a unit in the state, in its seventh run, wanted up unless it was
// stopped.
func in(s State) Unit {
	u := New(Policy{
		Restart: "on-failure", Initial: time.Second, Factor: 2, Max: time.Minute,
		RestartReset: 10 * time.Second, Stability: time.Second, StopTimeout: 10 * time.Second,
	}, t0)
	u.Desired, u.State, u.Run = Up, s, 7
	switch s {
	case Starting:
		u.Main, u.Spawned, u.Deadline = true, true, t0
	case Running:
		u.Main, u.Spawned, u.Ready, u.ReadyAt = true, true, true, t0
	case Stopping:
		u.Main, u.Spawned, u.Then, u.Desired, u.Deadline = true, true, Rest, Down, t0
	case Backoff:
		u.Deadline = t0
	case Stopped:
		u.Desired = Down
	case Scheduled:
		u.Policy.Cron = true
	case Pending, Blocked, Completed, Failed, Skipped:
	}
	return u
}

func kinds(effects []Effect) string {
	var names []string
	for _, e := range effects {
		name := strings.TrimPrefix(fmt.Sprintf("%T", e), "unit.")
		if step, ok := e.(RunStep); ok {
			name += " " + string(step.Step)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// Every pair of a state and an event has a row; most say that nothing
// happens, and that too is a decision.
func TestEveryStateMeetsEveryEvent(t *testing.T) {
	var got []row
	for _, s := range States() {
		for _, e := range events {
			u, effects := Step(in(s), e.event, Moment{Now: t0})
			got = append(got, row{state: s, event: e.name, to: u.State, effects: kinds(effects)})
		}
	}
	if *update {
		write(t, got)
		return
	}
	want := transitions()
	if len(got) != len(want) {
		t.Fatalf("%d pairs, %d rows: go test ./supervisor/unit -update, then read the difference", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("row %d:\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

// The diagram in the docs is drawn from the same rows.
func TestDiagramIsDrawnFromTheTable(t *testing.T) {
	const path = "../../docs/states.md"
	text := page(transitions())
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != text {
		t.Errorf("%s is not what the table says: go test ./supervisor/unit -update", path)
	}
}

// write puts the rows into rows_test.go.
func write(t *testing.T, rows []row) {
	t.Helper()
	var b strings.Builder
	b.WriteString("package unit\n\n// transitions is the machine as a table; -update writes it, a person reads it.\nfunc transitions() []row {\n\treturn []row{\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "\t\t{%q, %q, %q, %q},\n", r.state, r.event, r.to, r.effects)
	}
	b.WriteString("\t}\n}\n")
	if err := os.WriteFile("rows_test.go", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// page is docs/states.md.
func page(rows []row) string {
	var b strings.Builder
	b.WriteString(`# The states of a unit

Drawn from the table that tests the machine in ` + "`supervisor/unit`" + `; do not edit.
An arrow is labelled with the events that lead along it. What an event means
and what each state is for stands in the package's documentation:
` + "`go doc systemg/supervisor/unit`" + `.

` + "```mermaid\nstateDiagram-v2\n    [*] --> stopped\n")
	labels := map[[2]State][]string{}
	var order [][2]State
	for _, r := range rows {
		edge := [2]State{r.state, r.to}
		if r.state == r.to {
			continue
		}
		if labels[edge] == nil {
			order = append(order, edge)
		}
		labels[edge] = append(labels[edge], r.event)
	}
	for _, edge := range order {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", edge[0], edge[1], strings.Join(labels[edge], ", "))
	}
	b.WriteString("```\n\nThe rows below are a unit in its seventh run that is wanted up (`stopped` and\n`stopping`: down), with restart policy `on-failure` and without a\nhealth check (`scheduled`: a cron job); events are about that run.\nPairs that change nothing are left out.\n\n| state | event | next | effects |\n|---|---|---|---|\n")
	for _, r := range rows {
		if r.state != r.to || r.effects != "" {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.state, r.event, r.to, r.effects)
		}
	}
	return b.String()
}
