package load

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// plan is a small one.
func plan(url string) Plan {
	return Plan{URL: url, SlowPath: "/slow", Rate: 500, Kept: 2, Fresh: 1, Timeout: 5 * time.Second, Requests: 60, Time: 30 * time.Second}
}

// end has a load run to the end of its plan.
func end(t *testing.T, p Plan) Report {
	t.Helper()
	l, err := Begin(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	<-l.Ended()
	return l.End()
}

func TestEveryRequestIsCountedOnce(t *testing.T) {
	var served atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		w.Header().Set("X-Run", "7")
	}))
	defer s.Close()
	r := end(t, plan(s.URL+"/"))
	if r.Requests != 60 || served.Load() != 60 || r.Answers["7"] != 60 || r.Kinds() != "none" {
		t.Errorf("%d served, %d by run 7: %s", served.Load(), r.Answers["7"], r)
	}
}

// A connection that is closed under a request's hands is a failure, though HTTP
// would let a client try again.
func TestAConnectionThatIsClosedIsAFailure(t *testing.T) {
	var served atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if served.Add(1)%10 == 0 {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}
	}))
	defer s.Close()
	if r := end(t, plan(s.URL+"/")); len(r.Failures) != 6 || r.Kinds() != "6 closed" || r.Requests != 60 {
		t.Errorf("%s", r)
	}
}

func TestAStatusOtherThan200IsAFailure(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	if r := end(t, plan(s.URL+"/")); r.Kinds() != "60 status" {
		t.Errorf("%s", r)
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String() + "/"
	l.Close()
	if r := end(t, plan(url)); r.Kinds() != "60 refused" {
		t.Errorf("%s", r)
	}
}

func TestASlowAnswerIsATimeout(t *testing.T) {
	p := plan("")
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	p.URL, p.Timeout, p.Requests = s.URL+"/", 20*time.Millisecond, 3
	if r := end(t, p); r.Kinds() != "3 timeout" {
		t.Errorf("%s", r)
	}
}

func TestPlansWithoutBoundsAreRefused(t *testing.T) {
	for what, change := range map[string]func(*Plan){
		"another machine": func(p *Plan) { p.URL = "http://192.0.2.1:80/" },
		"a name":          func(p *Plan) { p.URL = "http://localhost:80/" },
		"no end":          func(p *Plan) { p.Requests = 0 },
		"too long":        func(p *Plan) { p.Time = time.Hour },
		"nobody asks":     func(p *Plan) { p.Kept, p.Fresh = 0, 0 },
		"too fast":        func(p *Plan) { p.Rate = maxRate + 1 },
	} {
		p := plan("http://127.0.0.1:1/")
		change(&p)
		if _, err := Begin(context.Background(), p); err == nil {
			t.Errorf("%s is not refused", what)
		}
	}
}

func TestPercentilesAreNearestRanks(t *testing.T) {
	var list []time.Duration
	for i := range 200 {
		list = append(list, time.Duration(200-i))
	}
	if got := times(list); got != (Times{Requests: 200, P50: 100, P90: 180, P99: 198, Max: 200}) {
		t.Errorf("%+v", got)
	}
	if text := times(list[:1]).String(); !strings.Contains(text, "1 requests") {
		t.Errorf("%s", text)
	}
}
