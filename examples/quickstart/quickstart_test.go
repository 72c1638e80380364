package quickstart_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"systemg/examples/internal/trial"
)

// The quickstart in the foreground, as the first command of the README starts
// it: lines of all units come, and Ctrl-C stops everything.
func TestForeground(t *testing.T) {
	tr := newTrial(t)
	cmd := tr.Command("start")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	seen := false
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "worker ") && strings.Contains(lines.Text(), "people so far") {
			seen = true
			break
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	ending := false
	for lines.Scan() {
		ending = ending || strings.Contains(lines.Text(), "ending")
	}
	if err := cmd.Wait(); err != nil || !seen || !ending {
		t.Errorf("worker seen %v, last words of the api seen %v, ended with %v", seen, ending, err)
	}
	if left := tr.Left(); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// A crash of the api stops the worker, and both come back in order.
func TestCrash(t *testing.T) {
	tr := newTrial(t)
	tr.Run("start", "-d")
	api, worker := tr.Unit("api"), tr.Unit("worker")
	tr.Run("signal", "api", "KILL")
	tr.Again("api", api.Run)
	tr.Again("worker", worker.Run)
	tr.Run("wait", "api", "worker", "--for", "running", "--timeout", "60s")
	if now := tr.Unit("api"); now.PID == api.PID || now.Restarts != 1 {
		t.Errorf("the api has pid %d after %d, %d restarts", now.PID, api.PID, now.Restarts)
	}
	if now := tr.Unit("worker"); now.Run <= worker.Run {
		t.Errorf("the worker still is in run %d", now.Run)
	}
	if why := tr.Run("events", "worker", "-n", "0"); !strings.Contains(why, "api was lost") {
		t.Errorf("the journal does not say why the worker was stopped:\n%s", why)
	}
}

// newTrial is a trial on a free port. The example is built from source, in a
// module of its own, with the caller's build cache.
func newTrial(t *testing.T) *trial.Trial {
	t.Helper()
	tr := trial.New(t, trial.Ports(t, "PORT")...)
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	tr.Env = append(tr.Env, "GOCACHE="+strings.TrimSpace(string(cache)), "GOFLAGS=-buildvcs=false", "GOTOOLCHAIN=local", "GOPROXY=off")
	if err := os.WriteFile(filepath.Join(tr.Dir, "go.mod"), []byte("module quickstart\n\ngo 1.26\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return tr
}
