package tui

import (
	"fmt"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/ipc"
	"systemg/tui/board"
)

// crowd is a dashboard of 500 units that need each other, 120 by 35 in colour.
func crowd(b *testing.B) *Model {
	b.Helper()
	source := newFake()
	m := newModel(Options{Socket: "/state/control.sock", Getenv: func(string) string { return "" }, Color: "always"}, source)
	var list []ipc.Unit
	var arcs ipc.GraphResult
	for i := range 500 {
		u := unit(fmt.Sprintf("svc-%03d", i), "service", []string{"running", "running", "running", "failed", "pending", "backoff"}[i*7%6])
		list = append(list, u)
		for _, need := range []int{i / 3, i * 7 / 11} {
			if i%2 == 0 && need < i {
				arcs.Edges = append(arcs.Edges, ipc.GraphArc{From: u.ID, To: list[need].ID, Satisfied: i%3 > 0})
			}
		}
	}
	source.answers[ipc.MethodGraph] = arcs
	source.say(ipc.SubscribeResult{StatusResult: ipc.StatusResult{Units: list}}, arcs, board.Link{State: board.Live})
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 35})
	m.Update(frameMsg{})
	m.View()
	return m
}

// frames presses keys, and draws a whole screen after each.
func frames(b *testing.B, m *Model, list ...string) {
	b.Helper()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Update(keyOf(list[i%len(list)]))
		m.View()
	}
}

// A frame after each letter of a filter over 500 units.
func BenchmarkFilter500(b *testing.B) {
	m := crowd(b)
	m.Update(keyOf("/"))
	frames(b, m, "s", "v", "c", "backspace", "backspace", "backspace")
}

// A frame after each change of the order of 500 units.
func BenchmarkSort500(b *testing.B) { frames(b, crowd(b), "O") }

// A frame after each step through the graph of 500 units.
func BenchmarkGraph500(b *testing.B) {
	m := crowd(b)
	m.Update(keyOf("3"))
	frames(b, m, "j", "j", "j", "k")
}
