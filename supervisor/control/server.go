package control

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/guardian"
	"systemg/supervisor/hooks"
	"systemg/supervisor/logs"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
	"systemg/supervisor/sockets"
	"systemg/supervisor/store"
)

// server answers the requests of clients. It owns nothing: it holds the
// parts that do.
type server struct {
	sup     *supervisor.Supervisor
	outputs *supervisor.Files
	mover   *logs.Mover
	host    *proc.Host
	sockets *sockets.Table
	sampler *meter
	journal *store.Journal
	hooks   *hooks.Runner
	// link leads to the guardian, nil for none.
	link  *guardian.Link
	told  *told
	dir   *store.Dir
	paths store.Paths
	o     Options
	facts privilege.Facts
	// readers is the group whose members may look, 0 for none.
	readers int
	log     *slog.Logger
	since   time.Time
	// generation is another one with every start of the supervisor.
	generation string
	// hint is held while config_hint is rewritten.
	hint sync.Mutex
	// rest gives memory back when nothing was asked for a while.
	rest *time.Timer
	// working counts the operations under way.
	working atomic.Int32
	// hurried is whether garbage is let grow for one of them; pace guards it.
	pace    sync.Mutex
	hurried bool
	// quit ends the daemon, once everything is stopped and answered; leave
	// ends it with everything running, for the next one.
	quit, leave func()
}

// handler answers one method.
type handler func(*server, context.Context, *ipc.Request) (any, error)

// handlers has a row for every method but hello and cancel, which the ipc
// server answers itself.
var handlers = map[string]handler{
	ipc.MethodStatus:    (*server).status,
	ipc.MethodInspect:   (*server).inspect,
	ipc.MethodSubscribe: (*server).subscribe,
	ipc.MethodLogs:      (*server).logs,
	ipc.MethodEvents:    (*server).events,
	ipc.MethodStart:     (*server).start,
	ipc.MethodStop:      (*server).stop,
	ipc.MethodRestart:   (*server).restart,
	ipc.MethodDeploy:    (*server).deploy,
	ipc.MethodRollback:  (*server).rollback,
	ipc.MethodPlan:      (*server).plan,
	ipc.MethodApply:     (*server).apply,
	ipc.MethodWait:      (*server).wait,
	ipc.MethodSignal:    (*server).signal,
	ipc.MethodWhy:       (*server).why,
	ipc.MethodGraph:     (*server).graph,
	ipc.MethodPurge:     (*server).purge,
	ipc.MethodTrigger:   (*server).trigger,
	ipc.MethodSpawn:     (*server).spawn,
	ipc.MethodUpgrade:   (*server).upgrade,
}

// Serve is ipc.Handler.
func (s *server) Serve(ctx context.Context, r *ipc.Request) (any, error) {
	h, ok := handlers[r.Method]
	if !ok {
		return nil, ipc.Errorf(ipc.CodeUnknownMethod, "there is no method %q", clip(r.Method, 60))
	}
	if err := s.mayCommand(r); err != nil {
		return nil, err
	}
	defer s.rest.Reset(restAfter)
	defer s.calm()
	began := time.Now()
	result, err := h(s, ctx, r)
	s.log.Debug("request", "method", r.Method, "client", r.Client, "pid", r.Peer.PID, "took", time.Since(began), "error", err)
	return result, WireError(err)
}

// note writes to the journal that a client asked for something.
func (s *server) note(r *ipc.Request, what string) {
	s.hurry()
	what = clip(what, maxText)
	by := fmt.Sprintf("uid %d pid %d (%s)", r.Peer.UID, r.Peer.PID, r.Client)
	s.sup.Operation(what, by)
	s.log.Info("operation", "what", what, "by", by)
}

// source reads a manifest in the caller's environment.
func (s *server) source(m ipc.Manifest) (*supervisor.Source, error) {
	if m.Path == "" {
		return nil, nil
	}
	s.hurry()
	plan, err := config.Load(m.Path, config.Options{
		Env: m.Env, System: s.o.System, DropPrivileges: s.o.DropPrivileges, Root: s.facts.Root(), Self: s.facts.Name,
	})
	if err != nil {
		return nil, err
	}
	return &supervisor.Source{Plan: plan, Env: m.Env}, nil
}

// measure samples as the manifest of a source says.
func (s *server) measure(src *supervisor.Source) {
	if err := s.sampler.use(src.Plan.Metrics); err != nil {
		s.sup.SetProblem("metrics", "metrics are not sampled as the manifest says: "+err.Error())
	}
}

// known checks that a source has the project that was asked for.
func known(src *supervisor.Source, project string) error {
	if src == nil || project == "" {
		return nil
	}
	var ids []string
	for _, p := range src.Plan.Projects {
		if p.ID == project {
			return nil
		}
		ids = append(ids, p.ID)
	}
	return &supervisor.UnknownProjectError{Name: project, Known: ids}
}

// views resolves a selection on the newest snapshot.
func (s *server) views(sel ipc.Selection, orphans bool) (*supervisor.Snapshot, []*supervisor.View, error) {
	snap := s.sup.Snapshot()
	views, err := snap.Select(selectionOf(sel), orphans)
	return snap, views, err
}

// one resolves a name to one unit.
func (s *server) one(name, project, near string) (*supervisor.Snapshot, *supervisor.View, error) {
	snap, views, err := s.views(ipc.Selection{Units: []string{name}, Project: project, Near: near}, true)
	if err != nil {
		return nil, nil, err
	}
	if len(views) > 1 {
		return nil, nil, Several(name, views)
	}
	return snap, views[0], nil
}

func (s *server) unit(v *supervisor.View) ipc.Unit { return unitOf(v, s.sampler, time.Now()) }

func (s *server) units(views []*supervisor.View) []ipc.Unit {
	list := make([]ipc.Unit, 0, len(views))
	for _, v := range views {
		list = append(list, s.unit(v))
	}
	return list
}
