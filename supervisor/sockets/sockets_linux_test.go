package sockets

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"systemg/config"
)

// The test binary is also a service that is given one socket as descriptor 3
// and holds it until its stdin ends.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "hold" {
		fmt.Println("holding")
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// freePort is one that nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func tcp(host, port string) config.Socket {
	return config.Socket{Network: "tcp", Address: net.JoinHostPort(host, port)}
}

func table(t *testing.T) *Table {
	tb := NewTable(nil)
	t.Cleanup(func() {
		for owner := range tb.want {
			tb.Want(owner, nil)
		}
		if err := tb.Close(); err != nil {
			t.Error(err)
		}
	})
	return tb
}

// take wants and opens, as a start does.
func take(t *testing.T, tb *Table, owner string, defs ...config.Socket) []*os.File {
	t.Helper()
	tb.Want(owner, defs)
	files, err := tb.Open(owner, defs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(files) })
	return files
}

func dial(t *testing.T, def config.Socket) error {
	t.Helper()
	c, err := net.Dial(def.Network, def.Address)
	if err == nil {
		_ = c.Close()
	}
	return err
}

// flush waits for the sweeps that Want began.
func flush(tb *Table) { tb.sweeps.Wait() }

func TestSocketIsWhatSystemdWouldGive(t *testing.T) {
	tb := table(t)
	for _, host := range []string{"127.0.0.1", "localhost", "", "0.0.0.0", "::1", "::"} {
		t.Run(host, func(t *testing.T) {
			if strings.Contains(host, ":") && !hasIPv6() {
				t.Skip("no IPv6 here")
			}
			def := tcp(host, freePort(t))
			f := take(t, tb, "demo/"+host, def)[0]
			fd := int(f.Fd())
			flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
			inherits, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
			listens, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
			if flags&unix.O_NONBLOCK != 0 || inherits&unix.FD_CLOEXEC == 0 || listens != 1 {
				t.Errorf("flags %#x, descriptor flags %#x, listens %d", flags, inherits, listens)
			}
			if err := dial(t, def); err != nil {
				t.Error(err)
			}
		})
	}
}

// Clients that nobody has accepted wait while a service is replaced, and a
// definition that changes keeps what did not change.
func TestWantedSocketsStayAndOthersGo(t *testing.T) {
	tb := table(t)
	kept, gone := tcp("127.0.0.1", freePort(t)), tcp("127.0.0.1", freePort(t))
	closeAll(take(t, tb, "demo/web", kept, gone))
	waiting, err := net.Dial("tcp", kept.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()

	f := take(t, tb, "demo/web", kept)[0]
	if err := dial(t, gone); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("a socket that is not wanted any more: %v", err)
	}
	l, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.RemoteAddr().String() != waiting.LocalAddr().String() {
		t.Errorf("accepted %s, and %s waits", c.RemoteAddr(), waiting.LocalAddr())
	}
	if got := tb.Listening("demo/web"); !slices.Equal(got, []string{"tcp://" + kept.Address}) {
		t.Errorf("listening on %q", got)
	}
}

// An address is free for the next owner as soon as the first wants it no more,
// however fast that goes.
func TestAddressPassesToAnotherOwner(t *testing.T) {
	tb := table(t)
	def := tcp("127.0.0.1", freePort(t))
	closeAll(take(t, tb, "demo/old", def))
	tb.Want("demo/new", []config.Socket{def})
	_, err := tb.Open("demo/new", []config.Socket{def})
	if err == nil || !strings.Contains(err.Error(), "demo/old has it") {
		t.Errorf("two owners: %v", err)
	}
	tb.Want("demo/old", nil)
	closeAll(take(t, tb, "demo/new", def))
}

// What was opened for an owner that was given up meanwhile does not stay.
func TestOpenOfWhatIsNotWantedLeavesNothing(t *testing.T) {
	tb := table(t)
	def := tcp("127.0.0.1", freePort(t))
	files, err := tb.Open("demo/web", []config.Socket{def})
	if err != nil {
		t.Fatal(err)
	}
	closeAll(files)
	if got := tb.Listening("demo/web"); len(got) != 0 {
		t.Errorf("listening on %q", got)
	}
}

func TestErrorsNameTheAddressAndTheCure(t *testing.T) {
	tb := table(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	live := filepath.Join(dir, "live")
	l, err := net.Listen("unix", live)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, c := range []struct {
		def  config.Socket
		want string
	}{
		{config.Socket{Network: "tcp", Address: busy.Addr().String()}, "address already in use: something else listens there: end it"},
		{config.Socket{Network: "tcp", Address: "192.0.2.1:8080"}, "this machine has no such address"},
		{config.Socket{Network: "tcp", Address: "host.invalid:8080"}, `there is no host "host.invalid"`},
		{config.Socket{Network: "unix", Address: live}, "address already in use: something else listens there: end it"},
		{config.Socket{Network: "unix", Address: file}, "a file that is no socket"},
		{config.Socket{Network: "unix", Address: dir + "/none/a.sock"}, "there is no folder " + dir + "/none: make it first"},
		{config.Socket{Network: "unix", Address: dir + "/" + strings.Repeat("n", 105)}, "too long for a socket"},
		{config.Socket{Network: "unix", Address: dir + "/a.sock", User: "nobody-of-this-name"}, "there is no user"},
	} {
		_, err := tb.Open("demo/web", []config.Socket{c.def})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "cannot listen on "+c.def.Network+"://"+c.def.Address) {
			t.Errorf("%s: %v, want %q", c.def.Address, err, c.want)
		}
	}
	if left, _ := filepath.Glob(dir + "/a.sock"); len(left) > 0 {
		t.Error("a socket that could not be permitted left its file")
	}
}

func TestUnixSocketHasItsModeAndItsFileGoesWithIt(t *testing.T) {
	for _, name := range []string{"a.sock", strings.Repeat("long/", 30) + "a.sock"} {
		tb := table(t)
		path := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		def := config.Socket{Network: "unix", Address: path, Mode: 0o622}
		closeAll(take(t, tb, "demo/web", def))
		mode := func() os.FileMode {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			return info.Mode().Perm()
		}
		if got := mode(); got != 0o622 {
			t.Errorf("mode %o", got)
		}
		if p, err := placeOf(path); err != nil {
			t.Error(err)
		} else {
			if err := dial(t, config.Socket{Network: "unix", Address: p.short}); err != nil {
				t.Error(err)
			}
			p.close()
		}
		def.Mode = 0o600
		closeAll(take(t, tb, "demo/web", def))
		if got := mode(); got != 0o600 {
			t.Errorf("mode %o after it changed", got)
		}
		tb.Want("demo/web", nil)
		flush(tb)
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is still there: %v", err)
		}
	}
}

func TestOwnerOfAUnixSocket(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("SYSG_TEST_REQUIRE") == "all" {
			t.Fatal("has to be root")
		}
		t.Skip("only root can give a file away")
	}
	tb := table(t)
	path := filepath.Join(t.TempDir(), "a.sock")
	take(t, tb, "demo/web", config.Socket{Network: "unix", Address: path, User: "65534"})
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil || st.Uid != 65534 {
		t.Errorf("owner %d, %v", st.Uid, err)
	}
}

// A link that somebody has put in the place of a socket's file leads to nobody
// else's file, and a number that no user can have is no owner.
func TestPermitsNothingButTheSocket(t *testing.T) {
	dir := t.TempDir()
	other, link, socket := filepath.Join(dir, "other"), filepath.Join(dir, "a.sock"), filepath.Join(dir, "b.sock")
	if err := errors.Join(os.WriteFile(other, nil, 0o600), os.Symlink(other, link)); err != nil {
		t.Fatal(err)
	}
	err := permit(config.Socket{Network: "unix", Address: link, Mode: 0o666})
	if err == nil || !strings.Contains(err.Error(), "something else has taken the place of its file") {
		t.Error(err)
	}
	if info, err := os.Stat(other); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, user := range []string{"-1", "4294967295", "4294967296"} {
		err := permit(config.Socket{Network: "unix", Address: socket, User: user})
		if err == nil || err.Error() != fmt.Sprintf("there is no user %q", user) {
			t.Errorf("%s: %v", user, err)
		}
	}
}

// A file that a killed supervisor left is in nobody's way.
func TestStaleFileIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	def := config.Socket{Network: "unix", Address: path}
	take(t, table(t), "demo/web", def)
	if err := dial(t, def); err != nil {
		t.Error(err)
	}
}

// After a supervisor was killed its successor takes the sockets back from the
// service, and they outlive it from then on.
func TestAdoptTakesSocketsBackFromAProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("long/", 25), "a.sock")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	defs := []config.Socket{tcp("127.0.0.1", freePort(t)), {Network: "unix", Address: path}}
	first := NewTable(nil)
	first.Want("demo/web", defs)
	files, err := first.Open("demo/web", defs)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	service := exec.Command(exe, "hold")
	service.ExtraFiles = files
	stdin, _ := service.StdinPipe()
	stdout, _ := service.StdoutPipe()
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = stdout.Read(make([]byte, 64))
	closeAll(files)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := table(t)
	second.Want("demo/web", defs)
	if err := second.Adopt("demo/web", defs, service.Process.Pid); err != nil {
		t.Fatal(err)
	}
	other := tcp("127.0.0.1", freePort(t))
	err = second.Adopt("demo/web", []config.Socket{other}, service.Process.Pid)
	if err == nil || !strings.Contains(err.Error(), "does not listen there any more") {
		t.Errorf("a socket it never had: %v", err)
	}
	_ = stdin.Close()
	_ = service.Wait()
	if err := dial(t, defs[0]); err != nil {
		t.Errorf("after the service ended: %v", err)
	}
	if got := second.Listening("demo/web"); len(got) != 2 {
		t.Errorf("listening on %q", got)
	}
}
