package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/overlay"
	"systemg/tui/pane"
	"systemg/tui/pane/logs"
	"systemg/tui/theme"
)

// key takes a key: it goes to what lies on top.
func (m *Model) key(msg tea.KeyMsg) tea.Cmd {
	name := msg.String()
	switch {
	case m.above != nil:
		return m.boxKey(name, msg)
	case m.prompt != nil:
		if m.prompt.key(msg) {
			m.prompt = nil
		}
		m.retune()
		return nil
	case name == "ctrl+c":
		m.quit = true
		return nil
	case name == "ctrl+z":
		return tea.Suspend
	}
	where := m.where()
	cmd := m.act(m.keys.At(where, m.o.ReadOnly).Find(where, name))
	m.retune()
	return cmd
}

// boxKey takes a key for what lies over the screen.
func (m *Model) boxKey(name string, msg tea.KeyMsg) tea.Cmd {
	paste := ""
	if msg.Paste {
		paste = string(msg.Runes)
	}
	switch b := m.above.(type) {
	case *overlay.Confirm:
		if paste != "" {
			b.Paste(paste)
			return nil
		}
		if done, ok := b.Key(name); done {
			m.above = nil
			if then := m.then; ok && then != nil {
				m.then = nil
				return then(m)
			}
		}
	case *overlay.Menu:
		if chosen, closed := b.Key(name); closed {
			m.above = nil
			if chosen != nil && m.pick != nil {
				return m.pick(m, *chosen)
			}
		}
	case *overlay.Help:
		if b.Key(name) {
			m.above = nil
		}
	case *overlay.Palette:
		if paste != "" {
			b.Paste(paste)
			return nil
		}
		if choice, closed := b.Key(name); closed {
			m.above = nil
			if choice != nil {
				cmd := m.command(*choice)
				m.retune()
				return cmd
			}
		}
	}
	return nil
}

// act does an action.
func (m *Model) act(a keys.Action) tea.Cmd {
	switch a {
	case "":
		return nil
	case keys.Quit:
		if !m.back() {
			m.quit = true
		}
	case keys.Back:
		m.back()
	case keys.Help:
		m.above = overlay.NewHelp("Keys: "+m.view.String(), m.keys, m.where(), m.o.ReadOnly)
	case keys.Palette:
		m.above = m.palette()
	case keys.LastView:
		m.show(m.before)
	case keys.Redraw:
		return tea.ClearScreen
	case keys.Mouse:
		return m.toggleMouse()
	case keys.Rewind, keys.Forward:
		m.rewind(a)
	case keys.Live:
		if m.past != nil {
			m.past = nil
			return nil
		}
		return m.inPane(a)
	case keys.Attach:
		return m.launch()
	default:
		if v, ok := viewKeys[a]; ok {
			m.show(v)
			return tea.Batch(m.choose(), m.inquire())
		}
		if m.keys.Mutates(a) {
			return m.wish(a)
		}
		return m.inView(a)
	}
	return nil
}

var viewKeys = map[keys.Action]pane.View{
	keys.Units: pane.Units, keys.Logs: pane.Logs, keys.Graph: pane.Graph, keys.Events: pane.Events, keys.Cron: pane.Cron,
	keys.Deploys: pane.Deploys,
}

// show changes the view.
func (m *Model) show(v pane.View) {
	if v == m.view {
		return
	}
	if v == pane.Logs && len(m.grid) == 0 {
		m.openLogs(m.targets(), false)
		return
	}
	m.before, m.view = m.view, v
	m.zoomed = false
}

// back undoes the last thing that was opened, and says whether there was one.
func (m *Model) back() bool {
	switch {
	case m.selecting():
		m.inPane(keys.Back)
	case m.zoomed:
		m.zoomed = false
	case m.past != nil:
		m.past = nil
	case m.view == pane.Detail:
		v := m.before
		if v == pane.Detail {
			v = pane.Units
		}
		m.view, m.before = v, pane.Detail
	case m.clearPatterns():
	case m.view != pane.Units:
		m.show(pane.Units)
	case m.onTail:
		m.onTail = false
	case len(m.marked) > 0:
		clear(m.marked)
	default:
		return false
	}
	return true
}

// selecting is whether lines of a log are being selected.
func (m *Model) selecting() bool {
	p := m.logPane()
	return m.view == pane.Logs && p != nil && p.Selecting()
}

// clearPatterns gives up what is filtered or searched in the view.
func (m *Model) clearPatterns() bool {
	switch m.view { //nolint:exhaustive // the rest has no patterns
	case pane.Units:
		if m.units.Filtered() != "" && !m.onTail {
			_ = m.units.Filter("")
			return true
		}
	case pane.Events:
		if m.views.events.Filtered() != "" {
			_ = m.views.events.Filter("")
			return true
		}
	}
	if p := m.logPane(); p != nil {
		if filter, search := p.Patterns(); filter != "" || search != "" {
			_ = p.Filter("")
			_, _ = p.Search("", pane.Frame{})
			return true
		}
	}
	return false
}

// logPane is the log pane that keys go to, nil for none.
func (m *Model) logPane() *logs.Pane {
	switch {
	case m.view == pane.Logs && m.at < len(m.grid):
		return m.grid[m.at]
	case m.view == pane.Units && m.arranged().tail > 0:
		return m.tail
	}
	return nil
}

// inView does what depends on the view.
func (m *Model) inView(a keys.Action) tea.Cmd {
	switch a {
	case keys.Next, keys.Previous:
		m.focus(a)
	case keys.Enter:
		return m.enter()
	case keys.OpenLogs:
		m.openLogs(m.targets(), false)
	case keys.Search, keys.Filter:
		m.ask(a)
	case keys.Mark:
		return m.mark()
	case keys.MarkAll:
		m.markAll()
	case keys.Split:
		m.split()
	case keys.Close:
		m.closePane()
	case keys.Zoom:
		m.zoom()
	case keys.Grow, keys.Shrink:
		m.resize(a)
	case keys.Interleave:
		m.interleave()
	case keys.Streams:
		m.cycleStreams()
	case keys.Sync:
		m.sync = !m.sync
		m.say(theme.Normal, "panes scroll together: %s", onOff(m.sync))
	default:
		return m.inPane(a)
	}
	return nil
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// forLog are the actions that go to the log below the table though the table
// has the focus.
var forLog = []keys.Action{keys.Follow, keys.Wrap, keys.Times, keys.MarkLine, keys.Clear, keys.Pager}

// inPane hands an action to the pane that has the focus.
func (m *Model) inPane(a keys.Action) tea.Cmd {
	switch m.view {
	case pane.Units:
		if m.onTail || slices.Contains(forLog, a) {
			return m.intend(m.tail.Act(a, m.frame(m.width, m.arranged().tail)))
		}
		return m.intend(m.units.Act(a, m.frame(m.width, m.arranged().main)))
	case pane.Logs:
		return m.inLogs(a)
	case pane.Graph, pane.Events, pane.Cron, pane.Deploys, pane.Detail:
		return m.intend(m.views.act(m.view, a, m.frame(m.width, m.arranged().main)))
	}
	return nil
}

// inLogs hands an action to the focused log pane; others follow it where they
// scroll together.
func (m *Model) inLogs(a keys.Action) tea.Cmd {
	if m.at >= len(m.grid) {
		return nil
	}
	p := m.grid[m.at]
	size := m.sizes()[m.at]
	f := m.frame(size.width, size.height)
	in := p.Act(a, f)
	if m.sync && !p.Following() {
		if t, ok := p.At(f); ok {
			for i, other := range m.grid {
				if i != m.at {
					other.ScrollTo(t)
				}
			}
		}
	}
	return m.intend(in)
}

// intend does what a pane asks for.
func (m *Model) intend(in pane.Intent) tea.Cmd {
	switch in := in.(type) {
	case nil:
	case pane.Select:
		m.selected = in.Unit
		return m.point()
	case pane.Open:
		if in.Unit != "" {
			m.selected = in.Unit
		}
		if in.View == pane.Logs {
			m.openLogs([]string{m.selected}, false)
			return nil
		}
		m.show(in.View)
		return tea.Batch(m.inquire(), m.point())
	case pane.Say:
		m.say(theme.Normal, "%s", in.Text)
	case pane.Copy:
		return m.copy(in)
	case pane.Page:
		return m.page(in)
	case pane.Older:
		return m.fetch(in.Pane, in)
	case pane.Newer:
		return m.fetch(in.Pane, in)
	case pane.Oldest:
		return m.fetch(in.Pane, in)
	case pane.Reopen:
		m.reopen(in.Pane)
	case pane.Do:
		return m.confirm(in)
	}
	return nil
}

// enter shows everything about the selected unit.
func (m *Model) enter() tea.Cmd {
	if m.board.Link.State == board.Lost {
		m.feed.again()
	}
	if m.view == pane.Events {
		return m.inPane(keys.Enter)
	}
	if m.board.Unit(m.selected) == nil {
		return nil
	}
	if m.view != pane.Detail {
		m.show(pane.Detail)
	}
	return m.inquire()
}

// targets are the units that actions apply to: those marked, or the selected
// one.
func (m *Model) targets() []string {
	var list []string
	for _, u := range m.board.Units {
		if m.marked[u.ID] {
			list = append(list, u.ID)
		}
	}
	if len(list) == 0 && m.selected != "" {
		list = []string{m.selected}
	}
	return list
}

func (m *Model) mark() tea.Cmd {
	if m.selected == "" {
		return nil
	}
	if m.marked[m.selected] {
		delete(m.marked, m.selected)
	} else {
		m.marked[m.selected] = true
	}
	return m.inPane(keys.Down)
}

// markAll marks all units shown, or none where all are.
func (m *Model) markAll() {
	rows := m.units.Shown(m.board)
	if !slices.ContainsFunc(rows, func(u *board.Unit) bool { return !m.marked[u.ID] }) {
		clear(m.marked)
		return
	}
	for _, u := range rows {
		m.marked[u.ID] = true
	}
}

func (m *Model) toggleMouse() tea.Cmd {
	m.mouse = !m.mouse
	m.say(theme.Normal, "mouse %s", onOff(m.mouse))
	if m.mouse {
		return tea.EnableMouseCellMotion
	}
	return tea.DisableMouse
}

// rewind goes to another moment.
func (m *Model) rewind(a keys.Action) {
	oldest, newest := m.board.Span()
	if oldest.IsZero() {
		m.say(theme.Normal, "there is nothing to go back to yet: a moment is kept every 5 s")
		return
	}
	at := newest
	if m.past != nil {
		at = m.past.Past.Add(-board.Pause)
		if a == keys.Forward {
			at = m.past.Past.Add(board.Pause)
		}
	} else if a == keys.Forward {
		return
	}
	if at.After(newest) {
		m.past = nil
		return
	}
	if at.Before(oldest) {
		at = oldest
		m.say(theme.Normal, "this is the oldest moment kept")
	}
	m.past = m.board.At(at)
}

// ask opens a prompt for a filter or a search.
func (m *Model) ask(a keys.Action) {
	p := m.logPane()
	switch {
	case p != nil && (m.view == pane.Logs || m.onTail) && a == keys.Filter:
		before, _ := p.Patterns()
		m.prompt = &prompt{
			label: "&", text: before, live: func(s string) error { _ = p.Filter(s); return nil }, done: p.Filter,
			undo: func() { _ = p.Filter(before) },
		}
	case p != nil && (m.view == pane.Logs || m.onTail):
		m.prompt = &prompt{label: "/", done: func(s string) error {
			f := m.logFrame()
			in, err := p.Search(s, f)
			m.intend(in)
			return err
		}}
	case m.view == pane.Units:
		before, selected := m.units.Filtered(), m.selected
		m.prompt = &prompt{label: "/", text: before, live: m.filter, done: m.filter, undo: func() {
			m.selected = selected
			_ = m.filter(before)
		}}
	case m.view == pane.Events:
		before := m.views.events.Filtered()
		m.prompt = &prompt{
			label: "/", text: before, live: m.views.events.Filter, done: m.views.events.Filter,
			undo: func() { _ = m.views.events.Filter(before) },
		}
	default:
		m.say(theme.Normal, "there is no filter here; 1 shows the units, which can be filtered")
	}
}

// filter shows only units that match; one of them is the selected one.
func (m *Model) filter(text string) error {
	err := m.units.Filter(text)
	rows := m.units.Shown(m.board)
	if len(rows) > 0 && !slices.ContainsFunc(rows, func(u *board.Unit) bool { return u.ID == m.selected }) {
		m.selected = rows[0].ID
		m.tail.Units = []string{m.selected}
	}
	return err
}

// logFrame is the frame of the log pane that keys go to.
func (m *Model) logFrame() pane.Frame {
	if m.view == pane.Logs {
		size := m.sizes()[m.at]
		return m.frame(size.width, size.height)
	}
	return m.frame(m.width, m.arranged().tail)
}
