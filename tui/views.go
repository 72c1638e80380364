package tui

import (
	"context"
	"math"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/pane/cron"
	"systemg/tui/pane/deploys"
	"systemg/tui/pane/detail"
	"systemg/tui/pane/events"
	"systemg/tui/pane/graph"
)

// views are the panes of the views that have one for themselves.
type views struct {
	graph   *graph.Pane
	events  *events.Pane
	cron    *cron.Pane
	deploys *deploys.Pane
	detail  *detail.Pane
}

func newViews() views {
	return views{graph: &graph.Pane{}, events: events.New(), cron: cron.New(), deploys: deploys.New(), detail: detail.New()}
}

// act hands an action to the pane of a view.
func (v *views) act(view pane.View, a keys.Action, f pane.Frame) pane.Intent {
	switch view { //nolint:exhaustive // the others have no pane here
	case pane.Graph:
		return v.graph.Act(a, f)
	case pane.Events:
		return v.events.Act(a, f)
	case pane.Cron:
		return v.cron.Act(a, f)
	case pane.Deploys:
		return v.deploys.Act(a, f)
	case pane.Detail:
		return v.detail.Act(a, f)
	}
	return nil
}

// lines draws the pane of a view.
func (v *views) lines(view pane.View, f pane.Frame) []string {
	switch view { //nolint:exhaustive // the others have no pane here
	case pane.Graph:
		return v.graph.Lines(f)
	case pane.Events:
		return v.events.Lines(f)
	case pane.Cron:
		return v.cron.Lines(f)
	case pane.Deploys:
		return v.deploys.Lines(f)
	case pane.Detail:
		return v.detail.Lines(f)
	}
	return f.Page(nil)
}

// knownMsg is an answer for a view: what inspect says of units, or the graph.
type knownMsg struct {
	units []inspected
	// window is how far back units were asked about, 0 as far as usual.
	window float64
	graph  *ipc.GraphResult
}

type inspected struct {
	id     string
	result ipc.InspectResult
	// why is the chain of causes, asked for where one unit is looked at.
	why ipc.WhyResult
	err error
}

// askTime bounds a question for a view.
const askTime = 10 * time.Second

// inquire asks for what the view shows and the board does not have: one
// question at a time, again when something changed or a second went by.
func (m *Model) inquire() tea.Cmd {
	if m.asking || m.board.Link.State != board.Live || m.past != nil {
		return nil
	}
	source, project := m.feed, m.o.Project
	switch m.view { //nolint:exhaustive // the others need nothing
	case pane.Graph:
		if m.asked == m.board.Changes && m.board.Edges != nil {
			return nil
		}
		m.asking = true
		return func() tea.Msg {
			ctx, cancel := context.WithTimeout(context.Background(), askTime)
			defer cancel()
			var r ipc.GraphResult
			if err := source.ask(ctx, ipc.MethodGraph, ipc.GraphParams{Project: project}, &r); err != nil {
				return knownMsg{}
			}
			return knownMsg{graph: &r}
		}
	case pane.Units:
		return m.inspect(m.unfilled(), float64(board.Seconds))
	case pane.Detail:
		if m.selected == "" || m.asked == m.board.Changes && m.askedFor == m.selected {
			return nil
		}
		return m.inspect([]string{m.selected}, 0)
	case pane.Cron:
		return m.inspect(m.views.cron.Wants(m.board), 0)
	case pane.Deploys:
		return m.inspect(m.views.deploys.Wants(m.board), 0)
	}
	return nil
}

// atOnce is how many units are inspected in one go for their charts.
const atOnce = 8

// unfilled are units on the screen that run and whose last minute nobody asked
// for yet.
func (m *Model) unfilled() []string {
	if m.width < chartsWidth {
		return nil
	}
	var list []string
	rows := m.units.Shown(m.board)
	for _, u := range rows[:min(len(rows), m.height)] {
		if u.PID > 0 && !m.filled[u.ID] && len(list) < atOnce {
			m.filled[u.ID] = true
			list = append(list, u.ID)
		}
	}
	return list
}

// chartsWidth is the width below which the table has no charts.
const chartsWidth = 84

// chart puts what inspect says of the last minute into the charts.
func (m *Model) chart(one inspected) {
	s := one.result.Series
	if one.err != nil || len(s.CPUPercent) != len(s.MemoryBytes) {
		return
	}
	value := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	var cpu, memory []float64
	for i := range s.CPUPercent {
		cpu, memory = append(cpu, value(s.CPUPercent[i])), append(memory, value(s.MemoryBytes[i]))
	}
	m.board.Fill(one.id, cpu, memory, s.StepSecs)
}

// inspect asks for everything about some units, in a window of so many seconds,
// 0 for the usual one.
func (m *Model) inspect(ids []string, window float64) tea.Cmd {
	if len(ids) == 0 {
		return nil
	}
	m.asking, m.asked, m.askedFor = true, m.board.Changes, ids[0]
	source := m.feed
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTime)
		defer cancel()
		out := knownMsg{window: window}
		for _, id := range ids {
			one := inspected{id: id}
			one.err = source.ask(ctx, ipc.MethodInspect, ipc.InspectParams{Unit: id, WindowSecs: window}, &one.result)
			if window == 0 && len(ids) == 1 && one.err == nil {
				// A unit that is well has no causes; one that went meanwhile
				// is told by inspect.
				_ = source.ask(ctx, ipc.MethodWhy, ipc.WhyParams{Unit: id}, &one.why)
			}
			out.units = append(out.units, one)
		}
		return out
	}
}

// listed are the units of a view that shows some of them, in its order; nil for
// a view that shows all.
func (m *Model) listed() []*board.Unit {
	switch m.view { //nolint:exhaustive // the others show all
	case pane.Cron:
		return cron.Units(m.board)
	case pane.Deploys:
		return deploys.Units(m.board)
	}
	return nil
}

// known takes an answer.
func (m *Model) known(msg knownMsg) tea.Cmd {
	m.asking = false
	if msg.graph != nil {
		m.board.Know(*msg.graph)
		m.asked = m.board.Changes
	}
	for _, one := range msg.units {
		if msg.window > 0 {
			m.chart(one)
			continue
		}
		if one.id == m.selected {
			m.views.detail.Know(one.id, one.result, one.why, one.err)
		}
		if u := m.board.Unit(one.id); u != nil {
			m.views.cron.Take(u, one.result, one.err)
			m.views.deploys.Take(u, one.result, one.err)
		}
	}
	if m.view == pane.Detail && m.askedFor != m.selected || m.view == pane.Cron || m.view == pane.Deploys || m.view == pane.Units {
		return m.inquire()
	}
	return nil
}
