package zero_test

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"systemg/examples/internal/trial"
)

// bad is a change of the manifest that gives a candidate which fails: old and
// new texts in turns.
type bad struct {
	kind    string
	changes []string
}

var (
	program = "exec: [.build/app, serve]"
	check   = "health_check: {notify: true, timeout: 30s}"
	grace   = "grace_period: 500ms"

	badCandidates = []bad{
		{"pre_start-fails", []string{"pre_start: sh build.sh", "pre_start: exit 3"}},
		{"dies-at-once", []string{program, "command: exit 7"}},
		{"never-healthy", []string{program, "command: exec sleep 1000", check, "health_check: {notify: true, timeout: 500ms}"}},
		{"dies-in-the-grace-period", []string{
			program, "command: sleep 1; exit 9", check, `health_check: {command: "true", timeout: 30s}`, grace, "grace_period: 30s",
		}},
	}
	badSwitches = []bad{
		{"switch-fails", []string{"switch_command: sh switch.sh {candidate_slot}", "switch_command: exit 5"}},
		{"switch-verify-fails", []string{"switch_verify: .build/app ask", "switch_verify: exit 6 #"}},
	}
)

// Whatever is wrong with a candidate, the old instance keeps its process and its
// connections.
func TestABadCandidate(t *testing.T) {
	size(t)
	tr := begin(t, trial.Ports(t, "PORT"))
	tr.build()
	tr.Run("start", "-d")
	tr.endures("systemg.yaml", "zero-downtime/web", port(tr, "PORT"), badCandidates)
	if left := tr.stop(); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// The same where two slots take turns and the traffic is switched, with the ways
// in which a switch can fail.
func TestABadCandidateBehindASwitch(t *testing.T) {
	size(t)
	trial.Require(t, "/usr/sbin/nginx")
	tr := begin(t, trial.Ports(t, "HTTP_PORT", "BLUE", "GREEN"))
	tr.build()
	tr.Demote()
	tr.Run("start", "-d", "-c", "blue-green.yaml")
	tr.endures("blue-green.yaml", "blue-green/web", port(tr, "BLUE"), append(badSwitches, badCandidates...))
	if left := tr.stop(); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// endures has each bad candidate tried while a client keeps its connection to
// the old instance.
func (tr *zero) endures(manifest, unit, port string, list []bad) {
	tr.Helper()
	good, err := os.ReadFile(filepath.Join(tr.Dir, manifest))
	if err != nil {
		tr.Fatal(err)
	}
	k := keep(tr, "http://127.0.0.1:"+port+"/")
	old, before := tr.Unit(unit), k.ask()
	for _, b := range list {
		text := string(good)
		for i := 0; i < len(b.changes); i += 2 {
			if !strings.Contains(text, b.changes[i]) {
				tr.Fatalf("%s: the manifest does not say %q", b.kind, b.changes[i])
			}
			text = strings.Replace(text, b.changes[i], b.changes[i+1], 1)
		}
		tr.write(manifest, text)
		if _, code := tr.Try("deploy", "-c", manifest, unit); code != 1 {
			tr.Errorf("%s: exit %d", b.kind, code)
		}
		if now := tr.Unit(unit); now.PID != old.PID || now.State != "running" {
			tr.Errorf("%s: it is %s with pid %d, and was %d", b.kind, now.State, now.PID, old.PID)
		}
		if now := k.ask(); now != before {
			tr.Errorf("%s: %q answers, and it was %q", b.kind, now, before)
		}
	}
	if k.connections != 1 {
		tr.Errorf("%d connections were made, of which all but the last were lost", k.connections)
	}
	// The server ends once its clients have left.
	k.client.CloseIdleConnections()
}

// keeper is a client with one connection, as long as that lasts.
type keeper struct {
	tr          *zero
	url         string
	client      http.Client
	connections int
}

func keep(tr *zero, url string) *keeper {
	return &keeper{tr: tr, url: url, client: http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxConnsPerHost: 1}}}
}

// ask is the answer.
func (k *keeper) ask() string {
	k.tr.Helper()
	r, err := http.NewRequest(http.MethodGet, k.url, nil)
	if err != nil {
		k.tr.Fatal(err)
	}
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if !i.Reused {
			k.connections++
		}
	}}
	answer, err := k.client.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		k.tr.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		k.tr.Fatal(err)
	}
	return string(text)
}
