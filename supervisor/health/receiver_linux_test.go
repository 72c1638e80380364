package health

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/proc"
)

// With SAY set this program is a service: it says that to its NOTIFY_SOCKET,
// as fast as it can, and ends.
func TestMain(m *testing.M) {
	words, ok := os.LookupEnv("SAY")
	if !ok {
		os.Exit(m.Run())
	}
	conn, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err == nil {
		_, err = conn.Write([]byte(words))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

var (
	web = Tree{Unit: "demo/web", Run: 7}
	db  = Tree{Unit: "demo/db", Run: 7}
)

// mine is the owner for whom this process belongs to web.
func mine(pid int) (Tree, bool) { return web, pid == os.Getpid() }

func listen(t *testing.T, owner func(int) (Tree, bool)) *Receiver {
	t.Helper()
	r, err := Listen(t.TempDir(), owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// say sends a datagram as this process, with files if there are any.
func (r *Receiver) say(t *testing.T, words string, files ...int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var rights []byte
	if len(files) > 0 {
		rights = unix.UnixRights(files...)
	}
	if err := unix.Sendmsg(fd, []byte(words), rights, &unix.SockaddrUnix{Name: r.Path()}, 0); err != nil {
		t.Fatal(err)
	}
}

// barrier returns once everything that was said before was handled, the way
// sd_notify_barrier(3) does: by a descriptor that the receiver closes.
func (r *Receiver) barrier(t *testing.T) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	r.say(t, "BARRIER=1", int(out.Fd()))
	_ = out.Close()
	if _, err := in.Read(make([]byte, 1)); err == nil {
		t.Fatal("somebody wrote into the barrier")
	}
}

// heard is what has come since the last time.
func (r *Receiver) heard(t *testing.T, i *Inbox) message {
	t.Helper()
	r.barrier(t)
	return i.take()
}

func TestOnlyTheOwnTreeCounts(t *testing.T) {
	r := listen(t, mine)
	own, other := r.Open(web), r.Open(db)
	r.say(t, "READY=1")
	if m := r.heard(t, own); !m.ready {
		t.Error("its own tree was not heard")
	}
	if m := r.heard(t, other); !m.empty() {
		t.Errorf("the other tree hears %+v", m)
	}

	strangers := listen(t, func(int) (Tree, bool) { return Tree{}, false })
	deaf := strangers.Open(web)
	strangers.say(t, "READY=1")
	if m := strangers.heard(t, deaf); !m.empty() {
		t.Errorf("a stranger was heard: %+v", m)
	}
}

func TestTheNewInboxIsHeard(t *testing.T) {
	r := listen(t, mine)
	old, now := r.Open(web), r.Open(web)
	old.Close()
	r.say(t, "READY=1")
	if m := r.heard(t, now); !m.ready {
		t.Error("closing the old inbox closed the new one")
	}
	if m := old.take(); !m.empty() {
		t.Errorf("the old inbox got %+v", m)
	}
}

func TestDatagramsThatMeanNothing(t *testing.T) {
	r := listen(t, mine)
	i := r.Open(web)
	for name, words := range map[string]string{
		"empty": "", "noise": "\xff\x00\xfe", "unknown": "FOO=1", "huge": "READY=1\n" + strings.Repeat("x", datagramLimit),
		"very huge": "READY=1\n" + strings.Repeat("x", 100_000), "one byte too long": "READY=1\nX=" + strings.Repeat("x", datagramLimit-9),
	} {
		r.say(t, words)
		if m := r.heard(t, i); !m.empty() {
			t.Errorf("%s: %+v", name, m)
		}
	}
	r.say(t, "READY=1\nX="+strings.Repeat("x", datagramLimit-10))
	if m := r.heard(t, i); !m.ready {
		t.Error("a datagram of 4 KiB was not heard")
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// Descriptors that come along are closed, however many; and they hide nothing.
func TestDescriptorsAreClosed(t *testing.T) {
	r := listen(t, mine)
	i := r.Open(web)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	const most = 253
	files := make([]int, most)
	for n := range files {
		files[n] = int(null.Fd())
	}
	r.barrier(t)
	before := descriptors(t)
	for range 20 {
		r.say(t, "READY=1", files...)
		if m := r.heard(t, i); !m.ready {
			t.Fatal("what came with descriptors was not heard")
		}
		r.say(t, strings.Repeat("x", 2*datagramLimit), files...)
	}
	r.barrier(t)
	// The barrier's own pipe may be seen closing.
	if after := descriptors(t); after > before+2 {
		t.Errorf("%d descriptors, there were %d", after, before)
	}
}

// A flood of one tree delays another's word, and does not lose it.
func TestFlood(t *testing.T) {
	r := listen(t, mine)
	i := r.Open(web)
	conn, err := net.Dial("unixgram", r.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ended := make(chan struct{})
	var stop atomic.Bool
	go func() {
		defer close(ended)
		for !stop.Load() {
			if _, err := conn.Write([]byte("STATUS=flood")); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for range 50 {
		r.say(t, "READY=1")
		if m := r.heard(t, i); !m.ready {
			t.Fatal("it was lost in the flood")
		}
	}
	stop.Store(true)
	<-ended
}

// The number of a sender that has ended and been reaped is nobody's any more,
// or a stranger's: its word is lost, and is never credited to another.
func TestWordsOfTheDead(t *testing.T) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSPIDFD, 1) != nil {
		t.Skip("this kernel gives no pidfd with a datagram (Linux 6.5 does)")
	}
	busy, free := make(chan struct{}), make(chan struct{})
	first := true
	r := listen(t, func(int) (Tree, bool) {
		if first {
			first = false
			close(busy)
			<-free
		}
		return web, true
	})
	i := r.Open(web)
	r.say(t, "STATUS=mine")
	<-busy
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "SAY=READY=1", "NOTIFY_SOCKET="+r.Path())
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	close(free)
	if m := r.heard(t, i); m.ready || m.status == nil {
		t.Errorf("%+v", m)
	}
}

func TestSocketPath(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, strings.Repeat("d", addressLimit-len(dir)-len("//"+socketName)))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := Listen(deep, mine)
	if err != nil {
		t.Fatalf("a path of %d bytes: %v", addressLimit, err)
	}
	i := r.Open(web)
	r.say(t, "READY=1")
	if m := r.heard(t, i); !m.ready {
		t.Error("the longest path cannot be used")
	}
	if st, err := os.Stat(r.Path()); err != nil || st.Mode().Perm() != 0o666 {
		t.Errorf("%v, %v", st, err)
	}
	_ = r.Close()
	if left, _ := os.ReadDir(deep); len(left) > 0 {
		t.Errorf("%v is left", left)
	}

	_, err = Listen(deep+"x", mine)
	if want := "services can use a path of at most 107 bytes, and this has 108"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = Listen(filepath.Join(dir, "nosuch"), mine)
	if want := "cannot make the notify socket " + filepath.Join(dir, "nosuch", socketName) + ": no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// The next supervisor takes the place of the one before, whether that has
// ended, was killed, or is about to end.
func TestSocketIsTakenOver(t *testing.T) {
	dir := t.TempDir()
	first, err := Listen(dir, mine)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Listen(dir, mine)
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Close()
	i := second.Open(web)
	second.say(t, "READY=1")
	if m := second.heard(t, i); !m.ready {
		t.Error("the second is not heard at the first's path")
	}
	_ = second.Close()
	if _, err := os.Stat(second.Path()); !os.IsNotExist(err) {
		t.Errorf("its file is left: %v", err)
	}
}

// The whole way: real process trees, whichever way they are held, and a real
// watch.
func TestServicesReport(t *testing.T) {
	events := make(chan proc.Event, 64)
	host, err := proc.NewHost(proc.Options{Name: "health-" + strconv.Itoa(os.Getpid()), Notify: func(e proc.Event) { events <- e }})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	r := listen(t, func(pid int) (Tree, bool) {
		id, ok := host.Owner(pid)
		return Tree(id), ok
	})
	start := func(run uint64, command string) (*Inbox, proc.TreeID) {
		id := proc.TreeID{Unit: "demo/web", Run: run}
		i := r.Open(Tree(id))
		env := append(os.Environ(), "SELF="+os.Args[0])
		env = append(env, Notify{}.Env(r.Path())...)
		if _, err := host.Start(proc.Spec{Tree: id, Argv: []string{"sh", "-c", command}, Dir: "/", Env: env}); err != nil {
			t.Fatal(err)
		}
		return i, id
	}
	// The second says it by a child of a child that has left the session.
	quiet, first := start(1, "exec sleep 1000")
	loud, second := start(2, `SAY='STATUS=warm
READY=1' setsid sh -c '"$SELF"; exec sleep 1000'`)
	got := make(chan News, 8)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Watch(t.Context(), Spec{Probe: Notify{Inbox: loud}}, func(n News) { got <- n })
	}()
	for _, want := range []string{"STATUS", "READY"} {
		select {
		case n := <-got:
			s, isStatus := n.(Status)
			res, isResult := n.(Result)
			if want == "STATUS" && (!isStatus || s.Text != "warm") || want == "READY" && (!isResult || !res.OK) {
				t.Errorf("%+v in the place of %s", n, want)
			}
		case <-time.After(patience):
			t.Fatalf("no %s", want)
		}
	}
	if m := quiet.take(); !m.empty() {
		t.Errorf("the other run hears %+v", m)
	}
	for _, id := range []proc.TreeID{first, second} {
		host.Kill(id)
	}
	for empty := 0; empty < 2; {
		if _, ok := (<-events).(proc.Emptied); ok {
			empty++
		}
	}
}
