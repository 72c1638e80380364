package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"systemg/ipc"
)

// system is what is tortured.
type system struct {
	plan
	crashers, jobs int
	env            []string
}

// The services beside the writers.
const (
	crashers = 3
	jobs     = 2
	// crasherLife is by how many milliseconds each crasher lives longer than
	// the one before: the first ends before it is up, the others after that,
	// so that their hooks are called.
	crasherLife = 300
)

// system writes the manifest.
func (p plan) system() (*system, error) {
	s := &system{plan: p, crashers: crashers, jobs: jobs}
	s.env = append(os.Environ(), "HOME="+p.dir, "SYSG_STATE_DIR="+filepath.Join(p.dir, "state"), "SYSG_FAILPOINTS="+p.armed())
	segment := "64M"
	if p.points > 0 {
		// So that there are many.
		segment = "64K"
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString("version: \"1\"\nproject: torture\nservices:\n")
	for i := range p.writers {
		fmt.Fprintf(&b, "  w%d:\n    exec: [%q, %s, %q, \"%d\"]\n    restart_policy: always\n    logs: {max_bytes: %s, max_files: 1000}\n",
			i, self, writerRole, s.truth("w", i).path, p.rate/max(p.writers, 1), segment)
	}
	for i := range s.crashers {
		fmt.Fprintf(&b, "  c%d:\n    exec: [%q, %s, %q, \"%d\"]\n    restart_policy: always\n    backoff: 30ms\n    hooks: {on_start: {success: {command: \"'%s' %s '%s'\"}}}\n",
			i, self, crasherRole, s.truth("c", i).path, i*crasherLife, self, hookRole, s.truth("h", i).path)
	}
	for i := range s.jobs {
		fmt.Fprintf(&b, "  j%d:\n    exec: [%q, %s, %q]\n    cron: {expression: \"* * * * * *\", history: 1000}\n",
			i, self, jobRole, s.truth("j", i).path)
	}
	fmt.Fprintf(&b, "  %s:\n    exec: [%q, %s, %q]\n    restart_policy: always\n    deployment: {strategy: rolling, grace_period: 50ms}\n",
		roller, self, rollerRole, s.truth("r", 0).path)
	if err := os.MkdirAll(p.armed(), 0o700); err != nil {
		return nil, err
	}
	return s, os.WriteFile(filepath.Join(p.dir, "systemg.yaml"), []byte(b.String()), 0o600)
}

// begin starts everything. What crashes makes a start fail, so the others are
// started first.
func (s *system) begin() error {
	args := []string{"start", "-d", roller}
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

func (s *system) command(binary string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
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

// dial connects to the supervisor that runs now.
func (s *system) dial(ctx context.Context) (*ipc.Client, error) {
	return ipc.Dial(ctx, filepath.Join(s.dir, "state", "control.sock"), "torture")
}
