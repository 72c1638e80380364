package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"systemg/ipc"
)

// system is what is tortured.
type system struct {
	plan
	crashers, jobs int
	// self is this program.
	self string
	env  []string
	// receiver takes the webhooks; nil where only an earlier run is looked at.
	receiver *receiver
	// nobody are the times in which nobody watched.
	nobody []span
}

// system makes the folder of it.
func (p plan) system() (*system, error) {
	s := &system{plan: p, crashers: crashers, jobs: jobs}
	// What ends ends at once, also with the race detector.
	s.env = append(os.Environ(), "HOME="+p.dir, "SYSG_STATE_DIR="+filepath.Join(p.dir, "state"), "SYSG_FAILPOINTS="+p.armed(),
		"GORACE=atexit_sleep_ms=0")
	var err error
	if s.self, err = os.Executable(); err != nil {
		return nil, err
	}
	return s, os.MkdirAll(p.armed(), 0o700)
}

// begin starts everything. What crashes makes a start fail, so the others are
// started first.
func (s *system) begin() error {
	if err := s.write(0); err != nil {
		return err
	}
	args := []string{"start", "-d", roller, boss, called, switched, "p0", "p1"}
	for i := range s.writers {
		args = append(args, fmt.Sprintf("w%d", i))
	}
	for i := range s.jobs {
		args = append(args, fmt.Sprintf("j%d", i))
	}
	if err := s.do(args...); err != nil {
		return err
	}
	// It fails, for they crash; but they have to have run.
	failed := s.do("start", "-d")
	units, err := s.status()
	if err != nil {
		return err
	}
	for i := range s.crashers {
		if u := units[fmt.Sprintf("c%d", i)]; u.Run == 0 {
			return fmt.Errorf("c%d did not start: %w", i, failed)
		}
	}
	return nil
}

// truth is the notes of one service.
func (s *system) truth(kind string, i int) truth {
	return truth{path: filepath.Join(s.dir, fmt.Sprintf("truth-%s%d", kind, i))}
}

func (s *system) do(args ...string) error {
	out, err := s.command(s.binary, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("sysg %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// show gives the answer of a command as JSON, also where its exit status says
// that not all is well.
func (s *system) show(into any, args ...string) error {
	cmd := s.command(s.binary, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if wrong := json.Unmarshal(out.Bytes(), into); wrong != nil {
		return fmt.Errorf("sysg %s: %w, %w\n%s", strings.Join(args, " "), err, wrong, errs.Bytes())
	}
	return nil
}

// hello is who answers on the socket now.
func (s *system) hello(ctx context.Context) (ipc.HelloResult, error) {
	c, err := s.dial(ctx)
	if err != nil {
		return ipc.HelloResult{}, err
	}
	defer c.Close()
	return c.Hello(), nil
}

// status is that of the units, by their names.
func (s *system) status() (map[string]ipc.Unit, error) {
	var r ipc.StatusResult
	if err := s.show(&r, "status", "--json"); err != nil {
		return nil, err
	}
	units := map[string]ipc.Unit{}
	for _, u := range r.Units {
		units[u.Name] = u
	}
	return units, nil
}

// unit is one of them, asked for until somebody answers.
func (s *system) unit(name string) (ipc.Unit, error) {
	ctx, cancel := context.WithTimeout(context.Background(), backTime)
	defer cancel()
	for {
		u, err := s.unitNow(ctx, name)
		if err == nil || ctx.Err() != nil {
			return u, err
		}
		if _, err := s.answers(ctx, func(ipc.HelloResult) bool { return true }); err != nil {
			return u, err
		}
	}
}

func (s *system) unitNow(ctx context.Context, name string) (ipc.Unit, error) {
	c, err := s.dial(ctx)
	if err != nil {
		return ipc.Unit{}, err
	}
	defer c.Close()
	var r ipc.StatusResult
	err = c.Call(ctx, ipc.MethodStatus, ipc.StatusParams{Selection: ipc.Selection{Units: []string{name}}}, &r)
	if err == nil && len(r.Units) != 1 {
		err = fmt.Errorf("%d units are called %s", len(r.Units), name)
	}
	if err != nil {
		return ipc.Unit{}, err
	}
	return r.Units[0], nil
}

// outbox is where webhooks lie that are not delivered yet.
func (s *system) outbox() string { return filepath.Join(s.dir, "state", "outbox") }

// dial connects to the supervisor that runs now.
func (s *system) dial(ctx context.Context) (*ipc.Client, error) {
	return ipc.Dial(ctx, filepath.Join(s.dir, "state", "control.sock"), "torture")
}

// calmTime is how long webhooks may take that are owed in the end.
const calmTime = 30 * time.Second

// calm stops those that have webhooks, and waits until the last one is delivered.
func (s *system) calm() error {
	for i := range s.crashers {
		if tells(i) {
			if err := s.do("stop", fmt.Sprintf("c%d", i)); err != nil {
				return err
			}
		}
	}
	for end := time.Now().Add(calmTime); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if left, err := os.ReadDir(s.outbox()); err != nil || len(left) == 0 {
			return err
		}
	}
	return nil
}
