package ipc

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// greeting is the first line of a client that does everything right.
const greeting = `{"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"test","protocol":1}}` + "\n"

// say opens a connection, sends text, and gives the lines that come back up to
// the given number.
func say(t *testing.T, path, text string, lines int) []string {
	t.Helper()
	nc, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	go func() { _, _ = nc.Write([]byte(text)) }()
	return read(t, nc, lines)
}

func read(t *testing.T, nc net.Conn, lines int) []string {
	t.Helper()
	in := bufio.NewReaderSize(nc, MaxMessage)
	var got []string
	for len(got) < lines {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("%d lines, then %v: %.300q", len(got), err, got)
		}
		got = append(got, line)
	}
	return got
}

// What the first line may be, and what it is told when it is something else.
func TestHelloIsJudgedByItsVersionFirst(t *testing.T) {
	for name, c := range map[string]struct{ params, want string }{
		"a later version":              {`{"client":"x","protocol":2}`, `the client speaks protocol 2, this supervisor speaks 1`},
		"a later version's members":    {`{"client":"x","protocol":2,"colour":"red","quiet":[]}`, `"client":2,"code":"version","server":1`},
		"no version at all":            {`{"client":"x"}`, `\"protocol\"`},
		"a version in words":           {`{"client":"x","protocol":"one"}`, `\"protocol\" has to be a whole number`},
		"a version beyond all numbers": {`{"protocol":1e999}`, `"code":"version"`},
		"an unknown member":            {`{"client":"x","protocol":1,"colour":"red"}`, `there is no member \"colour\"`},
		"a name with a line in it":     {`{"client":"a\nb","protocol":1}`, `\"client\" has to be a name`},
		"a name without end":           {`{"client":"` + strings.Repeat("x", 200) + `","protocol":1}`, `\"client\" has to be a name`},
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := serve(t, echo)
			got := say(t, path, `{"jsonrpc":"2.0","id":1,"method":"hello","params":`+c.params+"}\n", 1)
			if !strings.Contains(got[0], c.want) || !strings.HasPrefix(got[0], `{"jsonrpc":"2.0","id":1,"error"`) {
				t.Errorf("%s, want %s", got[0], c.want)
			}
		})
	}
}

// Each line is answered with the id it had, or null where that cannot be read,
// and the connection goes on.
func TestLinesThatAreNoRequests(t *testing.T) {
	path, _ := serve(t, echo)
	for name, c := range map[string]struct{ line, want string }{
		"half a line":            {`{"jsonrpc":`, `"id":null,"error":{"code":-32700`},
		"NUL bytes":              {"\x00\x00", `parse_error`},
		"a NUL in a string":      {"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"e\x00ho\"}", `parse_error`},
		"no UTF-8":               {"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"\xff\"}", `the line is not UTF-8`},
		"a number":               {`17`, `has to be an object, not a number`},
		"null":                   {`null`, `has to be an object, not a null`},
		"an empty object":        {`{}`, `a request needs an id`},
		"two objects":            {`{}{}`, `parse_error`},
		"an empty batch":         {`[]`, `batches are not supported`},
		"a batch":                {`[{"jsonrpc":"2.0","id":5,"method":"echo"}]`, `batches are not supported`},
		"endless nesting":        {`{"jsonrpc":"2.0","id":5,"params":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, `parse_error`},
		"a notification":         {`{"jsonrpc":"2.0","method":"echo"}`, `a request needs an id`},
		"an id that is true":     {`{"jsonrpc":"2.0","id":true,"method":"echo"}`, `an id has to be a string, a number or null, not true`},
		"an id that is a list":   {`{"jsonrpc":"2.0","id":[5],"method":"echo"}`, `"id":null`},
		"an id that is long":     {`{"jsonrpc":"2.0","id":"` + strings.Repeat("5", 300) + `","method":"echo"}`, `at most 256 bytes`},
		"another JSON-RPC":       {`{"jsonrpc":"1.0","id":5,"method":"echo"}`, `"id":5,"error":{"code":-32600`},
		"a method that is none":  {`{"jsonrpc":"2.0","id":5,"method":17}`, `a request needs a method`},
		"params misspelled":      {`{"jsonrpc":"2.0","id":5,"method":"echo","param":{}}`, `"id":5,"error":{"code":-32600,"message":"a request has no member \"param\"`},
		"method twice":           {`{"jsonrpc":"2.0","id":5,"method":"echo","method":"fail"}`, `\"method\" comes twice`},
		"params in a list":       {`{"jsonrpc":"2.0","id":5,"method":"echo","params":["hi"]}`, `params have to be an object`},
		"a member misspelled":    {`{"jsonrpc":"2.0","id":5,"method":"echo","params":{"txet":"hi"}}`, `there is no member \"txet\": there are text`},
		"a member in capitals":   {`{"jsonrpc":"2.0","id":5,"method":"echo","params":{"TEXT":"hi"}}`, `there is no member \"TEXT\"`},
		"a member twice":         {`{"jsonrpc":"2.0","id":5,"method":"echo","params":{"text":"a","text":"b"}}`, `\"text\" comes twice`},
		"nesting where it hurts": {`{"jsonrpc":"2.0","id":5,"method":"echo","params":{"text":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}}`, `\"text\" has to be a string`},
		"cancel of nothing":      {`{"jsonrpc":"2.0","id":5,"method":"cancel"}`, `cancel has to name the \"request\"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := say(t, path, greeting+c.line+"\n"+`{"jsonrpc":"2.0","id":"next","method":"echo"}`+"\n", 3)
			// Requests do not wait for each other, so the answers come
			// in any order.
			all := got[1] + got[2]
			if !strings.Contains(all, c.want) || !strings.Contains(all, `"id":"next","result"`) {
				t.Errorf("%.600s, want %s", all, c.want)
			}
		})
	}
}

func TestIDsComeBackAsTheyWere(t *testing.T) {
	path, _ := serve(t, echo)
	for _, id := range []string{`"a"`, `""`, `0`, `-7`, `1.5`, `1e3`, `null`, `"\u00e9\n"`, `9007199254740993`} {
		got := say(t, path, greeting+`{"jsonrpc":"2.0","id":`+id+`,"method":"echo"}`+"\n", 2)
		if !strings.HasPrefix(got[1], `{"jsonrpc":"2.0","id":`+id+`,"result"`) {
			t.Errorf("id %s: %s", id, got[1])
		}
	}
}

// An id is free again when its answer is there, and not before: also in
// another spelling.
func TestAnIDIsUnderWayOnce(t *testing.T) {
	path, _ := serve(t, echo)
	got := say(t, path, greeting+
		`{"jsonrpc":"2.0","id":"a","method":"wait"}`+"\n"+
		`{"jsonrpc":"2.0","id":"\u0061","method":"echo"}`+"\n"+
		`{"jsonrpc":"2.0","id":2,"method":"cancel","params":{"request":"\u0061"}}`+"\n", 4)
	all := strings.Join(got, "")
	if !strings.Contains(got[1], "is under way already") || !strings.Contains(all, `"canceled":true`) || !strings.Contains(all, `"id":"a","error"`) {
		t.Errorf("%s", all)
	}
}

// A handler that gives up because its context was canceled has not made a
// mistake: the client is told "canceled", so that it may ask the next supervisor.
func TestACanceledHandlerIsNoMistake(t *testing.T) {
	path, _ := serve(t, func(context.Context, *Request) (any, error) {
		return nil, fmt.Errorf("cannot go on: %w", context.Canceled)
	})
	got := say(t, path, greeting+`{"jsonrpc":"2.0","id":1,"method":"echo"}`+"\n", 2)
	if !strings.Contains(got[1], `"canceled"`) {
		t.Errorf("%s", got[1])
	}
}

func TestAnIDIsFreeOnceItsAnswerIsThere(t *testing.T) {
	path, _ := serve(t, echo)
	nc, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	in, text := bufio.NewReader(nc), greeting
	for i := range 200 {
		if _, err := nc.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, `"result"`) {
			t.Fatalf("request %d: %s %v", i, line, err)
		}
		text = `{"jsonrpc":"2.0","id":7,"method":"echo"}` + "\n"
	}
}

// A line may have exactly 1 MiB, its newline included.
func TestTheLongestLine(t *testing.T) {
	path, _ := serve(t, echo)
	const request = `{"jsonrpc":"2.0","id":5,"method":"echo"}`
	for over, want := range map[int]string{-1: `"id":5,"result"`, 0: `"id":5,"result"`, 1: `"code":"too_large"`} {
		line := request + strings.Repeat(" ", MaxMessage+over-1-len(request)) + "\n"
		if got := say(t, path, greeting+line, 2); !strings.Contains(got[1], want) {
			t.Errorf("a line of 1 MiB and %d: %s", over, got[1])
		}
	}
}

// Whoever types, or pipes a file, may leave the last newline out and close the
// writing half: the answers come, then the end.
func TestAHalfClosedClientIsAnswered(t *testing.T) {
	goOn := make(chan struct{})
	path, _ := serve(t, func(ctx context.Context, r *Request) (any, error) {
		if r.Method == "slow" {
			<-goOn
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		return r.Method, nil
	})
	nc, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Write([]byte(greeting + `{"jsonrpc":"2.0","id":2,"method":"slow"}` + "\n" + `{"jsonrpc":"2.0","id":3,"method":"quick"}`)); err != nil {
		t.Fatal(err)
	}
	if err := nc.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(nc)
	for _, want := range []string{`"id":1`, `"result":"quick"`, `"result":"slow"`} {
		line, err := in.ReadString('\n')
		if err != nil || !strings.Contains(line, want) {
			t.Fatalf("%q %v, want %s", line, err, want)
		}
		if want == `"result":"quick"` {
			close(goOn)
		}
	}
	if line, err := in.ReadString('\n'); err == nil {
		t.Errorf("after the last answer comes %q", line)
	}
}

// A client that closes its writing half and then goes away ends its requests.
func TestAHalfClosedClientThatLeaves(t *testing.T) {
	ended := make(chan struct{})
	path, _ := serve(t, func(ctx context.Context, _ *Request) (any, error) {
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	})
	nc, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Write([]byte(greeting + `{"jsonrpc":"2.0","id":2,"method":"wait"}` + "\n")); err != nil {
		t.Fatal(err)
	}
	read(t, nc, 1)
	if err := nc.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_ = nc.Close()
	<-ended
}

// A thousand requests in one write are all answered.
func TestPipelining(t *testing.T) {
	path, _ := serve(t, echo)
	var b strings.Builder
	b.WriteString(greeting)
	for i := range 1000 {
		fmt.Fprintf(&b, `{"jsonrpc":"2.0","id":"r%d","method":"echo"}`+"\n", i)
	}
	seen := map[string]bool{}
	for _, line := range say(t, path, b.String(), 1001)[1:] {
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil || m.Error != nil {
			t.Fatalf("%s %v", line, err)
		}
		seen[string(m.ID)] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d ids", len(seen))
	}
}

// Somebody else's user gets one line.
func TestAnotherUserIsRefused(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	s := NewServer(handlerFunc(echo), ServerOptions{Peer: func(net.Conn) (Peer, error) { return Peer{UID: os.Geteuid() + 1, PID: 7}, nil }})
	s.take(far)
	if got := read(t, near, 1); !strings.Contains(got[0], `"code":"refused"`) || !strings.Contains(got[0], "may not talk to this supervisor") {
		t.Errorf("%s", got[0])
	}
	s.working.Wait()
}

// The server's user and root may do everything, members of the readers' group
// may look, by whichever of their groups, and nobody else anything.
func TestWhoMayDoWhat(t *testing.T) {
	const own, group = 1000, 50
	for _, c := range []struct {
		peer  Peer
		group int
		want  access
	}{
		{Peer{UID: 0}, 0, accessAll},
		{Peer{UID: own}, 0, accessAll},
		{Peer{UID: own, GID: group}, group, accessAll},
		{Peer{UID: 7, GID: group}, group, accessRead},
		{Peer{UID: 7, GID: 7, Groups: []int{3, group}}, group, accessRead},
		{Peer{UID: 7, GID: 7, Groups: []int{3}}, group, accessNone},
		{Peer{UID: 7, GID: group}, 0, accessNone},
		{Peer{UID: 7, GID: 0, Groups: []int{0}}, 0, accessNone},
	} {
		if got := accessOf(c.peer, own, c.group); got != c.want {
			t.Errorf("%+v in a server of %d with readers %d: %d, want %d", c.peer, own, c.group, got, c.want)
		}
	}
	for method, want := range map[string]bool{
		MethodStatus: true, MethodInspect: true, MethodSubscribe: true, MethodLogs: true, MethodEvents: true, MethodWhy: true, MethodGraph: true, MethodWait: true,
		MethodStart: false, MethodStop: false, MethodRestart: false, MethodDeploy: false, MethodRollback: false, MethodApply: false, MethodPlan: false,
		MethodSignal: false, MethodPurge: false, MethodTrigger: false, MethodSpawn: false, MethodUpgrade: false, "some_later_method": false,
	} {
		if got := accessRead.mayCall(method) == nil; got != want {
			t.Errorf("%s: %v", method, got)
		}
		if accessNone.mayCall(method) == nil || accessAll.mayCall(method) != nil {
			t.Errorf("%s", method)
		}
	}
}

// The kernel names this process as its own peer.
func TestPeerOf(t *testing.T) {
	got := make(chan Peer, 1)
	path, _ := serve(t, func(_ context.Context, r *Request) (any, error) { got <- r.Peer; return nil, nil })
	if err := dial(t, path).Call(t.Context(), "x", nil, nil); err != nil {
		t.Fatal(err)
	}
	if p := <-got; p.UID != os.Geteuid() || p.GID != os.Getegid() || p.PID != os.Getpid() {
		t.Errorf("%+v", p)
	}
}
