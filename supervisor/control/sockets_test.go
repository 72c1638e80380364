package control

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"systemg/ipc"
	"systemg/supervisor/proc"
)

// The test binary is also a web server that is given its socket.
func TestMain(m *testing.M) {
	proc.Stage()
	if len(os.Args) > 1 && os.Args[1] == "serve-descriptor-3" {
		if err := serveDescriptor3(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveDescriptor3 answers with its pid until SIGTERM, and finishes what it
// has accepted.
func serveDescriptor3() error {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || os.Getenv("LISTEN_FDNAMES") != "http" {
		return fmt.Errorf("LISTEN_PID=%s LISTEN_FDNAMES=%s in %d", os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDNAMES"), os.Getpid())
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	l, err := net.FileListener(os.NewFile(3, "http"))
	if err != nil {
		return err
	}
	var open sync.WaitGroup
	srv := &http.Server{
		ReadHeaderTimeout: patience,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintln(w, os.Getpid())
		}),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed, http.StateHijacked:
				open.Done()
			case http.StateActive, http.StateIdle:
			}
		},
	}
	go func() {
		<-term
		// Shutdown would drop requests that have not been read yet.
		srv.SetKeepAlivesEnabled(false)
		_ = l.Close()
	}()
	if err := srv.Serve(l); !errors.Is(err, net.ErrClosed) {
		return err
	}
	open.Wait()
	return nil
}

// patience bounds every wait for a real process on a busy machine.
const patience = 20 * time.Second

// load asks without a pause, each time by a connection of its own, and counts
// what becomes of it.
type load struct {
	*testing.T
	url string

	mu              sync.Mutex
	news            *sync.Cond
	answers         map[string]int
	total           int
	refused, broken int
	failures        []error
	ended           bool
	stopped         chan struct{}
	clients         sync.WaitGroup
}

func underLoad(t *testing.T, url string) *load {
	l := &load{T: t, url: url, answers: map[string]int{}, stopped: make(chan struct{})}
	l.news = sync.NewCond(&l.mu)
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	for range 4 {
		l.clients.Go(func() { l.ask(client) })
	}
	t.Cleanup(l.stop)
	return l
}

func (l *load) stop() {
	l.mu.Lock()
	first := !l.ended
	l.ended = true
	l.mu.Unlock()
	if first {
		close(l.stopped)
	}
	l.clients.Wait()
}

func (l *load) ask(client *http.Client) {
	for {
		select {
		case <-l.stopped:
			return
		default:
		}
		text, err := get(client, l.url)
		l.mu.Lock()
		l.total++
		switch {
		case err == nil:
			l.answers[text]++
		case errors.Is(err, syscall.ECONNREFUSED):
			l.refused++
		default:
			l.broken++
		}
		if err != nil && len(l.failures) < 5 {
			l.failures = append(l.failures, err)
		}
		l.news.Broadcast()
		l.mu.Unlock()
	}
}

func get(client *http.Client, url string) (string, error) {
	r, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	return strings.TrimSpace(string(text)), err
}

// answer waits for one of a process that is not in the list.
func (l *load) answer(not ...string) string {
	l.Helper()
	late := time.AfterFunc(patience, l.news.Broadcast)
	defer late.Stop()
	end := time.Now().Add(patience)
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for pid := range l.answers {
			if !slices.Contains(not, pid) {
				return pid
			}
		}
		if !time.Now().Before(end) {
			l.Fatalf("nobody but %q answers; %d refused, %d broken: %v", not, l.refused, l.broken, l.failures)
		}
		l.news.Wait()
	}
}

// none checks that nobody was refused, and that at most so many connections
// broke.
func (l *load) none(broken int) {
	l.Helper()
	l.stop()
	l.Logf("%d requests, %d refused, %d broken", l.total, l.refused, l.broken)
	if l.refused > 0 || l.broken > broken {
		l.Errorf("%d refused and %d broken of %d: %v", l.refused, l.broken, l.total, l.failures)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func webManifest(t *testing.T, address, more string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`
version: "1"
project: demo
services:
  web:
    command: exec %s serve-descriptor-3
    sockets: [{name: http, listen: "tcp://%s"}]
    restart_policy: always
    backoff: 50ms
%s`, exe, address, more)
}

func (s *system) restart(text string) ipc.OperationResult {
	s.Helper()
	var r ipc.OperationResult
	s.call(ipc.MethodRestart, ipc.RestartParams{Manifest: s.manifest(text)}, &r)
	if !r.OK {
		s.Errorf("restart: %+v", r)
	}
	return r
}

// A client that comes while the service is down waits for it; only what a
// killed process had accepted is lost.
func TestCrashRefusesNobody(t *testing.T) {
	s, address := begin(t), freeAddress(t)
	s.start(webManifest(t, address, ""))
	l := underLoad(t, "http://"+address)
	var seen []string
	for range 3 {
		pid := l.answer(seen...)
		seen = append(seen, pid)
		number, err := strconv.Atoi(pid)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(number, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	l.answer(seen...)
	// Four clients have one connection each.
	l.none(3 * 4)
}

func TestRestartRefusesAndBreaksNothing(t *testing.T) {
	for name, more := range map[string]string{
		"one after the other": "",
		"rolling":             "    deployment: {strategy: rolling}\n",
		"replicas":            "    deployment: {strategy: rolling}\n    replicas: 2\n",
	} {
		t.Run(name, func(t *testing.T) {
			s, address := begin(t), freeAddress(t)
			text := webManifest(t, address, more)
			s.start(text)
			l := underLoad(t, "http://"+address)
			var seen []string
			for range 2 {
				seen = append(seen, l.answer(seen...))
				s.restart(text)
			}
			l.answer(seen...)
			l.none(0)
		})
	}
}

// A definition that gets another socket keeps the one it has; what it does not
// name any more is closed, and a stop closes all.
func TestSocketsFollowTheManifest(t *testing.T) {
	s, address := begin(t), freeAddress(t)
	s.start(webManifest(t, address, ""))
	l := underLoad(t, "http://"+address)
	first := l.answer()
	file := filepath.Join(s.dir, "web.sock")
	named := strings.Replace(webManifest(t, address, ""), `"}]`, `"}, {listen: "unix://`+file+`"}]`, 1)
	named = strings.Replace(named, "exec ", "LISTEN_FDNAMES=http exec ", 1)
	s.restart(named)
	l.answer(first)
	if _, err := os.Lstat(file); err != nil {
		t.Error(err)
	}
	var r ipc.InspectResult
	s.call(ipc.MethodInspect, ipc.InspectParams{Unit: "web"}, &r)
	want := []ipc.Socket{
		{Name: "http", FD: 3, Listen: "tcp://" + address, Open: true},
		{Name: "web", FD: 4, Listen: "unix://" + file, Open: true},
	}
	if fmt.Sprint(r.Sockets) != fmt.Sprint(want) {
		t.Errorf("inspect shows %v, want %v", r.Sockets, want)
	}
	l.none(0)
	var stopped ipc.OperationResult
	s.call(ipc.MethodStop, ipc.StopParams{}, &stopped)
	s.call(ipc.MethodStart, ipc.StartParams{Manifest: s.manifest("version: \"1\"\nproject: other\nservices: {a: {command: exec sleep 1000, sockets: [{listen: \"tcp://" + address + "\"}]}}\n")}, &stopped)
	if !stopped.OK {
		t.Errorf("the address is not free after a stop: %+v", stopped)
	}
}

func TestTakenAddressSaysSo(t *testing.T) {
	s := begin(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	text := strings.Replace(webManifest(t, busy.Addr().String(), ""), "always", "never", 1)
	r := s.start(text)
	web := s.unit("web")
	want := "cannot start: cannot listen on tcp://" + busy.Addr().String() + ": address already in use: something else listens there"
	if r.OK || web.State != "failed" || !strings.HasPrefix(web.Reason, want) {
		t.Errorf("ok %v, web is %s: %s", r.OK, web.State, web.Reason)
	}
}

// The manual's example is a Python service, and does what the manual says.
func TestManualOfSockets(t *testing.T) {
	manual, err := os.ReadFile("../../docs/sockets.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) string {
		_, text, _ := strings.Cut(string(manual), "```"+language+"\n")
		text, _, _ = strings.Cut(text, "```")
		return text
	}
	s, address := begin(t), freeAddress(t)
	if err := os.WriteFile(filepath.Join(s.dir, "web.py"), []byte(block("python")), 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(block("yaml"), "127.0.0.1:8080", address, 1)
	if r := s.start(text); !r.OK {
		t.Fatalf("start: %+v", r)
	}
	l := underLoad(t, "http://"+address)
	var seen []string
	for range 2 {
		seen = append(seen, l.answer(seen...))
		s.restart(text)
	}
	l.answer(seen...)
	l.none(0)
}
