package plain

import (
	"slices"
	"strings"
	"testing"
	"time"

	"systemg/ipc"
	"systemg/tui/board"
	"systemg/tui/pane"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func unit(name, state string) ipc.Unit {
	return ipc.Unit{ID: "shop/" + name, Project: "shop", Name: name, Kind: "service", State: state, Deploy: "none", Health: "none"}
}

// aBoard is a live board with units.
func aBoard(units ...ipc.Unit) *board.Board {
	b := board.New()
	b.Begin(ipc.SubscribeResult{StatusResult: ipc.StatusResult{Units: units}})
	b.SetLink(board.Link{State: board.Live})
	return b
}

// want fails unless what is said is this, without the times.
func want(t *testing.T, what string, got []string, lines ...string) {
	t.Helper()
	stripped := slices.Clone(got)
	for i := range stripped {
		stripped[i] = strings.TrimPrefix(stripped[i], "12:00:00 ")
	}
	if !slices.Equal(stripped, lines) {
		t.Errorf("%s:\n got %q\nwant %q", what, stripped, lines)
	}
}

func TestOneSentenceForEachChange(t *testing.T) {
	failed := unit("mailer", "failed")
	failed.Reason = "exit 78"
	b := aBoard(unit("api", "running"), unit("search", "running"), failed)
	teller := New(Options{})
	want(t, "at first", teller.Tell(b, noon), "3 units: 1 failed, 2 running.", "mailer is failed (exit 78).")
	want(t, "nothing has changed", teller.Tell(b, noon))

	sick := unit("search", "running")
	sick.Health, sick.Reason = "unhealthy", "probe 3 of 3 timed out"
	b.Apply(ipc.Delta{Units: []ipc.Unit{sick}})
	want(t, "it falls ill", teller.Tell(b, noon), "search is unhealthy (probe 3 of 3 timed out), was running.")
	want(t, "said once", teller.Tell(b, noon))

	well := unit("search", "running")
	well.Health = "healthy"
	b.Apply(ipc.Delta{Units: []ipc.Unit{well}})
	want(t, "and recovers", teller.Tell(b, noon), "search is running, was unhealthy.")

	b.Apply(ipc.Delta{Units: []ipc.Unit{unit("cache", "starting")}})
	want(t, "a new one", teller.Tell(b, noon), "cache is new, and starting.")
	b.Apply(ipc.Delta{Removed: []string{"shop/cache"}})
	want(t, "which goes", teller.Tell(b, noon), "cache is gone.")

	again := unit("api", "running")
	again.Run, again.PID = 8, 4121
	b.Apply(ipc.Delta{Units: []ipc.Unit{again}})
	want(t, "a restart between two looks", teller.Tell(b, noon), "api was replaced and is running, run 8.")

	rolling := again
	rolling.Deploy, rolling.Rollout = "draining", &ipc.Rollout{Phase: "draining", Waits: "8s of grace"}
	b.Apply(ipc.Delta{Units: []ipc.Unit{rolling}})
	want(t, "a deployment", teller.Tell(b, noon), "api is deploying, draining (8s of grace), was running.")
}

func TestTheConnectionInWords(t *testing.T) {
	b := board.New()
	teller := New(Options{Ask: true})
	want(t, "not yet", teller.Tell(b, noon))
	b.SetLink(board.Link{State: board.Absent, Socket: "/run/s.sock", Manifest: "systemg.yaml"})
	want(t, "none", teller.Tell(b, noon), "No supervisor runs; there is none at /run/s.sock.",
		"In this folder there is systemg.yaml, which sysg start -d would start.", "As soon as one runs it is shown here.")
	b.Begin(ipc.SubscribeResult{})
	b.SetLink(board.Link{State: board.Live})
	want(t, "there it is", teller.Tell(b, noon), "There are no units.", `Type a command such as "restart api", or help and Enter.`)
	b.SetLink(board.Link{State: board.Lost, Text: "the connection ended"})
	want(t, "lost", teller.Tell(b, noon), "The connection to the supervisor is lost: the connection ended.", "What was said last may no longer be true.")
	want(t, "still lost", teller.Tell(b, noon.Add(5*time.Second)))
	b.SetLink(board.Link{State: board.Live})
	if got := teller.Tell(b, noon.Add(74*time.Second)); len(got) != 1 || got[0] != "12:01:14 Connected again after 1 minute." {
		t.Errorf("found again: %q", got)
	}
	b.SetLink(board.Link{State: board.Refused, Text: "it speaks protocol 2", Cure: "use sysg 2.0"})
	want(t, "another version", teller.Tell(b, noon), "The supervisor will not talk to this program: it speaks protocol 2.", "use sysg 2.0.")
}

func TestProblemsComeAndGo(t *testing.T) {
	b := aBoard(unit("api", "running"))
	teller := New(Options{})
	teller.Tell(b, noon)
	b.Apply(ipc.Delta{Problems: []string{"the disk is full"}})
	want(t, "a problem", teller.Tell(b, noon), "Problem: the disk is full.")
	b.Apply(ipc.Delta{})
	want(t, "over", teller.Tell(b, noon), "No longer a problem: the disk is full.")
}

// A talk is what is typed, and what is answered and done.
func TestQuestionsAndAnswers(t *testing.T) {
	shop := func() *board.Board {
		job := unit("backup", "scheduled")
		job.Kind = "cron"
		return aBoard(unit("api", "running"), unit("web", "running"), job)
	}
	consequences := func(pane.Do) []string { return []string{"1 unit depends on it"} }
	for _, c := range []struct {
		name     string
		readOnly bool
		typed    []string
		last     string // the last line said
		do       string
		quit     bool
	}{
		{name: "in words", typed: []string{"restart api", "yes"}, last: "Asked for.", do: "restart shop/api "},
		{name: "by numbers", typed: []string{"5", "2", "yes"}, last: "Asked for.", do: "stop shop/web "},
		{name: "anything else than yes", typed: []string{"stop api", "y"}, last: "Nothing was done."},
		{name: "what follows is said first", typed: []string{"stop api"}, last: "Type yes to stop api; anything else does nothing."},
		{name: "a signal by numbers", typed: []string{"signal", "api", "6", "yes"}, last: "Asked for.", do: "signal shop/api SIGKILL"},
		{name: "a signal in words", typed: []string{"signal api usr1", "yes"}, last: "Asked for.", do: "signal shop/api SIGUSR1"},
		{name: "Enter goes back", typed: []string{"restart", ""}, last: "Nothing was done."},
		{name: "only jobs are triggered", typed: []string{"trigger"}, last: "1: backup, scheduled."},
		{name: "an unknown unit", typed: []string{"stop nobody"}, last: `There is no unit "nobody", or more than one. Enter alone goes back.`},
		{name: "asked again", typed: []string{"stop nobody", "web", "yes"}, last: "Asked for.", do: "stop shop/web "},
		{name: "an unknown command", typed: []string{"reboot"}, last: `There is no command "reboot"; help lists what there is.`},
		{name: "a number there is not", typed: []string{"99"}, last: "There is no number 99; help lists what there is."},
		{name: "what there is", typed: []string{""}, last: "11: quit, leave; units keep running."},
		{name: "read-only offers less", readOnly: true, typed: []string{"help"}, last: "4: quit, leave; units keep running."},
		{name: "and refuses", readOnly: true, typed: []string{"stop api"}, last: "Nothing can be changed here: the dashboard was opened with --read-only."},
		{name: "about one", typed: []string{"about api"}, last: "api is running."},
		{name: "what is wrong", typed: []string{"ill"}, last: "Nothing is wrong."},
		{name: "leave", typed: []string{"quit"}, quit: true},
		{name: "leave by its number", typed: []string{"11"}, quit: true},
	} {
		teller, b := New(Options{ReadOnly: c.readOnly, Consequences: consequences}), shop()
		var last, did string
		var left bool
		for _, line := range c.typed {
			say, do, quit := teller.Answer(b, line)
			last, left = "", quit
			if len(say) > 0 {
				last = say[len(say)-1]
			}
			if do != nil {
				did = do.Verb + " " + strings.Join(do.Units, " ") + " " + do.Signal
			}
		}
		if last != c.last || did != c.do || left != c.quit {
			t.Errorf("%s: said %q, did %q, left %t", c.name, last, did, left)
		}
	}
}

func TestRefusedWithTheReason(t *testing.T) {
	teller := New(Options{Refused: func(pane.Do) string { return "there is no connection" }})
	say, do, _ := teller.Answer(aBoard(unit("api", "running")), "stop api")
	if do != nil || !slices.Equal(say, []string{"That cannot be done: there is no connection."}) {
		t.Errorf("said %q, did %v", say, do)
	}
}

// Nothing in it is for eyes only.
func TestOnlyWords(t *testing.T) {
	b := aBoard(unit("api", "failed"), unit("web", "running"))
	teller := New(Options{Ask: true})
	say := teller.Tell(b, noon)
	for _, line := range []string{"help", "list", "signal api", "", "about web"} {
		more, _, _ := teller.Answer(b, line)
		say = append(say, more...)
	}
	for _, s := range say {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("not plain: %q", s)
		}
		if !strings.HasSuffix(s, ".") {
			t.Errorf("no sentence: %q", s)
		}
	}
}
