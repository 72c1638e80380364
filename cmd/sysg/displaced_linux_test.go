package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"systemg/ipc"
)

// Lines that a unit writes at once, more of them than there is room on the way to
// somebody who does not read.
const linesAtOnce = 300_000

// follow is a command that follows.
type follow struct {
	args string
	// more reads on, to where everything is there that has to be.
	more func(t *testing.T, lines *bufio.Scanner)
}

var follows = []follow{
	{"logs -f lines -n -1", func(t *testing.T, lines *bufio.Scanner) { counts(t, lines, "") }},
	{"start lines", func(t *testing.T, lines *bufio.Scanner) { counts(t, lines, "lines | ") }},
	{"events -f --json", goesOnCounting},
	{"status --watch --json", goesOnShowing},
}

// counts reads the numbers of all lines, of which none is missing. In a flood some
// may come again where it goes on: the last ones had no time of their own yet when
// they were read first.
func counts(t *testing.T, lines *bufio.Scanner, prefix string) {
	t.Helper()
	next := 1
	for next <= linesAtOnce && lines.Scan() {
		text, _ := strings.CutPrefix(lines.Text(), prefix)
		if text == "ready" || strings.HasPrefix(text, "~~ ") {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n > next {
			t.Fatalf("%q, want line %d", lines.Text(), next)
		}
		next = max(next, n+1)
	}
	if next <= linesAtOnce {
		t.Fatalf("it ends before line %d", next)
	}
}

// goesOnCounting reads events as far as those of the moment, each once.
func goesOnCounting(t *testing.T, lines *bufio.Scanner) {
	t.Helper()
	last := uint64(0)
	for lines.Scan() {
		var e ipc.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if last != 0 && e.Seq != last+1 {
			t.Fatalf("event %d follows %d", e.Seq, last)
		}
		last = e.Seq
		if strings.HasPrefix(e.Reason, "stop lines") {
			return
		}
	}
	t.Fatalf("it ends after event %d", last)
}

// goesOnShowing reads states to the one of the moment.
func goesOnShowing(t *testing.T, lines *bufio.Scanner) {
	t.Helper()
	for lines.Scan() {
		var r ipc.StatusResult
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		for _, u := range r.Units {
			if u.Name == "lines" && u.State == "stopped" {
				return
			}
		}
	}
	t.Fatal("it ends")
}

// stalled is a command whose output nobody reads.
type stalled struct {
	follow
	cmd  *exec.Cmd
	out  io.ReadCloser
	said bytes.Buffer
}

// stall begins a command and reads its first line.
func (h *house) stall(f follow) *stalled {
	h.Helper()
	s := &stalled{follow: f, cmd: h.command(append([]string{h.path("sysg")}, strings.Fields(f.args)...)...)}
	s.cmd.Stderr = &s.said
	var err error
	if s.out, err = s.cmd.StdoutPipe(); err != nil {
		h.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	for b := make([]byte, 1); b[0] != '\n'; {
		if _, err := s.out.Read(b); err != nil {
			h.Fatalf("%s: %v\n%s", f.args, err, s.said.String())
		}
	}
	return s
}

// isStuck is whether it can neither write nor read while another command runs.
func (h *house) isStuck(s *stalled) bool {
	h.Helper()
	const least = 32 << 10
	waiting, err := unix.IoctlGetInt(int(s.out.(*os.File).Fd()), unix.TIOCINQ)
	if err != nil {
		h.Fatal(err)
	}
	read := func() string {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", s.cmd.Process.Pid))
		if err != nil {
			h.Fatal(err)
		}
		return strings.Fields(string(data))[1]
	}
	before := read()
	h.run("version")
	h.try("status")
	return waiting > least && read() == before
}

// Commands that follow and are not read from lose their places where others need
// them. They say so when they are read again, and go on where they were.
func TestWhoFollowsComesBack(t *testing.T) {
	long(t, "10 s")
	h := newHouse(t, `version: "1"
project: fair
services:
  lines: {command: 'while [ ! -e go ]; do echo ready; sleep 0.1; done; seq 1 300000; exec sleep 1000'}
  mad: {exec: ["true"], restart_policy: always, backoff: 2ms}
`)
	_, _ = h.output(h.command(h.path("sysg"), "start", "-d", "-c", h.path("sysg.yaml")))
	var all []*stalled
	for _, f := range follows {
		all = append(all, h.stall(f))
	}
	h.write("go", "")
	for _, s := range all {
		h.until(s.args+" is stuck", func() bool { return h.isStuck(s) })
	}
	for i := range 90 {
		role := "stuck"
		if i < 5 {
			role = "frozen"
		}
		said, leave := h.visitors(role)
		defer leave()
		if !said.Scan() {
			t.Fatalf("%s %d never came", role, i)
		}
	}
	h.run("stop", "lines")
	for _, s := range all {
		t.Run(strings.ReplaceAll(s.args, " ", "-"), func(t *testing.T) {
			lines := bufio.NewScanner(s.out)
			lines.Buffer(nil, 1<<20)
			s.more(t, lines)
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
			if said := s.said.String(); !strings.Contains(said, "; it goes on") && !strings.Contains(s.args, "--json") {
				t.Errorf("it says %q", said)
			}
		})
	}
}
