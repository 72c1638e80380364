package health

import (
	"fmt"
	"io"
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

// With SAY set this program is a service: it says that to its NOTIFY_SOCKET
// and ends, with WAIT not before it was heard.
func TestMain(m *testing.M) {
	words, ok := os.LookupEnv("SAY")
	if !ok {
		os.Exit(m.Run())
	}
	err := say(os.Getenv("NOTIFY_SOCKET"), words)
	if os.Getenv("WAIT") != "" && err == nil {
		err = barrier(os.Getenv("NOTIFY_SOCKET"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// say sends a datagram, with files if there are any.
func say(socket, words string, files ...int) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var rights []byte
	if len(files) > 0 {
		rights = unix.UnixRights(files...)
	}
	return unix.Sendmsg(fd, []byte(words), rights, &unix.SockaddrUnix{Name: socket}, 0)
}

// barrier returns once everything that was said before was handled, the way
// sd_notify_barrier(3) does: by a descriptor that the receiver closes.
func barrier(socket string) error {
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	err = say(socket, "BARRIER=1", int(out.Fd()))
	_ = out.Close()
	if err != nil {
		return err
	}
	_, err = io.ReadAll(in)
	return err
}

var (
	web = Tree{Unit: "demo/web", Run: 7}
	db  = Tree{Unit: "demo/db", Run: 7}
)

// mine is the owner for whom this process belongs to web.
var mine = Owner{Process: func(pid int) (Tree, bool) { return web, pid == os.Getpid() }}

// ownerOf is how a supervisor makes an owner of its host.
func ownerOf(h *proc.Host) Owner {
	return Owner{
		Process: func(pid int) (Tree, bool) {
			id, ok := h.Owner(pid)
			return Tree(id), ok
		},
		Cgroup: func(id uint64) (Tree, bool) {
			tree, ok := h.CgroupOwner(id)
			return Tree(tree), ok
		},
	}
}

func listen(t *testing.T, owner Owner) *Receiver {
	t.Helper()
	r, err := Listen(t.TempDir(), owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// say says something as this process.
func (r *Receiver) say(t *testing.T, words string, files ...int) {
	t.Helper()
	if err := say(r.Path(), words, files...); err != nil {
		t.Fatal(err)
	}
}

// barrier waits until what was said before was handled.
func (r *Receiver) barrier(t *testing.T) {
	t.Helper()
	if err := barrier(r.Path()); err != nil {
		t.Fatal(err)
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

	strangers := listen(t, Owner{Process: func(int) (Tree, bool) { return Tree{}, false }})
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

// sayAndDie has a child say READY=1, end and be reaped before the receiver
// comes to it, and gives what is heard after that. Of a living process the
// owner says that it belongs to web, whichever it is.
func sayAndDie(t *testing.T, cgroup func(uint64) (Tree, bool)) message {
	t.Helper()
	busy, free := make(chan struct{}), make(chan struct{})
	first := true
	r := listen(t, Owner{Cgroup: cgroup, Process: func(int) (Tree, bool) {
		if first {
			first = false
			close(busy)
			<-free
		}
		return web, true
	}})
	i := r.Open(web)
	r.say(t, "STATUS=mine")
	<-busy
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "SAY=READY=1", "NOTIFY_SOCKET="+r.Path())
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	close(free)
	m := r.heard(t, i)
	if m.status == nil {
		t.Error("the first word was lost")
	}
	return m
}

// kernel skips a test that needs a newer one.
func kernel(t *testing.T, major, minor int) {
	t.Helper()
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	var here, minorHere int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &here, &minorHere); err != nil {
		t.Fatal(err)
	}
	if here < major || here == major && minorHere < minor {
		t.Skipf("it takes Linux %d.%d", major, minor)
	}
}

// The number of a sender that has ended and been reaped is nobody's any more,
// or a stranger's: its word is lost rather than credited to another.
func TestWordsOfTheDead(t *testing.T) {
	kernel(t, 6, 5)
	if m := sayAndDie(t, nil); m.ready {
		t.Error("it was credited by a number that is nobody's")
	}
}

// Where the kernel remembers the cgroup they are not lost.
func TestWordsOfTheDeadByTheirCgroup(t *testing.T) {
	kernel(t, 6, 17)
	var asked uint64
	m := sayAndDie(t, func(id uint64) (Tree, bool) {
		asked = id
		return web, true
	})
	if !m.ready || asked == 0 {
		t.Errorf("%+v, by cgroup %d", m, asked)
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
	r := listen(t, ownerOf(host))
	start := func(run uint64, command string) (*Inbox, proc.TreeID) {
		id := proc.TreeID{Unit: "demo/web", Run: run}
		i := r.Open(Tree(id))
		env := append(os.Environ(), "WAIT=yes", "SELF="+os.Args[0])
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
