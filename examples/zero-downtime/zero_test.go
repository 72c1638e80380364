package zero_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"systemg/examples/internal/trial"
	"systemg/examples/zero-downtime/internal/load"
)

// measure is how much is done: a little in the suite, enough for figures with
// SYSG_ZERO_FULL=1.
type measure struct {
	rollouts, rate int
	requests       int64
	// pause is the time without a rollout between two.
	pause time.Duration
	full  bool
}

func size(t *testing.T) measure {
	t.Helper()
	if os.Getenv("SYSG_ZERO_FULL") != "" {
		return measure{rollouts: 20, rate: 1000, requests: 100_000, pause: 3500 * time.Millisecond, full: true}
	}
	if testing.Short() {
		t.Skip("replaces real servers under load")
	}
	return measure{rollouts: 3, rate: 600, requests: 1500, pause: 200 * time.Millisecond}
}

// The supervisor listens, and the instances take turns.
func TestRolling(t *testing.T) {
	m := size(t)
	tr := begin(t, trial.Ports(t, "PORT"))
	tr.Run("start", "-d")
	m.run(tr, "zero-downtime/web", "rolling, `sockets:`", port(tr, "PORT"))
	if left := tr.stop(); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// A new version is compiled and takes over; one that does not compile leaves the
// old instance with its process.
func TestVersions(t *testing.T) {
	size(t)
	tr := begin(t, trial.Ports(t, "PORT"))
	tr.Run("start", "-d")
	tr.answers("version 1, run 1, ")

	tr.write("app/version.txt", "2\n")
	tr.Run("restart", "web")
	tr.answers("version 2, run 2, ")

	before := tr.Unit("web")
	tr.write("app/broken.go", "package main\n\nvar broken int = \"\"\n")
	out, code := tr.Try("restart", "web")
	if now := tr.Unit("web"); code != 1 || now.PID != before.PID || now.State != "running" {
		t.Errorf("exit %d; %s with pid %d after %d\n%s", code, now.State, now.PID, before.PID, out)
	}
	tr.answers("version 2, run 2, ")
	if text := tr.Run("logs", "web", "--kind", "all"); !strings.Contains(text, "broken.go:3") {
		t.Errorf("the log does not say what does not compile:\n%s", text)
	}
}

// nginx stands in front of two slots and is told to ask the other one.
func TestBlueGreen(t *testing.T) {
	m := size(t)
	trial.Require(t, "/usr/sbin/nginx")
	tr := begin(t, trial.Ports(t, "HTTP_PORT", "BLUE", "GREEN"))
	tr.build()
	tr.Demote()
	tr.Run("start", "-d", "-c", "blue-green.yaml")
	nginx := tr.Unit("blue-green/nginx")
	m.run(tr, "blue-green/web", "blue-green behind nginx", port(tr, "HTTP_PORT"))
	if now := tr.Unit("blue-green/nginx"); now.PID != nginx.PID {
		t.Error("nginx was restarted")
	}
	if left := tr.stop(); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// run replaces web again and again under load: no request may fail.
func (m measure) run(tr *zero, unit, what, port string) {
	tr.Helper()
	l, err := load.Begin(context.Background(), load.Plan{
		URL: "http://127.0.0.1:" + port + "/", SlowPath: "/slow",
		Rate: m.rate, Kept: 8, Fresh: 4, Slow: 2,
		Timeout: 10 * time.Second, Requests: 10 * m.requests, Time: 10 * time.Minute,
	})
	if err != nil {
		tr.Fatal(err)
	}
	defer l.End()
	var took time.Duration
	for i := range m.rollouts {
		wait(l, m.pause)
		before := tr.Unit(unit)
		l.Phase(load.Rollout)
		began := time.Now()
		tr.Run("restart", unit)
		took += time.Since(began)
		l.Phase(load.Steady)
		if now := tr.Unit(unit); now.Run == before.Run || now.PID == before.PID {
			tr.Fatalf("rollout %d: run %d, pid %d after run %d, pid %d", i+1, now.Run, now.PID, before.Run, before.PID)
		}
	}
	wait(l, m.pause)
	for l.Asked() < m.requests {
		wait(l, m.pause)
	}
	r := l.End()
	tr.Log(what + ": " + r.String())
	m.judge(tr, r)
	if m.full {
		fmt.Printf("| %s | %d | %d | %s | %s | %s | %s | %s | %s |\n", what, m.rollouts, r.Requests, r.Kinds(),
			ms(took/time.Duration(m.rollouts)), ms(r.Steady.P99), ms(r.Rollout.P99), ratio(r), ms(r.Rollout.Max))
	}
}

// maxRatio is how much slower a hundredth of the requests may be while an
// instance is replaced.
const maxRatio = 3

func (m measure) judge(tr *zero, r load.Report) {
	tr.Helper()
	for _, f := range r.Failures[:min(len(r.Failures), 10)] {
		tr.Errorf("failed: %s", f)
	}
	if int64(r.Requests) < m.requests {
		tr.Errorf("%d requests, want %d", r.Requests, m.requests)
	}
	if len(r.Answers) != m.rollouts+1 {
		tr.Errorf("%d instances answered, want %d: %v", len(r.Answers), m.rollouts+1, r.Answers)
	}
	// In the suite other tests have the processors too: that is no measure.
	if m.full && r.Rollout.P99 > maxRatio*r.Steady.P99 {
		tr.Errorf("p99 is %s during rollouts and %s without", r.Rollout.P99, r.Steady.P99)
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func ratio(r load.Report) string {
	return fmt.Sprintf("%.2f", float64(r.Rollout.P99)/float64(r.Steady.P99))
}

// wait lets the load go on.
func wait(l *load.Load, d time.Duration) {
	select {
	case <-time.After(d):
	case <-l.Ended():
	}
}

// zero is a trial of this example.
type zero struct{ *trial.Trial }

// begin copies the example. It is built from source, in a module of its own,
// with the caller's build cache.
func begin(t *testing.T, ports []string) *zero {
	t.Helper()
	tr := &zero{Trial: trial.New(t, ports...)}
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	tr.Env = append(tr.Env, "GOCACHE="+strings.TrimSpace(string(cache)), "GOFLAGS=-buildvcs=false", "GOTOOLCHAIN=local", "GOPROXY=off")
	if err := os.WriteFile(filepath.Join(tr.Dir, "go.mod"), []byte("module zero\n\ngo 1.26\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return tr
}

// build does what pre_start would: an ordinary user has no build cache here.
func (tr *zero) build() {
	tr.Helper()
	cmd := exec.Command("sh", "build.sh")
	cmd.Dir = tr.Dir
	cmd.Env = append(os.Environ(), tr.Env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		tr.Fatalf("cannot build the app: %v\n%s", err, out)
	}
}

// answers makes sure that the server's answer begins so.
func (tr *zero) answers(want string) {
	tr.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://127.0.0.1:" + port(tr, "PORT") + "/")
	if err != nil {
		tr.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || !strings.HasPrefix(string(text), want) {
		tr.Errorf("it answers %q and not %q (%v)", text, want, err)
	}
}

// write changes a file of the copy.
func (tr *zero) write(name, text string) {
	tr.Helper()
	if err := os.WriteFile(filepath.Join(tr.Dir, name), []byte(text), 0o644); err != nil {
		tr.Fatal(err)
	}
}

// stop ends everything, and gives the processes that are left.
func (tr *zero) stop() []string {
	tr.Helper()
	tr.Run("stop")
	return tr.Left()
}

func port(tr *zero, name string) string {
	tr.Helper()
	for _, kv := range tr.Env {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	tr.Fatalf("no port %s", name)
	return ""
}
