package tui

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"systemg/ipc"
	"systemg/tui/pane/logs"
)

// noon is the time of all pictures.
var noon = time.Date(2026, 11, 25, 14, 22, 7, 0, time.UTC)

// fake is a supervisor that is played: what it has to say is put into its inbox,
// and what it is asked is noted.
type fake struct {
	mu    sync.Mutex
	inbox news
	// opened are the log streams that are open.
	opened map[int]ipc.LogsParams
	// asked are the requests that were made, as "method {params}".
	asked []string
	// answers are the results by method, refusals the errors.
	answers  map[string]any
	refusals map[string]error
	// lines are what read gives.
	lines []logs.Line
	tries int
}

func newFake() *fake {
	return &fake{inbox: news{lines: map[int]*arrivals{}}, opened: map[int]ipc.LogsParams{}, answers: map[string]any{}, refusals: map[string]error{}}
}

func (f *fake) take() news {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.inbox
	f.inbox = news{lines: map[int]*arrivals{}}
	return n
}

func (f *fake) open(key int, p ipc.LogsParams) { f.opened[key] = p }
func (f *fake) shut(key int)                   { delete(f.opened, key) }
func (f *fake) again()                         { f.tries++ }

func (f *fake) ask(_ context.Context, method string, params, result any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := json.Marshal(params)
	if err != nil {
		return err
	}
	f.asked = append(f.asked, method+" "+string(text))
	if err := f.refusals[method]; err != nil {
		return err
	}
	answer, ok := f.answers[method]
	if !ok || result == nil {
		return nil
	}
	text, err = json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, result)
}

func (f *fake) read(context.Context, ipc.LogsParams, int) ([]logs.Line, error) {
	return slices.Clone(f.lines), nil
}

// say puts states into the inbox.
func (f *fake) say(states ...any) { f.inbox.states = append(f.inbox.states, states...) }

// write puts lines of a unit into a stream, one every 13 ms up to noon.
func (f *fake) write(key int, unit string, texts ...string) {
	a := &arrivals{count: int64(len(texts))}
	for i, text := range texts {
		at := noon.Add(time.Duration(i-len(texts)) * 13 * time.Millisecond)
		a.lines = append(a.lines, logs.Line{Unit: unit, Text: text, Time: at.UnixNano(), Run: 1})
	}
	f.inbox.lines[key] = a
}

// unit is one of the shop's.
func unit(name, kind, state string, change ...func(*ipc.Unit)) ipc.Unit {
	u := ipc.Unit{
		ID: "shop/" + name, Project: "shop", Name: name, Hash: "0123456789ab", Kind: kind, State: state, Health: "none", Deploy: "none",
		Desired: "up", Run: 1, Since: noon.Add(-time.Hour),
	}
	if state == "running" || state == "starting" {
		u.PID = 4000 + 7*len(name) + int(name[0])
		u.StartedAt = noon.Add(-3*24*time.Hour - 4*time.Hour)
		u.CPUPercent = float64(int(name[0])%17) + 0.4
		u.MemoryBytes = uint64(name[0]) << 20
	}
	for _, c := range change {
		c(&u)
	}
	return u
}

func needs(list ...string) func(*ipc.Unit) {
	return func(u *ipc.Unit) { u.Depends = list }
}

func because(reason string) func(*ipc.Unit) { return func(u *ipc.Unit) { u.Reason = reason } }

// shop is a system in which everything is the case at once.
func shop() ipc.SubscribeResult {
	r := ipc.SubscribeResult{Generation: "g", Seq: 1}
	r.Supervisor = ipc.Supervisor{Running: true, Version: "0.1.0", PID: 4000, StateDir: "/state"}
	r.Units = []ipc.Unit{
		unit("postgres", "service", "running", func(u *ipc.Unit) { u.Health = "healthy"; u.StartedAt = noon.Add(-227 * time.Hour) }),
		unit("redis", "service", "running", func(u *ipc.Unit) { u.Health = "healthy" }),
		unit("api", "service", "running", needs("postgres", "redis"), func(u *ipc.Unit) { u.Health = "healthy" }),
		unit("web", "service", "running", needs("api"), func(u *ipc.Unit) {
			u.Deploy, u.Health, u.StartedAt = "verifying", "waiting", noon.Add(-12*time.Second)
			u.Rollout = &ipc.Rollout{Phase: "verifying", Since: noon.Add(-8 * time.Second), Run: 2, PID: 5001, State: "running", Waits: "waits for switch_verify"}
		}),
		unit("search", "service", "running", needs("postgres"), func(u *ipc.Unit) {
			u.Health, u.Restarts, u.StartedAt = "unhealthy", 2, noon.Add(-41*time.Minute)
			u.CPUPercent, u.MemoryBytes, u.Reason = 91, 1100<<20, "probe 3 of 3: timeout"
		}),
		unit("ml-embed", "service", "pending", needs("search"), because("waits for search: healthy")),
		unit("worker", "service", "backoff", func(u *ipc.Unit) {
			u.Restarts, u.RetryAt, u.Reason = 7, noon.Add(8*time.Second), "exit 1, retry in 8s"
		}),
		unit("mailer", "service", "failed", because("exit 78, gave up"), func(u *ipc.Unit) { u.Restarts = 5 }),
		unit("backup", "cron", "scheduled", func(u *ipc.Unit) { u.NextRun = noon.Add(12*time.Hour + 38*time.Minute) }),
		unit("reindex", "cron", "running", func(u *ipc.Unit) { u.StartedAt = noon.Add(-72 * time.Second) }),
		unit("migrate", "oneshot", "completed", because("exit 0")),
		unit("debug-ui", "service", "stopped", because("stopped by hand"), func(u *ipc.Unit) { u.Desired = "down" }),
	}
	return r
}

// journal is what happened lately.
func journal() []ipc.Event {
	at := func(secs int) time.Time { return noon.Add(time.Duration(secs) * time.Second) }
	return []ipc.Event{
		{Seq: 1, Time: at(-3600), Type: "supervisor", Reason: "started", By: "uid 1000 pid 4121 (sysg 0.1.0)"},
		{Seq: 2, Time: at(-37), Type: "deploy", Project: "shop", Unit: "web", From: "starting", To: "verifying"},
		{Seq: 3, Time: at(-17), Type: "state", Project: "shop", Unit: "search", From: "running", To: "unhealthy", Reason: "probe 3 of 3: timeout"},
		{Seq: 4, Time: at(-9), Type: "exit", Project: "shop", Unit: "worker", Run: 7, Exit: &ipc.Exit{Run: 7, Code: 1, Text: "exit 1", Time: at(-9)}},
		{Seq: 5, Time: at(-9), Type: "state", Project: "shop", Unit: "worker", From: "running", To: "backoff", Reason: "exit 1, retry in 8s"},
	}
}

// inspected is what inspect says of any unit.
func everything(u ipc.Unit) ipc.InspectResult {
	values := make([]*float64, 90)
	for i := range values {
		if v := 12 + 9*math.Sin(float64(i)/7); i > 9 {
			values[i] = &v
		}
	}
	memory := make([]*float64, len(values))
	for i, v := range values {
		if v != nil {
			m := *v * (1 << 20)
			memory[i] = &m
		}
	}
	code := 3
	return ipc.InspectResult{
		Unit: u, Config: ipc.Config{
			Manifest: "/srv/shop/systemg.yaml", Command: "api serve --port 8080", WorkingDir: "/srv/shop", Restart: "always",
			Backoff: "100ms to 30s", MaxRestarts: &code, StopSignal: "SIGTERM", StopTimeout: "10s", Env: map[string]string{"SECRET": "xyzzy", "PORT": "8080"},
		},
		Processes: []ipc.Process{
			{PID: 4121, Command: "api serve", CPUPercent: 12.1, MemoryBytes: 160 << 20, State: "S"},
			{PID: 4130, PPID: 4121, Depth: 1, Command: "api worker --queue mails,thumbnails --threads 16", CPUPercent: 0.2, MemoryBytes: 12 << 20, State: "S"},
		},
		Series: ipc.Series{From: noon.Add(-15 * time.Minute), StepSecs: 10, CPUPercent: values, MemoryBytes: memory},
		Events: journal()[3:], Logs: []ipc.Log{{Kind: "stdout", Path: "/state/logs/shop/api_stdout.log", Bytes: 3 << 20, Segments: 1, Exact: true}},
		DependsOn:  []ipc.Edge{{Unit: "shop/postgres", Condition: "healthy", Cascade: true, State: "running", Satisfied: true}},
		Dependents: []ipc.Edge{{Unit: "shop/web", Condition: "ready", State: "running", Satisfied: true}},
		Limits:     []ipc.Limit{{Name: "Max open files", Asked: "4096", Soft: "4096", Hard: "4096"}, {Name: "Max processes", Soft: "96364", Hard: "96364"}},
		Health: &ipc.Health{
			Kind: "url", Target: "http://127.0.0.1:8080/healthz", Liveness: "restart", Retries: 3,
			Last: &ipc.Probe{OK: true, Text: "200 OK", Time: noon.Add(-2 * time.Second), TookSecs: 0.004},
		},
		Deployment: ipc.Deployment{
			Strategy: "rolling", Earlier: 2, Differs: []string{"command"},
			Last: &ipc.Rolled{OK: true, Reason: "deploy", Time: noon.Add(-26 * time.Hour), TookSecs: 4.2, Run: 1},
		},
		Cron: &ipc.CronJob{Expression: "0 0 3 * * *", Overlap: "skip", CatchUp: "none", History: 10, Runs: []ipc.CronRun{
			{Run: 410, Scheduled: noon.Add(-59 * time.Hour), Start: noon.Add(-59 * time.Hour), End: noon.Add(-59*time.Hour + 41*time.Second), Status: "completed"},
			{Run: 411, Scheduled: noon.Add(-35 * time.Hour), Start: noon.Add(-35 * time.Hour), End: noon.Add(-35*time.Hour + 130*time.Second), Status: "failed", Reason: "exit 2"},
			{Run: 412, Scheduled: noon.Add(-11 * time.Hour), Start: noon.Add(-11 * time.Hour), End: noon.Add(-11*time.Hour + 39*time.Second), Status: "completed", Manual: true},
		}},
	}
}

// arcs are the shop's.
func arcs() ipc.GraphResult {
	return ipc.GraphResult{Edges: []ipc.GraphArc{
		{From: "shop/api", To: "shop/postgres", Condition: "healthy", Cascade: true, Satisfied: true},
		{From: "shop/api", To: "shop/redis", Condition: "healthy", Satisfied: true},
		{From: "shop/web", To: "shop/api", Condition: "healthy", Satisfied: true},
		{From: "shop/search", To: "shop/postgres", Condition: "healthy", Satisfied: true},
		{From: "shop/ml-embed", To: "shop/search", Condition: "healthy"},
	}}
}

// requests are lines of a service.
func requests(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("GET /v1/things/%d 200 %dms", i, 5+i%31)
		if i%9 == 4 {
			list[i] = "\x1b[33mWARN\x1b[0m slow query 812ms table=things rows=120331 and a tail that is longer than the screen is wide, 本当に長い"
		}
	}
	return list
}
