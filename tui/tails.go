package tui

import (
	"context"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/ipc"
	"systemg/tui/pane"
	"systemg/tui/pane/logs"
	"systemg/tui/theme"
)

// How many lines a pane begins with, and how many are read when somebody goes
// beyond what it has.
const (
	linesAtFirst = 500
	linesMore    = 1000
)

// settleFor is how long a selection has to last before its log is opened.
const settleFor = 60 * time.Millisecond

// settleMsg says that a selection lasted.
type settleMsg int

// visible are the log panes on the screen.
func (m *Model) visible() []*logs.Pane {
	switch {
	case m.view == pane.Logs && m.zoomed:
		return m.grid[m.at : m.at+1]
	case m.view == pane.Logs:
		return m.grid
	case m.view == pane.Units && m.arranged().tail > 0:
		return []*logs.Pane{m.tail}
	}
	return nil
}

// pane is a log pane by its number, nil where it was closed.
func (m *Model) pane(number int) *logs.Pane {
	for _, p := range append(slices.Clone(m.grid), m.tail) {
		if p.Number == number {
			return p
		}
	}
	return nil
}

// retune opens the streams of the panes on the screen and shuts the others:
// nobody reads what nobody sees. A pane that comes back is filled anew, unless
// somebody was reading in it.
func (m *Model) retune() {
	want := map[int]ipc.LogsParams{}
	for _, p := range m.visible() {
		if len(p.Units) > 0 && m.board.Link.State != 0 {
			want[p.Number] = streamOf(p)
		}
	}
	for key := range m.streams {
		if _, ok := want[key]; !ok {
			m.feed.shut(key)
			delete(m.streams, key)
			if p := m.pane(key); p != nil {
				p.Cut()
			}
		}
	}
	for key, params := range want {
		open, ok := m.streams[key]
		p := m.pane(key)
		if ok && sameStream(open, params) || !ok && !p.Following() && p.Has() {
			continue
		}
		p.Ready()
		m.feed.open(key, params)
		m.streams[key] = params
	}
}

// streamOf is the request for a pane's lines.
func streamOf(p *logs.Pane) ipc.LogsParams {
	return ipc.LogsParams{
		Selection: ipc.Selection{Units: slices.Clone(p.Units)}, Kinds: slices.Clone(p.Kinds),
		Lines: linesAtFirst, Follow: true, Newest: true,
	}
}

func sameStream(a, b ipc.LogsParams) bool {
	return slices.Equal(a.Units, b.Units) && slices.Equal(a.Kinds, b.Kinds)
}

// reopen fills a pane with the newest lines.
func (m *Model) reopen(number int) {
	m.feed.shut(number)
	delete(m.streams, number)
	if p := m.pane(number); p != nil {
		p.Ready()
	}
}

// linesMsg are lines that were asked for.
type linesMsg struct {
	pane  int
	what  pane.Intent
	lines []logs.Line
	err   error
}

// readTime bounds reading in a log.
const readTime = 30 * time.Second

// fetch reads older, newer, or the oldest lines of a pane.
func (m *Model) fetch(number int, what pane.Intent) tea.Cmd {
	p := m.pane(number)
	if p == nil {
		return nil
	}
	req := ipc.LogsParams{Selection: ipc.Selection{Units: slices.Clone(p.Units)}, Kinds: slices.Clone(p.Kinds)}
	atMost := linesMore
	switch what.(type) {
	case pane.Older:
		until, same, ok := p.Oldest()
		if !ok {
			return func() tea.Msg { return linesMsg{pane: number, what: what} }
		}
		req.Until, req.Lines, atMost = until, linesMore+same, 0
	case pane.Newer:
		since, ok := p.Newest()
		if !ok {
			return nil
		}
		req.Since, req.Lines = since, -1
		atMost = 2 * linesMore
	default:
		req.Lines = -1
	}
	source := m.feed
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), readTime)
		defer cancel()
		list, err := source.read(ctx, req, atMost)
		return linesMsg{pane: number, what: what, lines: list, err: err}
	}
}

// arrived takes lines that were asked for.
func (m *Model) arrived(msg linesMsg) {
	p := m.pane(msg.pane)
	switch {
	case p == nil:
	case msg.err != nil:
		p.Failed()
		m.say(theme.Bad, "cannot read the log: %v", msg.err)
	default:
		switch msg.what.(type) {
		case pane.Older:
			p.Before(m.board, msg.lines)
		case pane.Newer:
			p.Behind(m.board, msg.lines, len(msg.lines) < linesMore)
		default:
			p.Replace(m.board, msg.lines, true, 1)
		}
	}
}

// point has the log below the table be that of the selected unit, once the
// selection has lasted.
func (m *Model) point() tea.Cmd {
	if len(m.tail.Units) == 1 && m.tail.Units[0] == m.selected {
		return nil
	}
	m.settle++
	n := m.settle
	return tea.Tick(settleFor, func(time.Time) tea.Msg { return settleMsg(n) })
}

// settled opens the log of the selected unit.
func (m *Model) settled(n int) {
	if n != m.settle || m.selected == "" {
		return
	}
	m.tail.Units = []string{m.selected}
	m.tail.Ready()
	m.retune()
}
