package control

import (
	"context"
	"errors"
	"strings"
	"time"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// start brings units up and waits until they are, or will not be.
func (s *server) start(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.StartParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	patience, begin := supervisor.StartPatience, s.beginStart
	if p.Adhoc != nil {
		patience, begin = supervisor.RestartPatience, s.beginAdhoc
	}
	defer s.sup.Answered(p.Operation)
	b, err := s.operation(ctx, p.Operation, func(ctx context.Context) (supervisor.Baseline, error) { return begin(ctx, r, p) })
	if err != nil {
		return nil, err
	}
	if p.NoWait {
		return s.result(s.current(b)), nil
	}
	return s.await(ctx, r, b, patience, p.TimeoutSecs)
}

// beginStart reads the manifest, and starts what it names.
func (s *server) beginStart(ctx context.Context, r *ipc.Request, p ipc.StartParams) (b supervisor.Baseline, err error) {
	src, err := s.source(p.Manifest)
	if err != nil {
		return b, err
	}
	if err := known(src, p.Project); err != nil {
		return b, err
	}
	sel := p.Selection
	var warnings []config.Diagnostic
	if src != nil {
		sel.Project = onlyProject(src, p.Project)
		warnings = append(s.takenOver(src), src.Plan.Warnings...)
		s.remember(src)
	}
	s.note(r, describe("start", p.Selection))
	if len(warnings) > 0 {
		note := ipc.Warnings{Request: r.ID, Diagnostics: warnings}
		if err := r.Notify(ipc.NoteWarnings, note); err != nil {
			return b, err
		}
	}
	return s.startSource(ctx, src, sel)
}

// startSource starts the selection; a manifest of several projects without
// one chosen starts each of them.
func (s *server) startSource(ctx context.Context, src *supervisor.Source, sel ipc.Selection) (supervisor.Baseline, error) {
	if src == nil || sel.Project != "" || len(sel.Units) > 0 {
		return s.sup.Start(ctx, src, selectionOf(sel))
	}
	var all supervisor.Baseline
	for _, p := range src.Plan.Projects {
		b, err := s.sup.Start(supervisor.As(ctx, ""), src, supervisor.Selection{Project: p.ID})
		if err != nil {
			return all, err
		}
		all.Units = append(all.Units, b.Units...)
	}
	return all, s.sup.Known(ctx, all)
}

// onlyProject is the project that was asked for, or the only one there is.
func onlyProject(src *supervisor.Source, asked string) string {
	if asked == "" && len(src.Plan.Projects) == 1 {
		return src.Plan.Projects[0].ID
	}
	return asked
}

// remember keeps the manifest's path, so that later commands need no -c, and
// takes over what the manifest says of the supervisor itself.
func (s *server) remember(src *supervisor.Source) {
	s.measure(src)
	var ids []string
	for _, p := range src.Plan.Projects {
		ids = append(ids, p.ID)
	}
	s.changeHint(func(h store.Hint) store.Hint { return h.With(src.Plan.File, ids...) })
}

// changeHint rewrites config_hint; two requests never do so at once.
func (s *server) changeHint(change func(store.Hint) store.Hint) {
	s.hint.Lock()
	defer s.hint.Unlock()
	h, err := s.dir.Hint()
	if err == nil {
		err = s.dir.SetHint(change(h))
	}
	if err != nil {
		s.log.Warn("cannot keep the manifest's path", "error", err)
	}
}

// stop brings units down; with Supervisor the daemon follows them.
func (s *server) stop(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.StopParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	defer s.sup.Answered(p.Operation)
	b, err := s.beginStop(ctx, r, p)
	if err != nil {
		return nil, err
	}
	result, err := s.await(ctx, r, b, supervisor.StartPatience, p.TimeoutSecs)
	if p.Supervisor && err == nil {
		s.sweep(ctx)
		s.quit()
	}
	return result, err
}

// sweepTime is how long a stop of everything waits for processes that got away
// from their units.
const sweepTime = 5 * time.Second

// sweep ends what descends from the supervisor and belongs to no unit any
// more.
func (s *server) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	for _, p := range processes(s.host.Sweep(ctx)) {
		s.log.Error("a process outlives the supervisor", "pid", p.PID, "command", p.Command, "state", p.State)
	}
}

func (s *server) beginStop(ctx context.Context, r *ipc.Request, p ipc.StopParams) (supervisor.Baseline, error) {
	if p.Supervisor {
		// Also where it has begun: the supervisor that began it did not end as
		// it should.
		s.note(r, "stop everything and the supervisor")
		return s.sup.Close(supervisor.As(ctx, p.Operation), p.Kill, "the supervisor was stopped")
	}
	return s.operation(ctx, p.Operation, func(ctx context.Context) (supervisor.Baseline, error) {
		s.note(r, describe("stop", p.Selection))
		return s.sup.Stop(ctx, selectionOf(p.Selection), p.Kill, "")
	})
}

// restart reads the manifest before it touches anything.
func (s *server) restart(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.RestartParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	defer s.sup.Answered(p.Operation)
	b, err := s.operation(ctx, p.Operation, func(ctx context.Context) (supervisor.Baseline, error) { return s.beginRestart(ctx, r, p) })
	if err != nil {
		return nil, err
	}
	return s.await(ctx, r, b, supervisor.RestartPatience, p.TimeoutSecs)
}

func (s *server) beginRestart(ctx context.Context, r *ipc.Request, p ipc.RestartParams) (b supervisor.Baseline, err error) {
	src, err := s.source(p.Manifest)
	if err != nil {
		return b, err
	}
	replaces, err := s.replaced(src, &p)
	if err != nil {
		return b, err
	}
	s.note(r, describe("restart", p.Selection))
	b, err = s.sup.Restart(ctx, src, selectionOf(p.Selection), replaces)
	if err == nil && src != nil {
		s.remember(src)
	}
	return b, err
}

// replaced is the project that moves to a manifest which does not name it:
// the one that was asked for, or the only one there is.
func (s *server) replaced(src *supervisor.Source, p *ipc.RestartParams) (string, error) {
	if src == nil {
		return "", nil
	}
	if p.Project != "" && known(src, p.Project) == nil {
		return "", nil
	}
	var others []string
	for id, project := range s.sup.Snapshot().Projects {
		if project.Manifest == "" {
			continue
		}
		if known(src, id) == nil {
			p.Project = onlyProject(src, p.Project)
			return "", nil
		}
		others = append(others, id)
	}
	switch {
	case p.Project != "" && contains(others, p.Project):
		old := p.Project
		p.Project = onlyProject(src, "")
		return old, nil
	case p.Project != "":
		return "", known(src, p.Project)
	case len(others) == 1:
		return others[0], nil
	}
	p.Project = onlyProject(src, "")
	return "", nil
}

// plan says what apply would do.
func (s *server) plan(_ context.Context, r *ipc.Request) (any, error) {
	var p ipc.PlanParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	src, err := s.source(p.Manifest)
	if err != nil {
		return nil, err
	}
	if err := known(src, p.Project); err != nil {
		return nil, err
	}
	if src == nil {
		return nil, ipc.Errorf(ipc.CodeUsage, "plan needs a manifest")
	}
	return ipc.PlanResult{Changes: changesOf(s.sup.Snapshot().Plan(src.Plan, p.Project))}, nil
}

// apply makes the system what the manifest says.
func (s *server) apply(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.ApplyParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	defer s.sup.Answered(p.Operation)
	b, err := s.operation(ctx, p.Operation, func(ctx context.Context) (supervisor.Baseline, error) { return s.beginApply(ctx, r, p) })
	if err != nil {
		return nil, err
	}
	op, err := s.await(ctx, r, b, supervisor.RestartPatience, p.TimeoutSecs)
	return ipc.PlanResult{Changes: changesOf(b.Changes), Operation: &op}, err
}

func (s *server) beginApply(ctx context.Context, r *ipc.Request, p ipc.ApplyParams) (b supervisor.Baseline, err error) {
	src, err := s.source(p.Manifest)
	if err != nil {
		return b, err
	}
	if err := known(src, p.Project); err != nil {
		return b, err
	}
	if src == nil {
		return b, ipc.Errorf(ipc.CodeUsage, "apply needs a manifest")
	}
	s.note(r, "apply "+p.Path)
	if b, err = s.sup.Apply(ctx, src, p.Project); err == nil {
		s.remember(src)
	}
	return b, err
}

// signal sends a signal to units that run.
func (s *server) signal(ctx context.Context, r *ipc.Request) (any, error) {
	var p ipc.SignalParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	sig, name, err := config.ParseSignal(p.Signal)
	if err != nil {
		return nil, ipc.Errorf(ipc.CodeUsage, "%s", err.Error())
	}
	s.note(r, describe("signal "+name+" to", p.Selection))
	ids, err := s.sup.Signal(ctx, selectionOf(p.Selection), sig)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, ipc.Errorf(ipc.CodeFailed, "nothing runs that could be signalled")
	}
	result := ipc.SignalResult{}
	snap := s.sup.Snapshot()
	for _, id := range ids {
		if v, ok := snap.Find(id); ok {
			result.Units = append(result.Units, s.unit(v))
		}
	}
	return result, nil
}

// describe is an operation in words, for the journal.
func describe(verb string, sel ipc.Selection) string {
	what := "everything"
	switch {
	case len(sel.Units) > 0:
		what = strings.Join(head(sel.Units), ", ")
	case sel.Project != "":
		what = "project " + sel.Project
	}
	return verb + " " + what
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// failedBadly is whether a unit's last lines explain its state.
func failedBadly(v *supervisor.View) bool {
	switch v.Unit.State {
	case unit.Failed, unit.Backoff:
		return true
	case unit.Pending, unit.Starting:
		return v.Unit.Failures > 0
	case unit.Blocked, unit.Running, unit.Stopping, unit.Stopped, unit.Completed, unit.Skipped, unit.Scheduled:
		return false
	}
	return false
}

// timeout bounds ctx; 0 means no bound.
func timeout(ctx context.Context, secs float64) (context.Context, context.CancelFunc) {
	if secs <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, time.Duration(secs*float64(time.Second)), errors.New("the time is over"))
}
