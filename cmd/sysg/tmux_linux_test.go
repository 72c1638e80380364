package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shown is how long what has to be on the screen may take to get there.
const shown = 60 * time.Second

// terminal is a program in a terminal of tmux's.
type terminal struct {
	t      *testing.T
	socket string
	env    []string
	// output is what the program writes, only to know when to look.
	output *os.File
}

// tmux runs a command of the terminal's own server.
func (m *terminal) tmux(args ...string) string {
	m.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-L", m.socket, "-f", "/dev/null"}, args...)...)
	cmd.Env = m.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %s: %v: %s", args, err, out)
	}
	return string(out)
}

func (m *terminal) press(names ...string) {
	m.t.Helper()
	m.tmux(append([]string{"send-keys", "-t", "s"}, names...)...)
}

func (m *terminal) screen() string { return m.tmux("capture-pane", "-p", "-t", "s") }

// until waits for a screen that is as wanted: it looks whenever the program has
// written something.
func (m *terminal) until(what string, wanted func(string) bool) string {
	m.t.Helper()
	if err := m.output.SetReadDeadline(time.Now().Add(shown)); err != nil {
		m.t.Fatal(err)
	}
	buf := make([]byte, 64<<10)
	for {
		screen := m.screen()
		if wanted(screen) {
			return screen
		}
		if _, err := m.output.Read(buf); err != nil && err != io.EOF {
			m.t.Fatalf("the screen never shows %s:\n%s", what, screen)
		}
	}
}

func (m *terminal) shows(texts ...string) string {
	m.t.Helper()
	return m.until(strings.Join(texts, ", "), func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

// sysg runs a command in the terminal's surroundings.
func (m *terminal) sysg(args ...string) string {
	m.t.Helper()
	cmd := exec.Command(filepath.Join(m.dir(), "sysg"), args...)
	cmd.Env, cmd.Dir = m.env, m.dir()
	out, err := cmd.Output()
	if err != nil {
		m.t.Fatalf("sysg %s: %v: %s", args, err, out)
	}
	return string(out)
}

func (m *terminal) dir() string {
	for _, v := range m.env {
		if dir, ok := strings.CutPrefix(v, "HOME="); ok {
			return dir
		}
	}
	return ""
}

// pid is that of a unit's process.
func (m *terminal) pid(unit string) int {
	m.t.Helper()
	var r struct {
		Units []struct {
			Name string `json:"name"`
			PID  int    `json:"pid"`
		} `json:"units"`
	}
	if err := json.Unmarshal([]byte(m.sysg("status", "--json")), &r); err != nil {
		m.t.Fatal(err)
	}
	for _, u := range r.Units {
		if u.Name == unit {
			return u.PID
		}
	}
	return 0
}

const tmuxManifest = `version: "1"
project: shop
services:
  web: {command: "while :; do echo tick; sleep 0.1; done", restart_policy: always}
  db: {command: "exec sleep 100000", restart_policy: always}
`

// needTmux skips where there is no tmux; with SYSG_TEST_REQUIRE=all that is a
// failure.
func needTmux(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("tmux")
	switch {
	case err == nil:
	case os.Getenv("SYSG_TEST_REQUIRE") == "all":
		t.Fatalf("tmux is needed: %v", err)
	default:
		t.Skipf("there is no tmux: %v", err)
	}
}

// openDashboard starts a system and its dashboard in a terminal of 100 by 30.
func openDashboard(t *testing.T) *terminal {
	t.Helper()
	needTmux(t)
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The name decides that the program is sysg and not its tests.
	if err := os.Link(self, filepath.Join(dir, "sysg")); err != nil {
		if out, err := exec.Command("cp", self, filepath.Join(dir, "sysg")).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "systemg.yaml"), []byte(tmuxManifest), 0o600); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(dir, "output")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	m := &terminal{t: t, socket: "sysg-" + strconv.Itoa(os.Getpid()), env: []string{
		"HOME=" + dir, "PATH=" + dir + ":" + os.Getenv("PATH"), "LANG=C.UTF-8", "SHELL=/bin/sh", "TMUX_TMPDIR=" + dir,
	}}
	t.Cleanup(func() { m.sysg("stop", "--kill") })
	m.sysg("start", "-d")
	// Held open for writing too, it never ends.
	if m.output, err = os.OpenFile(fifo, os.O_RDWR|syscall.O_NONBLOCK, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.output.Close() })
	m.tmux("new-session", "-d", "-x", "100", "-y", "30", "-s", "s", "cd "+dir+" && sysg tui; cat")
	t.Cleanup(func() { m.tmux("kill-server") })
	m.tmux("pipe-pane", "-t", "s", "cat > "+fifo)
	return m
}

// The dashboard of a real system in a real terminal: a unit is restarted by key,
// the terminal gets another size, the supervisor is killed and comes back, and
// the units outlive the dashboard.
func TestDashboardInATerminal(t *testing.T) {
	m := openDashboard(t)
	m.shows("2 units", "web", "db", "live")
	before := m.pid("web")
	m.press("/", "w", "e", "b", "Enter")
	m.until("the log of web", func(screen string) bool {
		return strings.Contains(screen, "Logs: web") && strings.Contains(screen, "tick")
	})
	m.press("r")
	m.shows("Restart web?", strconv.Itoa(before))
	m.press("y")
	screen := m.shows("web running (pid ")
	_, rest, _ := strings.Cut(screen, "web running (pid ")
	said, _, _ := strings.Cut(rest, ")")
	if after := m.pid("web"); after == before || strconv.Itoa(after) != said {
		t.Errorf("web had the pid %d and has %d; the screen says %s", before, after, said)
	}

	m.tmux("resize-window", "-t", "s", "-x", "50", "-y", "14")
	m.until("the small form", func(screen string) bool {
		return strings.Contains(screen, "── web") && !strings.Contains(screen, "UPTIME")
	})
	m.tmux("resize-window", "-t", "s", "-x", "100", "-y", "30")
	m.shows("UPTIME")

	pid, err := os.ReadFile(filepath.Join(m.dir(), ".local/share/systemg/sysg.pid"))
	if err != nil {
		t.Fatal(err)
	}
	supervisor, err := strconv.Atoi(strings.TrimSpace(string(pid)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(supervisor, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	m.shows("reconnected, gap", "live")

	running := m.pid("web")
	m.press("q", "q")
	m.until("the end of the dashboard", func(screen string) bool { return !strings.Contains(screen, "Logs: web") })
	if m.pid("web") != running {
		t.Error("the end of the dashboard is not only its own")
	}
}

// Without a supervisor it says what it looked for, starts the manifest of this
// folder when it is asked to, and attaches.
func TestDashboardStartsTheManifestHere(t *testing.T) {
	m := openDashboard(t)
	m.shows("2 units")
	m.sysg("stop")
	m.shows("DISCONNECTED")
	m.tmux("respawn-pane", "-k", "-t", "s", "cd "+m.dir()+" && sysg tui; cat")
	m.shows("No supervisor runs.", "control.sock", "Press enter to start "+m.dir()+"/systemg.yaml")
	m.press("Enter")
	m.shows("2 units", "2 ok", "live")
}
