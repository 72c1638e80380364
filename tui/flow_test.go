package tui

import (
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/pane"
	"systemg/tui/widget"
)

// flow is a dashboard that is operated by a script.
type flow struct {
	t    *testing.T
	m    *Model
	fake *fake
}

// script runs a dashboard of the shop, 100 by 30, in a bubble of its own time.
func script(t *testing.T, do func(*flow), change ...func(*Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &flow{t: t, fake: newFake()}
		o := Options{
			Socket: "/state/control.sock", Getenv: func(string) string { return "" }, ASCII: true, Color: "never",
			Manifest: func(string) (ipc.Manifest, error) { return ipc.Manifest{Path: "/srv/shop/systemg.yaml"}, nil },
		}
		for _, c := range change {
			c(&o)
		}
		f.m = newModel(o, f.fake)
		f.update(tea.WindowSizeMsg{Width: 100, Height: 30})
		f.fake.answers[ipc.MethodGraph] = arcs()
		f.fake.answers[ipc.MethodInspect] = everything(shop().Units[2])
		do(f)
	})
}

// live has the supervisor say how everything is.
func (f *flow) live() {
	f.fake.say(shop(), board.Link{State: board.Live}, journal())
	f.update(frameMsg{})
}

// update gives a message to the model, and all that follows from it but the
// clock's next tick.
func (f *flow) update(msg tea.Msg) {
	f.t.Helper()
	switch msg := msg.(type) {
	case nil, tickMsg:
		return
	case tea.BatchMsg:
		for _, cmd := range msg {
			f.run(cmd)
		}
		return
	case tea.QuitMsg:
		return
	}
	_, cmd := f.m.Update(msg)
	f.run(cmd)
	for i, line := range strings.Split(f.m.View(), "\n") {
		if w := widget.Width(line); i >= f.m.height || w > f.m.width {
			f.t.Fatalf("line %d of a screen of %dx%d is %d wide: %q", i, f.m.width, f.m.height, w, line)
		}
	}
}

func (f *flow) run(cmd tea.Cmd) {
	if cmd != nil {
		f.update(cmd())
	}
}

// press presses keys, each named as Bubble Tea names it.
func (f *flow) press(list ...string) {
	f.t.Helper()
	for _, name := range list {
		f.update(keyOf(name))
	}
}

// typed types a text.
func (f *flow) typed(text string) {
	f.update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text)})
}

func keyOf(name string) tea.KeyMsg {
	types := map[string]tea.KeyType{
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "down": tea.KeyDown, "up": tea.KeyUp, "end": tea.KeyEnd,
		"ctrl+c": tea.KeyCtrlC, "backspace": tea.KeyBackspace, " ": tea.KeySpace, "ctrl+u": tea.KeyCtrlU,
	}
	if k, ok := types[name]; ok {
		return tea.KeyMsg{Type: k, Runes: runesOf(name)}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

func runesOf(name string) []rune {
	if name == " " {
		return []rune{' '}
	}
	return nil
}

// shows fails unless the screen has the texts, hides where it has one.
func (f *flow) shows(texts ...string) {
	f.t.Helper()
	screen := f.m.View()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			f.t.Errorf("the screen does not show %q:\n%s", text, screen)
		}
	}
}

func (f *flow) hides(texts ...string) {
	f.t.Helper()
	screen := f.m.View()
	for _, text := range texts {
		if strings.Contains(screen, text) {
			f.t.Errorf("the screen shows %q:\n%s", text, screen)
		}
	}
}

// wasAsked fails unless a request begins with the text.
func (f *flow) wasAsked(text string) {
	f.t.Helper()
	for _, one := range f.fake.asked {
		if strings.HasPrefix(one, text) {
			return
		}
	}
	f.t.Errorf("nobody asked for %s, but for %q", text, f.fake.asked)
}

func (f *flow) notAsked(method string) {
	f.t.Helper()
	for _, one := range f.fake.asked {
		if strings.HasPrefix(one, method+" ") {
			f.t.Errorf("somebody asked for %s", one)
		}
	}
}

// A restart says what hangs on the unit before it happens, and what came of it.
func TestARestartIsAskedAboutFirst(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.fake.answers[ipc.MethodRestart] = ipc.OperationResult{OK: true, Units: []ipc.Outcome{
			{OK: true, Changed: true, Unit: ipc.Unit{Name: "postgres", State: "running", PID: 7777}},
		}}
		f.press("/")
		f.typed("postgres")
		f.press("enter", "r")
		f.shows("Restart postgres?", "the manifest is read again", "3 running units depend on it: api, search, web")
		f.notAsked(ipc.MethodRestart)
		f.press("n")
		f.hides("Restart postgres?")
		f.notAsked(ipc.MethodRestart)
		f.press("r", "y")
		f.wasAsked(`restart {"units":["shop/postgres"],"path":"/srv/shop/systemg.yaml"`)
		f.shows("postgres running (pid 7777)")
	})
}

// What an operation came to is said in words, with what to do.
func TestAFailureIsSaidInWords(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		e := ipc.Errorf(ipc.CodeRefused, "the unit is being replaced")
		e.Try = "wait for it"
		f.fake.refusals[ipc.MethodStop] = e
		f.press("s", "y")
		f.shows("cannot stop: the unit is being replaced", "try: wait for it")
	})
}

// The first view, the columns and the keys are those of the settings.
func TestSettings(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.shows("[3 Graph]")
		f.press("1")
		f.shows("UNIT", "STATE", "NOTE")
		f.hides("UPTIME", "HEALTH")
		f.press("r")
		f.hides("Restart mailer?")
		f.press("K")
		f.shows("Restart mailer?")
	}, func(o *Options) {
		o.View, o.Columns, o.Keys = "graph", []string{"unit", "state", "note"}, map[string][]string{"restart": {"K"}}
	})
}

// Actions apply to what is marked.
func TestMarks(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press("/")
		f.typed("redis|api")
		f.press("enter", "*", "s")
		f.shows("Stop redis, api?")
		f.press("y")
		f.wasAsked(`stop {"units":["shop/redis","shop/api"]}`)
		f.press("esc")
		f.hides("filter:")
		f.press("esc")
		if len(f.m.marked) != 0 {
			t.Error("esc leaves the marks")
		}
	})
}

// A reload shows the plan before it is applied.
func TestAReloadShowsItsPlan(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.fake.answers[ipc.MethodPlan] = ipc.PlanResult{Changes: []ipc.Change{
			{Unit: "shop/api", Action: "change", Keys: []string{"command"}, Effect: "restart"},
			{Unit: "shop/old", Action: "remove", Effect: "stop"},
			{Unit: "shop/redis", Action: "none", Effect: "nothing"},
		}}
		f.fake.answers[ipc.MethodApply] = ipc.PlanResult{Operation: &ipc.OperationResult{OK: true}}
		f.press("R")
		f.shows("Reload /srv/shop/systemg.yaml?", "change shop/api: restart (command)", "remove shop/old: stop", "1 unit not touched")
		f.notAsked(ipc.MethodApply)
		f.press("y")
		f.wasAsked("apply ")
	})
}

// What follows from each action is said before it happens; only y makes it happen.
func TestConsequences(t *testing.T) {
	for _, c := range []struct{ unit, key, question, follows, request string }{
		{"debug-ui", "S", "Start debug-ui?", "debug-ui is stopped; it starts once what it depends on is ready", `start {"units":["shop/debug-ui"]`},
		{"redis", "S", "Start redis?", "redis runs already (pid ", `start {"units":["shop/redis"]`},
		{"postgres", "s", "Stop postgres?", "3 running units depend on it", `stop {"units":["shop/postgres"]`},
		{"api", "D", "Deploy api?", "a new instance with what the manifest says now", `deploy {"units":["shop/api"]`},
		{"api", "B", "Rollback api?", "back to its last good definition, whatever", `rollback {"units":["shop/api"]`},
		{"backup", "T", "Trigger backup?", "backup runs now", `trigger {"unit":"shop/backup"`},
		{"reindex", "T", "Trigger reindex?", "its rule for overlaps decides", `trigger {"unit":"shop/reindex"`},
	} {
		script(t, func(f *flow) {
			f.live()
			f.press("/")
			f.typed("^" + c.unit + "$")
			f.press("enter", c.key)
			f.shows(c.question, c.follows)
			method, _, _ := strings.Cut(c.request, " ")
			f.notAsked(method)
			f.press("n")
			f.notAsked(method)
			f.press(c.key, "y")
			f.wasAsked(c.request)
		})
	}
}

// Triggering what is no cron job says so, and asks nothing.
func TestATriggerIsForCronJobs(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press("/")
		f.typed("^redis$")
		f.press("enter", "T")
		f.shows("redis is no cron job")
		f.notAsked(ipc.MethodTrigger)
	})
}

// A signal is chosen from a menu and asked about; a unit that does not run gets
// none.
func TestSignals(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press("/")
		f.typed("redis")
		f.press("enter", "x")
		f.shows("Signal to redis", "SIGHUP")
		f.press("enter")
		f.shows("Send SIGHUP to redis?")
		f.press("y")
		f.wasAsked(`signal {"units":["shop/redis"],"signal":"SIGHUP"}`)
		f.press("/", "ctrl+u")
		f.typed("mailer")
		f.press("enter", "x", "enter")
		f.shows("mailer does not run: there is nothing to signal")
	})
}

// A dashboard that only looks offers nothing that changes, by key or by name.
func TestReadOnly(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.hides("s stop", "r restart")
		f.press("s", "r", "D", "R")
		f.hides("Stop", "Restart", "Reload")
		f.press(":")
		f.typed("restart")
		f.hides("> restart")
		f.notAsked(ipc.MethodStop)
	}, func(o *Options) { o.ReadOnly = true })
}

// The palette finds a command by a few letters and then asks for the unit.
func TestPalette(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press(":")
		f.typed("rest")
		f.press("enter")
		f.typed("redis")
		f.press("enter")
		f.shows("Restart redis?")
	})
}

// A lost supervisor: what is known stays, dimmed by its header, actions say why
// they are not done, and the next supervisor is attached to where one was.
func TestALostSupervisor(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press("/")
		f.typed("api")
		f.press("enter")
		f.fake.say(board.Link{State: board.Lost, Since: time.Now(), Text: "the supervisor closed the connection", Try: 1, Next: time.Now().Add(4 * time.Second)})
		f.update(frameMsg{})
		f.shows("DISCONNECTED", "api", "state of 00:00:00")
		f.shows("try 2 in 4s, enter tries now")
		f.press("enter")
		if f.fake.tries != 1 {
			t.Error("enter does not try now")
		}
		f.press("esc", "s")
		f.shows("not now: there is no connection to the supervisor")
		f.live()
		f.hides("DISCONNECTED")
		if f.m.selected != "shop/api" {
			t.Errorf("%s is selected now", f.m.selected)
		}
	})
}

// No supervisor at all: it says where it looked, and offers to start the
// manifest of this folder.
func TestNoSupervisor(t *testing.T) {
	script(t, func(f *flow) {
		f.fake.say(board.Link{State: board.Absent})
		f.update(frameMsg{})
		f.shows("No supervisor runs.", "Looked for /state/control.sock.", "Press enter to start /srv/shop/systemg.yaml.")
		f.live()
		f.hides("No supervisor")
		f.shows("postgres")
	}, func(o *Options) { o.Here = "/srv/shop/systemg.yaml" })
}

// Another version is told in words.
func TestAnotherVersion(t *testing.T) {
	script(t, func(f *flow) {
		f.fake.say(board.Link{State: board.Refused, Text: "the supervisor speaks protocol 2, this is 1", Cure: "sysg upgrade"})
		f.update(frameMsg{})
		f.shows("does not show this dashboard what it asks for", "the supervisor speaks protocol 2, this is 1", "Try: sysg upgrade")
		f.press("enter")
		if f.fake.tries != 1 {
			t.Error("enter does not try again")
		}
	}, func(o *Options) {
		o.Here = "/srv/shop/systemg.yaml"
		o.Launch = func() *exec.Cmd { t.Error("something is started"); return exec.Command("true") }
	})
}

// The log below the table is that of the selected unit, once the selection
// lasted.
func TestTheLogFollowsTheSelection(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press("j", "j")
		if got := f.fake.opened[tailPane].Units; len(got) != 1 || got[0] != f.m.selected {
			t.Errorf("the log is that of %v, the selection is %s", got, f.m.selected)
		}
		f.fake.write(tailPane, f.m.selected, requests(40)...)
		f.update(frameMsg{})
		f.shows("GET /v1/things/39 200")
	})
}

// Four panes at most, side by side, mixed and apart; streams are open only for
// panes that can be seen.
func TestPanes(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press("l")
		f.shows("Logs: mailer")
		for range 3 {
			f.press("v", "down", "enter")
			f.press("v", "down", "down", "enter")
			f.press("v", "down", "down", "down", "enter")
		}
		if len(f.m.grid) != mostPanes {
			t.Fatalf("there are %d panes", len(f.m.grid))
		}
		if len(f.fake.opened) != mostPanes {
			t.Errorf("%d streams are open", len(f.fake.opened))
		}
		f.press("i")
		if len(f.fake.opened) != 1 {
			t.Errorf("%d streams are open while mixed", len(f.fake.opened))
		}
		f.press("i", "X", "z")
		if len(f.fake.opened) != 1 {
			t.Errorf("%d streams are open while zoomed", len(f.fake.opened))
		}
		f.press("esc", "1")
		if _, ok := f.fake.opened[tailPane]; !ok || len(f.fake.opened) != 1 {
			t.Errorf("%d streams are open in the table", len(f.fake.opened))
		}
	})
}

// Reading in a log stays where it is while lines arrive, goes back to the
// beginning, and returns to the end.
func TestReadingInALog(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press("/")
		f.typed("api")
		f.press("enter", "l")
		f.fake.write(0, "shop/api", requests(100)...)
		f.update(frameMsg{})
		f.shows("things/99", "v follow")
		f.press("k", "k")
		f.hides("things/99")
		f.shows("= paused", "things/97")
		f.fake.write(0, "shop/api", "a late one")
		f.update(frameMsg{})
		f.hides("a late one")
		f.shows("+1 new", "things/97")
		f.press("G")
		f.shows("a late one", "v follow")
		f.fake.lines = nil
		f.press("g")
		f.shows("beginning of the log")
		f.press("f")
		if _, ok := f.fake.opened[0]; !ok {
			t.Error("following opens no stream")
		}
	})
}

// A search goes to hits and says where there are no more; a filter shows only
// what matches.
func TestSearchAndFilter(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press("/")
		f.typed("api")
		f.press("enter", "l")
		f.fake.write(0, "shop/api", requests(200)...)
		f.update(frameMsg{})
		f.press("/")
		f.typed("things/17 ")
		f.press("enter")
		f.shows("things/17 ", "/things/17 ")
		f.press("n")
		f.shows("nothing below matches things/17")
		f.press("esc", "&")
		f.typed("WARN")
		f.press("enter")
		f.shows("slow query", "filter WARN")
		f.hides("GET")
		f.press("&", "ctrl+u")
		f.typed("[")
		f.press("enter")
		f.shows("missing closing ]")
		f.press("esc")
	})
}

// Lines can be selected and copied; a text that is too long goes into a file.
func TestCopy(t *testing.T) {
	kept := ""
	script(t, func(f *flow) {
		clip := &strings.Builder{}
		f.m.clip = clip
		f.live()
		f.press("l")
		f.fake.write(0, f.m.selected, "one", "\x1b[31mtwo\x1b[0m", "three")
		f.update(frameMsg{})
		f.press("V", "k", "y")
		f.shows("copied 2 lines")
		if got, want := clip.String(), "\x1b]52;c;dHdvCnRocmVlCg==\a"; got != want {
			t.Errorf("the terminal got %q, want %q", got, want)
		}
		f.fake.write(0, f.m.selected, strings.Repeat("x", clipboardBytes+1))
		f.update(frameMsg{})
		f.press("V", "y")
		f.shows("too long for the clipboard, are in /tmp/copy")
		if len(kept) <= clipboardBytes {
			t.Errorf("%d bytes were kept", len(kept))
		}
	}, func(o *Options) {
		o.Keep = func(text string) (string, error) { kept = text; return "/tmp/copy", nil }
	})
}

// The past is looked at, not changed.
func TestRewind(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		for range 20 {
			time.Sleep(time.Second)
			f.m.Update(tickMsg(time.Now()))
		}
		d := ipc.Delta{Units: []ipc.Unit{unit("redis", "service", "failed", because("exit 9"))}}
		f.fake.say(d)
		f.update(frameMsg{})
		f.shows("2 FAIL")
		f.press(",")
		f.shows("REWIND", "1 FAIL")
		f.press("s")
		f.shows("not now: this is the past")
		f.press("3")
		f.shows("REWIND", "Graph")
		f.press("1", ",", ",", ",", ",", ",")
		f.shows("this is the oldest moment kept")
		f.press("end")
		f.shows("2 FAIL")
		f.hides("REWIND")
	})
}

// Everything about a unit, and every view, by key.
func TestViews(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		for _, view := range []struct{ key, text string }{
			{"3", "Graph"}, {"4", "exit 1, run 7"}, {"5", "NEXT RUN"}, {"6", "STRATEGY"}, {"1", "UNIT"},
		} {
			f.press(view.key)
			f.shows(view.text)
		}
		f.press("/")
		f.typed("api")
		f.press("enter", "enter")
		f.shows("Health check", "url http://127.0.0.1:8080/healthz")
		f.press("]", "]")
		f.shows("api serve --port 8080", "PORT SECRET", "Max open files")
		f.hides("xyzzy")
		f.press("q")
		if f.m.view != pane.Units {
			t.Errorf("q leads to %s", f.m.view)
		}
		f.press("q", "q")
		if !f.m.quit {
			t.Error("q does not leave")
		}
	})
}

// Ctrl-C leaves at once, also from a question.
func TestLeaving(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press("s", "ctrl+c")
		f.notAsked(ipc.MethodStop)
		f.press("ctrl+c")
		if !f.m.quit {
			t.Error("it is still there")
		}
		f.notAsked(ipc.MethodStop)
	})
}

// Keys that were typed faster than they were read come together.
func TestQuickTyping(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.typed("/redis")
		f.press("enter")
		if f.m.selected != "shop/redis" {
			t.Errorf("%s is selected", f.m.selected)
		}
	})
}

// Help lists what can be done here, made from the key table.
func TestHelpComesFromTheKeys(t *testing.T) {
	script(t, func(f *flow) {
		f.live()
		f.press("?")
		f.shows("Keys: units", "the next pane")
		f.press("esc")
		f.hides("Keys: units")
	})
}

// A unit that is ill says why, what it wrote last, and what to do.
func TestWhy(t *testing.T) {
	script(t, func(f *flow) {
		mailer := shop().Units[7]
		f.fake.answers[ipc.MethodInspect] = everything(mailer)
		f.fake.answers[ipc.MethodWhy] = ipc.WhyResult{
			Unit: mailer, Try: "sysg logs mailer",
			Causes: []ipc.Cause{{Unit: mailer.ID, Text: "it ended 5 times: exit 78", LastLines: []string{"no smtp \x1b[2Jhost"}}, {Unit: "shop/redis", Text: "was away"}},
		}
		f.live()
		f.press("enter")
		f.shows("Why", "it ended 5 times: exit 78", "no smtp", "was away", "sysg logs mailer")
	})
}
