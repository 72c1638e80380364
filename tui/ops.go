package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/keys"
	"systemg/tui/overlay"
	"systemg/tui/pane"
	"systemg/tui/theme"
	"systemg/tui/widget"
)

// doneMsg is what became of an operation.
type doneMsg struct {
	number int
	did    pane.Do
	// say is what it came to, in words.
	say  string
	plan *planned
	err  error
}

// planned is what a reload would do.
type planned struct {
	manifest ipc.Manifest
	changes  []ipc.Change
}

// verbs are the actions that change the system, by the verb of the command line.
var verbs = map[keys.Action]string{
	keys.Start: "start", keys.Stop: "stop", keys.Restart: "restart", keys.Deploy: "deploy", keys.Rollback: "rollback",
	keys.Trigger: "trigger", keys.Reload: "apply", keys.Signal: "signal",
}

// wish is an action on the units that are marked or selected.
func (m *Model) wish(a keys.Action) tea.Cmd {
	return m.confirm(pane.Do{Verb: verbs[a], Units: m.targets()})
}

// refusal says why nothing can be changed now, "" where it can.
func (m *Model) refusal() string {
	switch {
	case m.o.ReadOnly:
		return "the dashboard was opened with --read-only"
	case m.past != nil:
		return "this is the past: End goes back to the present"
	case m.board.Link.State != board.Live:
		return "there is no connection to the supervisor"
	}
	return ""
}

// confirm shows what follows from an operation and asks.
func (m *Model) confirm(do pane.Do) tea.Cmd {
	if why := m.refusal(); why != "" {
		m.say(theme.Warn, "not now: %s", why)
		return nil
	}
	switch {
	case do.Verb == "apply":
		return m.plan()
	case len(do.Units) == 0:
		m.say(theme.Warn, "no unit is selected")
		return nil
	case do.Verb == "signal" && do.Signal == "":
		m.signals(do)
		return nil
	}
	if why := impossible(m.board, do); why != "" {
		m.say(theme.Warn, "%s", why)
		return nil
	}
	c := question(m.board, do)
	m.above = c
	m.then = func(m *Model) tea.Cmd { return m.operate(do) }
	return nil
}

// signals offers signals to choose from.
func (m *Model) signals(do pane.Do) {
	list := []overlay.Entry{
		{Text: "SIGHUP", Help: "many programs read their settings again", Value: "SIGHUP"},
		{Text: "SIGUSR1", Help: "means what the program makes of it", Value: "SIGUSR1"},
		{Text: "SIGUSR2", Help: "means what the program makes of it", Value: "SIGUSR2"},
		{Text: "SIGINT", Help: "as Ctrl-C", Value: "SIGINT"},
		{Text: "SIGQUIT", Help: "end with a core dump or a stack trace", Value: "SIGQUIT"},
		{Text: "SIGTERM", Help: "asks it to end; the restart policy decides what follows", Value: "SIGTERM"},
		{Text: "SIGSTOP", Help: "freeze it", Value: "SIGSTOP"},
		{Text: "SIGCONT", Help: "let it go on", Value: "SIGCONT"},
		{Text: "SIGKILL", Help: "end it at once; the restart policy decides what follows", Value: "SIGKILL"},
	}
	m.above = overlay.NewMenu("Signal to "+names(m.board, do.Units), list)
	m.pick = func(m *Model, e overlay.Entry) tea.Cmd {
		do.Signal = e.Value
		return m.confirm(do)
	}
}

// operationTime bounds one operation.
const operationTime = 10 * time.Minute

// operate does it.
func (m *Model) operate(do pane.Do) tea.Cmd {
	m.nextOp++
	n := m.nextOp
	m.busy[n] = gerund(do.Verb) + " " + names(m.board, do.Units)
	source, manifest := m.feed, m.o.Manifest
	project := commonProject(do.Units)
	if project == "" {
		project = m.o.Project
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), operationTime)
		defer cancel()
		say, err := perform(ctx, source, do, func() (ipc.Manifest, error) { return manifest(project) })
		return doneMsg{number: n, did: do, say: say, err: err}
	}
}

// perform makes the request of an operation and says what came of it.
func perform(ctx context.Context, s source, do pane.Do, manifest func() (ipc.Manifest, error)) (string, error) {
	sel := ipc.Selection{Units: do.Units}
	var r ipc.OperationResult
	var err error
	switch do.Verb {
	case "start":
		err = s.ask(ctx, ipc.MethodStart, ipc.StartParams{Selection: sel}, &r)
	case "stop":
		err = s.ask(ctx, ipc.MethodStop, ipc.StopParams{Selection: sel}, &r)
	case "restart", "deploy":
		var from ipc.Manifest
		if from, err = manifest(); err != nil {
			return "", err
		}
		if do.Verb == "restart" {
			err = s.ask(ctx, ipc.MethodRestart, ipc.RestartParams{Selection: sel, Manifest: from}, &r)
		} else {
			err = s.ask(ctx, ipc.MethodDeploy, ipc.DeployParams{Selection: sel, Manifest: from}, &r)
		}
	case "rollback":
		err = s.ask(ctx, ipc.MethodRollback, ipc.RollbackParams{Selection: sel}, &r)
	case "trigger":
		return trigger(ctx, s, do.Units)
	case "signal":
		err = s.ask(ctx, ipc.MethodSignal, ipc.SignalParams{Selection: sel, Signal: do.Signal}, nil)
		return do.Signal + " sent", err
	default:
		return "", fmt.Errorf("there is no verb %q", do.Verb)
	}
	if err != nil {
		return "", err
	}
	return outcome(do.Verb, r)
}

// trigger runs jobs now.
func trigger(ctx context.Context, s source, ids []string) (string, error) {
	var list []string
	for _, id := range ids {
		var r ipc.TriggerResult
		if err := s.ask(ctx, ipc.MethodTrigger, ipc.TriggerParams{Unit: id}, &r); err != nil {
			return "", err
		}
		list = append(list, r.Unit.Name+": "+r.Run.Status)
	}
	return widget.Words(strings.Join(list, ", ")), nil
}

// outcome is what an operation came to, in words; an error where it failed.
func outcome(verb string, r ipc.OperationResult) (string, error) {
	var failed, well []string
	for _, u := range r.Units {
		text := u.Name + " " + u.State
		if u.PID > 0 {
			text += fmt.Sprintf(" (pid %d)", u.PID)
		}
		switch {
		case u.DeployFailed != "":
			failed = append(failed, u.Name+": "+u.DeployFailed)
		case !u.OK:
			failed = append(failed, u.Name+" "+u.State+": "+u.Reason)
		default:
			well = append(well, text)
		}
	}
	if len(failed) > 0 || !r.OK {
		return "", errors.New(widget.Words(strings.Join(failed, "; ")))
	}
	const most = 3
	if len(well) > most {
		return fmt.Sprintf("%s: %d units are as they were asked to be", verb, len(well)), nil
	}
	return widget.Words(strings.Join(well, ", ")), nil
}

// plan asks what a reload would change, to show it first.
func (m *Model) plan() tea.Cmd {
	m.nextOp++
	n := m.nextOp
	m.busy[n] = "reading the manifest"
	source, manifest := m.feed, m.o.Manifest
	project := commonProject(m.targets())
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), operationTime)
		defer cancel()
		from, err := manifest(project)
		if err != nil {
			return doneMsg{number: n, did: pane.Do{Verb: "apply"}, err: err}
		}
		var r ipc.PlanResult
		err = source.ask(ctx, ipc.MethodPlan, ipc.PlanParams{Manifest: from}, &r)
		return doneMsg{number: n, did: pane.Do{Verb: "apply"}, err: err, plan: &planned{manifest: from, changes: r.Changes}}
	}
}

// propose shows what a reload would change and asks.
func (m *Model) propose(p *planned) {
	c := &overlay.Confirm{Title: "Reload " + widget.Words(p.manifest.Path) + "?", Yes: "apply"}
	changes := 0
	for _, ch := range p.changes {
		if ch.Action == "none" {
			continue
		}
		changes++
		text := fmt.Sprintf("%s %s: %s", ch.Action, ch.Unit, ch.Effect)
		if len(ch.Keys) > 0 {
			text += " (" + strings.Join(ch.Keys, ", ") + ")"
		}
		tone := theme.Normal
		if ch.Action == "remove" {
			tone = theme.Warn
		}
		c.Says = append(c.Says, overlay.Line{Text: widget.Words(text), Tone: tone})
	}
	if changes == 0 {
		m.say(theme.Good, "%s says what runs already: nothing would change", widget.Words(p.manifest.Path))
		return
	}
	if rest := len(p.changes) - changes; rest > 0 {
		c.Says = append(c.Says, overlay.Line{Text: widget.Count(rest, "unit") + " not touched", Tone: theme.Faint})
	}
	m.above = c
	m.then = func(m *Model) tea.Cmd {
		m.nextOp++
		n := m.nextOp
		m.busy[n] = "applying the manifest"
		source := m.feed
		return func() tea.Msg {
			ctx, cancel := context.WithTimeout(context.Background(), operationTime)
			defer cancel()
			var r ipc.PlanResult
			err := source.ask(ctx, ipc.MethodApply, ipc.ApplyParams{Manifest: p.manifest}, &r)
			say := "nothing changed"
			if err == nil && r.Operation != nil {
				say, err = outcome("apply", *r.Operation)
			}
			return doneMsg{number: n, did: pane.Do{Verb: "apply"}, say: say, err: err}
		}
	}
}

// done takes what became of an operation.
func (m *Model) done(msg doneMsg) tea.Cmd {
	delete(m.busy, msg.number)
	switch {
	case msg.err != nil:
		text := "cannot " + infinitive(msg.did.Verb) + ": " + msg.err.Error()
		if try := cure(msg.err); try != "" {
			text += " · try: " + try
		}
		m.say(theme.Bad, "%s", widget.Words(text))
		m.noticeUntil = m.clock().Add(5 * noticeTime)
	case msg.plan != nil:
		m.propose(msg.plan)
	default:
		m.say(theme.Good, "%s", msg.say)
	}
	return nil
}

// commonProject is the project of IDs that all are of one, "" for others.
func commonProject(ids []string) string {
	common := ""
	for i, id := range ids {
		project, _, ok := strings.Cut(id, "/")
		if !ok || i > 0 && project != common {
			return ""
		}
		common = project
	}
	return common
}

// gerund is a verb under way.
func gerund(verb string) string {
	switch verb {
	case "stop":
		return "stopping"
	case "rollback":
		return "rolling back"
	case "trigger":
		return "triggering"
	case "signal":
		return "signalling"
	}
	return verb + "ing"
}
