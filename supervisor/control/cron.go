package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/cron"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// cronOf is a job as a client sees it, nil for a unit that is none.
func cronOf(def *config.Unit, runs []store.CronRun) *ipc.CronJob {
	c := def.Cron
	if c == nil {
		return nil
	}
	job := &ipc.CronJob{
		Expression: c.Expression, Timezone: c.Timezone, Overlap: c.Overlap,
		CatchUp: c.CatchUp, History: c.History, Runs: make([]ipc.CronRun, 0, len(runs)),
	}
	if c.Timeout > 0 {
		job.Timeout = c.Timeout.String()
	}
	if c.Jitter > 0 {
		job.Jitter = c.Jitter.String()
	}
	for _, r := range runs {
		job.Runs = append(job.Runs, runOf(r))
	}
	return job
}

func runOf(r store.CronRun) ipc.CronRun {
	run := ipc.CronRun{
		Run: r.Run, Manual: r.Manual, Scheduled: r.Scheduled, Start: r.Start, End: r.End,
		Status: r.Status, Reason: clip(r.Reason, maxText),
	}
	if x := r.Exit; x != nil {
		run.Exit = &ipc.Exit{Run: x.Run, Code: x.Code, Signal: x.Signal, Core: x.Core, Time: x.Time, Text: x.Text}
	}
	return run
}

// cronOffline is a job as the disk has it.
func cronOffline(paths store.Paths, v *supervisor.View) (*ipc.CronJob, error) {
	if v.Def.Cron == nil {
		return nil, nil
	}
	h, err := store.ReadCron(paths)
	if err != nil {
		return nil, err
	}
	return cronOf(v.Def, h.Jobs[v.ID]), nil
}

// nextOffline is when a job that is wanted would run next.
func nextOffline(v *supervisor.View, now time.Time) time.Time {
	if v.Def.Cron == nil || v.Unit.Desired != unit.Up {
		return time.Time{}
	}
	return supervisor.NextDue(v.Def, now)
}

// jobCauses are when a job ran last and how, and when it runs next.
func (s *server) jobCauses(v *supervisor.View) []ipc.Cause {
	var list []ipc.Cause
	last, ok := newestRun(v.History)
	switch {
	case !ok:
		list = append(list, ipc.Cause{Unit: v.ID, Text: v.Def.Name + " has not run yet"})
	default:
		cause := ipc.Cause{Unit: v.ID, Text: tale(last), Time: last.Scheduled}
		if last.Status == store.CronFailed && last.Run != 0 && last.Run == v.Unit.Run {
			cause.LastLines = s.lastWords(v, last.Run)
		}
		list = append(list, cause)
	}
	switch {
	case v.Unit.Desired != unit.Up:
	case v.NextRun.IsZero():
		list = append(list, ipc.Cause{Unit: v.ID, Text: "it is never due: " + v.Def.Cron.Expression})
	default:
		list = append(list, ipc.Cause{
			Unit: v.ID, Text: fmt.Sprintf("it runs next at %s (%s)", v.NextRun.Format("2006-01-02 15:04:05 MST"), v.Def.Cron.Expression),
		})
	}
	return list
}

// newestRun is the newest entry that is decided.
func newestRun(runs []store.CronRun) (store.CronRun, bool) {
	if len(runs) == 0 {
		return store.CronRun{}, false
	}
	return runs[len(runs)-1], true
}

// tale is an entry in words.
func tale(r store.CronRun) string {
	text := "the run that was due"
	if r.Manual {
		text = "the run that an operator triggered"
	}
	if r.Run != 0 {
		text = fmt.Sprintf("run %d", r.Run)
	}
	switch r.Status {
	case store.CronRunning, store.CronQueued:
		text += " is " + r.Status
	case store.CronSkipped, store.CronMissed:
		text += " was " + r.Status
	default:
		text += " " + r.Status
	}
	if !r.Start.IsZero() && !r.End.IsZero() {
		text += " after " + r.End.Sub(r.Start).Round(time.Millisecond).String()
	}
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	return text
}

// trigger runs a job now, and waits until the run has begun, or has ended.
func (s *server) trigger(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.TriggerParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	_, v, err := s.one(p.Unit, p.Project, p.Near)
	if err != nil {
		return nil, err
	}
	s.note(r, "trigger "+v.ID)
	defer s.sup.Answered(p.Operation)
	t, err := s.sup.Trigger(supervisor.As(ctx, p.Operation), v.ID)
	if err != nil {
		return nil, triggerError(err)
	}
	ctx, cancel := timeout(ctx, p.TimeoutSecs)
	defer cancel()
	return s.awaitRun(ctx, t, p)
}

func triggerError(err error) error {
	var none *supervisor.NotCronError
	var off *supervisor.OffError
	switch {
	case errors.As(err, &none):
		e := ipc.Errorf(ipc.CodeUsage, "%s", err.Error())
		e.Try = "sysg restart or sysg start runs other units; cron in the manifest makes a job"
		return e
	case errors.As(err, &off):
		e := ipc.Errorf(ipc.CodeRefused, "%s", err.Error())
		e.Try = "sysg start -s " + off.Name
		if off.State == string(unit.Pending) || off.State == string(unit.Blocked) {
			e.Try = "sysg why " + off.Name
		}
		return e
	}
	return err
}

// awaitRun watches the triggered run's entry.
func (s *server) awaitRun(ctx context.Context, t supervisor.Triggered, p ipc.TriggerParams) (any, error) {
	var seen store.CronRun
	for {
		snap, newer := s.sup.Next()
		v, known := snap.Find(t.ID)
		if !known {
			return nil, ipc.Errorf(ipc.CodeFailed, "%s was forgotten meanwhile", t.ID)
		}
		run, kept := t.Find(v)
		if kept {
			seen = run
		}
		if result, done := s.triggered(v, seen, kept, p.Wait); done {
			return result, nil
		}
		select {
		case <-newer:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				limit := time.Duration(p.TimeoutSecs * float64(time.Second))
				e := ipc.Errorf(ipc.CodeTimeout, "not done after %s: %s", limit, tale(seen))
				e.Try = "sysg inspect " + v.Def.Name
				return nil, e
			}
			return nil, ctx.Err()
		}
	}
}

// triggered is the answer, once there is one. An entry that the history has
// dropped belongs to a run that is over.
func (s *server) triggered(v *supervisor.View, run store.CronRun, kept, wait bool) (ipc.TriggerResult, bool) {
	result := ipc.TriggerResult{Unit: s.unit(v), Run: runOf(run)}
	queued := run.Status == store.CronQueued
	switch {
	case !kept:
		result.Run.Reason = "its record has left the history; raise history to keep more"
	case queued && run.Reason == cron.BeingStarted:
		return result, false
	case queued || run.Status == store.CronRunning:
		if wait || run.Status == store.CronRunning && v.Unit.Run == run.Run && v.Unit.State == unit.Starting {
			return result, false
		}
		result.OK = true
	case run.Status == store.CronCompleted:
		result.OK = true
	case run.Run != 0 && run.Run == v.Unit.Run:
		result.LastLines = s.lastWords(v, run.Run)
	}
	return result, true
}
