package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"systemg/ipc"
)

// visitor is the variable that makes this program one of several clients, for
// a server counts clients by their processes. Its value is a role and a socket.
const visitor = "SYSG_TEST_VISITOR"

// Numbers of a crowd.
const (
	garbageConnections = 10_000
	garbageAtOnce      = 50
	frozenProcesses    = 10
	frozenEach         = 50
	askings            = 300
	// garbagePatience is how long garbage waits for an answer.
	garbagePatience = 100 * time.Millisecond
)

// visit is the program as one of the crowd; false where it is a test.
func visit() bool {
	role, socket, ok := strings.Cut(os.Getenv(visitor), ":")
	if !ok {
		return false
	}
	var err error
	switch role {
	case "frozen":
		err = visitFrozen(socket)
	case "stuck":
		err = visitOnce(socket, everything)
	case "mute":
		err = visitOnce(socket, "")
	case "garbage":
		err = visitGarbage(socket)
	case "asking":
		err = visitAsking(socket)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, role, err)
		os.Exit(1)
	}
	return true
}

// everything asks for all that a server sends without end.
const everything = `{"jsonrpc":"2.0","id":0,"method":"hello","params":{"client":"frozen","protocol":1}}
{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{}}
{"jsonrpc":"2.0","id":2,"method":"logs","params":{"follow":true,"lines":-1}}
`

// visitFrozen asks for everything there is and never reads an answer.
func visitFrozen(socket string) error {
	held := 0
	for range frozenEach {
		c, err := net.Dial("unix", socket)
		if err != nil {
			return err
		}
		defer c.Close()
		// Who is turned away cannot write, and has its answer in that.
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err = io.WriteString(c, everything); err == nil {
			held++
		}
	}
	fmt.Println(held)
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// visitOnce says something on one connection, and never reads an answer.
func visitOnce(socket, text string) error {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(c, text)
	fmt.Println("there")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// visitGarbage connects, says what makes no sense, and leaves or waits for the
// answer, as it comes.
func visitGarbage(socket string) error {
	var all sync.WaitGroup
	turns := make(chan struct{}, garbageAtOnce)
	for i := range garbageConnections {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			c, err := net.Dial("unix", socket)
			if err != nil {
				return
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(garbagePatience))
			b := make([]byte, 1+rand.IntN(8<<10))
			for j := range b {
				b[j] = byte(rand.Uint32())
			}
			if i%3 == 0 {
				b = append([]byte(`{"jsonrpc":"2.0","id":0,"method":"hello","params":{"client":"x","protocol":1}}`+"\n"), b...)
			}
			_, _ = c.Write(b)
			if i%2 == 0 {
				_, _ = io.Copy(io.Discard, io.LimitReader(c, 4<<10))
			}
		})
	}
	all.Wait()
	fmt.Println("done")
	return nil
}

// visitAsking connects, asks for the status, and says how long that took, in
// nanoseconds, again and again.
func visitAsking(socket string) error {
	for range askings {
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		c, err := ipc.Dial(ctx, socket, "asking")
		for full := (*ipc.Error)(nil); errors.As(err, &full) && full.Code == ipc.CodeTooMany; {
			// The server has not seen yet that the last connection is
			// closed, and lets a process have one where it is crowded.
			c, err = ipc.Dial(ctx, socket, "asking")
		}
		if err != nil {
			cancel()
			return err
		}
		var r ipc.StatusResult
		err = c.Call(ctx, ipc.MethodStatus, ipc.StatusParams{}, &r)
		_ = c.Close()
		cancel()
		if err != nil {
			return err
		}
		fmt.Println(time.Since(began).Nanoseconds())
	}
	return nil
}

// visitors starts one of the crowd and gives what it says.
func (h *house) visitors(role string) (said *bufio.Scanner, leave func()) {
	h.Helper()
	self, err := os.Executable()
	if err != nil {
		h.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = []string{visitor + "=" + role + ":" + filepath.Join(h.state, "control.sock")}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		h.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.Fatal(err)
	}
	return bufio.NewScanner(out), func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			h.Errorf("%s: %v", role, err)
		}
	}
}

// asked is how long a status takes, sorted.
func (h *house) asked() []time.Duration {
	h.Helper()
	said, leave := h.visitors("asking")
	defer leave()
	var list []time.Duration
	for said.Scan() {
		n, err := strconv.ParseInt(said.Text(), 10, 64)
		if err != nil {
			h.Fatal(err)
		}
		list = append(list, time.Duration(n))
	}
	slices.Sort(list)
	if len(list) != askings {
		h.Fatalf("%d of %d were answered", len(list), askings)
	}
	return list
}

func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)*p/100, len(sorted)-1)].Round(10 * time.Microsecond)
}

// resident is the memory of a process that it shares with nobody, in KiB.
func resident(t *testing.T, pid int) int {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); f[0] == "Pss_Anon:" {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("no Pss_Anon")
	return 0
}

// Who says nothing but garbage, and who never reads, cost nobody else an
// answer, and the supervisor no memory.
func TestACrowdOfBadClients(t *testing.T) {
	long(t, "5 s")
	var manifest strings.Builder
	manifest.WriteString("version: \"1\"\nproject: fair\nservices:\n")
	for i := range 20 {
		fmt.Fprintf(&manifest, "  u%d: {command: 'while :; do echo hello; sleep 0.1; done'}\n", i)
	}
	h := newHouse(t, manifest.String())
	h.start()
	pid := h.status().Supervisor.PID
	alone, before := h.asked(), resident(t, pid)
	held := 0
	for range frozenProcesses {
		said, leave := h.visitors("frozen")
		defer leave()
		if !said.Scan() {
			t.Fatal("a frozen client never came")
		}
		n, _ := strconv.Atoi(said.Text())
		held += n
	}
	frozen := h.asked()
	said, leave := h.visitors("garbage")
	began := time.Now()
	var crowded []time.Duration
	var peak int
	over := scanned(said)
	for busy := true; busy; {
		crowded = append(crowded, h.asked()...)
		peak = max(peak, resident(t, pid))
		select {
		case <-over:
			busy = false
		default:
		}
	}
	took := time.Since(began)
	leave()
	slices.Sort(crowded)
	after, left := h.status(), resident(t, pid)
	t.Logf("%d clients never read, of which %d could say something; %d connections of garbage in %v",
		frozenProcesses*frozenEach, held, garbageConnections, took.Round(time.Millisecond))
	for _, m := range []struct {
		when string
		took []time.Duration
	}{{"alone", alone}, {"beside the frozen", frozen}, {"in the crowd", crowded}} {
		t.Logf("status %s: median %v, p99 %v of %d", m.when, percentile(m.took, 50), percentile(m.took, 99), len(m.took))
	}
	t.Logf("memory of its own: %d KiB before, %d KiB at most in the crowd, %d KiB after", before, peak, left)
	if after.Supervisor.PID != pid {
		t.Errorf("the supervisor was %d and is %d", pid, after.Supervisor.PID)
	}
	// Ten times what it is on a quiet machine, for busy ones.
	if p99 := percentile(crowded, 99); p99 > 500*time.Millisecond {
		t.Errorf("a status takes %v in the crowd", p99)
	}
	if peak > before+48<<10 {
		t.Errorf("the crowd costs %d KiB", peak-before)
	}
	for _, u := range after.Units {
		if u.State != "running" || u.Run != 1 {
			t.Errorf("%s: %s in run %d", u.Name, u.State, u.Run)
		}
	}
}

// scanned is closed when a line was read.
func scanned(s *bufio.Scanner) chan struct{} {
	c := make(chan struct{})
	go func() { s.Scan(); close(c) }()
	return c
}
