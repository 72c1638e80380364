package view

import (
	"math"
	"strings"
	"time"

	"systemg/ipc"
)

// noon is the moment every picture of the tests shows.
var noon = time.Date(2026, 11, 23, 14, 22, 7, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

// up is a unit that runs since d.
func up(name string, pid int, d time.Duration, cpu float64, mem uint64) ipc.Unit {
	return ipc.Unit{
		ID: "shop/" + name, Project: "shop", Name: name, Hash: "3fa9c01b77de", Kind: "service",
		State: "running", Health: "none", Desired: "up", PID: pid, Run: 1, Since: ago(d),
		StartedAt: ago(d), UptimeSecs: d.Seconds(), CPUPercent: cpu, MemoryBytes: mem, Processes: 1,
	}
}

// still is a unit of which nothing runs.
func still(name, state, reason string) ipc.Unit {
	return ipc.Unit{
		ID: "shop/" + name, Project: "shop", Name: name, Hash: "90ac4471be02", Kind: "service",
		State: state, Health: "none", Desired: "up", Reason: reason, Since: ago(8 * time.Second), Run: 5,
	}
}

const mib = 1 << 20

// shop is a project in which everything that can happen has happened.
func shop() []ipc.Unit {
	search := up("search", 4188, 41*time.Minute, 91, 1100*mib)
	search.Health, search.Reason, search.Restarts = "unhealthy", "probe 3 of 3: no answer within 5s", 2
	api := up("api", 4131, 3*24*time.Hour+4*time.Hour, 12.4, 182*mib)
	api.Health = "healthy"
	worker := still("worker", "backoff", "exit 1, retry in 8s")
	worker.RetryAt, worker.Restarts = noon.Add(5*time.Second), 7
	stopped := still("debug-ui", "stopped", "stopped by an operator")
	stopped.Desired = "down"
	backup := still("backup", "scheduled", "")
	backup.NextRun, backup.Kind = noon.Add(12*time.Hour+38*time.Minute), "cron"
	mailer := still("mailer", "failed", "exit 78, gave up after 5 restarts")
	mailer.Restarts = 5
	return []ipc.Unit{
		up("postgres", 4120, 9*24*time.Hour+11*time.Hour, 2.2, 310*mib),
		up("redis", 4121, 9*24*time.Hour+11*time.Hour, 0.4, 18*mib),
		still("migrate", "completed", ""),
		api,
		search,
		still("ml-embed", "pending", "waits for search: healthy"),
		worker,
		mailer,
		still("newsletter", "blocked", "mailer failed: exit 78, gave up after 5 restarts"),
		backup,
		stopped,
		still("seed", "skipped", "skip: its command succeeded"),
	}
}

func shopStatus() ipc.StatusResult {
	return ipc.StatusResult{
		Supervisor: ipc.Supervisor{
			Running: true, Version: "0.3.0", PID: 4117, Since: ago(time.Hour), StateDir: "/home/ana/.local/share/systemg",
		},
		Units:    shop(),
		Problems: []string{"the disk is full: 4.1 MiB of the output of search could not be kept"},
	}
}

// twoProjects has names that need their project, in a script that takes two
// columns for a character.
func twoProjects() ipc.StatusResult {
	other := up("web", 5120, 12*time.Second, 0.1, 9*mib)
	other.ID, other.Project = "日本語/web", "日本語"
	replica := up("web.2", 4301, 70*time.Second, 3.1, 44*mib)
	replica.Base, replica.Replica = "web", 2
	first := up("web.1", 4300, 70*time.Second, 3.3, 45*mib)
	first.Base, first.Replica = "web", 1
	return ipc.StatusResult{
		Supervisor: ipc.Supervisor{Running: true, Version: "0.3.0", PID: 1, Privilege: "system"},
		Units:      []ipc.Unit{first, replica, other},
	}
}

// wave is a history with a gap, a peak and a slope.
func wave(n int, scale float64) []*float64 {
	list := make([]*float64, n)
	for i := range list {
		if i > n/5 && i < n/4 {
			continue
		}
		v := scale * (1 + math.Sin(float64(i)/float64(n)*12)) * (0.3 + float64(i)/float64(n))
		if i == n/2 {
			v = scale * 3
		}
		list[i] = &v
	}
	return list
}

func inspection() ipc.InspectResult {
	u := up("api", 4131, 3*24*time.Hour+4*time.Hour, 12.4, 182*mib)
	u.Health, u.Restarts, u.Run, u.Failures, u.Containment = "healthy", 2, 12, 1, "marker"
	u.LastExit = &ipc.Exit{Run: 11, Code: -1, Signal: "SIGSEGV", Core: true, Time: ago(76 * time.Hour), Text: "killed by SIGSEGV (core dumped)"}
	five := 5
	return ipc.InspectResult{
		Unit: u,
		Config: ipc.Config{
			Manifest: "/srv/shop/systemg.yaml", Exec: []string{"./api", "--listen", "127.0.0.1:8080", "--motd", "it's open"},
			WorkingDir: "/srv/shop", Env: map[string]string{"DATABASE_URL": "postgres://secret@localhost", "PORT": "8080", "LOG_LEVEL": "info"},
			Restart: "on-failure", Backoff: "100ms to 30s", MaxRestarts: &five,
			StopSignal: "SIGTERM", StopTimeout: "10s", PreStart: "go build -o api .",
		},
		Processes: []ipc.Process{
			{PID: 4131, PPID: 1, State: "S", Command: "./api --listen 127.0.0.1:8080", CPUPercent: 12.1, MemoryBytes: 160 * mib},
			{PID: 4140, PPID: 4131, Depth: 1, State: "S", Command: "api: worker 1", CPUPercent: 0.2, MemoryBytes: 12 * mib},
			{PID: 4152, PPID: 4140, Depth: 2, State: "D", Command: "convert -resize 800x600 in.png out.png", CPUPercent: 0.1, MemoryBytes: 4 * mib},
			{PID: 4141, PPID: 4131, Depth: 1, State: "R", Command: "api: worker 2", MemoryBytes: 10 * mib},
		},
		Series: ipc.Series{From: ago(15 * time.Minute), StepSecs: 5, CPUPercent: wave(180, 10), MemoryBytes: wave(180, 80*mib)},
		Events: journal()[:3],
		Logs: []ipc.Log{
			{Kind: "stdout", Path: "/home/ana/.local/share/systemg/logs/shop/api_stdout.log", Bytes: 24 * mib, Segments: 3, Exact: true},
			{Kind: "stderr", Path: "/home/ana/.local/share/systemg/logs/shop/api_stderr.log", Bytes: 812, Segments: 1, LostBytes: 4096},
		},
		DependsOn: []ipc.Edge{
			{Unit: "shop/postgres", Condition: "healthy", Cascade: true, State: "running", Satisfied: true},
			{Unit: "shop/migrate", Condition: "completed", State: "completed", Satisfied: true},
		},
		Dependents: []ipc.Edge{
			{Unit: "shop/worker", Condition: "started", State: "backoff", Reason: "waits for api: running"},
		},
		Limits: []ipc.Limit{
			{Name: "nofile", Asked: "65536", Soft: "65536", Hard: "65536"},
			{Name: "core", Soft: "0", Hard: "unlimited"},
			{Name: "stack", Soft: "8388608", Hard: "unlimited"},
			{Name: "nproc", Soft: "unlimited", Hard: "unlimited"},
		},
	}
}

func journal() []ipc.Event {
	return []ipc.Event{
		{Seq: 1, Time: ago(76 * time.Hour), Type: "exit", Project: "shop", Unit: "api", Run: 11, PID: 3990, Exit: &ipc.Exit{Code: -1, Signal: "SIGSEGV", Text: "killed by SIGSEGV"}},
		{Seq: 2, Time: ago(12 * time.Second), Type: "state", Project: "shop", Unit: "worker", Run: 7, From: "running", To: "backoff", Reason: "exit 1, retry in 8s"},
		{Seq: 3, Time: ago(10 * time.Second), Type: "operation", Reason: "restart api", By: "uid 1000 pid 4121 (sysg 0.3.0)"},
		{Seq: 4, Time: ago(9 * time.Second), Type: "problem", Reason: "the disk is full"},
		{Seq: 5, Time: ago(8 * time.Second), Type: "supervisor", Reason: "started, version 0.3.0"},
		{Seq: 6, Time: ago(7 * time.Second), Type: "state", Project: "shop", Unit: "api", Run: 13, PID: 4410, From: "starting", To: "running"},
	}
}

// went is the outcome of a start in which two units failed.
func went() ipc.OperationResult {
	r := ipc.OperationResult{}
	for _, u := range shop() {
		o := ipc.Outcome{Unit: u, OK: u.State != "failed" && u.State != "blocked", Changed: true}
		if u.State == "failed" {
			o.LastLines = []string{"connecting to smtp.example.org:587", "\x1b[31mpanic\x1b[0m: no route to host", "goroutine 1 [running]:"}
		}
		r.Units = append(r.Units, o)
	}
	return r
}

func wentWell() ipc.OperationResult {
	r := ipc.OperationResult{OK: true}
	for _, u := range shop()[:4] {
		r.Units = append(r.Units, ipc.Outcome{Unit: u, OK: true, Changed: u.State == "running"})
	}
	return r
}

func reasons() ipc.WhyResult {
	return ipc.WhyResult{
		Unit: shop()[8],
		Causes: []ipc.Cause{
			{Unit: "shop/newsletter", Text: "newsletter is blocked: mailer failed: exit 78, gave up after 5 restarts", Time: ago(8 * time.Second)},
			{Unit: "shop/mailer", Text: "mailer is failed: exit 78, gave up after 5 restarts", Time: ago(8 * time.Second)},
			{Unit: "shop/mailer", Text: "run 5: exit 78", Time: ago(9 * time.Second), LastLines: []string{"smtp: no route to host", "giving up"}},
		},
		Try: "sysg logs mailer --kind all --run 5, then sysg start -s mailer",
	}
}

func changes() ipc.PlanResult {
	return ipc.PlanResult{Changes: []ipc.Change{
		{Unit: "shop/postgres", Action: "none", Effect: "nothing"},
		{Unit: "shop/cache", Action: "add", Effect: "start"},
		{Unit: "shop/api", Action: "change", Keys: []string{"command", "env.vars", "limits.nofile", "stop_timeout"}, Effect: "restart"},
		{Unit: "shop/redis", Action: "remove", Effect: "stop"},
	}}
}

func shopGraph() ipc.GraphResult {
	r := ipc.GraphResult{Units: shop()}
	for _, e := range strings.Fields("migrate>postgres api>postgres api>redis api>migrate search>postgres search>redis " +
		"ml-embed>search worker>postgres worker>redis newsletter>mailer") {
		from, to, _ := strings.Cut(e, ">")
		arc := ipc.GraphArc{From: "shop/" + from, To: "shop/" + to, Condition: "started", Satisfied: true}
		if to == "search" || to == "mailer" {
			arc.Condition, arc.Satisfied = "healthy", false
		}
		r.Edges = append(r.Edges, arc)
	}
	return r
}
