package control

import (
	"context"
	"fmt"

	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/graph"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// why follows the chain of causes from a unit to where it began.
func (s *server) why(_ context.Context, r *ipc.Request) (any, error) {
	var p ipc.WhyParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	snap, v, err := s.one(p.Unit, p.Project, p.Near)
	if err != nil {
		return nil, err
	}
	result := ipc.WhyResult{Unit: s.unit(v), Causes: []ipc.Cause{}}
	seen := map[string]bool{}
	for v != nil && !seen[v.ID] {
		seen[v.ID] = true
		result.Causes = append(result.Causes, s.causes(v)...)
		if failed, ok := s.hookFailed(v); ok {
			result.Causes = append(result.Causes, failed)
		}
		result.Try = advice(v)
		v = culprit(snap, v)
	}
	return result, nil
}

// causes are what is known of one unit: its state, and the end that led to
// it with the last words of the run.
func (s *server) causes(v *supervisor.View) []ipc.Cause {
	text := fmt.Sprintf("%s is %s", v.Def.Name, v.Unit.State)
	if v.Unit.Reason != "" {
		text += ": " + v.Unit.Reason
	}
	list := append([]ipc.Cause{{Unit: v.ID, Text: text, Time: v.Unit.Since}}, deployCauses(v)...)
	if v.Def.Cron != nil {
		return append(list, s.jobCauses(v)...)
	}
	x := v.Unit.LastExit
	if x == nil || x.OK || x.Run != v.Unit.Run && v.Unit.State == unit.Running && v.Unit.Restarts == 0 {
		return list
	}
	cause := ipc.Cause{Unit: v.ID, Text: fmt.Sprintf("run %d: %s", x.Run, x.Text), Time: x.Time}
	recovered := v.Unit.State == unit.Running
	if recovered && x.Run != v.Unit.Run {
		cause.Text += fmt.Sprintf("; run %d took its place", v.Unit.Run)
	}
	if recovered || failedBadly(v) {
		cause.LastLines = s.lastWords(v, x.Run)
	}
	list = append(list, cause)
	if by, ok := s.request(v); ok {
		list = append(list, by)
	}
	return list
}

// request is the last thing an operator asked for before the unit stopped.
func (s *server) request(v *supervisor.View) (ipc.Cause, bool) {
	if v.Unit.State != unit.Stopped {
		return ipc.Cause{}, false
	}
	var found store.Event
	err := s.journal.Read(store.Filter{}, func(e store.Event) bool {
		if e.Type == "operation" && !e.Time.After(v.Unit.Since) {
			found = e
		}
		return true
	})
	if err != nil || found.Seq == 0 {
		return ipc.Cause{}, false
	}
	return ipc.Cause{Unit: v.ID, Text: "asked by " + found.By + ": " + found.Reason, Time: found.Time}, true
}

// culprit is the dependency a unit waits for or was stopped for, nil where
// the cause lies in the unit itself.
func culprit(snap *supervisor.Snapshot, v *supervisor.View) *supervisor.View {
	if v.Unit.State != unit.Pending && v.Unit.State != unit.Blocked && v.Unit.State != unit.Stopping {
		return nil
	}
	var worst *supervisor.View
	verdict := graph.Satisfied
	for _, e := range snap.Graph.Needs(v.ID) {
		fact, known := snap.Fact(e.Unit)
		found, _ := graph.Judge(e, e.Unit, fact, known)
		if d, ok := snap.Find(e.Unit); ok && found > verdict {
			verdict, worst = found, d
		}
	}
	return worst
}

// advice is what to do about a unit's state.
func advice(v *supervisor.View) string {
	name := v.Def.Name
	switch v.Unit.State {
	case unit.Failed, unit.Backoff:
		if v.Unit.Policy.Refuse != "" {
			return "remove the keys from the manifest, or use a version that has them"
		}
		return fmt.Sprintf("sysg logs %s --kind all --run %d, then sysg start -s %s", name, v.Unit.Run, name)
	case unit.Stopped:
		return "sysg start -s " + name
	case unit.Stopping:
		return fmt.Sprintf("sysg stop -s %s --kill ends it at once", name)
	case unit.Starting:
		if v.Unit.Step != unit.NoStep {
			// A command before the start has as long as it likes.
			return fmt.Sprintf("sysg logs %s --kind all --run %d, or sysg stop -s %s to give it up", name, v.Unit.Run, name)
		}
	case unit.Blocked, unit.Pending, unit.Running, unit.Completed, unit.Skipped, unit.Scheduled:
	}
	return ""
}
