package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"systemg/ipc"
)

// house is a real sysg, built for the test, with a home and a manifest of its
// own. What it started is stopped with the test.
type house struct {
	*testing.T
	root, state string
	// user is whom everything runs as; nil for whoever tests.
	user *syscall.Credential
	// by is put before the command that starts the supervisor.
	by []string
}

// patience bounds every wait for a real process on a busy machine.
const patience = 60 * time.Second

// nobody is an ordinary user; Debian gives it this number.
const nobody = 65534

// required skips, unless everything is required.
func required(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("SYSG_TEST_REQUIRE") == "all" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func newHouse(t *testing.T, manifest string) *house {
	t.Helper()
	root := t.TempDir()
	h := &house{T: t, root: root, state: filepath.Join(root, "state")}
	if err := build(); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(built.dir, "sysg"), h.path("sysg")); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"state", "home"} {
		if err := os.Mkdir(h.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h.write("sysg.yaml", manifest)
	t.Cleanup(func() {
		if out, code := h.try("stop", "--kill"); code != 0 {
			t.Errorf("stop: exit %d\n%s", code, out)
		}
	})
	return h
}

// build builds sysg, once for all tests.
var build = sync.OnceValue(func() error {
	var err error
	if built.dir, err = os.MkdirTemp("", "sysg-built-"); err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-o", filepath.Join(built.dir, "sysg"), ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build sysg: %w\n%s", err, out)
	}
	return nil
})

func (h *house) path(name string) string { return filepath.Join(h.root, name) }

func (h *house) write(name, text string) {
	h.Helper()
	if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
}

// demote gives the house to an ordinary user, where the test runs as root.
func (h *house) demote() {
	h.Helper()
	if os.Geteuid() != 0 {
		return
	}
	h.user = &syscall.Credential{Uid: nobody, Gid: nobody}
	err := filepath.WalkDir(h.root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
	if err != nil {
		h.Fatal(err)
	}
	for dir := filepath.Dir(h.root); dir != filepath.Dir(dir) && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			h.Fatal(err)
		}
	}
}

func (h *house) command(argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = h.root
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.path("home"), "SYSG_STATE_DIR=" + h.state, "LANG=C.UTF-8",
	}
	if h.user != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: h.user}
	}
	return cmd
}

// try runs a sysg command and gives what it wrote, and its exit status.
func (h *house) try(args ...string) (string, int) {
	h.Helper()
	return h.output(h.command(append([]string{h.path("sysg")}, args...)...))
}

// start starts the supervisor with everything in the manifest.
func (h *house) start(args ...string) {
	h.Helper()
	argv := append(append(h.by[:len(h.by):len(h.by)], h.path("sysg"), "start", "-d", "-c", h.path("sysg.yaml")), args...)
	if out, code := h.output(h.command(argv...)); code != 0 {
		h.Fatalf("start: exit %d\n%s", code, out)
	}
}

func (h *house) output(cmd *exec.Cmd) (string, int) {
	h.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		h.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// run runs a command that has to succeed.
func (h *house) run(args ...string) string {
	h.Helper()
	out, code := h.try(args...)
	if code != 0 {
		h.Fatalf("sysg %s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// status is what the supervisor says of everything.
func (h *house) status() ipc.StatusResult {
	h.Helper()
	out, _ := h.try("status", "--json")
	var r ipc.StatusResult
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		h.Fatalf("status: %v\n%s", err, out)
	}
	return r
}

// unit is the state of one unit.
func (h *house) unit(name string) ipc.Unit {
	h.Helper()
	for _, u := range h.status().Units {
		if u.Name == name {
			return u
		}
	}
	h.Fatalf("there is no unit %s", name)
	return ipc.Unit{}
}

// programs are the processes of the programs in a folder, by the program's
// name: asked of the kernel alone, by what each thread executes, so it does not
// matter what a process says of itself.
func programs(t *testing.T, folder string) map[string][]int {
	t.Helper()
	threads, err := filepath.Glob("/proc/[0-9]*/task/*/exe")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]int{}
	for _, link := range threads {
		exe, err := os.Readlink(link)
		if err != nil {
			// It has ended.
			continue
		}
		exe = strings.TrimSuffix(exe, " (deleted)")
		name, ok := strings.CutPrefix(exe, folder+"/")
		if !ok {
			if name, ok = strings.CutPrefix(exe, "/memfd:"+filepath.Base(folder)+"-"); !ok {
				continue
			}
		}
		pid, err := strconv.Atoi(strings.Split(link, "/")[2])
		if err != nil {
			t.Fatal(err)
		}
		if list := found[name]; len(list) == 0 || list[len(list)-1] != pid {
			found[name] = append(list, pid)
		}
	}
	return found
}

// describe is what the kernel says of processes, for a failed test.
func describe(pids []int) string {
	var b strings.Builder
	for _, pid := range pids {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		limits, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
		for text := range strings.Lines(string(status) + string(limits)) {
			for _, key := range []string{"State:", "PPid:", "Pid:", "Uid:", "NSsid:", "Max realtime timeout"} {
				if strings.HasPrefix(text, key) {
					b.WriteString(strings.TrimSpace(text) + "; ")
				}
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
