package view

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"systemg/ipc"
)

var update = flag.Bool("update", false, "write testdata anew")

// styles are the terminals that every picture is shown on.
func styles() []struct {
	name string
	st   Style
} {
	var list []struct {
		name string
		st   Style
	}
	add := func(name string, st Style) {
		st.Now, st.Location = noon, time.UTC
		list = append(list, struct {
			name string
			st   Style
		}{name, st})
	}
	for _, w := range []int{120, 80, 50, 30} {
		add(fmt.Sprintf("%d columns, no colour", w), Style{Width: w, Height: 24})
		add(fmt.Sprintf("%d columns, ascii", w), Style{Width: w, Height: 24, ASCII: true})
		add(fmt.Sprintf("%d columns, colour", w), Style{Width: w, Height: 24, Color: true})
	}
	add("pipe", Style{})
	add("plain", Style{Plain: true})
	return list
}

// pictures are what can be shown, by name.
var pictures = map[string]func(io.Writer, Style) error{
	"status":   func(w io.Writer, st Style) error { return Status(w, shopStatus(), st) },
	"projects": func(w io.Writer, st Style) error { return Status(w, twoProjects(), st) },
	"inspect":  func(w io.Writer, st Style) error { return Inspect(w, inspection(), st, 15*time.Minute) },
	"outcome": func(w io.Writer, st Style) error {
		op := Operation{Verb: "started", Took: 1234 * time.Millisecond}
		for _, r := range []ipc.OperationResult{wentWell(), went()} {
			if err := OutcomeOf(w, op, r, st); err != nil {
				return err
			}
		}
		return Outcome(w, wentWell(), st)
	},
	"doctor": func(w io.Writer, st Style) error {
		told := ipc.Doctor{User: "root", Kernel: "6.18.1", Containment: "cgroup", Findings: []ipc.Finding{{Key: "user", Can: true, Text: "any user of this machine"}}}
		untold := ipc.Doctor{
			User: "ada", Kernel: "6.1.0", Containment: "marker", Missing: "there is no cgroup v2", Untold: "that takes Linux 6.6",
			Findings: []ipc.Finding{{Key: "limits.cgroup: io_weight", Text: "there is no controller io"}},
		}
		if err := Doctor(w, told, st); err != nil {
			return err
		}
		return Doctor(w, untold, st)
	},
	"events": func(w io.Writer, st Style) error { return Events(w, journal(), st) },
	"why":    func(w io.Writer, st Style) error { return Why(w, reasons(), st) },
	"plan":   func(w io.Writer, st Style) error { return Plan(w, changes(), st) },
	"graph":  func(w io.Writer, st Style) error { return Graph(w, shopGraph(), GraphText, st) },
	"progress": func(w io.Writer, st Style) error {
		p := NewProgress(io.Discard, st)
		for _, u := range shop() {
			p.Update(ipc.Progress{Unit: u, Done: 7, Total: 12})
		}
		defer p.Done()
		page := newPage(w, st)
		for _, l := range block(st, p.moving(), 7, 12) {
			page.put(l...)
		}
		return page.done()
	},
}

// Each picture is as it was when somebody last looked at it. In the files
// the escape character is written as ␛.
func TestGolden(t *testing.T) {
	for name, draw := range pictures {
		t.Run(name, func(t *testing.T) {
			var all bytes.Buffer
			for _, s := range styles() {
				fmt.Fprintf(&all, "=== %s\n", s.name)
				if err := draw(&all, s.st); err != nil {
					t.Fatal(err)
				}
			}
			golden(t, name, all.String())
		})
	}
}

func TestGoldenDocuments(t *testing.T) {
	for _, format := range []string{GraphDot, GraphMermaid} {
		var b bytes.Buffer
		g := shopGraph()
		g.Units[0].Name = `post"gres\` + "\n]"
		if err := Graph(&b, g, format, Style{Width: 30, Color: true}); err != nil {
			t.Fatal(err)
		}
		golden(t, "graph_"+format, b.String())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, "\x1b", "␛")
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is another picture now (go test -update writes it):\n%s", name, firstDifference(string(want), got))
	}
}

// firstDifference is the first line in which two texts differ.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\nwant %s\n got %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines wanted, %d got", len(a), len(b))
}
