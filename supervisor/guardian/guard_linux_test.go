package guardian

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"systemg/supervisor/proc"
)

// The guardian of these tests is the test program itself, and so are its
// supervisors: each calls the test at a socket, tells what it knows, and does
// as it is told.
const fakeWord = "__fake"

func TestMain(m *testing.M) {
	proc.Stage()
	Main()
	if len(os.Args) == 4 && os.Args[1] == fakeWord {
		os.Exit(fake(os.Args[2]))
	}
	os.Exit(m.Run())
}

// report is what a fake supervisor says: first who it is, then what it hears.
type report struct {
	PID       int
	Welcome   Welcome
	Inherited []string
	Exit      *Exit
	Done      string
}

// fake is the life of such a supervisor.
func fake(dir string) int {
	if data, err := os.ReadFile(filepath.Join(dir, "crash")); err == nil && strings.TrimSpace(string(data)) != "" {
		return 3
	}
	if f, err := os.Open(filepath.Join(dir, "slow")); err == nil {
		_, _ = io.Copy(io.Discard, f)
		_ = f.Close()
	}
	link, err := Connect()
	if err != nil {
		return 70
	}
	if link.Lost() {
		_ = link.Become(filepath.Join(dir, "log"), filepath.Join(dir, "note"))
		return 73
	}
	conn, err := net.Dial("unix", filepath.Join(dir, "socket"))
	if err != nil {
		// The test is over.
		return 0
	}
	out := json.NewEncoder(conn)
	r := report{PID: os.Getpid(), Welcome: link.Welcome}
	for name := range link.Inherited {
		r.Inherited = append(r.Inherited, name)
	}
	_ = out.Encode(r)
	reports := make(chan report)
	go func() {
		for r := range reports {
			_ = out.Encode(r)
		}
	}()
	go func() {
		link.Serve(func(e Exit) { reports <- report{Exit: &e} })
		err := link.Become(filepath.Join(dir, "log"), filepath.Join(dir, "note"))
		panic(err)
	}()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		order, arg, _ := strings.Cut(lines.Text(), " ")
		if order == "exit" {
			link.Flush(context.Background())
			return len(arg)
		}
		reports <- report{Done: obey(link, order, arg)}
	}
	// The test is over.
	return 0
}

// obey carries out an order and gives its result.
func obey(link *Link, order, arg string) string {
	switch order {
	case "ready":
		link.Ready()
		// The guardian is to have heard it, whatever happens next.
		link.Sync(context.Background())
	case "bye":
		link.Bye()
	case "sync":
		link.Sync(context.Background())
	case "spawn":
		cmd := exec.Command("/bin/sh", "-c", arg)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			return err.Error()
		}
		return fmt.Sprint(cmd.Process.Pid)
	case "hold":
		f, err := os.Open(arg)
		if err != nil {
			return err.Error()
		}
		defer f.Close()
		_ = link.Hold(arg, int(f.Fd()))
	case "drop":
		link.Drop(arg)
	case "pipe":
		// A supervisor has it open too.
		if _, err := openPipe(arg, unix.O_CLOEXEC); err != nil {
			return err.Error()
		}
		link.Pipe(arg, true)
	case "ack":
		var seq uint64
		_, _ = fmt.Sscan(arg, &seq)
		link.Ack(seq)
	case "upgrade":
		f, err := os.Open(arg)
		if err != nil {
			return err.Error()
		}
		defer f.Close()
		_ = link.Upgrade(f, arg)
	}
	return order
}

// house is one guardian and the socket its supervisors call at.
type house struct {
	*testing.T
	dir      string
	guardian *exec.Cmd
	listener net.Listener
}

// fakeSupervisor is the test's end of a conversation with one.
type fakeSupervisor struct {
	*house
	report
	conn net.Conn
	in   *json.Decoder
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, dir: t.TempDir()}
	var err error
	if h.listener, err = net.Listen("unix", filepath.Join(h.dir, "socket")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.listener.Close() })
	h.begin()
	return h
}

// begin starts a guardian.
func (h *house) begin() {
	h.Helper()
	o := Order{Supervisor: []string{fakeWord, h.dir}, Log: filepath.Join(h.dir, "log"), Note: filepath.Join(h.dir, "note")}
	h.guardian = exec.Command(os.Args[0], o.Args()...)
	h.guardian.Stderr = os.Stderr
	guardian := h.guardian
	if err := guardian.Start(); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = guardian.Process.Kill(); _ = guardian.Wait() })
}

// next is the next supervisor.
func (h *house) next() *fakeSupervisor {
	h.Helper()
	_ = h.listener.(*net.UnixListener).SetDeadline(time.Now().Add(20 * time.Second))
	conn, err := h.listener.Accept()
	if err != nil {
		h.Fatalf("no supervisor came: %v\n%s", err, h.log())
	}
	h.Cleanup(func() { _ = conn.Close() })
	s := &fakeSupervisor{house: h, conn: conn, in: json.NewDecoder(conn)}
	if err := s.in.Decode(&s.report); err != nil {
		h.Fatal(err)
	}
	return s
}

func (h *house) log() string {
	data, _ := os.ReadFile(filepath.Join(h.dir, "log"))
	return string(data)
}

// do has the supervisor do something, and gives the result; what it hears
// meanwhile is in exits.
func (s *fakeSupervisor) do(order string) (result string, exits []Exit) {
	s.Helper()
	_, _ = fmt.Fprintln(s.conn, order)
	for {
		var r report
		if err := s.in.Decode(&r); err != nil {
			s.Fatalf("%s: %v", order, err)
		}
		if r.Exit == nil {
			return r.Done, exits
		}
		exits = append(exits, *r.Exit)
	}
}

// hears waits for the end of a child.
func (s *fakeSupervisor) hears() Exit {
	s.Helper()
	var r report
	if err := s.in.Decode(&r); err != nil || r.Exit == nil {
		s.Fatalf("%+v, %v", r, err)
	}
	return *r.Exit
}

func (s *fakeSupervisor) kill() { _ = unix.Kill(s.PID, unix.SIGKILL) }

// end has it exit with a status.
func (s *fakeSupervisor) end(status int) {
	_, _ = fmt.Fprintln(s.conn, "exit", strings.Repeat("x", status))
}

func number(t *testing.T, text string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatalf("%q is no number", text)
	}
	return n
}

// holds starts a process that ends with status 78 once it is told to.
func (s *fakeSupervisor) holds(fifo string) (pid int, end func()) {
	s.Helper()
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		s.Fatal(err)
	}
	text, _ := s.do("spawn read x < " + fifo + "; exit 78")
	return number(s.T, text), func() {
		if err := os.WriteFile(fifo, []byte("go\n"), 0); err != nil {
			s.Fatal(err)
		}
	}
}

// What ends while there is no supervisor is told to the next one, with its
// status, as often as it takes until that is acknowledged.
func TestExitsAreKeptUntilTheyAreAcknowledged(t *testing.T) {
	h := newHouse(t)
	first := h.next()
	first.do("ready")
	pid, end := first.holds(filepath.Join(h.dir, "go"))
	first.kill()
	second := h.next()
	end()
	e := second.hears()
	if e.PID != pid || e.Status != (proc.Status{Known: true, Code: 78}) || e.StartTicks == 0 || !e.Leader {
		t.Errorf("told %+v of process %d", e, pid)
	}
	second.do("ready")
	second.kill()
	third := h.next()
	if e := third.hears(); e.PID != pid || e.Status.Code != 78 {
		t.Errorf("the third supervisor is told %+v", e)
	}
	third.do("ready")
	third.do("ack " + fmt.Sprint(e.Seq))
	third.do("sync")
	third.kill()
	if _, exits := h.next().do("sync"); len(exits) != 0 {
		t.Errorf("what was acknowledged is told again: %+v", exits)
	}
}

// What a guardian has reaped outlives it: the next one tells it, until it is
// acknowledged; also one that was started when both had died.
func TestExitsOutliveTheGuardian(t *testing.T) {
	h := newHouse(t)
	first := h.next()
	first.do("ready")
	pid, end := first.holds(filepath.Join(h.dir, "go"))
	first.kill()
	second := h.next()
	second.do("ready")
	end()
	told := func(s *fakeSupervisor) Exit {
		t.Helper()
		e := s.hears()
		if e.PID != pid || e.Status != (proc.Status{Known: true, Code: 78}) || !e.Leader {
			t.Errorf("told %+v of process %d", e, pid)
		}
		return e
	}
	told(second)
	_ = unix.Kill(second.Welcome.Guardian, unix.SIGKILL)
	third := h.next()
	told(third)
	third.do("ready")
	for _, dies := range []int{third.Welcome.Guardian, third.PID} {
		_ = unix.Kill(dies, unix.SIGSTOP)
	}
	for _, dies := range []int{third.Welcome.Guardian, third.PID} {
		_ = unix.Kill(dies, unix.SIGKILL)
	}
	h.begin()
	fourth := h.next()
	e := told(fourth)
	fourth.do("ready")
	fourth.do("ack " + fmt.Sprint(e.Seq))
	fourth.do("sync")
	if data, err := os.ReadFile(endsOf(filepath.Join(h.dir, "note"))); err == nil && len(data) > 0 {
		t.Errorf("what was acknowledged is kept: %s", data)
	}
	fourth.do("bye")
	fourth.end(0)
}

// Ends of another boot are nobody's, and lines that make no sense are none.
func TestEndsOfAnotherBootAreForgotten(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note")
	lines := `{"boot":"another","pid":7,"leader":true,"status":{"Known":true}}` + "\n{\"boot\":\n"
	if err := os.WriteFile(endsOf(note), []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	g := &guard{image: image{Note: note}}
	g.recall()
	if _, err := os.Stat(endsOf(note)); len(g.Exits) != 0 || err == nil {
		t.Errorf("%+v are kept, in a file: %v", g.Exits, err)
	}
}

// A pipe's bytes outlive everybody who has it open but the guardian.
func TestLastWordsStay(t *testing.T) {
	h := newHouse(t)
	s := h.next()
	s.do("ready")
	fifo := filepath.Join(h.dir, "out")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	s.do("pipe " + fifo)
	s.do("sync")
	w, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, "last words\n")
	_ = w.Close()
	s.kill()
	s = h.next()
	s.do("ready")
	s.do("pipe " + fifo)
	s.do("sync")
	// Not even the guardian's own end loses them.
	_ = h.guardian.Process.Kill()
	h.next()
	r, err := os.OpenFile(fifo, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := make([]byte, 100)
	n, err := r.Read(got)
	if err != nil || string(got[:n]) != "last words\n" {
		t.Errorf("%q, %v", got[:n], err)
	}
}

// Descriptors that were given to the guardian are given to every supervisor,
// until they are dropped.
func TestDescriptorsAreInherited(t *testing.T) {
	h := newHouse(t)
	s := h.next()
	s.do("ready")
	s.do("hold /etc/passwd")
	s.do("hold /etc/group")
	s.do("drop /etc/group")
	s.do("sync")
	s.kill()
	s = h.next()
	if len(s.Inherited) != 1 || s.Inherited[0] != "/etc/passwd" {
		t.Errorf("inherited %q", s.Inherited)
	}
}

// When the guardian is killed its supervisor takes its place, children and all,
// and starts another supervisor; as often as it takes.
func TestSupervisorBecomesTheGuardian(t *testing.T) {
	h := newHouse(t)
	s := h.next()
	s.do("ready")
	text, _ := s.do("spawn exec sleep 100")
	child := number(t, text)
	defer func() { _ = unix.Kill(child, unix.SIGKILL) }()
	s.do("hold /etc/passwd")
	s.do("sync")
	guardian := s.Welcome.Guardian
	for round := range 3 {
		_ = unix.Kill(guardian, unix.SIGKILL)
		next := h.next()
		if next.Welcome.Guardian != s.PID || len(next.Inherited) != 1 {
			t.Fatalf("the guardian is %d with %q, want %d", next.Welcome.Guardian, next.Inherited, s.PID)
		}
		next.do("ready")
		// What a supervisor started stays its child in the other role. The
		// children of a guardian that dies are init's.
		if parent := parentOf(t, child); (parent == s.PID) != (round == 0) {
			t.Errorf("round %d: the child's parent is %d, the guardian %d", round, parent, s.PID)
		}
		guardian, s = s.PID, next
	}
	s.do("bye")
	s.end(0)
}

func parentOf(t *testing.T, pid int) (parent int) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	var state string
	_, _ = fmt.Sscan(rest, &state, &parent)
	return parent
}

// A guardian that dies while its supervisor is on its way up is replaced too.
func TestGuardianDiesBeforeItsSupervisorIsUp(t *testing.T) {
	h := newHouse(t)
	s := h.next()
	s.do("ready")
	slow := filepath.Join(h.dir, "slow")
	if err := unix.Mkfifo(slow, 0o600); err != nil {
		t.Fatal(err)
	}
	s.kill()
	// The next one waits here before it says hello.
	w, err := os.OpenFile(slow, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = h.guardian.Process.Kill()
	_ = h.guardian.Wait()
	if err := os.Remove(slow); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	s = h.next()
	if s.Welcome.Guardian == h.guardian.Process.Pid || s.Welcome.Guardian == 0 {
		t.Errorf("the guardian is %d", s.Welcome.Guardian)
	}
	s.do("ready")
}

// A supervisor that keeps crashing is started later and later, and whoever asks
// finds a note; when it works again the note is gone.
func TestCrashLoop(t *testing.T) {
	h := newHouse(t)
	s := h.next()
	s.do("ready")
	crash := filepath.Join(h.dir, "crash")
	if err := os.WriteFile(crash, []byte("yes"), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(in)
	if _, err := unix.InotifyAddWatch(in, h.dir, unix.IN_MOVED_TO); err != nil {
		t.Fatal(err)
	}
	s.kill()
	// The second crash is announced.
	buf := make([]byte, 4096)
	if _, err := unix.Read(in, buf); err != nil {
		t.Fatal(err)
	}
	note, ok := ReadNote(filepath.Join(h.dir, "note"))
	if !ok || note.Crashes.Count < 2 || note.Crashes.How != "exit 3" || note.Guardian != h.guardian.Process.Pid {
		t.Errorf("the note says %+v, %v", note, ok)
	}
	if err := os.WriteFile(crash, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s = h.next()
	if s.Welcome.Crashes.Count < 2 || s.Welcome.Before != "exit 3" {
		t.Errorf("told %+v", s.Welcome)
	}
	s.do("ready")
	s.do("sync")
	if _, ok := ReadNote(filepath.Join(h.dir, "note")); ok {
		t.Error("the note stays when all is well")
	}
	if log := h.log(); !strings.Contains(log, "keeps crashing") {
		t.Errorf("the log says nothing of it:\n%s", log)
	}
}

// A supervisor that ends by order takes its guardian with it; so does a first
// one that never becomes ready.
func TestTheGuardianEndsWithItsSupervisor(t *testing.T) {
	for name, last := range map[string]func(*fakeSupervisor){
		"by order": func(s *fakeSupervisor) {
			s.do("ready")
			s.do("bye")
			s.end(1)
		},
		"well": func(s *fakeSupervisor) {
			s.do("ready")
			s.end(0)
		},
		"never ready": func(s *fakeSupervisor) { s.end(4) },
	} {
		h := newHouse(t)
		last(h.next())
		err := h.guardian.Wait()
		code := h.guardian.ProcessState.ExitCode()
		if want := map[string]int{"never ready": 4}[name]; code != want {
			t.Errorf("%s: the guardian ended with %v, want %d", name, err, want)
		}
	}
}

// A new program takes over, and the guardian becomes it, the same process with
// the same children. One that does not come up is rolled back, and the old one
// is told.
func TestUpgrade(t *testing.T) {
	h := newHouse(t)
	s := h.next()
	s.do("ready")
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(h.dir, "next")
	if err := os.WriteFile(program, self, 0o700); err != nil {
		t.Fatal(err)
	}
	s.do("upgrade " + program)
	s.end(9)
	s = h.next()
	if u := s.Welcome.Upgrade; u == nil || u.Path != program || u.Failed != "" {
		t.Fatalf("told %+v", s.Welcome)
	}
	s.do("ready")
	s.do("sync")
	for _, pid := range []int{s.PID, s.Welcome.Guardian} {
		if exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); exe != program {
			t.Errorf("process %d is %s", pid, exe)
		}
	}
	if s.Welcome.Guardian != h.guardian.Process.Pid {
		t.Errorf("the guardian is %d, want %d", s.Welcome.Guardian, h.guardian.Process.Pid)
	}
	falsity, err := os.ReadFile("/bin/false")
	if err != nil {
		t.Fatal(err)
	}
	for text, why := range map[string]string{string(falsity): "exit 1", "no program": "cannot be executed"} {
		bad := filepath.Join(h.dir, "bad")
		if err := os.WriteFile(bad, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		s.do("upgrade " + bad)
		s.end(9)
		s = h.next()
		if u := s.Welcome.Upgrade; u == nil || u.Path != bad || !strings.Contains(u.Failed, why) {
			t.Errorf("told %+v, want %q", u, why)
		}
		s.do("ready")
		if exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", s.PID)); exe != program {
			t.Errorf("the supervisor is %s", exe)
		}
	}
}
