package privilege_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"systemg/config"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
)

// leakFields are those of /proc/PID/status that privileges change.
var leakFields = []string{
	"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters",
	"SigBlk", "SigIgn", "SigCgt", "Cpus_allowed_list",
}

// shell starts a shell and gives what matters of its state, and how many
// descriptors it has.
func (r *room) shell(host *proc.Host, run uint64, plan privilege.Plan) (string, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer in.Close()
	_, err = host.Start(proc.Spec{
		Tree: proc.TreeID{Unit: "demo/shell", Run: run}, Dir: "/", Env: []string{"PATH=/usr/bin:/bin"}, Stdout: out, Stderr: out,
		Argv:   []string{"/bin/sh", "-c", "while read -r line; do echo \"$line\"; done </proc/$$/status; echo fds: /proc/$$/fd/*; ulimit -n; umask"},
		Orders: plan.Orders,
	})
	_ = out.Close()
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	sc := bufio.NewScanner(strings.NewReader(string(data)))
	for sc.Scan() {
		name, value, ok := strings.Cut(sc.Text(), ":")
		switch {
		case !ok:
			b.WriteString(sc.Text() + "\n")
		case name == "fds":
			fmt.Fprintf(&b, "%d descriptors\n", len(strings.Fields(value)))
		default:
			for _, f := range leakFields {
				if f == name {
					fmt.Fprintf(&b, "%s %s\n", name, strings.TrimSpace(value))
				}
			}
		}
	}
	return b.String(), nil
}

// Of 1,000 starts by several goroutines at once, every second with something
// asked of the kernel, no plain one has anything of another: no capability, no
// filter, no descriptor, no signal mask, no limit, no umask.
func TestNothingLeaksIntoTheNextStart(t *testing.T) {
	r := newRoom(t)
	go func() {
		for range r.ended {
			// What ends is of no interest, and must not block the host.
			continue
		}
	}()
	want, err := r.shell(r.host, 1<<40, privilege.Plan{})
	if err != nil {
		t.Fatal(err)
	}
	nice := 9
	asked := []config.Privileges{
		{Nice: &nice},
		isolated("no_new_privs"),
		{Isolation: map[string]string{"seccomp": config.SeccompDefault}},
		{Limits: map[string]config.Limit{"nofile": {Value: 50}}, CPUAffinity: []int{0}},
	}
	if r.facts.Landlock > 0 {
		asked = append(asked, config.Privileges{Landlock: &config.Landlock{ReadOnly: []string{"/"}, ReadWrite: []string{"/dev/null"}}})
	}
	if os.Geteuid() == 0 {
		asked = append(
			asked, config.Privileges{User: "nobody"}, config.Privileges{Capabilities: []string{"CAP_KILL"}},
			isolated("network"), isolated("private_tmp", "private_devices"), isolated("user"),
		)
	}
	const workers, rounds = 4, 125
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				run := uint64(2 * (w*rounds + i))
				plan, err := privilege.Of(&asked[(w+i)%len(asked)], r.facts)
				if err == nil {
					_, err = r.shell(r.host, run, plan)
				}
				if err != nil {
					t.Error(err)
					return
				}
				got, err := r.shell(r.host, run+1, privilege.Plan{})
				if err != nil || got != want {
					t.Errorf("%v; a plain start has\n%s\nand not\n%s", err, got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A service of another user gets at nothing of the supervisor's: its
// environment, its memory, its process, its socket, its descriptors, its logs.
func TestEscapes(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	r.facts.Accounts = accounts(t)
	dir := t.TempDir()
	secret := filepath.Join(dir, "state.json")
	if err := os.WriteFile(secret, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	self := fmt.Sprint(os.Getpid())
	tries := []string{
		"setuid", "read /proc/" + self + "/environ", "list /proc/" + self + "/fd", "read /proc/" + self + "/mem", "signal " + self, "ptrace " + self,
		"read " + secret, "write " + secret, "list " + dir, "through 3", "mount /mnt", "unshare", "read /proc/1/environ", "write /etc/passwd",
	}
	for name, p := range map[string]config.Privileges{
		"as a user":                   {User: "web"},
		"as a user with a capability": {User: "web", Capabilities: []string{"CAP_NET_BIND_SERVICE"}},
		"in a user namespace":         {User: "web", Isolation: map[string]string{"user": "true", "pid": "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			r.T = t
			s := r.must(p, tries...)
			for _, a := range tries {
				if s.Tried[a] == "" {
					t.Errorf("it could: %s", a)
				}
			}
			// A program with a setuid bit gives nothing.
			if s.Status["NoNewPrivs"] != "1" {
				t.Error("it can gain privileges by an exec")
			}
		})
	}
}

// As a plain user, what needs no root works and the rest is refused. The tests
// run again, as nobody.
func TestAsAPlainUser(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	// Another process of this binary is its own subreaper.
	cmd := exec.Command(r.binary, "-test.run", "^TestPlain", "-test.v")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "SYSG_PLAIN=1", "TMPDIR=/tmp", "HOME=/")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if err := r.host.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestPlainNamespaces") {
		t.Errorf("%v\n%s", err, out)
	}
}

// plain skips a test that is for a plain user alone.
func plain(t *testing.T) *room {
	t.Helper()
	if os.Getenv("SYSG_PLAIN") == "" {
		t.Skip("it is run by TestAsAPlainUser")
	}
	return newRoom(t)
}

func TestPlainLimits(t *testing.T) {
	r := plain(t)
	nice, oom := 15, 250
	s := r.must(config.Privileges{Limits: map[string]config.Limit{"nofile": {Value: 200}}, Nice: &nice, OOMScoreAdj: &oom, CPUAffinity: []int{0}, User: "nobody"})
	if s.Limits["Max open files"] != "200 200" || s.Nice != 15 || s.OOM != "250" {
		t.Errorf("%+v", s)
	}
	nice = -4
	if _, err := r.start(config.Privileges{Nice: &nice}); err == nil || err.Error() != "set nice to -4: permission denied" {
		t.Error(err)
	}
	if _, err := r.start(config.Privileges{User: "root"}); err == nil || !strings.HasPrefix(err.Error(), "user: only root can do that") {
		t.Error(err)
	}
	if _, err := r.start(config.Privileges{Capabilities: []string{"CAP_KILL"}}); err == nil || !strings.HasPrefix(err.Error(), "capabilities: only root can do that") {
		t.Error(err)
	}
}

func TestPlainConfinement(t *testing.T) {
	r := plain(t)
	p := isolated("no_new_privs")
	p.Isolation["seccomp"] = config.SeccompDefault
	tries := []string{"unshare", "write /tmp/plain-landlock"}
	if r.facts.Landlock > 0 {
		p.Landlock = &config.Landlock{ReadOnly: []string{"/"}}
	}
	s := r.must(p, tries...)
	r.fails(s, "unshare", "not permitted")
	if r.facts.Landlock > 0 {
		r.fails(s, "write /tmp/plain-landlock", "permission denied")
	}
	if s.Status["NoNewPrivs"] != "1" || s.Status["Seccomp"] != "2" {
		t.Errorf("%+v", s.Status)
	}
}

func TestPlainNamespaces(t *testing.T) {
	r := plain(t)
	s, err := r.start(isolated("network", "pid", "private_tmp", "private_devices", "read_only", "ipc", "uts"), "write /etc/x", "remount /", "listen 127.0.0.1:0", "write /tmp/x", "signal "+fmt.Sprint(os.Getpid()))
	if err != nil {
		if strings.Contains(err.Error(), "make namespaces") {
			t.Logf("--- PASS: TestPlainNamespaces: refused in words: %v", err)
			return
		}
		t.Fatal(err)
	}
	r.works(s, "listen 127.0.0.1:0")
	r.works(s, "write /tmp/x")
	r.fails(s, "signal "+fmt.Sprint(os.Getpid()), "no such process")
	r.fails(s, "write /etc/x", "read-only file system")
	r.fails(s, "remount /", "not permitted")
	if s.UID != os.Getuid() || s.PID > 100 || s.Status["CapEff"] != "0000000000000000" {
		t.Errorf("user %d, pid %d, capabilities %s", s.UID, s.PID, s.Status["CapEff"])
	}
}
