package tui

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/ipc"
	"systemg/tui/keys"
	"systemg/tui/pane"
	"systemg/tui/theme"
)

// Options are what the dashboard is opened with.
type Options struct {
	// Reach gets at the supervisor; Socket is where it looks.
	Reach  Reach
	Socket string
	// Project is the one to show, "" for all.
	Project string
	// Host is what the machine is called.
	Host string
	// Theme is a name of theme.Names; Color is auto, always or never.
	Theme, Color string
	// ASCII asks for it; where the locale wants it, it is on anyway.
	ASCII bool
	// View is the name of the first view, Columns are those of the table, nil
	// for all, Keys other keys for actions, by their names.
	View    string
	Columns []string
	Keys    map[string][]string
	// ReadOnly offers nothing that changes the system.
	ReadOnly bool
	// Mouse has the wheel scroll; the terminal then selects no text.
	Mouse bool
	// Here is the manifest of this folder, "" for none.
	Here string
	// Manifest is the one that restarts, deployments and reloads of units of a
	// project read.
	Manifest func(project string) (ipc.Manifest, error)
	// Launch starts the manifest of this folder, with a supervisor.
	Launch func() *exec.Cmd
	// Pager shows the whole log of units.
	Pager func(pane.Page) *exec.Cmd
	// Keep writes a text that is too long for the clipboard to a file and
	// gives its name.
	Keep func(text string) (string, error)

	Getenv  func(string) string
	In, Out *os.File
}

// Misset is a choice that cannot be.
type Misset struct {
	// Setting is its name among the settings of the dashboard, "theme" or
	// "keys.restart".
	Setting string
	err     error
}

func (m *Misset) Error() string { return m.err.Error() }

// Validate looks at what was chosen by name. What it finds is a *Misset.
func (o Options) Validate() error {
	_, themed := theme.New(theme.Options{Name: o.Theme})
	_, viewed := viewOf(o.View)
	list := []Misset{{"theme", themed}, {"view", viewed}, {"columns", checkColumns(o.Columns)}}
	for _, name := range slices.Sorted(maps.Keys(o.Keys)) {
		_, err := keys.Default().With(map[string][]string{name: o.Keys[name]})
		list = append(list, Misset{"keys." + name, err})
	}
	_, together := keys.Default().With(o.Keys)
	for _, m := range append(list, Misset{"keys", together}) {
		if m.err != nil {
			return &m
		}
	}
	return nil
}

// renderings is how often Bubble Tea's renderer looks for a frame in a second, as
// seldom as can be: it is given none, see screen.
const renderings = 1

// garbage is how much of it may grow before it is collected, in percent of what is
// in use. Commands let more of it grow, for they end soon.
const garbage = 100

// Run shows the dashboard until it is left or ctx ends.
func Run(ctx context.Context, o Options) error {
	if err := o.Validate(); err != nil {
		return err
	}
	debug.SetGCPercent(garbage)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := newFeed(o.Reach, o.Project)
	f.ctx = ctx
	m := newModel(o, f)
	out := newScreen(o.Out)
	m.clip = clipboard{screen: out}
	program := tea.NewProgram(onScreen{Model: m, screen: out}, tea.WithContext(ctx), tea.WithAltScreen(), tea.WithInput(o.In), tea.WithOutput(out), tea.WithFPS(renderings), tea.WithoutSignalHandler())
	heard := make(chan struct{})
	go func() { defer close(heard); f.run(ctx) }()
	paced := make(chan struct{})
	go func() { defer close(paced); pace(ctx, f, out, program) }()
	drawn := make(chan struct{})
	go func() { defer close(drawn); out.run(ctx) }()
	_, err := program.Run()
	cancel()
	<-heard
	<-paced
	<-drawn
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// pace tells the program that something came, at most once per frame, and less
// often where the terminal is slow. It ends with ctx.
func pace(ctx context.Context, f *feed, out *screen, program *tea.Program) {
	for {
		select {
		case <-f.woken:
		case <-ctx.Done():
			return
		}
		// Send returns when the program took it: at most one is pending.
		program.Send(frameMsg{})
		timer := time.NewTimer(out.pacing.interval(time.Now()))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// frameMsg says that the feed has something.
type frameMsg struct{}

// tickMsg comes once a second, for what shows how much time went by.
type tickMsg time.Time

func tick() tea.Cmd {
	return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tickMsg(t) })
}
