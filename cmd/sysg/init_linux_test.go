package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// need skips a test that lacks something on this machine, or fails it where
// everything is required.
func need(t *testing.T, ok bool, what string) {
	t.Helper()
	switch {
	case ok:
	case os.Getenv("SYSG_TEST_REQUIRE") == "all":
		t.Fatal("needs " + what)
	default:
		t.Skip("needs " + what)
	}
}

// program is the program itself, built as it is shipped.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sysg")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// first is sysg as the first process of a PID namespace of its own.
type first struct {
	*testing.T
	cmd *exec.Cmd
	// pid is its number outside.
	pid    int
	output *syncBuffer
}

func startFirst(t *testing.T, manifest string, args ...string) *first {
	t.Helper()
	_, err := exec.LookPath("unshare")
	need(t, err == nil && os.Geteuid() == 0, "root and unshare(1), for a PID namespace")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "systemg.yaml"), []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &first{T: t, output: &syncBuffer{news: make(chan struct{}, 1)}}
	args = append([]string{"--pid", "--fork", "--mount-proc", "--kill-child", program(t), "init"}, args...)
	f.cmd = exec.Command("unshare", args...)
	f.cmd.Dir, f.cmd.Stdout, f.cmd.Stderr = dir, f.output, f.output
	f.cmd.Env = append(os.Environ(), "HOME="+dir, "SYSG_STATE_DIR="+filepath.Join(dir, "state"))
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.cmd.Process.Kill(); _ = f.cmd.Wait() })
	return f
}

// syncBuffer is a buffer that tells when something was written.
type syncBuffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	news chan struct{}
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.b.Write(p)
	select {
	case s.news <- struct{}{}:
	default:
	}
	return n, err
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// says waits until the output has a text so many times.
func (f *first) says(text string, times int) {
	f.Helper()
	limit := time.After(20 * time.Second)
	for strings.Count(f.output.String(), text) < times {
		select {
		case <-f.output.news:
		case <-limit:
			f.Fatalf("%q is not said %d times:\n%s", text, times, f.output)
		}
	}
	if f.pid == 0 {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", f.cmd.Process.Pid))
		if err != nil {
			f.Fatal(err)
		}
		if f.pid, err = strconv.Atoi(strings.TrimSpace(string(children))); err != nil {
			f.Fatal(err)
		}
	}
}

// ends waits for its end with a status.
func (f *first) ends(status int) {
	f.Helper()
	_ = f.cmd.Wait()
	if got := f.cmd.ProcessState.ExitCode(); got != status {
		f.Errorf("it ended with %d, want %d:\n%s", got, status, f.output)
	}
}

// The first process of a container shows its system, takes signals for it,
// reaps orphans, starts its supervisor again, and ends in order.
func TestFirstProcess(t *testing.T) {
	t.Parallel()
	f := startFirst(t, `
version: "1"
project: demo
services:
  db: {command: "trap 'echo bye db; echo db >> ended; exit 0' TERM; echo up db; while :; do sleep 0.05; done"}
  web:
    command: "trap 'echo bye web; echo web >> ended; exit 0' TERM; echo up web; (setsid sh -c 'sleep 0.1; exit 3' &) ; while :; do sleep 0.05; done"
    depends_on: [db]
`)
	f.says("up web", 1)
	_ = syscall.Kill(f.pid, syscall.SIGUSR1)
	f.says(", pid ", 1)
	supervisor := f.child("__supervise")
	if supervisor == 0 {
		t.Fatal("the first process has no supervisor")
	}
	_ = syscall.Kill(supervisor, syscall.SIGKILL)
	for now := supervisor; now == supervisor || now == 0; now = f.child("__supervise") {
		<-time.After(time.Millisecond)
	}
	manifest, err := os.ReadFile(filepath.Join(f.cmd.Dir, "systemg.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	manifest = bytes.Replace(manifest, []byte("echo up web"), []byte("echo again web"), 1)
	if err := os.WriteFile(filepath.Join(f.cmd.Dir, "systemg.yaml"), manifest, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(f.pid, syscall.SIGHUP)
	f.says("again web", 1)
	if strings.Count(f.output.String(), "up db") != 1 {
		t.Errorf("db was started twice:\n%s", f.output)
	}
	_ = syscall.Kill(f.pid, syscall.SIGTERM)
	f.ends(0)
	// Lines of two units that are written within a moment may be shown in any
	// order, so they say it to a file as well.
	ended, err := os.ReadFile(filepath.Join(f.cmd.Dir, "ended"))
	if string(ended) != "web\nweb\ndb\n" {
		t.Errorf("they ended in the wrong order: %q, %v\n%s", ended, err, f.output)
	}
	for _, bye := range []string{"bye web", "bye db"} {
		f.says(bye, 1)
	}
}

// child is the number of the first process's child with that argument.
func (f *first) child(word string) int {
	f.Helper()
	list, _ := filepath.Glob("/proc/[1-9]*/status")
	for _, path := range list {
		status, _ := os.ReadFile(path)
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if bytes.Contains(status, fmt.Appendf(nil, "\nPPid:\t%d\n", f.pid)) && bytes.Contains(line, []byte(word)) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			return pid
		}
	}
	return 0
}

// The exit status is that of the system.
func TestFirstProcessEndsWithItsSystem(t *testing.T) {
	t.Parallel()
	const manifest = `
version: "1"
project: demo
services:
  work: {type: oneshot, command: exit %d}
`
	startFirst(t, fmt.Sprintf(manifest, 0)).ends(0)
	startFirst(t, fmt.Sprintf(manifest, 7)).ends(1)
	startFirst(t, fmt.Sprintf(manifest, 7), "--exit-code-from", "work").ends(7)
}

// As /init of a machine it mounts what is missing, holds units by cgroups, and
// powers off at the end.
func TestFirstProcessOfAMachine(t *testing.T) {
	long(t, "20 s")
	t.Parallel()
	kernels, _ := filepath.Glob("/boot/vmlinuz-*-cloud-amd64")
	_, err := exec.LookPath("qemu-system-x86_64")
	need(t, err == nil && len(kernels) > 0, "qemu-system-x86_64 and /boot/vmlinuz-*-cloud-amd64 (Debian's linux-image-cloud-amd64)")
	root := filepath.Join(t.TempDir(), "initramfs.gz")
	self, err := os.ReadFile(program(t))
	if err != nil {
		t.Fatal(err)
	}
	manifest := `
version: "1"
project: machine
services:
  hello: {type: oneshot, exec: [/init, version]}
  look: {type: oneshot, exec: [/init, logs, --kind, supervisor], depends_on: [hello]}
`
	f, err := os.Create(root)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	archive(z, []archived{{name: "init", mode: 0o100755, data: self}, {name: "systemg.yaml", mode: 0o100644, data: []byte(manifest)}})
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", "512", "-smp", "1",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
		"-kernel", kernels[len(kernels)-1], "-initrd", root, "-append", "console=ttyS0 quiet panic=-1 NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	for _, want := range []string{"hello | sysg ", "containment=cgroup", "the system has ended with 0; powering off"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the machine does not say %q (%v):\n%s", want, err, out)
		}
	}
}

// archived is one file of a cpio archive.
type archived struct {
	name string
	mode int
	data []byte
}

// archive writes the newc format (the kernel's initramfs buffer format).
func archive(w io.Writer, files []archived) {
	n := 0
	put := func(b []byte) {
		_, _ = w.Write(b)
		n += len(b)
		for n%4 != 0 {
			_, _ = w.Write([]byte{0})
			n++
		}
	}
	for i, f := range append(files, archived{name: "TRAILER!!!"}) {
		head := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
			i+1, f.mode, 0, 0, 1, 0, len(f.data), 0, 0, 0, 0, len(f.name)+1, 0)
		put([]byte(head + f.name + "\x00"))
		put(f.data)
	}
}
