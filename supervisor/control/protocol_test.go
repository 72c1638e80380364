package control

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"systemg/ipc"
)

// wire is a connection as docs/protocol.md describes it: lines in, lines out.
type wire struct {
	*testing.T
	in  *bufio.Reader
	out io.WriteCloser
}

// dial opens a connection without the help of package ipc, by socat where
// there is one.
func (s *system) dial(bySocat bool) *wire {
	s.Helper()
	path := filepath.Join(s.dir, "state", "control.sock")
	if !bySocat {
		nc, err := net.Dial("unix", path)
		if err != nil {
			s.Fatal(err)
		}
		s.Cleanup(func() { _ = nc.Close() })
		return &wire{T: s.T, in: bufio.NewReaderSize(nc, ipc.MaxMessage), out: nc}
	}
	cmd := exec.CommandContext(s.Context(), "socat", "-", "UNIX-CONNECT:"+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		s.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	return &wire{T: s.T, in: bufio.NewReaderSize(out, ipc.MaxMessage), out: in}
}

func (w *wire) send(format string, a ...any) {
	w.Helper()
	if _, err := fmt.Fprintf(w.out, format+"\n", a...); err != nil {
		w.Fatal(err)
	}
}

func (w *wire) line() string {
	w.Helper()
	line, err := w.in.ReadString('\n')
	if err != nil {
		w.Fatal(err)
	}
	return strings.TrimSuffix(line, "\n")
}

// line is a message with what these tests look at.
type line struct {
	ID     json.RawMessage
	Method string
	Params struct {
		Generation string
		Seq        uint64
		Units      []ipc.Unit
		Lines      []ipc.LogLine
		Skipped    []ipc.LogSkip
	}
	Result json.RawMessage
	Error  *struct {
		Message string
		Data    map[string]any
	}
}

func (w *wire) message() line {
	w.Helper()
	var m line
	if text := w.line(); json.Unmarshal([]byte(text), &m) != nil {
		w.Fatalf("no message: %.200s", text)
	}
	return m
}

func (w *wire) hello() {
	w.Helper()
	w.send(`{"jsonrpc":"2.0","id":0,"method":"hello","params":{"client":"test","protocol":1}}`)
	w.line()
}

// session is the one docs/protocol.md shows.
func session(t *testing.T) []string {
	t.Helper()
	manual, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for one := range strings.Lines(string(manual)) {
		if strings.HasPrefix(one, "> {") || strings.HasPrefix(one, "< {") {
			lines = append(lines, strings.TrimSpace(one))
		}
	}
	return lines
}

// varying are the parts of a line that are others on every machine.
var varying = regexp.MustCompile(`sysg [^"]+|"pid":\d+|"state_dir":"[^"]*"|"t":"[^"]*"|…`)

// The session in the manual is what happens: what it leaves out is "…".
func TestTheSessionInTheManual(t *testing.T) {
	s := begin(t)
	s.start("version: \"1\"\nproject: shop\nservices:\n  web:\n    command: echo serving; exec sleep 1000\n")
	t.Run("a socket", func(t *testing.T) { s.dial(false).follow(t, session(t)) })
	t.Run("socat", func(t *testing.T) {
		if _, err := exec.LookPath("socat"); err != nil {
			if os.Getenv("SYSG_TEST_REQUIRE") == "all" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
		s.dial(true).follow(t, session(t))
	})
}

// follow says what a session says, and compares what comes.
func (w *wire) follow(t *testing.T, session []string) {
	t.Helper()
	if len(session) == 0 {
		t.Fatal("the manual shows no session")
	}
	for _, one := range session {
		text := one[2:]
		if one[0] == '>' {
			w.send("%s", text)
			continue
		}
		if got := w.line(); !patternOf(text).MatchString(got) {
			t.Fatalf("the manual says\n%s\nand there comes\n%s", text, got)
		}
	}
}

// patternOf matches a line of the manual on any machine.
func patternOf(text string) *regexp.Regexp {
	pattern := varying.ReplaceAllStringFunc(regexp.QuoteMeta(text), func(part string) string {
		name, _, _ := strings.Cut(part, ":")
		switch {
		case part == "…":
			return ".*"
		case strings.HasPrefix(part, "sysg "):
			return `sysg [^"]+`
		case name == `"pid"`:
			return `"pid":\d+`
		}
		return name + `:"[^"]*"`
	})
	return regexp.MustCompile("^" + pattern + "$")
}

// Every method of the manual is served, and no other.
func TestMethodsAreServed(t *testing.T) {
	served := append(slices.Collect(maps.Keys(handlers)), ipc.MethodHello, ipc.MethodCancel)
	manual, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, methods, _ := strings.Cut(string(manual), "## Methods")
	methods, _, _ = strings.Cut(methods, "\n## ")
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)`").FindAllStringSubmatch(methods, -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(served)
	slices.Sort(listed)
	if !slices.Equal(served, listed) {
		t.Errorf("served are %q, the manual has %q", served, listed)
	}
}

// What the supervisor alone can judge is judged, too.
func TestParamsTheSupervisorJudges(t *testing.T) {
	s := begin(t)
	s.start("version: \"1\"\nproject: demo\nservices:\n  web:\n    command: exec sleep 1000\n")
	w := s.dial(false)
	w.hello()
	for i, c := range []struct{ method, params, code, text string }{
		{"dance", `{}`, "unknown_method", "dance"},
		{"logs", `{"grep":"("}`, "usage", "pattern"},
		{"signal", `{"signal":"FOO","units":["web"]}`, "usage", "FOO"},
		{"signal", `{"signal":"0","units":["web"]}`, "usage", "0"},
		{"signal", `{"signal":"-9","units":["web"]}`, "usage", "-9"},
		{"signal", `{"signal":"999999999999999999999","units":["web"]}`, "usage", "999"},
		{"signal", `{"units":["web"]}`, "usage", "signal"},
		{"wait", `{"for":"happy"}`, "usage", "happy"},
		{"wait", `{}`, "usage", "wait"},
		{"status", `{"units":["wbe"]}`, "unknown_unit", "wbe"},
		{"status", `{"project":"nix"}`, "unknown_project", "nix"},
		{"logs", `{"units":["wbe"]}`, "unknown_unit", "wbe"},
		{"subscribe", `{"units":["wbe"]}`, "unknown_unit", "wbe"},
		{"inspect", `{"unit":"web\u0000"}`, "unknown_unit", "web"},
		{"stop", `{"units":["web","wbe"]}`, "unknown_unit", "wbe"},
		{"purge", `{"project":"nix"}`, "unknown_project", "nix"},
		{"plan", `{"path":"/does/not/exist.yaml"}`, "manifest_invalid", "exist"},
		{"start", `{"adhoc":{"exec":["true"],"dir":"/","name":"a b"}}`, "usage", "a b"},
	} {
		w.send(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`, i, c.method, c.params)
		m := w.message()
		if m.Error == nil || m.Error.Data["code"] != c.code || !strings.Contains(m.Error.Message, c.text) {
			t.Errorf("%s %s: %+v, want %s about %s", c.method, c.params, m.Error, c.code, c.text)
		}
	}
	if web := s.unit("web"); web.State != "running" || web.Run != 1 {
		t.Errorf("web is %s in run %d: something was done to it", web.State, web.Run)
	}
}

// A subscriber that takes its time gets every number of the sequence, and in
// the last delta the newest state.
func TestASlowSubscriberMissesNothing(t *testing.T) {
	const text = "version: \"1\"\nproject: demo\nservices:\n  web:\n    exec: [sleep, \"1000\"]\n"
	s := begin(t)
	s.start(text)
	w := s.dial(false)
	w.hello()
	w.send(`{"jsonrpc":"2.0","id":1,"method":"subscribe"}`)
	var snap struct {
		Generation string
		Seq        uint64
		Units      []ipc.Unit
	}
	if m := w.message(); json.Unmarshal(m.Result, &snap) != nil || len(snap.Units) != 1 || snap.Seq == 0 {
		t.Fatalf("snapshot %+v", snap)
	}
	for range 4 {
		var r ipc.OperationResult
		s.call(ipc.MethodRestart, ipc.RestartParams{Manifest: s.manifest(text)}, &r)
	}
	newest := s.unit("web")
	for seq, got := snap.Seq, snap.Units[0]; got.Run != newest.Run || got.State != newest.State; {
		m := w.message()
		if seq++; m.Method != ipc.NoteDelta || m.Params.Seq != seq || m.Params.Generation != snap.Generation {
			t.Fatalf("after %d comes %+v", seq-1, m)
		}
		if len(m.Params.Units) > 0 {
			if got.Run > m.Params.Units[0].Run {
				t.Fatalf("run %d after run %d", m.Params.Units[0].Run, got.Run)
			}
			got = m.Params.Units[0]
		}
	}
}

// A log stream that is not read goes on where it was as long as the file has
// it, and counts what rotated away meanwhile.
func TestASlowLogReaderIsToldWhatItMissed(t *testing.T) {
	const last = 300_000
	s := begin(t)
	gate := filepath.Join(s.dir, "gate")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	s.call(ipc.MethodStart, ipc.StartParams{NoWait: true, Manifest: s.manifest(fmt.Sprintf(`
version: "1"
project: demo
services:
  counter:
    type: oneshot
    command: echo 0; read go < %s; seq 1 %d
    logs: {max_bytes: 256K, max_files: 2}
`, gate, last))}, nil)
	w := s.dial(false)
	w.hello()
	w.send(`{"jsonrpc":"2.0","id":1,"method":"logs","params":{"units":["counter"],"lines":-1,"follow":true,"until_down":true}}`)
	if m := w.message(); len(m.Params.Lines) != 1 || m.Params.Lines[0].Text != "0" {
		t.Fatalf("%+v", m)
	}
	// Now nothing is read until all is written.
	if err := os.WriteFile(gate, []byte("go\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.call(ipc.MethodWait, ipc.WaitParams{Selection: ipc.Selection{Units: []string{"counter"}}, For: "completed"}, nil)
	next, skips := 1, 0
	for m := w.message(); len(m.ID) == 0; m = w.message() {
		for _, k := range m.Params.Skipped {
			skips++
			if k.Why != "rotated" || k.Unit != "demo/counter" || k.Kind != "stdout" || k.Bytes <= 0 {
				t.Errorf("skipped %+v", k)
			}
			if k.Lines >= 0 {
				next += int(k.Lines)
				continue
			}
			// Nobody could count them: the next line says how many.
			next = -1
		}
		for _, l := range m.Params.Lines {
			if next < 0 {
				next, _ = strconv.Atoi(l.Text)
			}
			if l.Text != strconv.Itoa(next) {
				t.Fatalf("%q comes where %d is due", l.Text, next)
			}
			next++
		}
	}
	if next != last+1 || skips == 0 {
		t.Errorf("the last line is %d, %d times lines were skipped", next-1, skips)
	}
}
