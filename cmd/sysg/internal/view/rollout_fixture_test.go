package view

import (
	"io"
	"time"

	"systemg/ipc"
)

// The pictures of what is being replaced, checked, told to others, run by the
// clock, and spawned.
func init() {
	pictures["status_family"] = func(w io.Writer, st Style) error { return Status(w, household(), st) }
	pictures["inspect_rollout"] = func(w io.Writer, st Style) error { return Inspect(w, replaced(), st, 15*time.Minute) }
	pictures["inspect_job"] = func(w io.Writer, st Style) error { return Inspect(w, nightly(), st, 15*time.Minute) }
	pictures["outcome_rollout"] = func(w io.Writer, st Style) error {
		return OutcomeOf(w, Operation{Verb: "deployed", Took: 5120 * time.Millisecond}, notRolled(), st)
	}
	pictures["events_rollout"] = func(w io.Writer, st Style) error { return Events(w, rolloutJournal(), st) }
	pictures["progress_rollout"] = func(w io.Writer, st Style) error {
		p := NewProgress(io.Discard, st)
		for _, u := range rollouts() {
			n := ipc.Progress{Unit: u, Done: 1, Total: 3}
			if u.Rollout != nil {
				n.Waiting = u.Rollout.Waits
			}
			p.Update(n)
		}
		defer p.Done()
		page := newPage(w, st)
		for _, l := range block(st, p.moving(), 1, 3) {
			page.put(l...)
		}
		return page.done()
	}
}

// household is a parent with its children, and a grandchild that came late.
func household() ipc.StatusResult {
	child := func(name, parent string) ipc.Unit {
		u := up(name, 4700+len(name), 90*time.Second, 0.3, 6*mib)
		u.Parent = "shop/" + parent
		return u
	}
	ended := still("resize-2", "completed", "")
	ended.Parent = "shop/worker"
	return ipc.StatusResult{
		Supervisor: ipc.Supervisor{Running: true, Version: "0.3.0", PID: 4117},
		Units: []ipc.Unit{
			up("api", 4131, time.Hour, 1, 20*mib), up("worker", 4140, time.Hour, 2, 30*mib), up("web", 4150, time.Hour, 1, 9*mib),
			child("resize-1", "worker"), ended, child("encode", "resize-1"),
		},
	}
}

// rollouts are units in the phases of one.
func rollouts() []ipc.Unit {
	list := []ipc.Unit{
		up("web.1", 4300, time.Minute, 1, 9*mib), up("web.2", 4301, time.Minute, 1, 9*mib), up("api", 4131, time.Hour, 1, 9*mib),
	}
	list[1].Rollout = &ipc.Rollout{Phase: "starting", Run: 7, PID: 4420, State: "starting", Waits: "waits for run 7: probe 1 of 3: HTTP status 503"}
	list[2].Rollout = &ipc.Rollout{Phase: "aborting", Run: 4, PID: 4421, State: "stopping", Waits: "ends run 4: not healthy within 30s"}
	for i := range list {
		if r := list[i].Rollout; r != nil {
			list[i].Deploy = r.Phase
		}
	}
	return list
}

// notRolled is the outcome of a deploy whose first replica was not replaced.
func notRolled() ipc.OperationResult {
	list := rollouts()[:2]
	list[1].Rollout, list[1].Deploy = nil, ""
	return ipc.OperationResult{Units: []ipc.Outcome{
		{Unit: list[0], DeployFailed: "not healthy within 30s: HTTP status 503", LastLines: []string{"listening on 127.0.0.1:8081", "cannot reach the database"}},
		{Unit: list[1], DeployFailed: "web.1 could not be"},
	}}
}

// replaced is a unit with a health check, a rollout behind it, hooks, sockets
// and children.
func replaced() ipc.InspectResult {
	r := inspection()
	r.Series, r.Limits, r.Logs, r.Events = ipc.Series{}, nil, nil, rolloutJournal()
	r.Processes, r.DependsOn, r.Dependents = nil, nil, nil
	r.Health = &ipc.Health{
		Kind: "url", Target: "http://127.0.0.1:8080/health", Liveness: "restart", Failures: 2, Retries: 3,
		Last: &ipc.Probe{Text: "HTTP status 503", Time: ago(2 * time.Second), TookSecs: 0.014},
	}
	r.Deployment = ipc.Deployment{
		Strategy: "blue-green", Slot: "b", Earlier: 2, Differs: []string{"command", "env.vars"},
		Last: &ipc.Rolled{Reason: "not healthy within 30s: HTTP status 503", Time: ago(time.Minute), TookSecs: 30.2, Run: 13},
	}
	r.Sockets = []ipc.Socket{{Name: "http", FD: 3, Listen: "tcp://127.0.0.1:8080", Open: true}}
	r.Hooks = &ipc.Hooks{
		Declared: []ipc.Hook{
			{About: "on_start success", Command: "echo \"run $SYSG_RUN is ready\""},
			{About: "on_start error", Webhook: "https://alerts.example.org"},
		},
		Results: []ipc.HookResult{
			{About: "on_start success", Run: 12, Kind: "command", Time: ago(time.Hour), TookSecs: 0.012},
			{About: "on_start error", Run: 13, Kind: "webhook", Time: ago(time.Minute), TookSecs: 10, Error: "https://alerts.example.org: connection refused"},
		},
		Owed: 1,
	}
	r.Children = household().Units[3:5]
	return r
}

// nightly is a job with a run of every kind.
func nightly() ipc.InspectResult {
	u := still("backup", "scheduled", "run 5 failed: exit 1")
	u.Kind, u.NextRun = "cron", noon.Add(12*time.Hour+38*time.Minute)
	night := func(n int) time.Time {
		return noon.Add(-time.Duration(n)*24*time.Hour - 11*time.Hour - 22*time.Minute - 7*time.Second)
	}
	ran := func(n int, run uint64, status, reason string, took time.Duration) ipc.CronRun {
		return ipc.CronRun{
			Run: run, Scheduled: night(n), Start: night(n), End: night(n).Add(took), Status: status, Reason: reason,
		}
	}
	return ipc.InspectResult{
		Unit:   u,
		Config: ipc.Config{Command: "./backup.sh", WorkingDir: "/srv/shop", Restart: "never", StopSignal: "SIGTERM", StopTimeout: "10s"},
		Deployment: ipc.Deployment{
			Strategy: "immediate",
		},
		Cron: &ipc.CronJob{
			Expression: "0 0 3 * * *", Timezone: "Europe/Berlin", Overlap: "skip", Timeout: "1h0m0s", Jitter: "30s", CatchUp: "once",
			Runs: []ipc.CronRun{
				ran(3, 3, "completed", "", 2*time.Minute+1200*time.Millisecond),
				{Scheduled: night(2), Status: "missed", Reason: "no supervisor ran"},
				ran(1, 4, "completed", "", 119*time.Second),
				{Scheduled: night(0).Add(time.Hour), Manual: true, Status: "skipped", Reason: "run 4 still runs"},
				ran(0, 5, "failed", "exit 1", 41*time.Second),
			},
		},
	}
}

// rolloutJournal is what rollouts, hooks and jobs leave behind.
func rolloutJournal() []ipc.Event {
	return []ipc.Event{
		{Seq: 1, Time: ago(95 * time.Second), Type: "deploy", Project: "shop", Unit: "api", Run: 13, To: "starting"},
		{Seq: 2, Time: ago(65 * time.Second), Type: "deploy", Project: "shop", Unit: "api", Run: 13, From: "starting", To: "aborting", Reason: "not healthy within 30s: HTTP status 503"},
		{Seq: 3, Time: ago(60 * time.Second), Type: "deploy", Project: "shop", Unit: "api", Run: 13, From: "aborting", To: "failed", Reason: "not healthy within 30s: HTTP status 503"},
		{Seq: 4, Time: ago(50 * time.Second), Type: "hook", Project: "shop", Unit: "api", Run: 13, Reason: "webhook for on_start error failed: https://alerts.example.org: connection refused"},
		{Seq: 5, Time: ago(40 * time.Second), Type: "cron", Project: "shop", Unit: "backup", Run: 5, Reason: "run 5 failed after 41s: exit 1"},
		{Seq: 6, Time: ago(30 * time.Second), Type: "deploy", Project: "shop", Unit: "api", Run: 14, From: "draining", To: "done"},
	}
}
