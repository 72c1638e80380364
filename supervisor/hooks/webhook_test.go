package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"systemg/config"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// A webhook is a POST of JSON with the unit's story, signed, with the headers
// that the manifest names.
func TestWebhook(t *testing.T) {
	got := make(chan *http.Request, 1)
	bodies := make(chan []byte, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies <- b
		got <- r
	}))
	defer server.Close()

	h := config.Hook{On: "stop", Outcome: "error", Webhook: &config.Webhook{
		URL: server.URL + "/in?key=k", Secret: "s3cret", Timeout: time.Minute,
		Headers: []config.EnvVar{{Name: "Authorization", Value: "Bearer tok"}, {Name: "Host", Value: "alerts"}, {Name: "X-Sysg-Signature", Value: "forged"}},
	}}
	e := newEars()
	r := runner(t, Options{Run: noCommands, Outbox: outbox(t, t.TempDir(), store.OutboxLimits{})}, e)
	r.Fire(Notice{Def: web("web", h), Time: began, Occasion: Occasion{
		Event: OnStop, Outcome: Failure, Run: 7, Reason: "exit 3", Exit: &unit.Exit{Run: 7, Code: 3, Text: "exit 3"},
	}})
	req, body := <-got, <-bodies

	var b Body
	if err := json.Unmarshal(body, &b); err != nil {
		t.Fatal(err)
	}
	if b.ID == "" || b.ID != req.Header.Get(DeliveryHeader) {
		t.Errorf("id %q, header %q", b.ID, req.Header.Get(DeliveryHeader))
	}
	want := `{"id":"` + b.ID + `","event":"on_stop","outcome":"error","project":"shop","unit":"web","run":7,` +
		`"reason":"exit 3","exit":{"code":3,"signal":"","text":"exit 3"},"gave_up":false,"time":"2026-01-02T03:04:05Z","host":"box"}`
	if string(body) != want {
		t.Errorf("body\n%s\nwant\n%s", body, want)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "sysg", "Authorization": "Bearer tok",
		AttemptHeader: "1", SignatureHeader: Sign("s3cret", body),
	} {
		if got := req.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if req.Method != http.MethodPost || req.Host != "alerts" || req.URL.String() != "/in?key=k" {
		t.Errorf("%s %s to %s", req.Method, req.URL, req.Host)
	}
	if r := <-e.ended; r.Err != nil || r.ID != b.ID || r.Kind != KindWebhook {
		t.Errorf("told %+v", r)
	}
}

// The signature is the one that any other implementation computes:
// printf '{"a":1}' | openssl dgst -sha256 -hmac key.
func TestSign(t *testing.T) {
	if got := Sign("key", []byte(`{"a":1}`)); got != "sha256=88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342" {
		t.Error(got)
	}
}

// An endpoint that is down for an hour gets everything, in order and with the
// same id in every attempt, with the default of 5 retries.
func TestDownForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := time.Now().Add(time.Hour)
		var times []time.Duration
		var delivered, attempts []string
		start := time.Now()
		net := wire(func(r *http.Request) (int, http.Header, error) {
			times = append(times, time.Since(start))
			id := r.Header.Get(DeliveryHeader)
			attempts = append(attempts, id)
			if time.Now().Before(up) {
				return 0, nil, errors.New("connection refused")
			}
			delivered = append(delivered, id)
			return 200, nil, nil
		})
		e := newEars()
		r := runner(t, Options{Run: noCommands, Transport: net, Outbox: outbox(t, t.TempDir(), store.OutboxLimits{})}, e)
		def := web("web", hook("http://down.example/secret-path", 5))
		for run := range uint64(3) {
			r.Fire(notice(def, run+1))
		}
		synctest.Wait()
		if text := e.trouble(); !strings.Contains(text, "webhooks to http://down.example fail: connection refused; ") || strings.Contains(text, "secret-path") {
			t.Errorf("trouble: %q", text)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		want := []time.Duration{0, 10 * time.Second, 70 * time.Second, 430 * time.Second, 2230 * time.Second, 4030 * time.Second}
		if len(times) < 6 || !slices.Equal(times[:6], want) {
			t.Errorf("attempts after %v", times)
		}
		if len(delivered) != 3 || slices.Compact(slices.Clone(attempts[:6]))[0] != delivered[0] || attempts[5] != attempts[0] {
			t.Errorf("attempts %v, delivered %v", attempts, delivered)
		}
		if s := r.Stats(); s.Delivered != 3 || s.Owed != 0 || s.GivenUp != 0 {
			t.Errorf("%+v", s)
		}
		if text := e.trouble(); text != "" {
			t.Errorf("still in trouble: %s", text)
		}
	})
}

// A supervisor that is started again while the endpoint is down tries at once,
// counts anew, and loses and doubles nothing.
func TestDownForAnHourAndARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		up := start.Add(time.Hour)
		var times []time.Duration
		var delivered []string
		net := wire(func(r *http.Request) (int, http.Header, error) {
			times = append(times, time.Since(start))
			if time.Now().Before(up) {
				return 0, nil, errors.New("connection refused")
			}
			delivered = append(delivered, r.Header.Get(DeliveryHeader))
			return 200, nil, nil
		})
		dir, e := t.TempDir(), newEars()
		options := func() Options {
			return Options{Run: noCommands, Transport: net, Outbox: outbox(t, dir, store.OutboxLimits{})}
		}
		first := runner(t, options(), e)
		for run := range uint64(3) {
			first.Fire(notice(web("web", hook("http://down.example/", 5)), run+1))
		}
		time.Sleep(5 * time.Minute)
		closeNow(first)
		synctest.Wait()
		if len(delivered) > 0 {
			t.Fatalf("delivered %v", delivered)
		}
		second := runner(t, options(), e)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		want := []time.Duration{
			0, 10 * time.Second, 70 * time.Second,
			300 * time.Second, 310 * time.Second, 370 * time.Second, 730 * time.Second, 2530 * time.Second, 4330 * time.Second,
		}
		if len(times) < len(want) || !slices.Equal(times[:len(want)], want) {
			t.Errorf("attempts after %v, want %v", times, want)
		}
		ids := slices.Clone(delivered)
		slices.Sort(ids)
		if len(delivered) != 3 || len(slices.Compact(ids)) != 3 || second.Stats().Owed != 0 {
			t.Errorf("delivered %v, %+v", delivered, second.Stats())
		}
	})
}

// Retries are what follows the first attempt. When they are used up the
// delivery is given up, in words, and the next one has its own.
func TestGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count := map[string]int{}
		net := wire(func(r *http.Request) (int, http.Header, error) {
			count[r.Header.Get(DeliveryHeader)]++
			return 503, nil, nil
		})
		dir := t.TempDir()
		e := newEars()
		r := runner(t, Options{Run: noCommands, Transport: net, Outbox: outbox(t, dir, store.OutboxLimits{})}, e)
		def := web("web", hook("http://down.example/x", 2))
		r.Fire(notice(def, 1))
		r.Fire(notice(def, 2))
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		for id, n := range count {
			if n != 3 {
				t.Errorf("%s was tried %d times", id, n)
			}
		}
		if s := r.Stats(); len(count) != 2 || s.GivenUp != 2 || s.Owed != 0 {
			t.Errorf("%v %+v", count, s)
		}
		if text := (<-e.ended).String(); text != "the webhook for on_start success of shop/web failed: http://down.example answered 503 Service Unavailable; given up after 3 attempts" {
			t.Errorf("told %q", text)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
			t.Errorf("still in the outbox: %v", left)
		}
	})
}

// What an answer means: which are final, and how long the endpoint is left
// alone after the others.
func TestAnswers(t *testing.T) {
	rows := []struct {
		code  int
		after string
		// again is when the second attempt comes, 0 for never.
		again time.Duration
		told  string
	}{
		{200, "", 0, ""},
		{204, "", 0, ""},
		{301, "", 0, "redirects are not followed"},
		{400, "", 0, "answered 400 Bad Request"},
		{401, "", 0, "answered 401"},
		{404, "", 0, "answered 404"},
		{410, "", 0, "answered 410"},
		{408, "", 10 * time.Second, ""},
		{429, "", 10 * time.Second, ""},
		{429, "120", 2 * time.Minute, ""},
		{503, "1", 10 * time.Second, ""},
		{503, "999999", time.Hour, ""},
		{503, "soon", 10 * time.Second, ""},
		{500, "", 10 * time.Second, ""},
	}
	for _, row := range rows {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var again time.Duration
			net := wire(func(r *http.Request) (int, http.Header, error) {
				if r.Header.Get(AttemptHeader) == "1" {
					return row.code, http.Header{"Retry-After": {row.after}}, nil
				}
				again = time.Since(start)
				return 200, nil, nil
			})
			e := newEars()
			r := runner(t, Options{Run: noCommands, Transport: net}, e)
			r.Fire(notice(web("web", hook("http://h/x", 5)), 1))
			res := <-e.ended
			if again != row.again {
				t.Errorf("%d, Retry-After %q: tried again after %s, want %s", row.code, row.after, again, row.again)
			}
			if (res.Err == nil) != (row.told == "") || res.Err != nil && !strings.Contains(res.Err.Error(), row.told) {
				t.Errorf("%d: told %v", row.code, res.Err)
			}
		})
	}
	if got := retryAfter(began.Add(90*time.Second).Format(http.TimeFormat), began); got != 90*time.Second {
		t.Errorf("a date is %s", got)
	}
}

// The back-off grows to half an hour, and the spread only lengthens it.
func TestDelay(t *testing.T) {
	var sum time.Duration
	for n := 1; n <= 5; n++ {
		d := Delay(n, 0, 0)
		sum += d
		if longest := Delay(n, 1, 0); longest != time.Duration(float64(d)*1.2) {
			t.Errorf("attempt %d: %s to %s", n, d, longest)
		}
	}
	if sum < time.Hour || Delay(1000, 0, 0) != 30*time.Minute {
		t.Errorf("5 retries take %s, the thousandth %s", sum, Delay(1000, 0, 0))
	}
}

// An endpoint that never answers holds up no other one and no Close.
func TestHangingEndpoint(t *testing.T) {
	release := make(chan struct{})
	var hung atomic.Int32
	deaf := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		hung.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer deaf.Close()
	defer close(release)
	swift := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer swift.Close()

	dir := t.TempDir()
	e := newEars()
	r := runner(t, Options{Run: noCommands, Outbox: outbox(t, dir, store.OutboxLimits{})}, e)
	for run := range uint64(10) {
		r.Fire(notice(web("web", hook(deaf.URL, 5)), run))
		r.Fire(notice(web("web", hook(swift.URL, 5)), run))
	}
	for range 10 {
		if res := <-e.ended; res.Err != nil {
			t.Error(res.Err)
		}
	}
	closeNow(r)
	if n := hung.Load(); n > 1 {
		t.Errorf("%d calls at once to one endpoint", n)
	}
	if left := outbox(t, dir, store.OutboxLimits{}).Kept(); len(left) != 10 {
		t.Errorf("%d are left for later", len(left))
	}
}

// What a supervisor owed when it was killed is delivered by the next one, with
// the ids it had, before what is new.
func TestOutboxIsGoneOnWith(t *testing.T) {
	dir := t.TempDir()
	var down atomic.Bool
	down.Store(true)
	var mu sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		var b Body
		_ = json.NewDecoder(r.Body).Decode(&b)
		if r.Header.Get(SignatureHeader) == "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, b.ID)
	}))
	defer server.Close()
	h := hook(server.URL, 5)
	h.Webhook.Secret = "do-not-tell"

	e := newEars()
	r := runner(t, Options{Run: noCommands, Outbox: outbox(t, dir, store.OutboxLimits{})}, e)
	for run := range uint64(4) {
		r.Fire(notice(web("web", h), run))
	}
	r.Close(context.Background())
	left := outbox(t, dir, store.OutboxLimits{}).Kept()
	if len(left) != 4 {
		t.Fatalf("%d are left", len(left))
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	for _, f := range files {
		if data, err := os.ReadFile(f); err != nil || strings.Contains(string(data), "do-not-tell") {
			t.Errorf("the secret is in %s (%v)", f, err)
		}
	}

	down.Store(false)
	again := newEars()
	r = runner(t, Options{Run: noCommands, Outbox: outbox(t, dir, store.OutboxLimits{})}, again)
	r.Fire(notice(web("web", h), 5))
	for range 5 {
		if res := <-again.ended; res.Err != nil {
			t.Error(res)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for i, d := range left {
		if seen[i] != d.ID {
			t.Errorf("%d. %s, and owed was %s", i+1, seen[i], d.ID)
		}
	}
	if all := e.everything() + again.everything(); strings.Contains(all, "do-not-tell") {
		t.Errorf("the secret was told: %s", all)
	}
}

// A full outbox drops the oldest, counts them and says so until all is well.
func TestOutboxOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		var runs []string
		net := wire(func(r *http.Request) (int, http.Header, error) {
			if !up.Load() {
				return 500, nil, nil
			}
			runs = append(runs, r.Header.Get(DeliveryHeader))
			return 200, nil, nil
		})
		e := newEars()
		box := outbox(t, t.TempDir(), store.OutboxLimits{Count: 3})
		r := runner(t, Options{Run: noCommands, Transport: net, Outbox: box}, e)
		for run := range uint64(8) {
			r.Fire(notice(web("web", hook("http://h/", 50)), run))
			synctest.Wait()
		}
		if s := r.Stats(); s.Lost != 5 || s.Owed != 3 {
			t.Errorf("%+v", s)
		}
		if text := e.trouble(); !strings.Contains(text, "5 webhooks were dropped since the supervisor started: they had to make room for newer ones") {
			t.Errorf("trouble %q", text)
		}
		kept := box.Kept()
		up.Store(true)
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(runs) != 3 || runs[0] != kept[0].ID || runs[2] != kept[2].ID {
			t.Errorf("delivered %v of %v", runs, kept)
		}
		if text := e.trouble(); text != "" {
			t.Errorf("still in trouble: %q", text)
		}
	})
}

// A disk that takes nothing makes webhooks less durable, not late, and heals.
func TestOutboxCannotWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := filepath.Join(t.TempDir(), "state")
		dir := filepath.Join(state, "outbox")
		box := outbox(t, dir, store.OutboxLimits{})
		if err := os.RemoveAll(state); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(state, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		n := 0
		net := wire(func(*http.Request) (int, http.Header, error) { n++; return 200, nil, nil })
		e := newEars()
		r := runner(t, Options{Run: noCommands, Transport: net, Outbox: box}, e)
		r.Fire(notice(web("web", hook("http://h/", 5)), 1))
		synctest.Wait()
		if text := e.trouble(); n != 1 || !strings.Contains(text, "webhooks are kept in memory") {
			t.Errorf("%d delivered, trouble %q", n, text)
		}
		if err := os.Remove(state); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		r.Fire(notice(web("web", hook("http://h/", 5)), 2))
		synctest.Wait()
		if text := e.trouble(); n != 2 || text != "" {
			t.Errorf("%d delivered, trouble %q", n, text)
		}
	})
}

// A header that HTTP cannot carry is told without its value, and is final.
func TestBadHeaders(t *testing.T) {
	for name, value := range map[string]string{"X Y": "top-secret", "X-Y": "top-secret\nEvil: yes"} {
		e := newEars()
		h := hook("http://127.0.0.1:1/", 5)
		h.Webhook.Headers = []config.EnvVar{{Name: name, Value: value}}
		r := runner(t, Options{Run: noCommands}, e)
		r.Fire(notice(web("web", h), 1))
		if res := <-e.ended; res.Err == nil || strings.Contains(e.everything(), "top-secret") {
			t.Errorf("told %v", res)
		}
		closeNow(r)
	}
}

// Webhooks go through the proxy of the environment, unlike probes.
func TestWebhookTransportHasProxy(t *testing.T) {
	if tr, ok := transport().(*http.Transport); !ok || tr.Proxy == nil {
		t.Error("no proxy is asked for")
	}
}

// A letter that two Runners are given, because the first one died before anybody knew
// that the outbox has it, is in there once and is told of as posted by both.
func TestALetterIsPostedOnce(t *testing.T) {
	dir := t.TempDir()
	down := wire(func(*http.Request) (int, http.Header, error) { return 0, nil, errors.New("down") })
	def := web("web", hook("http://h/", 5))
	var letters []store.Delivery
	for range 2 {
		posted := make(chan store.Delivery, 2)
		e := newEars()
		box := outbox(t, dir, store.OutboxLimits{})
		r := New(Options{Run: noCommands, Outbox: box, Told: e.told, Problem: e.problem, Transport: down, Posted: func(d store.Delivery) { posted <- d }})
		n := notice(def, 1)
		if letters == nil {
			letters = r.Letters(n)
		}
		n.Letters = letters
		r.Fire(n)
		if d := <-posted; d.ID != letters[0].ID {
			t.Errorf("posted %s, want %s", d.ID, letters[0].ID)
		}
		closeNow(r)
		if kept := box.Kept(); len(kept) != 1 || kept[0].ID != letters[0].ID {
			t.Errorf("the outbox has %+v", kept)
		}
	}
}
