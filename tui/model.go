package tui

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/overlay"
	"systemg/tui/pane"
	"systemg/tui/pane/logs"
	"systemg/tui/pane/units"
	"systemg/tui/theme"
)

// source is what the model needs of a feed.
type source interface {
	take() news
	open(key int, p ipc.LogsParams)
	shut(key int)
	again()
	ask(ctx context.Context, method string, params, result any) error
	read(ctx context.Context, p ipc.LogsParams, atMost int) ([]logs.Line, error)
}

// Model is the root of the dashboard and the only thing Bubble Tea knows. It
// owns the board, the panes and what is open above them. Everything happens in
// Update, which does no input or output; what takes time is a command.
type Model struct {
	o     Options
	feed  source
	keys  keys.Map
	theme *theme.Theme
	clock func() time.Time

	width, height int
	board         *board.Board
	// past is the board as it was, while rewound.
	past *board.Board

	view, before pane.View
	selected     string
	marked       map[string]bool

	units *units.Pane
	// tail is the log below the table, grid those of the logs view.
	tail *logs.Pane
	grid []*logs.Pane
	// kept are the panes of the grid while they are interleaved in one.
	kept []*logs.Pane
	// onTail is whether the log below the table has the focus; at is the pane
	// of the grid that has it.
	onTail bool
	at     int
	zoomed bool
	sync   bool
	// share is how much of the screen the table gets, in parts of a hundred.
	share int
	// streams are the requests that are open, by pane.
	streams map[int]ipc.LogsParams
	// settle counts selections, so that a log is opened for the last of many.
	settle int

	views views

	above box
	// then is what a yes does, pick what a choice from a menu does.
	then   func(m *Model) tea.Cmd
	pick   func(m *Model, e overlay.Entry) tea.Cmd
	prompt *prompt

	// notice is what the last action came to, until a time.
	notice      string
	noticeTone  theme.Tone
	noticeUntil time.Time
	// busy are operations under way, in words, by number.
	busy   map[int]string
	nextOp int
	// asking is whether a question of a view is under way, asked the changes
	// of the board it was made at, askedFor the unit it was about.
	asking   bool
	asked    uint64
	askedFor string
	// filled are the units whose last minute was asked for.
	filled map[string]bool
	mouse  bool
	quit   bool
	// changed is when the supervisor told something last.
	changed time.Time
	// output is what a start that failed printed.
	output string
	// clip is where sequences for the clipboard go: the terminal.
	clip io.Writer
}

// box is what lies over the screen.
type box interface {
	Lines(w, h int, t *theme.Theme) []string
}

func newModel(o Options, f source) *Model {
	m := &Model{
		o: o, feed: f, clock: time.Now, board: board.New(), marked: map[string]bool{}, units: &units.Pane{Columns: o.Columns},
		tail: logs.New(tailPane), streams: map[int]ipc.LogsParams{}, busy: map[int]string{}, mouse: o.Mouse, filled: map[string]bool{},
		share: defaultShare,
	}
	// Both were validated.
	m.keys, _ = keys.Default().With(o.Keys)
	m.view, _ = viewOf(o.View)
	m.before = m.view
	look := theme.Detect(o.Getenv, o.Color)
	look.Name, look.ASCII = o.Theme, look.ASCII || o.ASCII
	m.theme, _ = theme.New(look)
	m.board.SetLink(board.Link{State: board.Connecting, Socket: o.Socket})
	m.views = newViews()
	m.width, m.height = fallback(0, 0, o.Getenv)
	return m
}

// tailPane is the number of the log below the table; those of the grid have
// the numbers before.
const tailPane = 9

// viewOf is a view by its name; "" is the table.
func viewOf(name string) (pane.View, error) {
	if name == "" {
		return pane.Units, nil
	}
	if i := slices.Index(pane.Views(), name); i >= 0 {
		return pane.View(i), nil
	}
	return 0, fmt.Errorf("there is no view %q: there are %s", name, strings.Join(pane.Views(), ", "))
}

func checkColumns(list []string) error {
	for _, c := range list {
		if !slices.Contains(units.ColumnNames(), c) {
			return fmt.Errorf("there is no column %q: there are %s", c, strings.Join(units.ColumnNames(), ", "))
		}
	}
	return nil
}

// Init begins.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{tick()}
	if m.mouse {
		cmds = append(cmds, tea.EnableMouseCellMotion)
	}
	return tea.Batch(cmds...)
}

// now is the time that is shown: of the past while rewound, and of the last
// thing known while the supervisor is lost.
func (m *Model) now() time.Time {
	switch {
	case m.past != nil:
		return m.past.Past
	case m.board.Stale() && !m.changed.IsZero():
		return m.changed
	}
	return m.clock()
}

// shown is the board that is drawn.
func (m *Model) shown() *board.Board {
	if m.past != nil {
		return m.past
	}
	return m.board
}

// where is the place for keys.
func (m *Model) where() keys.Where {
	if m.absent() {
		return keys.InAbsent
	}
	return [...]keys.Where{
		pane.Units: keys.InUnits, pane.Logs: keys.InLogs, pane.Graph: keys.InGraph, pane.Events: keys.InEvents,
		pane.Cron: keys.InCron, pane.Deploys: keys.InDeploys, pane.Detail: keys.InDetail,
	}[m.view]
}

// absent is whether there is nothing to show but that there is no supervisor.
func (m *Model) absent() bool {
	s := m.board.Link.State
	return len(m.board.Units) == 0 && (s == board.Absent || s == board.Refused || s == board.Lost)
}

// say shows a line in the footer for a while.
func (m *Model) say(tone theme.Tone, format string, args ...any) {
	m.notice, m.noticeTone = fmt.Sprintf(format, args...), tone
	m.noticeUntil = m.clock().Add(noticeTime)
}

// noticeTime is how long a notice stays.
const noticeTime = 6 * time.Second

var _ box = (*overlay.Confirm)(nil)
