package ipc

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoGivesWay(t *testing.T) {
	now := time.Now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, c := range []struct {
		name string
		p    place
		want bool
	}{
		{"working", place{use: working}, false},
		{"just come", place{use: stuck, since: now}, false},
		{"stuck", place{use: stuck, since: ago(stuckGrace)}, true},
		{"between two questions", place{use: idle, since: ago(stuckGrace)}, false},
		{"idle", place{use: idle, since: ago(idleGrace)}, true},
	} {
		if got := c.p.givesWay(now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	order := []place{
		{use: stuck, since: ago(time.Minute)},
		{use: stuck, since: ago(time.Second)},
		{use: idle, since: ago(time.Hour)},
		{use: idle, since: ago(time.Minute)},
	}
	for i := range order {
		for j := range order {
			if got := order[i].before(order[j]); got != (i < j) {
				t.Errorf("%d before %d: %v", i, j, got)
			}
		}
	}
}

// full takes every place, each for a process of its own that says the lines and
// reads as many answers.
func (c *crowd) full(lines ...string) []net.Conn {
	c.Helper()
	var all []net.Conn
	for pid := range maxConnections + reserved {
		nc := c.connect(100 + pid)
		for _, line := range lines {
			_, _ = nc.Write([]byte(line))
			if !strings.Contains(line, `"wait"`) {
				read(c.T, nc, 1)
			}
		}
		synctest.Wait()
		time.Sleep(time.Millisecond)
		all = append(all, nc)
	}
	return all
}

// Where all places are taken by those that do nothing with them, there is one
// for whoever comes, and the one that has been at it for longest is told.
func TestANewcomerGetsThePlaceOfWhoDoesNothing(t *testing.T) {
	const ask = `{"jsonrpc":"2.0","id":7,"method":"echo"}` + "\n"
	for name, c := range map[string]struct {
		lines []string
		after time.Duration
	}{
		"no hello":   {nil, 0},
		"no request": {[]string{greeting}, 0},
		"no more":    {[]string{greeting, ask}, idleGrace},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				crowd := newCrowd(t, echo)
				all := crowd.full(c.lines...)
				if c.after > 0 {
					if ok, line := crowd.welcome(1); ok || !strings.Contains(line, "are open already") {
						t.Errorf("before that: %s", line)
					}
					time.Sleep(c.after)
				}
				for i := range 3 {
					if ok, line := crowd.welcome(1 + i); !ok {
						t.Fatalf("newcomer %d: %s", i+1, line)
					}
					if line := read(t, all[i], 1)[0]; !strings.Contains(line, `"code":"too_many"`) || !strings.Contains(line, "needs the place") {
						t.Errorf("%d is told %s", i, line)
					}
				}
				if n := len(crowd.s.conns); n != maxConnections+reserved {
					t.Errorf("%d connections", n)
				}
			})
		})
	}
}

// Who does not read what waits for it gives way too.
func TestANewcomerGetsThePlaceOfWhoDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, echo)
		all := c.full(greeting)
		for _, nc := range all {
			go func() { _, _ = nc.Write([]byte(`{"jsonrpc":"2.0","id":7,"method":"flood"}` + "\n")) }()
		}
		time.Sleep(stuckGrace)
		if ok, line := c.welcome(1); !ok {
			t.Error(line)
		}
	})
}

// Who has a request under way keeps its place, however long that takes.
func TestWorkingClientsKeepTheirPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, echo)
		all := c.full(greeting, `{"jsonrpc":"2.0","id":7,"method":"wait"}`+"\n")
		time.Sleep(time.Hour)
		if ok, line := c.welcome(1); ok || !strings.Contains(line, "are open already") {
			t.Error(line)
		}
		_, _ = all[0].Write([]byte(`{"jsonrpc":"2.0","id":8,"method":"echo"}` + "\n"))
		if line := read(t, all[0], 1)[0]; !strings.Contains(line, `"id":8,"result"`) {
			t.Error(line)
		}
	})
}

// Who loses its place because it does not read finds all lines whole when it does,
// and after them why there are no more.
func TestWhoDoesNotReadFindsOutWhy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	var pids atomic.Int64
	s := NewServer(handlerFunc(echo), ServerOptions{Peer: func(net.Conn) (Peer, error) {
		return Peer{UID: os.Geteuid(), PID: int(pids.Add(1))}, nil
	}})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	defer func() {
		if err := errors.Join(s.Shutdown(t.Context()), <-done); err != nil {
			t.Error(err)
		}
	}()
	slow := dial(t, path)
	got := 0
	reads, proceed := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- slow.Stream(t.Context(), "flood", nil, func(_ string, raw json.RawMessage) error {
			if got++; got == 1 {
				close(reads)
				<-proceed
			}
			var note struct{ Text string }
			return json.Unmarshal(raw, &note)
		}, nil)
	}()
	<-reads
	// The others read their answers, and only it is stuck.
	const ask = `{"jsonrpc":"2.0","id":7,"method":"echo"}` + "\n"
	for places := maxConnections + reserved; places > 0; {
		nc, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(nc, greeting+ask)
		in := bufio.NewReader(nc)
		if line, _ := in.ReadString('\n'); !strings.Contains(line, `"result"`) {
			_ = nc.Close()
			continue
		}
		if _, err := in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		places--
	}
	close(proceed)
	err = <-ended
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeTooMany || !strings.Contains(e.Message, "did not read") || e.Try == "" {
		t.Errorf("after %d notes: %v", got, err)
	}
}

// A process that has some connections gets one more from who is stuck, and not from
// who is idle; one that has many gets none.
func TestAProcessWithFewConnectionsGetsThePlaceOfWhoIsStuck(t *testing.T) {
	const ask = `{"jsonrpc":"2.0","id":7,"method":"echo"}` + "\n"
	for name, c := range map[string]struct {
		lines []string
		want  int
	}{
		"stuck": {[]string{greeting}, few},
		"idle":  {[]string{greeting, ask}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				crowd := newCrowd(t, echo)
				crowd.full(c.lines...)
				time.Sleep(idleGrace)
				got := 0
				for range few + 1 {
					nc := crowd.connect(1)
					go func() { _, _ = nc.Write([]byte(greeting + ask)) }()
					if line := read(t, nc, 1)[0]; !strings.Contains(line, `"result"`) {
						break
					}
					got++
				}
				if got != c.want {
					t.Errorf("it got %d places, want %d", got, c.want)
				}
			})
		})
	}
}
