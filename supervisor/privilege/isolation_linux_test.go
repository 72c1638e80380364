package privilege_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"systemg/config"
)

// attempts are what a service may try: "" is a success.
var attempts = map[string]func(arg string) error{
	"setuid": func(string) error { return syscall.Setuid(0) },
	"read":   func(path string) error { _, err := os.ReadFile(path); return err },
	"list":   func(path string) error { _, err := os.ReadDir(path); return err },
	"write":  func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
	"append": func(path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		_ = f.Close()
		return err
	},
	"cut":     func(path string) error { return os.Truncate(path, 0) },
	"remove":  os.Remove,
	"exists":  func(path string) error { _, err := os.Lstat(path); return err },
	"signal":  func(pid string) error { return syscall.Kill(number(pid), 0) },
	"remount": func(dir string) error { return unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND, "") },
	"mount":   func(dir string) error { return unix.Mount("tmpfs", dir, "tmpfs", 0, "") },
	"mknod":   func(path string) error { return unix.Mknod(path, unix.S_IFCHR|0o600, 1<<8|1) },
	"unshare": func(string) error { return unix.Unshare(unix.CLONE_NEWUTS) },
	"ptrace": func(pid string) error {
		_, _, e := syscall.RawSyscall(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(number(pid)), 0)
		return errnoOr(e)
	},
	"call": func(n string) error { _, _, e := syscall.RawSyscall(uintptr(number(n)), 0, 0, 0); return errnoOr(e) },
	"dial": func(address string) error {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err
	},
	"listen": func(address string) error {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			_ = c.Close()
		}
		return err
	},
	"connect": func(path string) error {
		c, err := net.Dial("unix", path)
		if err == nil {
			_ = c.Close()
		}
		return err
	},
	"through": func(arg string) error {
		// By a descriptor that was inherited.
		_, err := os.ReadDir("/proc/self/fd/" + arg)
		return err
	},
}

func number(s string) int {
	n := 0
	_, _ = fmt.Sscan(s, &n)
	return n
}

func errnoOr(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

// attempt tries to do what a service may not be able to.
func attempt(what string) string {
	name, arg, _ := strings.Cut(what, " ")
	do, ok := attempts[name]
	if !ok {
		return "there is no such attempt"
	}
	if err := do(arg); err != nil {
		return err.Error()
	}
	return ""
}

// fails checks that an attempt failed in the way of the word.
func (r *room) fails(s state, attempt, word string) {
	r.Helper()
	if got := s.Tried[attempt]; got == "" || !strings.Contains(got, word) {
		r.Errorf("%s: %q, want %q", attempt, got, word)
	}
}

// works checks that an attempt succeeded.
func (r *room) works(s state, attempt string) {
	r.Helper()
	if got := s.Tried[attempt]; got != "" {
		r.Errorf("%s: %s", attempt, got)
	}
}

func isolated(keys ...string) config.Privileges {
	p := config.Privileges{Isolation: map[string]string{}}
	for _, k := range keys {
		p.Isolation[k] = "true"
	}
	return p
}

// A unit that names capabilities has them and no others, in all five sets, as
// root and as somebody else.
func TestCapabilitiesAreExact(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	r.facts.Accounts = accounts(t)
	const bind, kill = 1 << unix.CAP_NET_BIND_SERVICE, 1 << unix.CAP_KILL
	for name, c := range map[string]struct {
		p    config.Privileges
		want uint64
	}{
		"as a user":   {config.Privileges{User: "web", Capabilities: []string{"CAP_NET_BIND_SERVICE", "CAP_KILL"}}, bind | kill},
		"as root":     {config.Privileges{Capabilities: []string{"CAP_NET_BIND_SERVICE"}}, bind},
		"none":        {config.Privileges{User: "web", Capabilities: []string{}}, 0},
		"root's none": {config.Privileges{Capabilities: []string{}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r.T = t
			s := r.must(c.p, "setuid")
			want := fmt.Sprintf("%016x", c.want)
			for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
				if s.Status[set] != want {
					t.Errorf("%s is %s, want %s", set, s.Status[set], want)
				}
			}
			if s.Status["NoNewPrivs"] != "1" {
				t.Error("it can gain privileges by an exec")
			}
			if c.p.User != "" {
				r.fails(s, "setuid", "not permitted")
			}
		})
	}
	// The next one is as if there had been none before.
	s := r.must(config.Privileges{})
	if s.Status["CapEff"] != fmt.Sprintf("%016x", uint64(r.facts.Capabilities)) || s.Status["NoNewPrivs"] != "0" {
		t.Errorf("the next service has %s, no_new_privs %s", s.Status["CapEff"], s.Status["NoNewPrivs"])
	}
}

func TestACapabilityTheSupervisorLacksIsRefused(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	r.facts.Capabilities &^= 1 << unix.CAP_SYS_BOOT
	_, err := r.start(config.Privileges{Capabilities: []string{"CAP_SYS_BOOT", "CAP_KILL"}})
	if err == nil || err.Error() != "capabilities: this supervisor does not have CAP_SYS_BOOT itself" {
		t.Error(err)
	}
}

// Each namespace is the unit's own, and the others are the machine's.
func TestNamespaces(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	outside := r.must(config.Privileges{})
	for key, kind := range map[string]string{"network": "net", "mount": "mnt", "pid": "pid", "uts": "uts", "ipc": "ipc", "user": "user"} {
		t.Run(key, func(t *testing.T) {
			r.T = t
			s := r.must(isolated(key), "listen 127.0.0.1:0")
			for k, id := range s.Namespaces {
				own := k == kind || k == "mnt" && kind == "pid"
				if (id != outside.Namespaces[k]) != own {
					t.Errorf("%s: %s, outside %s", k, id, outside.Namespaces[k])
				}
			}
			// The loopback device is up in all of them.
			r.works(s, "listen 127.0.0.1:0")
		})
	}
}

// A plain user's namespaces come with a user namespace, in which it stays
// itself.
func TestAUserNamespaceKeepsTheUser(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	r.facts.Accounts = accounts(t)
	p := isolated("user", "network")
	p.User = "web"
	s := r.must(p, "setuid", "listen 127.0.0.1:0")
	if s.UID != 4001 || s.GID != 4002 || s.Status["CapEff"] != "0000000000000000" {
		t.Errorf("user %d, group %d, capabilities %s", s.UID, s.GID, s.Status["CapEff"])
	}
	r.works(s, "listen 127.0.0.1:0")
	r.fails(s, "setuid", "not permitted")
}

// A PID namespace has a process 1 above the service: the service sees itself
// and nobody else, and its status is passed on.
func TestAPIDNamespaceHasAReaper(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	s := r.must(isolated("pid"), "signal "+fmt.Sprint(os.Getpid()), "exists /proc/1", fmt.Sprintf("exists /proc/%d", os.Getpid()))
	if s.PID == 1 || s.PID > 100 {
		t.Errorf("it is process %d", s.PID)
	}
	r.works(s, "exists /proc/1")
	r.fails(s, fmt.Sprintf("exists /proc/%d", os.Getpid()), "no such file")
	r.fails(s, "signal "+fmt.Sprint(os.Getpid()), "no such process")
}

// Files that a service leaves in /tmp are its own, and what is there outside is
// not seen.
func TestPrivateTmp(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	outside := filepath.Join("/tmp", filepath.Base(t.TempDir())+"-outside")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(outside)
	s := r.must(isolated("private_tmp"), "exists "+outside, "write /tmp/inside-only", "write /var/tmp/inside-only")
	r.fails(s, "exists "+outside, "no such file")
	r.works(s, "write /tmp/inside-only")
	r.works(s, "write /var/tmp/inside-only")
	if _, err := os.Lstat("/tmp/inside-only"); err == nil {
		t.Error("its file is seen outside")
	}
}

func TestPrivateDevices(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	s := r.must(isolated("private_devices"),
		"append /dev/null", "read /dev/fd/0", "exists /dev/ptmx", "exists /dev/pts/ptmx", "write /dev/shm/x", "exists /dev/vda", "exists /dev/kmsg",
		"mknod /tmp/node", "mknod /dev/node")
	for _, a := range []string{"append /dev/null", "exists /dev/ptmx", "exists /dev/pts/ptmx", "write /dev/shm/x"} {
		r.works(s, a)
	}
	r.fails(s, "exists /dev/kmsg", "no such file")
	r.fails(s, "exists /dev/vda", "no such file")
	r.fails(s, "mknod /tmp/node", "not permitted")
	r.fails(s, "mknod /dev/node", "not permitted")
}

// What is read-only cannot be written, nor be made writable again, by root.
func TestReadOnly(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	s := r.must(isolated("read_only"), "write /etc/x", "write /tmp/x", "write /dev/shm/x", "append /dev/null", "remount /", "remount /tmp", "mount /mnt")
	for _, a := range []string{"write /etc/x", "write /tmp/x", "write /dev/shm/x"} {
		r.fails(s, a, "read-only file system")
	}
	for _, a := range []string{"remount /", "remount /tmp", "mount /mnt"} {
		r.fails(s, a, "not permitted")
	}
	r.works(s, "append /dev/null")
	s = r.must(isolated("read_only", "private_tmp", "private_devices"), "write /etc/x", "write /tmp/x", "write /dev/shm/x")
	r.fails(s, "write /etc/x", "read-only file system")
	r.works(s, "write /tmp/x")
	r.works(s, "write /dev/shm/x")
}

// Landlock holds a service to its paths, root too: reading, writing, cutting
// and removing.
func TestLandlock(t *testing.T) {
	r := newRoom(t)
	if r.facts.Landlock == 0 {
		t.Skip("this kernel does not have Landlock")
	}
	dir := t.TempDir()
	for _, name := range []string{"ro", "rw", "out"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "file"), []byte("text"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	p := config.Privileges{Landlock: &config.Landlock{
		ReadOnly:  []string{filepath.Dir(r.binary), dir + "/ro", "/usr", "/lib", "/lib64", "/proc", "/etc/hostname"},
		ReadWrite: []string{dir + "/rw", "/dev/null"},
	}}
	s := r.must(p,
		"read "+dir+"/ro/file", "write "+dir+"/ro/file", "remove "+dir+"/ro/file",
		"read "+dir+"/rw/file", "write "+dir+"/rw/new", "remove "+dir+"/rw/new",
		"read "+dir+"/out/file", "write "+dir+"/out/file", "cut "+dir+"/out/file", "list "+dir+"/out", "remove "+dir+"/out/file",
		"append /dev/null", "read /etc/hostname", "read /etc/passwd", "signal "+fmt.Sprint(os.Getpid()))
	for _, a := range []string{"read " + dir + "/ro/file", "read " + dir + "/rw/file", "write " + dir + "/rw/new", "remove " + dir + "/rw/new", "append /dev/null", "read /etc/hostname"} {
		r.works(s, a)
	}
	denied := []string{"write " + dir + "/ro/file", "remove " + dir + "/ro/file", "read " + dir + "/out/file", "write " + dir + "/out/file", "list " + dir + "/out", "remove " + dir + "/out/file", "read /etc/passwd"}
	if r.facts.Landlock >= 3 {
		denied = append(denied, "cut "+dir+"/out/file")
	}
	for _, a := range denied {
		r.fails(s, a, "permission denied")
	}
	if r.facts.Landlock >= 6 {
		r.fails(s, "signal "+fmt.Sprint(os.Getpid()), "not permitted")
	}
	if s.Status["NoNewPrivs"] != "1" {
		t.Error("it can gain privileges by an exec")
	}
}

// A path that does not exist stops the start.
func TestALandlockPathThatIsMissing(t *testing.T) {
	r := newRoom(t)
	if r.facts.Landlock == 0 {
		t.Skip("this kernel does not have Landlock")
	}
	_, err := r.start(config.Privileges{Landlock: &config.Landlock{ReadOnly: []string{"/no/such/path"}}})
	if err == nil || err.Error() != "add landlock ro path /no/such/path: no such file or directory" {
		t.Error(err)
	}
	_, err = r.start(config.Privileges{Landlock: &config.Landlock{ReadOnly: []string{"/etc"}}})
	if err == nil || !strings.Contains(err.Error(), "isolation.landlock names no path that has it") {
		t.Error(err)
	}
}

// Calls that the built-in profile denies fail, those that every program makes
// work, and threads and children still can be made: this is a Go program.
func TestSeccomp(t *testing.T) {
	r := newRoom(t)
	p := config.Privileges{Isolation: map[string]string{"seccomp": config.SeccompDefault}}
	s := r.must(p, "mount /mnt", "unshare", "ptrace 1", fmt.Sprintf("call %d", unix.SYS_KEYCTL), fmt.Sprintf("call %d", unix.SYS_IO_URING_SETUP),
		"call 500", fmt.Sprintf("call %d", unix.SYS_CLONE3), "listen 127.0.0.1:0", "append /dev/null")
	for _, a := range []string{"mount /mnt", "unshare", "ptrace 1", fmt.Sprintf("call %d", unix.SYS_KEYCTL), fmt.Sprintf("call %d", unix.SYS_IO_URING_SETUP)} {
		r.fails(s, a, "operation not permitted")
	}
	for _, a := range []string{"call 500", fmt.Sprintf("call %d", unix.SYS_CLONE3)} {
		r.fails(s, a, "function not implemented")
	}
	r.works(s, "listen 127.0.0.1:0")
	r.works(s, "append /dev/null")
	if s.Status["Seccomp"] != "2" || s.Status["NoNewPrivs"] != "1" {
		t.Errorf("seccomp %s, no_new_privs %s", s.Status["Seccomp"], s.Status["NoNewPrivs"])
	}
}

// A profile of one's own is carried out as it says.
func TestASeccompFile(t *testing.T) {
	r := newRoom(t)
	path := filepath.Join(t.TempDir(), "profile.json")
	const profile = `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["truncate"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
		{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 0, "op": "SCMP_CMP_EQ"}]}]}`
	if err := os.WriteFile(path, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	p := config.Privileges{Isolation: map[string]string{"seccomp": path}}
	s := r.must(p, "cut /etc/hostname", "signal 1")
	r.fails(s, "cut /etc/hostname", "no space left on device")
	r.fails(s, "signal 1", "operation not permitted")
	if err := os.WriteFile(path, []byte(`{"defaultAction": "SCMP_ACT_ALLOW", "archMap": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.start(p); err == nil || !strings.HasPrefix(err.Error(), "isolation.seccomp: the profile "+path+" cannot be read: ") {
		t.Error(err)
	}
}

// With --sys a profile that others can write is not used: a unit could loosen
// its own. What is no file is not waited for.
func TestASeccompFileOfOthers(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	path := filepath.Join(t.TempDir(), "profile.json")
	p := config.Privileges{Isolation: map[string]string{"seccomp": path}}
	write := func(mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(path, []byte(`{"defaultAction": "SCMP_ACT_ALLOW"}`), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	r.facts.System = true
	write(0o666)
	if _, err := r.start(p); err == nil || !strings.Contains(err.Error(), "root would do what others can write: "+path+" has mode 0666") {
		t.Error(err)
	}
	write(0o644)
	r.must(p)
	if err := errors.Join(os.Remove(path), unix.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.start(p); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Error(err)
	}
}

// What the kernel does not have is refused before anything is started.
func TestSecurityModulesThatAreMissing(t *testing.T) {
	r := newRoom(t)
	r.facts.AppArmor, r.facts.SELinux, r.facts.Landlock = false, false, 0
	_, err := r.start(config.Privileges{Landlock: &config.Landlock{ReadOnly: []string{"/"}}})
	if err == nil || !strings.HasPrefix(err.Error(), "isolation.landlock: this kernel does not have Landlock (Linux 5.13") {
		t.Error(err)
	}
	for key, want := range map[string]string{
		"apparmor_profile": "isolation.apparmor_profile: this kernel does not have AppArmor in force",
		"selinux_context":  "isolation.selinux_context: this kernel does not have SELinux in force",
	} {
		_, err := r.start(config.Privileges{Isolation: map[string]string{key: "x"}})
		if err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Everything at once, and nothing of it remains for the next service.
func TestEverythingAtOnceAndNothingForTheNext(t *testing.T) {
	needRoot(t)
	r := newRoom(t)
	r.facts.Accounts = accounts(t)
	before := r.must(config.Privileges{})
	nice := 3
	p := isolated("network", "mount", "pid", "uts", "ipc", "private_tmp", "private_devices", "read_only")
	p.Isolation["seccomp"] = config.SeccompDefault
	p.User, p.Group, p.Nice = "web", "data", &nice
	p.Capabilities = []string{"CAP_NET_BIND_SERVICE"}
	p.Limits = map[string]config.Limit{"nofile": {Value: 100}}
	if r.facts.Landlock > 0 {
		p.Landlock = &config.Landlock{ReadOnly: []string{"/"}, ReadWrite: []string{"/tmp"}}
	}
	s := r.must(p, "write /tmp/x", "write /etc/x", "listen 127.0.0.1:80")
	r.works(s, "write /tmp/x")
	r.works(s, "listen 127.0.0.1:80")
	r.fails(s, "write /etc/x", "")
	if s.UID != 4001 || s.PID > 100 || s.Nice != 3 || s.Limits["Max open files"] != "100 100" {
		t.Errorf("%+v", s)
	}
	after := r.must(config.Privileges{})
	for _, k := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "SigBlk", "SigIgn", "Cpus_allowed_list", "Uid", "Gid", "Groups"} {
		if after.Status[k] != before.Status[k] {
			t.Errorf("%s was %q and is %q", k, before.Status[k], after.Status[k])
		}
	}
	for k, id := range before.Namespaces {
		if after.Namespaces[k] != id {
			t.Errorf("the %s namespace was %s and is %s", k, id, after.Namespaces[k])
		}
	}
	if after.Nice != before.Nice || after.Limits["Max open files"] != before.Limits["Max open files"] {
		t.Errorf("%+v", after)
	}
}
