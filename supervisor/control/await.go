package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/unit"
)

// lastLines is how many lines of a failed unit's output an outcome carries.
const lastLines = 10

// await waits until every unit of the operation is done, telling the client
// of each unit that moved.
func (s *server) await(ctx context.Context, r *ipc.Request, b supervisor.Baseline, patience int, secs float64) (ipc.OperationResult, error) {
	s.working.Add(1)
	defer s.working.Add(-1)
	ctx, cancel := timeout(ctx, secs)
	defer cancel()
	told := make(map[string]*supervisor.View, len(b.Units))
	list, err := s.sup.Await(ctx, b, patience, func(list []supervisor.Standing) { s.tell(r, told, list) })
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return ipc.OperationResult{}, s.late(list, secs)
	case err != nil:
		return ipc.OperationResult{}, err
	}
	return s.result(list), nil
}

// operation is what an operation is about: of one that was begun already, by
// this supervisor or an earlier one, what it was about then.
func (s *server) operation(ctx context.Context, name string, begin func(context.Context) (supervisor.Baseline, error)) (supervisor.Baseline, error) {
	if b, ok, err := s.sup.Begun(ctx, name); ok || err != nil {
		return b, err
	}
	return begin(supervisor.As(ctx, name))
}

// tell sends a progress note for each unit whose view is another one.
func (s *server) tell(r *ipc.Request, told map[string]*supervisor.View, list []supervisor.Standing) {
	if r.Quiet {
		return
	}
	done := 0
	for _, st := range list {
		if st.Done {
			done++
		}
	}
	for _, st := range list {
		if st.View == nil || told[st.Mark.ID] == st.View {
			continue
		}
		told[st.Mark.ID] = st.View
		note := ipc.Progress{Request: r.ID, Unit: s.unit(st.View), Done: done, Total: len(list), Waiting: s.waiting(st)}
		if r.Notify(ipc.NoteProgress, note) != nil {
			return
		}
	}
}

// waiting says what a unit waits for.
func (s *server) waiting(st supervisor.Standing) string {
	if st.Done {
		return ""
	}
	if st.View.Rolling {
		return phaseWaits(st.View)
	}
	switch v := st.View; v.Unit.State {
	case unit.Pending, unit.Backoff:
		return v.Unit.Reason
	case unit.Stopping:
		return "waits for " + s.survivors(v)
	case unit.Starting:
		if v.Unit.Probe != "" && v.Unit.Reason != "" {
			return v.Unit.Reason + ": " + v.Unit.Probe
		}
		return v.Unit.Reason
	case unit.Blocked, unit.Running, unit.Stopped, unit.Completed, unit.Failed, unit.Skipped, unit.Scheduled:
	}
	return ""
}

// survivors names the processes of a unit that is being stopped.
func (s *server) survivors(v *supervisor.View) string {
	pids := s.host.Members(supervisor.TreeOf(v))
	if len(pids) == 0 {
		return "its processes to end"
	}
	var list []string
	for _, p := range processes(pids) {
		text := fmt.Sprintf("%d %s", p.PID, clip(p.Command, 40))
		if p.State == "D" {
			text += " (in uninterruptible sleep)"
		}
		list = append(list, text)
	}
	return strings.Join(head(list), ", ")
}

// current is how the units stand right now.
func (s *server) current(b supervisor.Baseline) []supervisor.Standing {
	return b.Standings(s.sup.Snapshot(), supervisor.StartPatience)
}

// result is what became of the units; those that failed with what they said
// last.
func (s *server) result(list []supervisor.Standing) ipc.OperationResult {
	result := ipc.OperationResult{OK: true, Units: []ipc.Outcome{}}
	for _, st := range list {
		if st.View == nil {
			continue
		}
		o := ipc.Outcome{Unit: s.unit(st.View), OK: st.OK || !st.Done, Changed: st.Mark.Changed}
		if !o.OK {
			result.OK = false
			o.DeployFailed = deployFailed(st)
			switch {
			case o.DeployFailed != "":
				o.LastLines = s.lastWords(st.View, st.View.Last.Run)
			case failedBadly(st.View):
				o.LastLines = s.lastWords(st.View, failedRun(st.View))
			}
		}
		result.Units = append(result.Units, o)
	}
	return result
}

// failedRun is the run that failed badly: the present one may have written
// nothing yet.
func failedRun(v *supervisor.View) uint64 {
	if x := v.Unit.LastExit; x != nil && !x.OK {
		return x.Run
	}
	return v.Unit.Run
}

// lastWords are the last lines of what a run wrote, long ones cut.
func (s *server) lastWords(v *supervisor.View, run uint64) []string {
	lines := s.outputs.Tail(v.Def, run, lastLines)
	for i := range lines {
		lines[i] = clip(lines[i], maxText)
	}
	return lines
}

// late is the error of an operation whose time is over: it names what it
// still waited for, and what has failed until then.
func (s *server) late(list []supervisor.Standing, secs float64) error {
	var names, failed []string
	for _, st := range list {
		switch {
		case st.View == nil || st.Done && st.OK:
			continue
		case st.Done:
			failed = append(failed, st.View.Def.Name)
			continue
		}
		text := fmt.Sprintf("%s is %s", st.View.Def.Name, st.View.Unit.State)
		if why := s.waiting(st); why != "" {
			text += " (" + why + ")"
		}
		names = append(names, text)
	}
	limit := time.Duration(secs * float64(time.Second))
	e := ipc.Errorf(ipc.CodeTimeout, "not done after %s: %s", limit, strings.Join(head(names), "; "))
	if len(failed) > 0 {
		e.Message += "; failed: " + strings.Join(head(failed), ", ")
	}
	e.Try = "sysg status shows how it goes on; sysg why UNIT says what holds it"
	return e
}

// wait waits until the units are as wanted, or cannot get there.
func (s *server) wait(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.WaitParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	judge, ok := waits[p.For]
	if !ok {
		return nil, ipc.Errorf(ipc.CodeUsage, "cannot wait for %q: it is healthy, running, completed or stopped", p.For)
	}
	if len(p.Units) == 0 && (p.For == "running" || p.For == "healthy") {
		judge = allOf(judge)
	}
	_, views, err := s.views(p.Selection, len(p.Units) > 0)
	if err != nil {
		return nil, err
	}
	ctx, cancel := timeout(ctx, p.TimeoutSecs)
	defer cancel()
	told := map[string]*supervisor.View{}
	for {
		snap, newer := s.sup.Next()
		list := standings(snap, views, judge)
		s.tell(r, told, list)
		if over(list) {
			return s.result(list), nil
		}
		select {
		case <-newer:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, s.late(list, p.TimeoutSecs)
			}
			return nil, ctx.Err()
		}
	}
}

// waits says for each goal whether a unit has reached it, and whether it can
// still get there by itself. Without a health check healthy is what running is.
var waits = map[string]func(unit.Unit) (reached, possible bool){
	"running": running,
	"healthy": healthy,
	"completed": func(u unit.Unit) (bool, bool) {
		if u.State == unit.Scheduled {
			// A job has completed when its newest run has.
			return u.LastExit != nil && u.LastExit.OK, u.LastExit == nil
		}
		return u.State == unit.Completed, !u.Settled() || u.State == unit.Running
	},
	"stopped": func(u unit.Unit) (bool, bool) {
		return !u.Alive() && u.Settled(), true
	},
}

// running is whether a unit that was named is up; a one-shot that has done its
// work, and a unit that was skipped, are as up as they will be.
func running(u unit.Unit) (reached, possible bool) {
	switch {
	case u.State == unit.Running:
		return u.Ready || u.Policy.Oneshot || u.Policy.Cron, true
	case u.State == unit.Completed && u.Policy.Oneshot, u.State == unit.Skipped, u.State == unit.Scheduled:
		return true, true
	}
	return false, !u.Settled()
}

// healthy is running, and well where that is looked after.
func healthy(u unit.Unit) (reached, possible bool) {
	reached, possible = running(u)
	ill := u.State == unit.Running && u.Health == unit.Ill
	return reached && !ill, possible
}

// allOf is the judge for all units together: one that ended well does not keep
// the others from being up.
func allOf(judge func(unit.Unit) (bool, bool)) func(unit.Unit) (reached, possible bool) {
	return func(u unit.Unit) (reached, possible bool) {
		if u.State == unit.Completed {
			return true, true
		}
		return judge(u)
	}
}

func standings(snap *supervisor.Snapshot, views []*supervisor.View, judge func(unit.Unit) (bool, bool)) []supervisor.Standing {
	list := make([]supervisor.Standing, 0, len(views))
	for _, old := range views {
		st := supervisor.Standing{Mark: supervisor.Mark{ID: old.ID}}
		v, ok := snap.Find(old.ID)
		if !ok {
			v = old
		}
		st.View = v
		reached, possible := judge(v.Unit)
		st.OK = reached && !v.Leaving
		st.Done = st.OK || !ok || (!possible && !v.Leaving)
		list = append(list, st)
	}
	return list
}

// over is whether every unit has reached the goal, or one cannot any more.
func over(list []supervisor.Standing) bool {
	all := true
	for _, st := range list {
		if st.Done && !st.OK {
			return true
		}
		all = all && st.Done
	}
	return all
}

// clip keeps the first n characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
