package stack_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"systemg/examples/internal/trial"
	"systemg/ipc"
)

// stack is the example with real servers, started by an ordinary user.
type stack struct {
	*trial.Trial
	url string
}

func begin(t *testing.T) *stack {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real servers")
	}
	trial.Require(t, "redis-server", "/usr/sbin/nginx", "python3", "/usr/lib/postgresql/*/bin/postgres")
	ports := trial.Ports(t, "STACK_PGPORT", "STACK_REDIS_PORT", "STACK_API_PORT", "STACK_HTTP_PORT")
	s := &stack{Trial: trial.New(t, ports...)}
	s.Demote()
	_, port, _ := strings.Cut(ports[3], "=")
	s.url = "http://127.0.0.1:" + port
	s.Run("start", "-d")
	return s
}

// get asks nginx, which asks the api. What was just started may still be on
// its way to its port, so a refused connection is tried again for a while.
func (s *stack) get(path string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		text, err := s.try(ctx, path)
		if err == nil {
			return text, nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return "", err
		}
	}
}

func (s *stack) try(ctx context.Context, path string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, answer.Status)
	}
	return strings.TrimSpace(string(body)), err
}

// load makes n requests, some at once, and every one has to be answered with
// 200 the first time. Only the wait for the api's port comes before it.
func (s *stack) load(n int) {
	s.Helper()
	if _, err := s.get("/rows"); err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	const clients = 4
	var good atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range n / clients {
				if _, err := s.try(ctx, "/visit"); err != nil {
					s.Error(err)
					continue
				}
				good.Add(1)
			}
		})
	}
	all.Wait()
	if good.Load() != int64(n) {
		s.Fatalf("%d of %d requests were answered with 200", good.Load(), n)
	}
}

// rows waits until PostgreSQL has so many rows.
func (s *stack) rows(want int) {
	s.Helper()
	deadline := time.After(30 * time.Second)
	for {
		text, err := s.get("/rows")
		if err != nil {
			s.Fatal(err)
		}
		if text == fmt.Sprint(want) {
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			s.Fatalf("%s rows, want %d", text, want)
		}
	}
}

func TestStack(t *testing.T) {
	s := begin(t)
	if s.Unit("migrate").State != "completed" {
		t.Fatal("the schema is not there")
	}
	s.load(200)
	s.rows(200)
	s.redisCrashes()
	s.load(40)
	s.rows(240)
	s.apiRestarts()
	s.logsMerge()
	s.allSeen()
	s.Run("stop")
	if left := s.Left(); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// allSeen makes sure that what is looked for after the stop can be found.
func (s *stack) allSeen() {
	s.Helper()
	seen := strings.Join(s.Left(), "\n") + "\n"
	for _, name := range []string{"postgres", "redis", "api", "worker", "nginx"} {
		if pid := s.Unit(name).PID; !strings.Contains(seen, fmt.Sprintf("/proc/%d ", pid)) {
			s.Errorf("%s, pid %d, is not among\n%s", name, pid, seen)
		}
	}
}

// redisCrashes kills Redis: what needs it is stopped and comes back after it,
// what does not need it is not touched.
func (s *stack) redisCrashes() {
	s.Helper()
	redis, api, worker := s.Unit("redis"), s.Unit("api"), s.Unit("worker")
	postgres, nginx := s.Unit("postgres"), s.Unit("nginx")
	if err := syscall.Kill(redis.PID, syscall.SIGKILL); err != nil {
		s.Fatal(err)
	}
	for _, u := range []ipc.Unit{redis, api, worker} {
		s.Again(u.Name, u.Run)
	}
	s.Run("wait", "--for", "running", "redis", "api", "worker", "--timeout", "60s")
	if now := s.Unit("redis"); now.PID == redis.PID || now.Restarts != 1 {
		s.Errorf("redis has pid %d after %d, %d restarts", now.PID, redis.PID, now.Restarts)
	}
	if s.Unit("postgres").PID != postgres.PID || s.Unit("nginx").PID != nginx.PID {
		s.Error("postgres or nginx was touched")
	}
	if text := s.Run("events", "api", "-n", "0"); !strings.Contains(text, "redis was lost") {
		s.Errorf("the journal does not say why the api was stopped:\n%s", text)
	}
}

func (s *stack) apiRestarts() {
	s.Helper()
	before, redis := s.Unit("api"), s.Unit("redis")
	s.Run("restart", "-s", "api")
	if now := s.Unit("api"); now.PID == before.PID || now.State != "running" {
		s.Errorf("the api is %s with pid %d", now.State, now.PID)
	}
	if s.Unit("redis").PID != redis.PID {
		s.Error("redis was touched")
	}
	if _, err := s.get("/visit"); err != nil {
		s.Error(err)
	}
}

// logsMerge looks for lines of every server in one stream, in order of time.
func (s *stack) logsMerge() {
	s.Helper()
	text := s.Run("logs", "--kind", "all", "-n", "-1", "--timestamps")
	for _, part := range []string{"postgres", "redis", "api", "worker", "nginx", "initdb"} {
		if !strings.Contains(text, part) {
			s.Errorf("%s is missing in the merged logs", part)
		}
	}
	last := ""
	for line := range strings.Lines(text) {
		stamp, _, _ := strings.Cut(line, " ")
		if stamp < last {
			s.Fatalf("%s comes after %s", stamp, last)
		}
		last = stamp
	}
}
