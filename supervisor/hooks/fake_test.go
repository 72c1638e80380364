package hooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"systemg/config"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// patience bounds every wait for something real on a busy machine.
const patience = 20 * time.Second

// ears hear what a Runner tells.
type ears struct {
	mu       sync.Mutex
	results  []Result
	problems map[string]string
	said     []string
	ended    chan Result
}

func newEars() *ears {
	return &ears{problems: map[string]string{}, ended: make(chan Result, 10_000)}
}

func (e *ears) told(r Result) {
	e.mu.Lock()
	e.results = append(e.results, r)
	e.mu.Unlock()
	e.ended <- r
}

func (e *ears) problem(key, text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.said = append(e.said, key+": "+text)
	if text == "" {
		delete(e.problems, key)
		return
	}
	e.problems[key] = text
}

func (e *ears) everything() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var b strings.Builder
	for _, r := range e.results {
		fmt.Fprintln(&b, r)
	}
	fmt.Fprint(&b, strings.Join(e.said, "\n"))
	return b.String()
}

func (e *ears) trouble() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for _, text := range e.problems {
		list = append(list, text)
	}
	return strings.Join(list, "\n")
}

// web is a unit with one hook for each occasion the test is about.
func web(name string, list ...config.Hook) *config.Unit {
	return &config.Unit{Project: "shop", Name: name, Hooks: list, Dir: "/"}
}

func command(line string) config.Hook {
	return config.Hook{On: "start", Outcome: "success", Command: line, Timeout: 30 * time.Second}
}

func hook(url string, retries int) config.Hook {
	return config.Hook{On: "start", Outcome: "success", Webhook: &config.Webhook{URL: url, Timeout: 10 * time.Second, Retries: retries}}
}

func notice(def *config.Unit, run uint64) Notice {
	return Notice{Def: def, Time: began, Occasion: Occasion{Event: OnStart, Outcome: Success, Run: run}}
}

func runner(t *testing.T, o Options, e *ears) *Runner {
	t.Helper()
	o.Told, o.Problem = e.told, e.problem
	o.Spread = func() float64 { return 0 }
	if o.Host == "" {
		o.Host = "box"
	}
	r := New(o)
	t.Cleanup(func() { closeNow(r) })
	return r
}

// closeNow is a Close with no patience.
func closeNow(r *Runner) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r.Close(ctx)
}

func outbox(t *testing.T, dir string, limits store.OutboxLimits) *store.Outbox {
	t.Helper()
	box, notes, err := store.OpenOutbox(dir, limits)
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	return box
}

// noCommands is for tests of webhooks alone.
func noCommands(context.Context, Command) (unit.Exit, error) {
	return unit.Exit{}, errors.New("no command was expected")
}

// wire is a network of functions, for use with a fake clock.
type wire func(*http.Request) (int, http.Header, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	code, header, err := w(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: code, Header: header, Body: http.NoBody, Request: r}, nil
}
