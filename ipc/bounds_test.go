package ipc

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// crowd is a server whose clients say themselves which process they are.
type crowd struct {
	*testing.T
	s   *Server
	mu  sync.Mutex
	who map[net.Conn]int
}

func newCrowd(t *testing.T, h handlerFunc) *crowd {
	c := &crowd{T: t, who: map[net.Conn]int{}}
	c.s = NewServer(h, ServerOptions{Peer: func(nc net.Conn) (Peer, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return Peer{UID: os.Geteuid(), PID: c.who[nc]}, nil
	}})
	return c
}

// connect gives the client's end of a connection of a process.
func (c *crowd) connect(pid int) net.Conn {
	near, far := net.Pipe()
	c.mu.Lock()
	c.who[far] = pid
	c.mu.Unlock()
	go c.s.take(far)
	c.Cleanup(func() { _ = near.Close() })
	return near
}

// welcome is whether a process that connects and says hello is answered; if
// not, the line it gets instead.
func (c *crowd) welcome(pid int) (bool, string) {
	c.Helper()
	nc := c.connect(pid)
	go func() { _, _ = nc.Write([]byte(greeting)) }()
	line := read(c.T, nc, 1)[0]
	return strings.Contains(line, `"result"`), line
}

// One process may hoard only so many connections; many that do so together
// leave room for those that have none. Who is turned away is told why.
func TestConnectionsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, echo)
		for i := range perProcess {
			if ok, line := c.welcome(1); !ok {
				t.Fatalf("connection %d: %s", i+1, line)
			}
		}
		if ok, line := c.welcome(1); ok || !strings.Contains(line, `"id":null`) || !strings.Contains(line, `"code":"too_many"`) {
			t.Errorf("one more of the same process: %s", line)
		}
		for pid := 2; pid <= maxConnections/perProcess; pid++ {
			for range perProcess {
				if ok, line := c.welcome(pid); !ok {
					t.Fatalf("process %d: %s", pid, line)
				}
			}
		}
		if ok, line := c.welcome(1000); !ok {
			t.Errorf("a process without a connection is locked out: %s", line)
		}
		if ok, line := c.welcome(1000); ok || !strings.Contains(line, "connections are open already") {
			t.Errorf("its second connection: %s", line)
		}
	})
}

// What a server says before it closes a connection reaches the caller, though
// the request could no longer be written.
func TestAClientThatIsTurnedAwayKnowsWhy(t *testing.T) {
	path, _ := serve(t, echo)
	var last error
	for range perProcess + 1 {
		var c *Client
		if c, last = Dial(t.Context(), path, "test"); last != nil {
			break
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	if e, ok := last.(*Error); !ok || e.Code != CodeTooMany || e.Try == "" {
		t.Errorf("%v", last)
	}
}

func TestWhoSaysNothingIsSentAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, echo)
		began := time.Now()
		got := read(t, c.connect(1), 1)
		if took := time.Since(began); took != helloTime || !strings.Contains(got[0], `"code":"hello_first"`) {
			t.Errorf("after %s: %s", took, got[0])
		}
		c.s.working.Wait()
	})
}

// Streams in all places have further requests refused, and cancel still works.
func TestStreamsThatHoldAllPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, echo)
		nc := c.connect(1)
		var b strings.Builder
		b.WriteString(greeting)
		for i := range maxRequests {
			fmt.Fprintf(&b, `{"jsonrpc":"2.0","id":"s%d","method":"wait"}`+"\n", i)
		}
		for i := range 3 {
			fmt.Fprintf(&b, `{"jsonrpc":"2.0","id":"more%d","method":"echo"}`+"\n", i)
		}
		b.WriteString(`{"jsonrpc":"2.0","id":"c","method":"cancel","params":{"request":"s0"}}` + "\n")
		go func() { _, _ = nc.Write([]byte(b.String())) }()
		began := time.Now()
		got := read(t, nc, 6)
		for i, line := range got[1:4] {
			if !strings.Contains(line, fmt.Sprintf(`"id":"more%d"`, i)) || !strings.Contains(line, `"code":"too_many"`) {
				t.Errorf("%s", line)
			}
		}
		if all := got[4] + got[5]; !strings.Contains(all, `"canceled":true`) || !strings.Contains(all, `"id":"s0","error"`) {
			t.Errorf("%s", all)
		}
		if took := time.Since(began); took != slotPatience+2*jammedPatience {
			t.Errorf("refused after %s", took)
		}
		// A place is free now.
		go func() { _, _ = nc.Write([]byte(`{"jsonrpc":"2.0","id":"late","method":"echo"}` + "\n")) }()
		if line := read(t, nc, 1)[0]; !strings.Contains(line, `"id":"late","result"`) {
			t.Errorf("%s", line)
		}
		_ = nc.Close()
		c.s.working.Wait()
	})
}

// A client that asks and never reads is soon not read from: what is kept for
// it does not grow.
func TestWhoDoesNotReadIsNotReadFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, echo)
		nc := c.connect(1)
		written := make(chan int, 1)
		go func() {
			_, _ = nc.Write([]byte(greeting))
			n := 0
			for ; ; n++ {
				if _, err := nc.Write([]byte(`{"jsonrpc":"2.0","id":` + fmt.Sprint(n) + `,"method":"echo"}` + "\n")); err != nil {
					break
				}
			}
			written <- n
		}()
		read(t, nc, 1)
		synctest.Wait()
		c.s.mu.Lock()
		for one := range c.s.conns {
			one.out.mu.Lock()
			if n := len(one.out.queue); n > maxRequests+1 {
				t.Errorf("%d answers are kept", n)
			}
			one.out.mu.Unlock()
		}
		c.s.mu.Unlock()
		// And when it lets an answer wait for too long it is cut off.
		c.s.working.Wait()
		if n := <-written; n > maxRequests+64 {
			t.Errorf("%d requests were read", n)
		}
	})
}

// Others are answered at once, whatever frozen and noisy clients do.
func TestOthersAreAnsweredAtOnce(t *testing.T) {
	path, _ := serve(t, echo)
	for range 20 {
		frozen, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer frozen.Close()
		go func() {
			_, _ = frozen.Write([]byte(greeting + strings.Repeat(`{"jsonrpc":"2.0","id":"f","method":"flood"}`+"\n", 500)))
		}()
	}
	c := dial(t, path)
	var took []time.Duration
	for range 100 {
		began := time.Now()
		if err := c.Call(t.Context(), "echo", nil, nil); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slow := 0
	for _, d := range took {
		if d > 50*time.Millisecond {
			slow++
		}
	}
	// A machine that is busy with other things may hold up a few.
	if slow > 5 {
		t.Errorf("%d of %d answers took longer than 50 ms", slow, len(took))
	}
}

// Whatever thousands of clients send, no goroutine is left of them.
func TestGarbageLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(handlerFunc(echo), ServerOptions{})
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	garbage := []string{
		"", "\x00\xff\n", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("x", 70_000), "[]\n", "{}\n",
		greeting + "[[[[\n", greeting + `{"jsonrpc":"2.0","id":2,"method":"wait"}` + "\n", greeting + `{"jsonrpc":"2.0","id":2,"method":"flood"}` + "\n",
	}
	for i := range 3000 {
		nc, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		// A server that turned the client away may have closed already.
		_, _ = nc.Write([]byte(garbage[i%len(garbage)]))
		_ = nc.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if len(s.conns)+len(s.processes) != 0 {
		t.Errorf("%d connections, %d processes are left", len(s.conns), len(s.processes))
	}
	// The one that waited in Shutdown may still be on its way out.
	if after := runtime.NumGoroutine(); after > before+1 {
		stack := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", after, before, stack[:runtime.Stack(stack, true)])
	}
}

// A list of any length arrives, and so does one in an object of the answer.
func TestLongListsComeInPages(t *testing.T) {
	const many = 4000
	path, _ := serve(t, func(context.Context, *Request) (any, error) {
		p := PlanResult{Operation: &OperationResult{OK: true}}
		for i := range many {
			name := fmt.Sprintf("demo/%s-%d", strings.Repeat("n", 50), i)
			p.Changes = append(p.Changes, Change{Unit: name, Action: "add", Effect: "start"})
			p.Operation.Units = append(p.Operation.Units, Outcome{Unit: Unit{ID: name, Reason: "quoted \"\n\x01"}, Changed: true})
		}
		return p, nil
	})
	var r PlanResult
	if err := dial(t, path).Call(t.Context(), MethodApply, nil, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Changes) != many || len(r.Operation.Units) != many || !r.Operation.OK {
		t.Fatalf("%d changes, %d units", len(r.Changes), len(r.Operation.Units))
	}
	for i, u := range r.Operation.Units {
		if suffix := fmt.Sprintf("-%d", i); !strings.HasSuffix(u.ID, suffix) || !strings.HasSuffix(r.Changes[i].Unit, suffix) || u.Reason != "quoted \"\n\x01" {
			t.Fatalf("unit %d is %+v", i, u.Unit)
		}
	}
}

// No line is longer than a message, whatever the units look like.
func TestUnitsWithLongWords(t *testing.T) {
	units := make([]Unit, 80)
	for i := range units {
		units[i] = Unit{ID: fmt.Sprint("demo/", i), Reason: strings.Repeat("\x01", 4000), Depends: make([]string, 200)}
		for j := range units[i].Depends {
			units[i].Depends[j] = "demo/" + strings.Repeat("d", 64)
		}
	}
	path, _ := serve(t, func(_ context.Context, r *Request) (any, error) {
		rest, err := SendUnits(r, units)
		return StatusResult{Units: rest}, err
	})
	nc, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Write([]byte(greeting + `{"jsonrpc":"2.0","id":2,"method":"status"}` + "\n")); err != nil {
		t.Fatal(err)
	}
	in, got := bufio.NewReader(nc), 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if len(line) > MaxMessage {
			t.Errorf("a line has %d bytes", len(line))
		}
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		var page struct{ Items, Units []Unit }
		_ = json.Unmarshal(m.Params, &page)
		_ = json.Unmarshal(m.Result, &page)
		if got += len(page.Items) + len(page.Units); string(m.ID) == "2" {
			break
		}
	}
	if got != len(units) {
		t.Errorf("%d units of %d", got, len(units))
	}
}

// An error keeps its code and its message, however much it wants to tell.
func TestAnErrorWithTooMuchData(t *testing.T) {
	path, _ := serve(t, func(context.Context, *Request) (any, error) {
		e := Errorf(CodeManifestInvalid, "the manifest has 9000 errors")
		e.Data = map[string]any{"diagnostics": strings.Repeat("x", MaxMessage)}
		return nil, e
	})
	err := dial(t, path).Call(t.Context(), MethodPlan, nil, nil)
	if e, ok := err.(*Error); !ok || e.Code != CodeManifestInvalid || e.Data["truncated"] != true || e.Message != "the manifest has 9000 errors" {
		t.Errorf("%v", err)
	}
}

// A server that shuts down gives a client that does not read a moment, not
// more.
func TestShutdownDoesNotWaitForWhoDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, echo)
		nc := c.connect(1)
		go func() {
			_, _ = nc.Write([]byte(greeting + strings.Repeat(`{"jsonrpc":"2.0","id":1,"method":"flood"}`+"\n", 3)))
		}()
		read(t, nc, 1)
		synctest.Wait()
		began := time.Now()
		if err := c.s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > partingTime {
			t.Errorf("it took %s", took)
		}
	})
}
