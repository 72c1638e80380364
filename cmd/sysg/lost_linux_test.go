package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// losses are what is lost while the units run and neither supervisor nor
// guardian does.
var losses = []struct {
	name string
	// files are what is damaged.
	files func(h *house) []string
}{
	{"state", func(h *house) []string { return []string{filepath.Join(h.state, "state.json")} }},
	{"diary", (*house).diary},
	{"histories", func(h *house) []string {
		return []string{filepath.Join(h.state, "cron_state.json"), h.one("events/*"), h.one("logs/shop/web_stdout.log.idx"), h.one("config_hint")}
	}},
	{"state and diary", func(h *house) []string { return append(h.diary(), filepath.Join(h.state, "state.json")) }},
}

// Whatever of the files is lost while units run: each is taken back as the one
// process that it is, nothing is started beside it, no line of it is missing, and
// the loss is told.
func TestFilesAreLostWhileUnitsRun(t *testing.T) {
	t.Parallel()
	for i, loss := range losses {
		for j, damage := range damages[:3] {
			if !thorough() && j != i%3 {
				continue
			}
			t.Run(strings.ReplaceAll(loss.name+" "+damage.name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				h := newHouse(t, "")
				h.write("sysg.yaml", h.counters())
				h.demote()
				// A diary that breaks off in a line looks as if its writer was killed.
				told := loss.name != "histories" && (loss.name != "diary" || damage.name != "cut")
				first := h.tries(told, func() {
					for _, path := range loss.files(h) {
						h.damage(path, damage.do)
					}
				})
				if first != 1 {
					t.Errorf("the log begins with line %d", first)
				}
			})
		}
	}
}

// The same where everything is removed, the log too, and with a cgroup.
func TestEverythingIsLostWhileUnitsRun(t *testing.T) {
	asRoot(t)
	h := newHouse(t, "")
	h.write("sysg.yaml", h.counters())
	h.tries(false, func() {
		diary := h.diary()
		if err := errors.Join(os.RemoveAll(h.state), os.RemoveAll(filepath.Dir(diary[0]))); err != nil {
			t.Fatal(err)
		}
	})
}

// tries starts, kills both, has something lost, and starts again.
// It gives the first line that is in the log of web.
func (h *house) tries(told bool, lose func()) (first int) {
	h.Helper()
	h.start()
	h.run("wait", "web", "db")
	before := map[string]int{"web": h.unit("web").PID, "db": h.unit("db").PID}
	h.killBoth()
	lose()
	h.start()
	for name, pid := range before {
		if u := h.unit(name); u.PID != pid || u.Run != 1 || u.State != "running" {
			h.Errorf("%s was %d and is %d in run %d, %s", name, pid, u.PID, u.Run, u.State)
		}
	}
	for name, pids := range programs(h.T, h.path("bin")) {
		if want := before[strings.TrimSuffix(name, ".sh")]; !slices.Equal(pids, []int{want}) && name != "sleep" {
			h.Errorf("%s runs as %v, want %d", name, pids, want)
		}
	}
	if said := h.run("events", "-n", "50"); told && !strings.Contains(said, "cannot read") {
		h.Errorf("nobody says what was lost:\n%s", said)
	}
	// The manifest is what it is again.
	if out := h.run("plan", "-c", h.path("sysg.yaml"), "--json"); strings.Contains(out, `"restart"`) {
		h.Errorf("a start did not give the definitions back:\n%s", out)
	}
	h.run("stop", "web")
	first = h.counted("web")
	h.run("stop")
	for name, pids := range programs(h.T, h.path("bin")) {
		h.Errorf("%s outlived the stop: %s", name, describe(pids))
	}
	return first
}

// counters are units whose programs nobody else runs; web counts in its log.
func (h *house) counters() string {
	h.Helper()
	for name, of := range map[string]string{"web": "sh", "db": "sleep"} {
		path, err := filepath.EvalSymlinks("/bin/" + of)
		if err != nil {
			h.Fatal(err)
		}
		program, err := os.ReadFile(path)
		if err != nil {
			h.Fatal(err)
		}
		if err := errors.Join(os.MkdirAll(h.path("bin"), 0o755), os.WriteFile(h.path("bin/"+name), program, 0o755)); err != nil {
			h.Fatal(err)
		}
	}
	return fmt.Sprintf(`version: "1"
project: shop
services:
  web: {exec: [%[1]s/web, -c, 'n=0; while :; do n=$((n+1)); echo line $n; sleep 0.01; done'], restart_policy: always}
  db: {exec: [%[1]s/db, '100000'], restart_policy: always, depends_on: [web]}
  job: {command: "true", cron: {expression: "0 0 0 1 1 *"}}
`, h.path("bin"))
}

// counted checks that a unit that counts has every line in its log, from the
// first that is there.
func (h *house) counted(unit string) (first int) {
	h.Helper()
	lines := strings.Split(strings.TrimSpace(h.run("logs", unit, "-n", "-1")), "\n")
	if _, err := fmt.Sscanf(lines[0], "line %d", &first); err != nil {
		h.Fatalf("%q: %v", lines[0], err)
	}
	for i, line := range lines {
		if want := fmt.Sprintf("line %d", first+i); line != want {
			h.Fatalf("%q, want %s", line, want)
		}
	}
	return first
}

// one is the one file of a pattern.
func (h *house) one(pattern string) string {
	h.Helper()
	list, err := filepath.Glob(filepath.Join(h.state, pattern))
	if err != nil || len(list) != 1 {
		h.Fatalf("%v is %s: %v", list, pattern, err)
	}
	return list[0]
}

// diary are the files of the diary, which lies with the pipes.
func (h *house) diary() []string {
	h.Helper()
	fifo, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/1", programs(h.T, h.path("bin"))["web"][0]))
	if err != nil {
		h.Fatal(err)
	}
	folder := filepath.Join(filepath.Dir(filepath.Dir(fifo)), ".diary")
	var list []string
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, path)
		}
		return err
	})
	if err != nil || len(list) == 0 {
		h.Fatalf("there is no diary in %s: %v", folder, err)
	}
	return list
}

// killBoth kills the guardian and the supervisor, and returns when they are
// gone.
func (h *house) killBoth() {
	h.Helper()
	s := h.status().Supervisor
	for _, pid := range []int{s.Guardian, s.PID} {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			h.Fatal(err)
		}
		defer unix.Close(fd)
		if err := unix.PidfdSendSignal(fd, syscall.SIGSTOP, nil, 0); err != nil {
			h.Fatal(err)
		}
		defer func() {
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(patience.Milliseconds()))
		}()
	}
	// Neither can take the other's place any more.
	for _, pid := range []int{s.Guardian, s.PID} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			h.Fatal(err)
		}
	}
}
