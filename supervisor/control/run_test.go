package control

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"systemg/ipc"
	"systemg/supervisor/store"
)

// system is a supervisor in this process, over real children, and a client.
type system struct {
	*testing.T
	dir    string
	client *ipc.Client
	ended  chan error
}

// begin runs a supervisor on a folder of its own; it is stopped with the test.
func begin(t *testing.T) *system {
	t.Helper()
	s := &system{T: t, dir: t.TempDir(), ended: make(chan error, 1)}
	state := filepath.Join(s.dir, "state")
	paths := store.Paths{State: state, Logs: filepath.Join(state, "logs"), Runtime: state}
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan struct{})
	go func() {
		s.ended <- Run(ctx, Options{Paths: paths, Version: "test", Ready: func() { close(ready) }})
	}()
	select {
	case <-ready:
	case err := <-s.ended:
		cancel()
		t.Fatalf("the supervisor ended: %v", err)
	}
	client, err := ipc.Dial(t.Context(), paths.Socket(), "test")
	if err != nil {
		t.Fatal(err)
	}
	s.client = client
	t.Cleanup(func() {
		_ = client.Close()
		cancel()
		if err := <-s.ended; err != nil {
			t.Errorf("the supervisor ended: %v", err)
		}
	})
	return s
}

// manifest writes a manifest and gives it as a parameter.
func (s *system) manifest(text string) ipc.Manifest {
	s.Helper()
	path := filepath.Join(s.dir, "systemg.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
	return ipc.Manifest{Path: path, Env: os.Environ()}
}

func (s *system) call(method string, params, result any) {
	s.Helper()
	if err := s.client.Call(s.Context(), method, params, result); err != nil {
		s.Fatalf("%s: %v", method, err)
	}
}

func (s *system) start(text string) ipc.OperationResult {
	s.Helper()
	var r ipc.OperationResult
	s.call(ipc.MethodStart, ipc.StartParams{Manifest: s.manifest(text)}, &r)
	return r
}

func (s *system) unit(name string) ipc.Unit {
	s.Helper()
	var r ipc.StatusResult
	s.call(ipc.MethodStatus, ipc.StatusParams{Selection: ipc.Selection{Units: []string{name}}}, &r)
	return r.Units[0]
}

// lines are what a unit wrote, both kinds.
func (s *system) lines(p ipc.LogsParams) []string {
	s.Helper()
	var got []string
	var r ipc.LogsResult
	err := s.client.Stream(s.Context(), ipc.MethodLogs, p, func(_ string, raw json.RawMessage) error {
		var b ipc.LogBatch
		if err := json.Unmarshal(raw, &b); err != nil {
			return err
		}
		for _, l := range b.Lines {
			got = append(got, l.Text)
		}
		return nil
	}, &r)
	if err != nil {
		s.Fatal(err)
	}
	return got
}

func TestManifestBecomesARunningSystem(t *testing.T) {
	s := begin(t)
	r := s.start(`
version: "1"
project: demo
services:
  web:
    command: echo serving on $SYSG_SERVICE; exec sleep 1000
    depends_on: [migrate]
  migrate:
    type: oneshot
    command: echo migrated
`)
	if !r.OK {
		t.Fatalf("start: %+v", r)
	}
	web := s.unit("web")
	if web.State != "running" || web.PID == 0 {
		t.Errorf("web is %s with pid %d", web.State, web.PID)
	}
	if got := s.unit("migrate"); got.State != "completed" || got.LastExit.Code != 0 {
		t.Errorf("migrate is %+v", got)
	}
	got := s.lines(ipc.LogsParams{Lines: 10})
	if !slices.Equal(got, []string{"migrated", "serving on web"}) {
		t.Errorf("logs %q", got)
	}
}

func TestCrashIsReplacedAndSaysWhy(t *testing.T) {
	s := begin(t)
	s.start(`
version: "1"
project: demo
services:
  web:
    command: echo dying >&2; exit 3
`)
	web := s.unit("web")
	if web.State != "failed" || web.Reason != "exit 3" {
		t.Errorf("web is %s: %s", web.State, web.Reason)
	}
	var why ipc.WhyResult
	s.call(ipc.MethodWhy, ipc.WhyParams{Unit: "web"}, &why)
	if len(why.Causes) < 2 || !slices.Equal(why.Causes[1].LastLines, []string{"dying"}) {
		t.Errorf("why: %+v", why)
	}
}

func TestStopLeavesNothingOfTheTree(t *testing.T) {
	s := begin(t)
	s.start(`
version: "1"
project: demo
services:
  tree:
    stop_timeout: 300ms
    command: |
      setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 1000; done' &
      exec sleep 1000
`)
	before := time.Now()
	var r ipc.OperationResult
	s.call(ipc.MethodStop, ipc.StopParams{Selection: ipc.Selection{Units: []string{"tree"}}}, &r)
	if !r.OK {
		t.Fatalf("stop: %+v", r)
	}
	pid := s.lines(ipc.LogsParams{Lines: 1})
	if len(pid) != 1 {
		t.Fatalf("the descendant wrote %q", pid)
	}
	if _, err := os.Stat("/proc/" + pid[0]); err == nil {
		t.Errorf("descendant %s lives after stop, which took %s", pid[0], time.Since(before))
	}
}

func TestRestartGivesANewProcess(t *testing.T) {
	s := begin(t)
	const text = `
version: "1"
project: demo
services:
  web:
    exec: [sleep, "1000"]
`
	s.start(text)
	old := s.unit("web").PID
	var r ipc.OperationResult
	s.call(ipc.MethodRestart, ipc.RestartParams{Manifest: s.manifest(text)}, &r)
	if now := s.unit("web").PID; !r.OK || now == old || now == 0 {
		t.Errorf("restart: ok %v, pid %d after %d", r.OK, now, old)
	}
}
