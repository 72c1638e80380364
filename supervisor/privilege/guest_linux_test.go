package privilege_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// This is the other half of TestInAMachineOfItsOwn: what runs in the machine,
// as its process 1, and the services there.

// guest tries everything and powers off.
func guest() {
	defer func() { _ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF) }()
	for _, m := range [][3]string{
		{"proc", "/proc", "proc"}, {"sysfs", "/sys", "sysfs"}, {"devtmpfs", "/dev", "devtmpfs"}, {"cgroup2", "/sys/fs/cgroup", "cgroup2"}, {"tmpfs", "/tmp", "tmpfs"},
	} {
		if err := unix.Mount(m[0], m[1], m[2], 0, ""); err != nil {
			fmt.Printf("== mount %s: %v\n", m[1], err)
		}
	}
	_ = os.Mkdir("/dev/shm", 0o1777)
	_ = unix.Mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777")
	_ = os.Chmod("/tmp", 0o777|os.ModeSticky)
	os.Setenv("HOME", "/root")
	os.Setenv("PATH", "/bin")
	out, err := sysg("start", "-d", "-c", manifest("all", map[string]string{
		"calm":  "sleep, {nofile: 100, memlock: unlimited, core: 1T, stack: 1G, nproc: 1K, nice: -5, oom_score_adj: -500, cgroup: {memory_max: 64M, memory_high: 48M, cpu_max: \"50000 100000\", cpu_weight: 50, pids_max: 20, io_weight: 50}}",
		"hog":   "hog, {cgroup: {memory_max: 24M}}",
		"spin":  "spin, {cgroup: {cpu_max: \"5000 100000\"}}",
		"forks": "forks, {cgroup: {pids_max: 20}}",
		"apart": "sleep, {cgroup: {root: /shop.slice, memory_max: 32M}}",
	}))
	if err != nil && !strings.Contains(out, "OOM killed") {
		fmt.Printf("start says %v: %s\n", err, out)
	}
	for _, c := range []struct {
		name string
		try  func() error
	}{
		{"limits are in force", guestLimits},
		{"an OOM kill is named", guestOOM},
		{"cpu_max throttles", guestThrottle},
		{"pids_max stops a fork bomb", guestPIDs},
		{"a root of its own", guestRoot},
		{"a kernel without Landlock refuses", guestLandlock},
		{"AppArmor is asked", guestAppArmor},
		{"the system's files are where they belong", guestPaths},
		{"the next supervisor finds and enforces the same", guestSuccessor},
		{"stop leaves no cgroup", guestStop},
		{"a delegated cgroup is enough for a user", guestDelegated},
		{"without delegation it is refused", guestUndelegated},
	} {
		err := c.try()
		text := "ok"
		if err != nil {
			text = strings.ReplaceAll(err.Error(), "\n", " | ")
		}
		fmt.Printf("== %s: %s\n", c.name, text)
	}
	fmt.Println("== end")
}

// guestServices are what services do in the machine.
var guestServices = map[string]func(){
	"sleep": func() { time.Sleep(time.Hour) },
	"hog": func() {
		for i := 0; ; i++ {
			b := make([]byte, 1<<20)
			for k := 0; k < len(b); k += 4096 {
				b[k] = byte(i)
			}
			hoard = append(hoard, b)
		}
	},
	"spin": func() {
		for {
			spun++
		}
	},
	"forks": func() {
		n := 0
		for ; n < 100; n++ {
			if err := exec.Command("/init", "__guest", "sleep").Start(); err != nil {
				break
			}
		}
		fmt.Println("forks", n)
		time.Sleep(time.Hour)
	},
}

var (
	hoard [][]byte
	spun  int
)

// sysg runs sysg --sys and gives what it wrote.
func sysg(args ...string) (string, error) {
	return output(exec.Command("/bin/sysg", append([]string{"--sys"}, args...)...))
}

func output(cmd *exec.Cmd) (string, error) {
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%v: %w: %s", cmd.Args, err, out)
	}
	return string(out), err
}

// manifest writes a manifest of services: what each does, and its limits.
func manifest(project string, services map[string]string) string {
	path := "/tmp/" + project + ".yaml"
	text := "version: 1\nproject: " + project + "\nservices:\n"
	for name, s := range services {
		what, limits, _ := strings.Cut(s, ", ")
		text += fmt.Sprintf("  %s:\n    exec: [/init, __guest, %s]\n    limits: %s\n", name, what, limits)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		panic(err)
	}
	return path
}

// look is a unit as inspect has it.
type look struct {
	Unit struct {
		State, Reason string
		PID           int
		Run           uint64
		MemoryBytes   uint64 `json:"memory_bytes"`
	}
	Held []struct {
		Key, Asked string
		InForce    string `json:"in_force"`
		OK         bool
	}
	Limits []struct{ Name, Asked, Soft, Hard string }
}

func inspect(name string) (look, error) {
	var l look
	out, err := sysg("inspect", name, "--json")
	if err == nil {
		err = json.Unmarshal([]byte(out), &l)
	}
	return l, err
}

// cgroupOf is the folder of a process's cgroup.
func cgroupOf(pid int) string {
	_, path, _ := strings.Cut(read("/proc/"+strconv.Itoa(pid)+"/cgroup"), "::")
	return "/sys/fs/cgroup" + strings.TrimSpace(path)
}

func guestLimits() error {
	l, err := inspect("calm")
	if err != nil {
		return err
	}
	keys := 0
	for _, h := range l.Held {
		keys++
		if !h.OK {
			return fmt.Errorf("%s: asked %s, in force %s", h.Key, h.Asked, h.InForce)
		}
	}
	if keys != 8 {
		return fmt.Errorf("%d keys are shown: %+v", keys, l.Held)
	}
	for _, x := range l.Limits {
		if x.Asked != "" && (x.Soft != x.Asked || x.Hard != x.Asked) {
			return fmt.Errorf("%+v", x)
		}
	}
	dir := cgroupOf(l.Unit.PID)
	for file, want := range map[string]string{"memory.max": "67108864", "cpu.max": "50000 100000", "pids.max": "20", "cpu.weight": "50"} {
		if got := strings.TrimSpace(read(filepath.Join(dir, file))); got != want {
			return fmt.Errorf("%s of %s is %q, want %q", file, dir, got, want)
		}
	}
	return nil
}

func guestOOM() error {
	// It says that the unit will not be running any more.
	_, _ = sysg("wait", "hog", "--for", "stopped", "--timeout", "60s")
	out, err := sysg("status", "hog")
	if !strings.Contains(out, "OOM killed") {
		return fmt.Errorf("status says %w: %s", err, out)
	}
	events, err := sysg("events", "hog")
	if err != nil || !strings.Contains(events, "OOM killed") {
		return fmt.Errorf("events say %w: %s", err, events)
	}
	return nil
}

func guestThrottle() error {
	l, err := inspect("spin")
	if err != nil {
		return err
	}
	for range 100 {
		for line := range strings.Lines(read(filepath.Join(cgroupOf(l.Unit.PID), "cpu.stat"))) {
			if f := strings.Fields(line); len(f) == 2 && f[0] == "nr_throttled" && f[1] != "0" {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("it was never throttled")
}

func guestPIDs() error {
	for range 100 {
		out, err := sysg("logs", "forks")
		if err != nil {
			return err
		}
		if _, after, ok := strings.Cut(out, "forks "); ok {
			n, _ := strconv.Atoi(strings.Fields(after)[0])
			if n >= 20 {
				return fmt.Errorf("it made %d children", n)
			}
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("it said nothing")
}

func guestRoot() error {
	l, err := inspect("apart")
	if err != nil {
		return err
	}
	if dir := cgroupOf(l.Unit.PID); !strings.HasPrefix(dir, "/sys/fs/cgroup/shop.slice/sysg-") {
		return fmt.Errorf("it is in %s", dir)
	}
	if len(l.Held) != 2 || l.Held[0].Key != "limits.cgroup.root" || !l.Held[0].OK {
		return fmt.Errorf("inspect has %+v", l.Held)
	}
	return nil
}

// isolatedService starts a service with something of isolation.
func isolatedService(name, isolation string) (string, error) {
	path := "/tmp/" + name + ".yaml"
	text := fmt.Sprintf("version: 1\nproject: %[1]s\nservices:\n  %[1]s:\n    exec: [/init, __guest, sleep]\n    isolation: %[2]s\n", name, isolation)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return "", err
	}
	return sysg("start", "-d", "-c", path)
}

func guestLandlock() error {
	out, err := isolatedService("landlocked", "{landlock: {ro: [/]}}")
	if err == nil || !strings.Contains(out, "refused: isolation.landlock: this kernel does not have Landlock") {
		return fmt.Errorf("%w: %s", err, out)
	}
	doctor, err := sysg("doctor")
	if err != nil || !strings.Contains(strings.Join(strings.Fields(doctor), " "), "isolation.landlock no this kernel does not have Landlock") {
		return fmt.Errorf("%w: %s", err, doctor)
	}
	return nil
}

// guestAppArmor asks for the one profile that every kernel has, and for one that
// it does not have.
func guestAppArmor() error {
	if out, err := isolatedService("armoured", "{apparmor_profile: unconfined}"); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	l, err := inspect("armoured")
	if err != nil || len(l.Held) != 1 || l.Held[0].InForce != "unconfined" || !l.Held[0].OK {
		return fmt.Errorf("%w: %+v", err, l.Held)
	}
	out, err := isolatedService("unknown", "{apparmor_profile: no-such-profile}")
	if err == nil || !strings.Contains(out, "cannot start: set AppArmor profile no-such-profile: no such file or directory") {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// guestSuccessor kills the supervisor: what runs is held as before, and what
// starts anew too.
func guestSuccessor() error {
	pid, err := strconv.Atoi(strings.TrimSpace(read("/var/lib/systemg/sysg.pid")))
	if err != nil {
		return err
	}
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		return err
	}
	if err := guestLimits(); err != nil {
		return err
	}
	before, err := inspect("hog")
	if err != nil {
		return err
	}
	// It will not come up, and says so.
	said, _ := sysg("restart", "all/hog")
	_, _ = sysg("wait", "hog", "--for", "stopped", "--timeout", "60s")
	after, err := inspect("hog")
	if err != nil || after.Unit.Run <= before.Unit.Run {
		return fmt.Errorf("%w: run %d, and run %d before: %s", err, after.Unit.Run, before.Unit.Run, said)
	}
	if _, err := sysg("restart", "all/calm"); err != nil {
		return err
	}
	return errors.Join(guestLimits(), guestOOM())
}

// guestPaths has --sys after the command, no manifest named, and another one in
// the folder it is called in.
func guestPaths() error {
	text := read(manifest("machine", map[string]string{"rest": "sleep, {nice: 1}"}))
	err := errors.Join(os.Mkdir("/etc/systemg", 0o755), os.WriteFile("/etc/systemg/systemg.yaml", []byte(text), 0o644))
	if err != nil {
		return err
	}
	if err := os.Rename(manifest("wrong", map[string]string{"wrong": "sleep, {nice: 1}"}), "/tmp/systemg.yaml"); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sysg", "start", "--sys", "-d")
	cmd.Dir = "/tmp"
	if _, err := output(cmd); err != nil {
		return err
	}
	if _, err := inspect("wrong"); err == nil {
		return errors.New("it has looked into the folder it was called in")
	}
	for path, want := range map[string]os.FileMode{
		"/var/lib/systemg": 0o700 | os.ModeDir, "/var/lib/systemg/control.sock": 0o600 | os.ModeSocket, "/var/lib/systemg/state.json": 0o600,
		"/var/log/systemg": 0o700 | os.ModeDir, "/var/log/systemg/supervisor.log": 0o600, "/var/log/systemg/all/forks_stdout.log": 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Mode() != want {
			return fmt.Errorf("%s is %v, not %v", path, info.Mode(), want)
		}
	}
	return nil
}

func guestStop() error {
	if _, err := sysg("stop"); err != nil {
		return err
	}
	left, _ := filepath.Glob("/sys/fs/cgroup/sysg-*/*/cgroup.procs")
	more, _ := filepath.Glob("/sys/fs/cgroup/shop.slice/*/cgroup.procs")
	if left = append(left, more...); len(left) > 0 {
		return fmt.Errorf("left: %q", left)
	}
	return nil
}

// asMe runs sysg as a plain user in a cgroup, or in process 1's.
func asMe(folder string, args ...string) (string, error) {
	cmd := exec.Command("/bin/sysg", args...)
	cmd.Env = []string{"HOME=/home", "PATH=/bin", "SYSG_STATE_DIR=/tmp/me"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1000, Gid: 1000}}
	if folder != "" {
		group, err := os.Open(folder)
		if err != nil {
			return "", err
		}
		defer group.Close()
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(group.Fd())
	}
	return output(cmd)
}

// delegate makes a cgroup that is the user's, as systemd does with Delegate=yes
// (cgroups(7), delegation). Process 1 moves out of its parent's way.
func delegate(folder, controllers string) error {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile("/sys/fs/cgroup/cgroup.subtree_control", []byte(controllers), 0); err != nil {
		return err
	}
	for _, name := range []string{"", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"} {
		if err := os.Chown(filepath.Join(folder, name), 1000, 1000); err != nil {
			return err
		}
	}
	return nil
}

func guestDelegated() error {
	const folder = "/sys/fs/cgroup/me"
	if err := delegate(folder, "+memory +pids -io"); err != nil {
		return err
	}
	path := manifest("mine", map[string]string{
		"mine": "sleep, {cgroup: {memory_max: 32M, pids_max: 10}}", "vain": "sleep, {cgroup: {io_weight: 50}}",
	})
	defer func() { _, _ = asMe("", "stop") }()
	out, err := asMe(folder, "start", "-d", "-c", path)
	if err == nil || !strings.Contains(out, "limits.cgroup.io_weight: the controller io cannot be given on") || !strings.Contains(out, "1 of 2 units failed") {
		return fmt.Errorf("start says %w: %s", err, out)
	}
	out, err = asMe("", "inspect", "mine")
	if err != nil || !strings.Contains(out, "asked 33554432, in force 33554432") {
		return fmt.Errorf("inspect says %w: %s", err, out)
	}
	procs := strings.Fields(read(folder + "/sysg-supervisor/cgroup.procs"))
	if own := strings.Fields(read(folder + "/cgroup.procs")); len(procs) == 0 || len(own) > 0 {
		return fmt.Errorf("sysg is in %q and %q", procs, own)
	}
	return nil
}

func guestUndelegated() error {
	const folder = "/sys/fs/cgroup/strange"
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	out, err := asMe(folder, "start", "-d", "-c", manifest("vain", map[string]string{"vain": "sleep, {cgroup: {memory_max: 32M}}"}))
	defer func() { _, _ = asMe("", "stop") }()
	if err == nil || !strings.Contains(out, "cannot start: limits.cgroup") || !strings.Contains(out, "permission denied") {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
