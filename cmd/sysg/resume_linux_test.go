package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"systemg/ipc"
)

// slowly are units that take a second to start, to stop or to be replaced.
const slowly = `version: "1"
project: demo
services:
  slow: {command: "echo begun; trap 'sleep 1; exit 0' TERM; while :; do sleep 0.05; done", restart_policy: always}
  web:
    command: exec sleep 1000
    restart_policy: always
    deployment: {strategy: rolling, grace_period: 1s}
  late:
    command: echo begun; sleep 1; echo ready; exec sleep 1000
    health_check: {log: ready}
  job: {command: echo begun; sleep 1; exit 3, cron: {expression: "0 0 0 1 1 *"}}
`

// commands that are under way when the supervisor ends. Each is one that somebody
// notes in the journal as began, if it has such a name.
var commands = []struct {
	args  string
	began string
	exit  int
	// says is in what it prints; then is done while it waits for the next
	// supervisor.
	says  string
	then  string
	check func(*house)
}{
	{args: "start -d late", began: "start", says: "started 1 unit", check: func(h *house) { h.begun("late", 1, "running") }},
	{args: "restart slow", began: "restart", says: "restarted 1 unit", check: func(h *house) { h.begun("slow", 2, "running") }},
	{args: "stop slow", began: "stop", says: "stopped 1 unit", check: func(h *house) { h.begun("slow", 1, "stopped") }},
	{args: "deploy web", began: "deploy", says: "deployed 1 unit", check: (*house).deployedOnce},
	{args: "apply -c other.yaml", began: "apply", says: "slow", check: func(h *house) { h.begun("slow", 2, "running") }},
	{args: "wait slow --for stopped", then: "stop slow"},
	{args: "trigger job --wait", began: "trigger", exit: 1, says: "exit 3", check: func(h *house) { h.begun("job", 1, "scheduled") }},
	{args: "stop", began: "stop everything", says: "stopped"},
}

// supervisorEnds are how the supervisor ends that the command talks to.
var supervisorEnds = []struct {
	name string
	do   func(h *house, s ipc.Supervisor)
}{
	{"supervisor", func(h *house, s ipc.Supervisor) { h.kill(s.PID) }},
	{"guardian", func(h *house, s ipc.Supervisor) { h.kill(s.Guardian) }},
	{"upgrade", func(h *house, _ ipc.Supervisor) {
		if err := os.Link(h.path("sysg"), h.path("next")); err != nil {
			h.Fatal(err)
		}
		h.run("upgrade", h.path("next"))
	}},
}

// A command that is under way when its supervisor dies, is upgraded or becomes the
// guardian ends as if nothing had happened, and nothing is done twice.
func TestCommandsOutliveTheSupervisor(t *testing.T) {
	t.Parallel()
	for i, command := range commands {
		for j, end := range supervisorEnds {
			if !thorough() && j != i%len(supervisorEnds) {
				continue
			}
			t.Run(strings.ReplaceAll(command.args, " ", "-")+"/"+end.name, func(t *testing.T) {
				t.Parallel()
				h := newHouse(t, slowly)
				h.write("other.yaml", strings.Replace(slowly, "sleep 0.05", "sleep 0.06", 1))
				h.start("slow", "web", "job")
				s := h.status().Supervisor
				events := h.journal()
				cmd := h.command(append([]string{h.path("sysg")}, strings.Fields(command.args)...)...)
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if command.began != "" {
					events.until(`"reason":"` + command.began)
				}
				end.do(h, s)
				if command.then != "" {
					h.run(strings.Fields(command.then)...)
				}
				_ = cmd.Wait()
				if code := cmd.ProcessState.ExitCode(); code != command.exit || !strings.Contains(out.String(), command.says) {
					t.Errorf("exit %d, want %d\n%s", code, command.exit, out.String())
				}
				if command.check != nil {
					command.check(h)
				}
			})
		}
	}
}

// begun checks how often a unit was started. A number that was given to a run which
// was never started is not given again, so its run may be a later one.
func (h *house) begun(name string, times int, state string) {
	h.Helper()
	if u := h.unit(name); u.State != state {
		h.Errorf("%s is %s in run %d, want %s", name, u.State, u.Run, state)
	}
	if n := strings.Count(h.run("logs", name, "-n", "-1"), "begun"); n != times {
		h.Errorf("%s was started %d times, want %d", name, n, times)
	}
}

// deployedOnce checks that web was replaced, once, and that one instance is there.
func (h *house) deployedOnce() {
	h.Helper()
	u := h.unit("web")
	if u.State != "running" || u.Run < 2 || u.Rollout != nil {
		h.Errorf("web is %s in run %d: %+v", u.State, u.Run, u.Rollout)
	}
	if done := strings.Count(h.run("events", "-n", "0"), "rollout done"); done > 1 {
		h.Errorf("%d rollouts were done", done)
	}
	var r ipc.InspectResult
	if err := json.Unmarshal([]byte(h.run("inspect", "web", "--json")), &r); err != nil {
		h.Fatal(err)
	}
	if last := r.Deployment.Last; last == nil || !last.OK || last.Run != u.Run || len(r.Processes) != 1 {
		h.Errorf("run %d, the last rollout %+v, processes %+v", u.Run, last, r.Processes)
	}
}

// kill kills a process, and returns when it is gone or, as a supervisor that takes
// the guardian's place, has not ended at all.
func (h *house) kill(pid int) {
	h.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		h.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, syscall.SIGKILL, nil, 0); err != nil {
		h.Fatal(err)
	}
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(patience.Milliseconds()))
}

// following is a command that tells of what happens.
type following struct {
	*house
	lines *bufio.Scanner
	cmd   *exec.Cmd
}

// journal follows the journal, from now on.
func (h *house) journal() *following {
	h.Helper()
	cmd := h.command(h.path("sysg"), "events", "-f", "-n", "1", "--json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.Fatal(err)
	}
	f := &following{house: h, lines: bufio.NewScanner(out), cmd: cmd}
	h.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	// It follows from its first line on.
	if !f.lines.Scan() {
		h.Fatal("the journal is empty")
	}
	return f
}

// until reads to the first line that has the text.
func (f *following) until(text string) {
	f.Helper()
	for f.lines.Scan() {
		if strings.Contains(f.lines.Text(), text) {
			return
		}
	}
	f.Fatalf("nobody tells of %s", text)
}

// A start that stays shows every line of what it started once, whichever supervisor
// brings it, and stops it in the end.
func TestAStartThatStaysOutlivesTheSupervisor(t *testing.T) {
	t.Parallel()
	for _, end := range supervisorEnds {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "")
			h.write("sysg.yaml", strings.Replace(h.counters(), ", depends_on: [web]", "", 1))
			h.start("db")
			cmd := h.command(h.path("sysg"), "start", "web")
			var said bytes.Buffer
			cmd.Stderr = &said
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines, next := bufio.NewScanner(out), 1
			for lines.Scan() {
				if _, text, _ := strings.Cut(lines.Text(), "| "); text != fmt.Sprintf("line %d", next) {
					t.Errorf("%q, want line %d", lines.Text(), next)
				}
				switch next++; next {
				case 10:
					end.do(h, h.status().Supervisor)
				case 200:
					if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
						t.Error(err)
					}
				}
			}
			if err := cmd.Wait(); err != nil || next < 200 {
				t.Errorf("it ends after line %d: %v\n%s", next, err, said.String())
			}
			if u := h.unit("web"); u.State != "stopped" || u.Run != 1 {
				t.Errorf("web is %s in run %d", u.State, u.Run)
			}
		})
	}
}

// A command that is under way when both die ends as if nothing had happened, once
// another command has started a supervisor; and says so where none does.
func TestACommandOutlivesBoth(t *testing.T) {
	t.Parallel()
	for _, started := range []bool{true, false} {
		t.Run(fmt.Sprintf("started=%t", started), func(t *testing.T) {
			t.Parallel()
			if !started && !thorough() {
				t.Skip("waits for 10 s")
			}
			h := newHouse(t, slowly)
			h.start("slow", "web")
			s := h.status().Supervisor
			events := h.journal()
			cmd := h.command(h.path("sysg"), "deploy", "web")
			said, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			events.until(`"reason":"deploy`)
			h.kill(s.Guardian)
			h.kill(s.PID)
			remarks := bufio.NewScanner(said)
			f := &following{house: h, lines: remarks, cmd: cmd}
			f.until("waiting until somebody starts another one")
			if !started {
				f.until("nobody has started another one; it will know what was begun")
				h.run("start", "-d", "slow")
				h.run("wait", "web")
				return
			}
			h.run("start", "-d", "slow")
			for remarks.Scan() {
				t.Log(remarks.Text())
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			h.deployedOnce()
		})
	}
}
