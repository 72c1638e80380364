package control

import (
	"context"
	"sync"
	"time"

	"systemg/config"
	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/hooks"
	"systemg/supervisor/store"
	"systemg/supervisor/unit"
)

// hookTime bounds how long a supervisor that ends waits for hooks.
const hookTime = 5 * time.Second

// hookResults is how many results are kept of each unit.
const hookResults = 5

// callHooks makes what calls hooks. Without a folder for what webhooks owe they
// are kept in memory.
func (d *daemon) callHooks() {
	box, notes, err := store.OpenOutbox(d.paths.Outbox(), store.OutboxLimits{})
	for _, note := range notes {
		d.log.Warn(note)
	}
	if err != nil {
		d.sup.SetProblem("outbox", err.Error()+"; webhooks are kept in memory")
	}
	d.told = &told{journal: d.journal, last: map[string][]ipc.HookResult{}}
	d.hooks = hooks.New(hooks.Options{
		Run: d.runHook, Outbox: box, Told: d.told.add, Posted: d.sup.Posted, Problem: d.sup.SetProblem, Log: d.log,
	})
}

// runHook runs a hook's command.
func (d *daemon) runHook(ctx context.Context, c hooks.Command) (unit.Exit, error) {
	return d.sup.RunAside(ctx, supervisor.Aside{
		Def: c.Def, Base: c.Base, Run: c.Run, Kind: "hook", Line: c.Line, Env: c.Env, Patient: true,
	})
}

// closeHooks gives hooks some time to end, while the loop still runs.
func (d *daemon) closeHooks() {
	ctx, cancel := context.WithTimeout(context.Background(), hookTime)
	defer cancel()
	d.hooks.Close(ctx)
}

// told keeps how hooks went.
type told struct {
	journal *store.Journal

	mu   sync.Mutex
	last map[string][]ipc.HookResult
}

// add takes a result; one that failed goes into the journal too.
func (t *told) add(r hooks.Result) {
	now := time.Now()
	one := ipc.HookResult{About: r.About, Run: r.Run, Kind: string(r.Kind), Time: now, TookSecs: r.Took.Seconds()}
	if r.Err != nil {
		one.Error = clip(r.Err.Error(), maxText)
		t.journal.Append(store.Event{
			Type: "hook", Time: now, Project: r.Project, Unit: r.Unit, Run: r.Run,
			Reason: "the " + one.Kind + " for " + one.About + " failed: " + one.Error,
		})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	id := r.Project + "/" + r.Unit
	list := append(t.last[id], one)
	if len(list) > hookResults {
		list = append([]ipc.HookResult{}, list[len(list)-hookResults:]...)
	}
	t.last[id] = list
}

// of are the newest results of a unit, oldest first.
func (t *told) of(id string) []ipc.HookResult {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]ipc.HookResult{}, t.last[id]...)
}

func (t *told) forget(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.last, id)
}

// hooksOf is what is known of a unit's hooks, nil where it has none and owes
// nothing.
func (s *server) hooksOf(v *supervisor.View) *ipc.Hooks {
	h := &ipc.Hooks{Owed: s.hooks.Owed(v.ID), Results: s.told.of(v.ID), Declared: []ipc.Hook{}}
	for _, one := range v.Def.Hooks {
		h.Declared = append(h.Declared, hookOf(one))
	}
	if len(h.Declared) == 0 && len(h.Results) == 0 && h.Owed == 0 {
		return nil
	}
	return h
}

func hookOf(h config.Hook) ipc.Hook {
	one := ipc.Hook{About: "on_" + h.On + " " + h.Outcome, Command: clip(h.Command, maxText)}
	if h.Webhook != nil {
		one.Webhook = hooks.Place(h.Webhook.URL)
	}
	return one
}

// hookFailed is the newest hook of the unit that failed since its state began,
// as a cause: no cause of the state, but somebody was not told of it.
func (s *server) hookFailed(v *supervisor.View) (ipc.Cause, bool) {
	if len(v.Def.Hooks) == 0 {
		return ipc.Cause{}, false
	}
	var found store.Event
	filter := store.Filter{Since: v.Unit.Since, Units: map[string]bool{v.ID: true}}
	err := s.journal.Read(filter, func(e store.Event) bool {
		if e.Type == "hook" {
			found = e
		}
		return true
	})
	if err != nil || found.Seq == 0 {
		return ipc.Cause{}, false
	}
	return ipc.Cause{Unit: v.ID, Text: found.Reason, Time: found.Time}, true
}
