package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/pane"
	"systemg/tui/pane/logs"
	"systemg/tui/widget"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sizes are those the pictures are made at.
var sizes = []rect{{120, 35}, {80, 24}, {60, 15}, {50, 14}, {20, 5}, {0, 0}}

// modes are colours, none, and ASCII without colours.
var modes = map[string]Options{
	"colour": {Color: "always", Getenv: modern}, "plain": {Color: "never", Getenv: modern}, "ascii": {Color: "never", ASCII: true, Getenv: modern},
}

func modern(name string) string {
	return map[string]string{"LANG": "C.UTF-8", "TERM": "xterm"}[name]
}

// pictures are the screens that are kept, by name.
var pictures = map[string]func(*Model){
	"units":   func(*Model) {},
	"logs":    func(m *Model) { m.openLogs([]string{"shop/api", "shop/worker"}, false) },
	"graph":   func(m *Model) { m.board.Know(arcs()); m.view = pane.Graph },
	"events":  func(m *Model) { m.view = pane.Events },
	"cron":    func(m *Model) { m.view, m.selected = pane.Cron, "shop/backup" },
	"deploys": func(m *Model) { m.view, m.selected = pane.Deploys, "shop/web" },
	"detail":  func(m *Model) { m.view = pane.Detail },
	"stop":    func(m *Model) { m.confirm(pane.Do{Verb: "stop", Units: []string{"shop/postgres"}}) },
	"lost": func(m *Model) {
		m.board.SetLink(board.Link{State: board.Lost, Since: noon, Text: "the supervisor closed the connection"})
	},
	"absent": func(m *Model) {
		m.board = board.New()
		m.board.SetLink(board.Link{State: board.Absent, Socket: "/home/ana/.local/share/systemg/control.sock", Manifest: "/srv/shop/systemg.yaml"})
	},
	"zoom": func(m *Model) { m.openLogs([]string{"shop/api"}, false); m.zoom() },
}

// TestPictures draws every view at every size, in colours, without, and in ASCII,
// and compares with what was looked at. No line is wider than the screen, and
// there are as many as it has.
func TestPictures(t *testing.T) {
	for name, prepare := range pictures {
		for mode, o := range modes {
			t.Run(name+"-"+mode, func(t *testing.T) {
				var out strings.Builder
				for _, size := range sizes {
					m := pictured(o, size)
					prepare(m)
					fmt.Fprintf(&out, "== %dx%d\n", size.width, size.height)
					lines := fill(m)
					for i, line := range lines {
						if w := widget.Width(line); w > m.width {
							t.Errorf("line %d at %dx%d is %d wide: %q", i, size.width, size.height, w, line)
						}
						fmt.Fprintln(&out, strings.TrimRight(strings.ReplaceAll(line, "\x1b", "␛"), " "))
					}
					if len(lines) != m.height {
						t.Errorf("there are %d lines at %dx%d", len(lines), size.width, size.height)
					}
				}
				compare(t, filepath.Join("testdata", name+"-"+mode+".golden"), out.String())
			})
		}
	}
}

// fill writes logs into the panes on the screen and draws it.
func fill(m *Model) []string {
	for _, p := range m.visible() {
		p.Zone = time.UTC
		var list []logs.Line
		for i, text := range requests(60) {
			id := "shop/api"
			if len(p.Units) > 0 {
				id = p.Units[0]
			}
			at := noon.Add(time.Duration(i-60) * 130 * time.Millisecond)
			list = append(list, logs.Line{Unit: id, Text: text, Time: at.UnixNano(), Run: 1})
			switch i {
			case 40:
				list = append(list, logs.Line{Unit: id, Mark: logs.Skipped, Text: "48,211 lines skipped"})
			case 50:
				list = append(list, logs.Line{Unit: id, Mark: logs.Restart, Run: 8, Time: at.UnixNano()})
			}
		}
		p.Arrive(m.board, list, int64(len(list)), 0, noon)
	}
	return strings.Split(m.View(), "\n")
}

// pictured is a dashboard of the shop at a size.
func pictured(o Options, size rect) *Model {
	o.Host, o.Socket = "prod-box", "/state/control.sock"
	m := newModel(o, newFake())
	m.clock = func() time.Time { return noon }
	m.width, m.height = fallback(size.width, size.height, o.Getenv)
	f := newFake()
	m.feed = f
	f.say(shop(), board.Link{State: board.Live, Since: noon}, journal())
	m.hear(f.take())
	for i := range 40 {
		d := ipc.Delta{}
		for _, u := range shop().Units {
			if u.PID > 0 {
				u.CPUPercent *= float64(1+i*7%5) / 4
				d.Units = append(d.Units, u)
			}
		}
		m.board.Apply(d)
		m.board.Sample(noon.Add(time.Duration(i-40) * time.Second))
	}
	m.selected = "shop/api"
	m.tail.Units = []string{m.selected}
	for _, u := range shop().Units {
		r := everything(u)
		if u.ID == m.selected {
			m.views.detail.Know(u.ID, r, ipc.WhyResult{}, nil)
		}
		m.views.cron.Take(m.board.Unit(u.ID), r, nil)
		m.views.deploys.Take(m.board.Unit(u.ID), r, nil)
	}
	return m
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it with -update and git diff. It is now:\n%s", path, got)
	}
}
