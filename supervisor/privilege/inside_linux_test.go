package privilege_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"systemg/config"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
)

// TestMain makes a service of this binary where it is started as one: it says
// what it finds about itself, or tries to get away.
func TestMain(m *testing.M) {
	proc.Stage()
	if len(os.Args) > 1 && os.Args[1] == "__inside" {
		inside(os.Args[2:])
		return
	}
	if os.Getpid() == 1 {
		guest()
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "__guest" {
		guestServices[os.Args[2]]()
		return
	}
	os.Exit(m.Run())
}

// state is what a service finds about itself.
type state struct {
	PID        int
	UID, GID   int
	Groups     []int
	Env        []string
	Status     map[string]string // of /proc/self/status
	Limits     map[string]string // of /proc/self/limits: soft and hard
	Nice       int
	OOM        string
	Namespaces map[string]string
	Descriptor map[string]string
	Dir        string
	// Tried is what became of each attempt: "" where it succeeded.
	Tried map[string]string
}

// inside is the service: it carries out the attempts it is given and says how
// it finds itself.
func inside(attempts []string) {
	s := state{
		PID: os.Getpid(), UID: os.Geteuid(), GID: os.Getegid(), Env: os.Environ(),
		Status: map[string]string{}, Limits: map[string]string{}, Namespaces: map[string]string{}, Descriptor: map[string]string{},
		Tried: map[string]string{},
	}
	s.Groups, _ = os.Getgroups()
	slices.Sort(s.Groups)
	s.Dir, _ = os.Getwd()
	for line := range strings.Lines(read("/proc/self/status")) {
		name, value, _ := strings.Cut(line, ":")
		s.Status[name] = strings.TrimSpace(value)
	}
	for line := range strings.Lines(read("/proc/self/limits")) {
		if len(line) > 26 {
			if f := strings.Fields(line[26:]); len(f) >= 2 {
				s.Limits[strings.TrimSpace(line[:26])] = f[0] + " " + f[1]
			}
		}
	}
	s.Nice, _ = unix.Getpriority(unix.PRIO_PROCESS, 0)
	s.Nice = 20 - s.Nice
	s.OOM = strings.TrimSpace(read("/proc/self/oom_score_adj"))
	for _, n := range []string{"net", "mnt", "pid", "uts", "ipc", "user"} {
		s.Namespaces[n], _ = os.Readlink("/proc/self/ns/" + n)
	}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		s.Descriptor[e.Name()], _ = os.Readlink("/proc/self/fd/" + e.Name())
	}
	for _, a := range attempts {
		s.Tried[a] = attempt(a)
	}
	_ = json.NewEncoder(os.Stdout).Encode(s)
}

func read(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(data)
}

// room starts services of this binary under a real host.
type room struct {
	*testing.T
	host   *proc.Host
	facts  privilege.Facts
	ended  chan proc.Exited
	binary string
	run    uint64
}

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{T: t, facts: privilege.Here(false), ended: make(chan proc.Exited, 16)}
	h, err := proc.NewHost(proc.Options{Name: fmt.Sprintf("privilege-%d", os.Getpid()), Notify: func(e proc.Event) {
		if e, ok := e.(proc.Exited); ok {
			r.ended <- e
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.host = h
	t.Cleanup(func() { _ = h.Close() })
	// Every user may execute it.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("SYSG_PLAIN") != "" {
		r.binary = self
		return r
	}
	dir, err := os.MkdirTemp("/opt", "sysg-inside-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r.binary = filepath.Join(dir, "inside")
	program, err := os.ReadFile(self)
	if err == nil {
		err = os.WriteFile(r.binary, program, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return r
}

// needRoot skips a test that only root can make.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may do this")
	}
}

// start starts a service with these privileges and gives what it says.
func (r *room) start(p config.Privileges, attempts ...string) (state, error) {
	r.Helper()
	plan, err := privilege.Of(&p, r.facts)
	if err != nil {
		return state{}, err
	}
	in, out, err := os.Pipe()
	if err != nil {
		r.Fatal(err)
	}
	defer in.Close()
	r.run++
	env := []string{"A=1"}
	for _, v := range plan.Environ {
		env = append(env, v.Name+"="+v.Value)
	}
	_, err = r.host.Start(proc.Spec{
		Tree: proc.TreeID{Unit: "demo/inside", Run: r.run}, Argv: append([]string{r.binary, "__inside"}, attempts...),
		Dir: "/", Env: env, Stdout: out, Stderr: out, Orders: plan.Orders, Reaper: plan.Reaper,
	})
	_ = out.Close()
	if err != nil {
		return state{}, err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		r.Fatal(err)
	}
	select {
	case <-r.ended:
	case <-time.After(20 * time.Second):
		r.Fatal("the service did not end")
	}
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		r.Fatalf("%v: %s", err, text)
	}
	return s, nil
}

// must is start for what has to succeed.
func (r *room) must(p config.Privileges, attempts ...string) state {
	r.Helper()
	s, err := r.start(p, attempts...)
	if err != nil {
		r.Fatal(err)
	}
	return s
}
