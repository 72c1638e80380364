package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"systemg/config"
)

// asRoot skips a test that only root can make.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("SYSG_TEST_REQUIRE") == "all" {
			t.Fatal("only root can run this")
		}
		t.Skip("only root can run this")
	}
}

// The scripts in testdata/root are the manual of what only root can do.
func TestRootScripts(t *testing.T) {
	asRoot(t)
	testscript.Run(t, testscript.Params{Dir: "testdata/root", Setup: ownHome})
}

// public is this binary as sysg, where every user may execute it.
func public(t *testing.T) (sysg, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if dir, err = os.MkdirTemp("/opt", "sysg-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	sysg = filepath.Join(dir, "sysg")
	if err := errors.Join(os.WriteFile(sysg, data, 0o755), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	return sysg, dir
}

// The control socket in system mode answers root, and lets a group look. Who is
// neither is refused, also by a descriptor of the folder that was opened by
// somebody who may.
func TestWhoMayUseTheSocket(t *testing.T) {
	asRoot(t)
	sysg, dir := public(t)
	state := filepath.Join(dir, "state")
	manifest := filepath.Join(dir, "systemg.yaml")
	if err := os.WriteFile(manifest, []byte("version: 1\nproject: demo\nservices: {a: {exec: [sleep, \"1000\"], env: {vars: {TOKEN: hush}}}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	as := func(uid, gid uint32, groups []uint32, files []*os.File, args ...string) (string, int) {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = "/"
		cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/", "SYSG_STATE_DIR=" + state}
		cmd.ExtraFiles = files
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid, Groups: groups}}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	root := func(args ...string) (string, int) {
		return as(0, 0, nil, nil, append([]string{sysg, "--sys"}, args...)...)
	}
	if out, code := root("start", "-d", "--socket-group", "4242", "-c", manifest); code != 0 {
		t.Fatal(out)
	}
	defer root("stop")
	reader := func(args ...string) (string, int) {
		return as(4001, 4001, []uint32{4242}, nil, append([]string{sysg, "--sys"}, args...)...)
	}
	for _, args := range [][]string{{"status"}, {"inspect", "a"}, {"logs"}, {"events"}, {"why", "a"}, {"graph"}} {
		if out, code := reader(args...); code != 0 {
			t.Errorf("a member of the group: %v: %s", args, out)
		}
	}
	if out, _ := reader("inspect", "a", "--json"); strings.Contains(out, "hush") {
		t.Error("a member of the group sees the values of variables")
	}
	for _, args := range [][]string{{"stop"}, {"start", "-c", manifest}, {"purge"}, {"restart"}, {"signal", "a", "HUP"}} {
		if out, code := reader(args...); code != 1 || !strings.Contains(out, "--sys needs root") {
			t.Errorf("a member of the group: %v: %d %s", args, code, out)
		}
	}
	// The words of the command line are no guard: the socket has to refuse too.
	say := `{"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"x","protocol":1}}` + "\n" + `{"jsonrpc":"2.0","id":2,"method":"stop","params":{}}` + "\n"
	talk := fmt.Sprintf("import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\ns.sendall(%q.encode())\ns.shutdown(1)\nprint(s.makefile().read())", say)
	socket := filepath.Join(state, "control.sock")
	if out, _ := as(4001, 4001, []uint32{4242}, nil, "/usr/bin/python3", "-c", talk, socket); !strings.Contains(out, `"code":"refused"`) || !strings.Contains(out, "members of the socket's group may look") {
		t.Errorf("a member of the group on the socket: %s", out)
	}
	if out, code := as(4009, 4009, nil, nil, sysg, "--sys", "status"); code == 0 || !strings.Contains(out, "belongs to somebody else") {
		t.Errorf("a stranger: %d %s", code, out)
	}
	folder, err := os.Open(state)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if out, code := as(4009, 4009, nil, []*os.File{folder}, "/usr/bin/python3", "-c", talk, "/proc/self/fd/3/control.sock"); code == 0 || !strings.Contains(out, "Permission denied") {
		t.Errorf("a stranger through an open folder: %s", out)
	}
	// Were all permissions wrong, the kernel's word who is there would stand.
	if err := errors.Join(os.Chmod(socket, 0o666), os.Chmod(state, 0o711)); err != nil {
		t.Fatal(err)
	}
	const listen = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\nprint(s.makefile().read())"
	if out, _ := as(4009, 4009, nil, []*os.File{folder}, "/usr/bin/python3", "-c", listen, "/proc/self/fd/3/control.sock"); !strings.Contains(out, "user 4009 may not talk to this supervisor") {
		t.Errorf("a stranger on an open socket: %s", out)
	}
	if out, _ := root("events"); !strings.Contains(out, "uid 0 pid") {
		t.Errorf("the journal does not say who started it: %s", out)
	}
}

// The example of the system mode is valid for root, and asks for nothing that
// this version cannot do.
func TestTheSystemExample(t *testing.T) {
	plan, err := config.Load("../../examples/system-mode.yaml", config.Options{Root: true})
	if err != nil || len(plan.Warnings) > 0 {
		t.Fatalf("%v %v", err, plan)
	}
}

// The installer puts everything where the FHS has it, changes nothing when it is
// run again, and takes away what it has put there.
func TestInstaller(t *testing.T) {
	dest := t.TempDir()
	binary := filepath.Join(dest, "sysg-new")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	script := func(args ...string) string {
		cmd := exec.Command("sh", append([]string{"../../assets/install-systemg.sh"}, args...)...)
		cmd.Env = append(os.Environ(), "DESTDIR="+dest)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	modes := func() map[string]string {
		found := map[string]string{}
		_ = filepath.Walk(dest, func(path string, info os.FileInfo, err error) error {
			if err == nil {
				found[strings.TrimPrefix(path, dest)] = info.Mode().String()
			}
			return err
		})
		return found
	}
	script("--binary", binary)
	first := modes()
	for path, mode := range map[string]string{
		"/usr/bin/sysg": "-rwxr-xr-x", "/etc/systemg": "drwxr-xr-x", "/var/lib/systemg": "drwx------", "/var/log/systemg": "drwx------",
		"/etc/systemg/systemg.yaml": "-rw-r--r--", "/usr/lib/systemd/system/systemg.service": "-rw-r--r--", "/etc/logrotate.d/systemg": "-rw-r--r--",
	} {
		if first[path] != mode {
			t.Errorf("%s is %q, want %q", path, first[path], mode)
		}
	}
	edited := filepath.Join(dest, "etc/systemg/systemg.yaml")
	if err := os.WriteFile(edited, []byte("version: 1\nservices: {mine: {command: x}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	script("--binary", binary)
	if text, err := os.ReadFile(edited); err != nil || !strings.Contains(string(text), "mine") {
		t.Errorf("it has overwritten what was changed: %s %v", text, err)
	}
	second := modes()
	for path, mode := range first {
		if second[path] != mode {
			t.Errorf("%s was %q and is %q", path, mode, second[path])
		}
	}
	script("--uninstall")
	left := modes()
	for _, path := range []string{"/usr/bin/sysg", "/usr/lib/systemd/system/systemg.service", "/etc/logrotate.d/systemg"} {
		if left[path] != "" {
			t.Errorf("%s is left", path)
		}
	}
	if left["/etc/systemg/systemg.yaml"] == "" || left["/var/lib/systemg"] == "" {
		t.Error("it has taken away what is the user's")
	}
	script("--uninstall", "--purge")
	if left := modes(); left["/etc/systemg"] != "" || left["/var/lib/systemg"] != "" || left["/var/log/systemg"] != "" {
		t.Errorf("left after --purge: %v", left)
	}
}

// A unit that is held to something, and is root all the same, may use the
// socket by its user. It can look, and cannot have the supervisor do what it
// may not do itself; nor can a child to which it leaves its connection.
func TestAConfinedUnitGivesNoCommands(t *testing.T) {
	asRoot(t)
	sysg, dir := public(t)
	const hello = `{"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"x","protocol":1}}\n`
	const connect = "import ctypes,os,socket,sys,time\ns=socket.socket(socket.AF_UNIX)\ndef connect(): s.connect(os.environ['SYSG_STATE_DIR']+'/control.sock')\n"
	const leave = connect + "connect()\nif os.fork():\n os._exit(0)\ntime.sleep(0.3)\n" +
		`s.sendall(b'` + hello + `{"jsonrpc":"2.0","id":2,"method":"purge","params":{}}\n')` + "\ns.shutdown(1)\nprint(s.makefile().read())\n"
	// The marker of a unit that is not held, or of none at all (RLIMIT_RTTIME,
	// 15), in another cgroup.
	const forge = connect + "mark=int(sys.argv[1])\nlimit=(ctypes.c_ulong*2)(mark, ctypes.c_ulong(-1).value)\nassert ctypes.CDLL(None).setrlimit(15, limit) == 0\n" +
		"try: open('/sys/fs/cgroup/cgroup.procs', 'w').write(str(os.getpid()))\nexcept OSError: pass\nif os.fork():\n os._exit(0)\nos.setsid()\nconnect()\n" +
		`s.sendall(b'` + hello + `{"jsonrpc":"2.0","id":2,"method":"stop","params":{"supervisor":true}}\n` +
		`{"jsonrpc":"2.0","id":3,"method":"spawn","params":{"name":"out","exec":["id"],"dir":"/","parent_pid":'+sys.argv[2].encode()+b'}}\n')` +
		"\ns.shutdown(1)\nprint(s.makefile().read().replace('refused', 'turned down'))\n"
	manifest := fmt.Sprintf(`
version: 1
project: demo
services:
  held:
    command: '%[1]s graph >/dev/null && echo it looked; %[1]s stop victim; %[1]s start -d -- id; %[1]s upgrade %[1]s; %[1]s plan -c systemg.yaml; /usr/bin/python3 left.py; exec sleep 1000'
    capabilities: []
    spawn: {mode: dynamic}
  forger:
    command: '/usr/bin/python3 forge.py 1152921504606846999 $(cat free.pid); /usr/bin/python3 forge.py $(cat free.mark) $(cat free.pid); exec sleep 1000'
    isolation: {seccomp: default}
    depends_on: [free]
  free:
    command: 'echo $$$$ >free.pid; prlimit --rttime --noheadings --raw -o SOFT --pid $$$$ >free.mark; %[1]s signal victim WINCH && echo it commanded; exec sleep 1000'
    depends_on: [victim]
    spawn: {mode: dynamic}
  parent: {command: '%[1]s spawn --name child -- sh -c "grep CapEff /proc/self/status; sleep 1000"; exec sleep 1000', capabilities: [CAP_KILL], spawn: {mode: dynamic}}
  victim: {command: exec sleep 1000, env: {vars: {TOKEN: hush}}}
  spy: {command: '%[1]s inspect victim --json; exec sleep 1000', capabilities: []}
`, sysg)
	for name, text := range map[string]string{"systemg.yaml": manifest, "left.py": leave, "forge.py": forge} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		cmd := exec.Command(sysg, args...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=/usr/bin:/bin", "HOME=/", "SYSG_STATE_DIR=" + filepath.Join(dir, "state")}
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	defer run("stop")
	run("start", "-d")
	until(t, func() bool { return strings.Count(run("logs", "held", "-k", "all"), `refused`) >= 1 }, func() string { return run("logs", "-k", "all", "-n", "-1") })
	held := run("logs", "held", "-k", "all", "-n", "-1")
	for _, want := range []string{"it looked", "demo/held is held to less than this supervisor can do, and may not stop", "may not start", "may not upgrade", "may not plan", `"code":"refused"`, "may not purge"} {
		if !strings.Contains(held, want) {
			t.Errorf("held does not say %q: %s", want, held)
		}
	}
	forged := func() string { return run("logs", "forger", "-k", "all", "-n", "-1") }
	until(t, func() bool { return strings.Count(forged(), "turned down") >= 4 }, forged)
	if got := forged(); strings.Count(got, "may not stop") != 2 || strings.Count(got, `"id":3,"error"`) != 2 || !strings.Contains(got, "may not start children of it") {
		t.Errorf("with a forged marker: %s", got)
	}
	until(t, func() bool { return strings.Contains(run("logs", "spy", "-n", "-1"), "TOKEN") }, func() string { return run("logs", "spy", "-k", "all", "-n", "-1") })
	if got := run("logs", "spy", "-n", "-1"); strings.Contains(got, "hush") {
		t.Errorf("it sees the values of variables: %s", got)
	}
	if got := run("status", "victim"); !strings.Contains(got, "running") {
		t.Errorf("the victim: %s", got)
	}
	until(t, func() bool { return strings.Contains(run("logs", "free", "-n", "-1"), "it commanded") }, func() string { return run("logs", "free", "-k", "all", "-n", "-1") })
	until(t, func() bool { return strings.Contains(run("logs", "child", "-n", "-1"), "CapEff:\t0000000000000020") }, func() string { return run("logs", "child", "-k", "all", "-n", "-1") })
}

// until asks again until it is so; each question starts a program, so it does
// not ask often.
func until(t *testing.T, so func() bool, what func() string) {
	t.Helper()
	for range 100 {
		if so() {
			return
		}
	}
	t.Fatalf("it never was so: %s", what())
}

// Every command of a unit is held to what the unit is held to, not only its
// main one: probes, hooks, what comes before and after, replicas, jobs, and
// both instances of a rollout; also under the supervisor that takes over after
// one was killed, which finds the same in force as the one before.
func TestEveryCommandOfAUnitIsHeld(t *testing.T) {
	asRoot(t)
	sysg, dir := public(t)
	const who = "#!/bin/sh\nawk '/^(Uid|Groups|Cap|NoNewPrivs|Seccomp:)/ {printf \"%s \", $2} END {print ENVIRON[\"HOME\"], \"'\"$(id -G)\"'\"}' /proc/self/status >>said/$1\n"
	const bind = "0000000000000400 "
	const want = "65534 65534 " + bind + bind + bind + bind + bind + "1 2 /nonexistent 65534"
	manifest := strings.ReplaceAll(`
version: 1
project: demo
services:
  web:
    HELD
    command: ./who main; exec sleep 1000
    skip: ./who skip; false
    stop_command: ./who stop_command; kill $MAINPID
    health_check: {command: ./who probe, interval: 100ms}
    hooks: {on_start: {success: ./who on_start}, on_stop: {success: ./who on_stop}}
    deployment: {strategy: rolling, pre_start: ./who pre_start}
  many: {HELD, command: "./who replica; exec sleep 1000", replicas: 2}
  job: {HELD, command: ./who job, cron: "0 0 0 1 1 *"}
  colours:
    HELD
    command: ./who slot; exec sleep 1000
    deployment: {blue_green: {env_var: SLOT, slots: [a, b], switch_command: ./who switch, candidate_health_check: {command: ./who candidate}, switch_verify: ./who verify}}
  apart:
    HELD
    command: exec sleep 1000
    limits: {nofile: 100, nice: 3, oom_score_adj: 10}
`, "{HELD, ", "{user: nobody, capabilities: [CAP_NET_BIND_SERVICE], isolation: {seccomp: default}, ")
	manifest = strings.ReplaceAll(manifest, "HELD", "user: nobody\n    capabilities: [CAP_NET_BIND_SERVICE]\n    isolation: {seccomp: default, ipc: true, network: true, private_tmp: true}")
	manifest = strings.ReplaceAll(manifest, "job, cron: \"0 0 0 1 1 *\"", "job, cron: {expression: \"0 0 0 1 1 *\"}")
	said := filepath.Join(dir, "said")
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "systemg.yaml"), []byte(manifest), 0o644), os.WriteFile(filepath.Join(dir, "who"), []byte(who), 0o755),
		os.Mkdir(said, 0o777), os.Chmod(said, 0o777),
	)
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(sysg, args...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=/usr/bin:/bin", "HOME=/root", "SYSG_STATE_DIR=" + filepath.Join(dir, "state")}
		// A group of the supervisor's is not the units'.
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Groups: []uint32{4242}}}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	inForce := func() string {
		_, held, _ := strings.Cut(run("inspect", "apart"), "held to\n")
		held, _, _ = strings.Cut(held, "\n\n")
		return held
	}
	defer run("stop")
	run("start", "-d")
	run("deploy", "web")
	run("deploy", "colours")
	run("trigger", "job")
	run("wait", "job", "--for", "completed")
	before := inForce()
	if !strings.Contains(before, "network") || strings.Contains(before, "but in force is") {
		t.Errorf("in force is\n%s", before)
	}
	pid, err := os.ReadFile(filepath.Join(dir, "state", "sysg.pid"))
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("kill", "-9", strings.TrimSpace(string(pid))).Run(); err != nil {
		t.Fatal(err)
	}
	if after := inForce(); after != before {
		t.Errorf("the next supervisor finds in force\n%s\nand not\n%s", after, before)
	}
	run("restart", "web")
	run("stop", "-s", "web")
	for _, kind := range []string{
		"main", "skip", "stop_command", "probe", "on_start", "on_stop", "pre_start", "replica", "job", "slot", "switch", "candidate", "verify",
	} {
		text, err := os.ReadFile(filepath.Join(said, kind))
		if err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.TrimSpace(line) != want {
				t.Errorf("%s is %s, not %s", kind, line, want)
			}
		}
	}
}

// A unit reports and serves from inside of what it is held to: the socket it
// reports to stays there whatever is mounted over its folder, and a socket that
// the supervisor has opened is one of the machine's network.
func TestAConfinedUnitReportsAndServes(t *testing.T) {
	asRoot(t)
	sysg, dir := public(t)
	const serve = "import os,socket\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\nto=os.environ['NOTIFY_SOCKET']\n" +
		"s.connect('\\0'+to[1:] if to[0]=='@' else to)\ns.send(b'READY=1\\nSTATUS=user %d, process %d' % (os.getuid(), os.getpid()))\n" +
		"c,_=socket.socket(fileno=3).accept()\nc.send(b'served')\nc.close()\ns.recv(1)\n"
	const manifest = `
version: 1
project: demo
services:
  apart:
    exec: [/usr/bin/python3, serve.py]
    user: nobody
    capabilities: []
    isolation: {pid: true, network: true, ipc: true, private_tmp: true, private_devices: true, read_only: true, seccomp: default}
    health_check: {notify: true}
    sockets: [{name: a, listen: "unix:///DIR/apart.sock", mode: "0666"}]
  walled:
    exec: [/usr/bin/python3, serve.py]
    user: nobody
    isolation: {landlock: {ro: [/usr, /lib, /lib64, /etc, "DIR"], rw: [/dev/null]}}
    health_check: {notify: true}
    sockets: [{name: a, listen: "unix:///DIR/walled.sock", mode: "0666"}]
  mapped:
    exec: [/usr/bin/python3, serve.py]
    user: nobody
    isolation: {user: true, pid: true}
    health_check: {notify: true}
    sockets: [{name: a, listen: "unix:///DIR/mapped.sock", mode: "0666"}]
`
	// A private /tmp is mounted over the state directory's place.
	state, err := os.MkdirTemp("/tmp", "sysg-state-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	for name, text := range map[string]string{"systemg.yaml": strings.NewReplacer("/DIR", dir, "DIR", dir).Replace(manifest), "serve.py": serve} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(sysg, args...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=/usr/bin:/bin", "HOME=/root", "SYSG_STATE_DIR=" + state}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	defer run("stop")
	run("start", "-d")
	for _, unit := range []string{"apart", "walled", "mapped"} {
		if out := run("inspect", unit); !strings.Contains(out, "it says: user 65534, process ") {
			t.Errorf("%s has not reported: %s", unit, out)
		}
		c, err := net.Dial("unix", filepath.Join(dir, unit+".sock"))
		if err != nil {
			t.Fatal(err)
		}
		if said, err := io.ReadAll(c); err != nil || string(said) != "served" {
			t.Errorf("%s serves %q, %v", unit, said, err)
		}
		_ = c.Close()
	}
}
