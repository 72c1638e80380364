// Package trial runs an example as its user would: it builds sysg, gives it a
// home of its own, and talks to it by its command line alone.
package trial

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"systemg/ipc"
)

// Trial is one example in a folder of its own.
type Trial struct {
	testing.TB
	// Dir has a copy of the example, Home the state.
	Dir, Home string
	// Env is added to the environment.
	Env    []string
	binary string
	user   *syscall.Credential
}

// patience is how long a unit may take to come back: far more than it needs,
// for busy machines.
const patience = 60 * time.Second

// nobody is the user examples run as when the test runs as root; Debian gives
// it this number.
const nobody = 65534

// New copies the example in the current folder and builds sysg. Everything is
// stopped with the test.
func New(t testing.TB, env ...string) *Trial {
	t.Helper()
	root := t.TempDir()
	tr := &Trial{TB: t, Dir: filepath.Join(root, "example"), Home: filepath.Join(root, "home"), Env: env, binary: filepath.Join(root, "sysg")}
	build := exec.Command("go", "build", "-o", tr.binary, "systemg/cmd/sysg")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build sysg: %v\n%s", err, out)
	}
	if err := os.CopyFS(tr.Dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(tr.Home, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, code := tr.Try("stop"); code != 0 {
			t.Errorf("stop: exit %d\n%s", code, out)
		}
	})
	return tr
}

// Demote has everything run as an ordinary user, where the test runs as root.
func (t *Trial) Demote() {
	t.Helper()
	if os.Geteuid() == 0 {
		t.user = &syscall.Credential{Uid: nobody, Gid: nobody}
		t.giveAway(filepath.Dir(t.Dir))
	}
}

// giveAway makes nobody the owner of everything below root, and lets it pass
// through the folders above.
func (t *Trial) giveAway(root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := filepath.Dir(root); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// Command is a sysg command that can be run.
func (t *Trial) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(t.binary, args...)
	cmd.Dir = t.Dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.Home, "LANG=C.UTF-8"}, t.Env...)
	if t.user != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: t.user}
	}
	return cmd
}

// Try runs a command and gives what it wrote to stdout, and its exit status.
func (t *Trial) Try(args ...string) (string, int) {
	t.Helper()
	cmd := t.Command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if errs.Len() > 0 {
		t.Logf("sysg %s: %s", strings.Join(args, " "), errs.Bytes())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// Run runs a command that has to succeed.
func (t *Trial) Run(args ...string) string {
	t.Helper()
	out, code := t.Try(args...)
	if code != 0 {
		t.Fatalf("sysg %s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// Unit is the state of a unit.
func (t *Trial) Unit(name string) ipc.Unit {
	t.Helper()
	out, _ := t.Try("status", "--json", "-s", name)
	var r ipc.StatusResult
	if err := json.Unmarshal([]byte(out), &r); err != nil || len(r.Units) != 1 {
		t.Fatalf("status of %s: %v\n%s", name, err, out)
	}
	return r.Units[0]
}

// Again waits until a unit is running in a later run than the given one. It
// reads the journal, which tells of every state however short.
func (t *Trial) Again(name string, run uint64) {
	t.Helper()
	cmd := t.Command("events", "--json", "-f", "-n", "0", name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// It follows for ever; after this, reading gives the end.
	limit := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer func() {
		limit.Stop()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	for journal := json.NewDecoder(out); ; {
		var e ipc.Event
		if err := journal.Decode(&e); err != nil {
			t.Fatalf("%s did not come back after run %d: %v", name, run, err)
		}
		if e.To == "running" && e.Run > run {
			return
		}
	}
}

// Left are the processes that have the trial's folder in their environment, or
// work in it: PostgreSQL, Redis and nginx write their titles over the former.
func (t *Trial) Left() []string {
	t.Helper()
	root := filepath.Dir(t.Dir)
	list, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, proc := range list {
		// A process that ends meanwhile cannot be read, and is not left.
		environ, _ := os.ReadFile(filepath.Join(proc, "environ"))
		cwd, _ := os.Readlink(filepath.Join(proc, "cwd"))
		if !bytes.Contains(environ, []byte(root)) && cwd != root && !strings.HasPrefix(cwd, root+"/") {
			continue
		}
		title, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
		left = append(left, proc+" "+strings.TrimSpace(strings.ReplaceAll(string(title), "\x00", " ")))
	}
	return left
}

// Require skips without a program, unless everything is required.
func Require(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if found, err := exec.LookPath(p); err == nil && found != "" {
			continue
		}
		if match, _ := filepath.Glob(p); len(match) > 0 {
			continue
		}
		if os.Getenv("SYSG_TEST_REQUIRE") == "all" {
			t.Fatalf("%s is not installed", p)
		}
		t.Skipf("%s is not installed", p)
	}
}

// Ports are free ones, as NAME=PORT for each name.
func Ports(t testing.TB, names ...string) []string {
	t.Helper()
	return freePorts(t, names)
}
