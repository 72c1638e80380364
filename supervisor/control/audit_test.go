package control

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"systemg/ipc"
)

// harmless are the methods that change nothing; plan reads a file that the client
// names, and is no method for readers.
var harmless = []string{
	ipc.MethodStatus, ipc.MethodInspect, ipc.MethodSubscribe, ipc.MethodLogs, ipc.MethodEvents, ipc.MethodWhy, ipc.MethodGraph, ipc.MethodWait,
	ipc.MethodPlan,
}

// Every call that changes something is in the journal, with the user and the
// process that the kernel names. (That of upgrade, which needs a guardian, is
// looked for in cmd/sysg/testdata/root/system.txtar.)
func TestWhoChangesSomethingIsWrittenDown(t *testing.T) {
	s := begin(t)
	const text = `
version: "1"
project: demo
services:
  web: {command: exec sleep 1000, spawn: {mode: dynamic}}
  job: {command: "true", cron: {expression: "0 0 0 1 1 *"}}
`
	units := func(names ...string) ipc.Selection { return ipc.Selection{Units: names} }
	calls := []struct {
		method string
		params any
	}{
		{ipc.MethodStart, ipc.StartParams{Manifest: s.manifest(text)}},
		{ipc.MethodSpawn, nil},
		{ipc.MethodTrigger, ipc.TriggerParams{Unit: "job", Wait: true}},
		{ipc.MethodSignal, ipc.SignalParams{Selection: units("web"), Signal: "WINCH"}},
		{ipc.MethodDeploy, ipc.DeployParams{Selection: units("web")}},
		{ipc.MethodRestart, ipc.RestartParams{Selection: units("web")}},
		{ipc.MethodApply, ipc.ApplyParams{Manifest: s.manifest(text)}},
		// There is nothing to go back to.
		{ipc.MethodRollback, ipc.RollbackParams{Selection: units("web")}},
		{ipc.MethodStop, ipc.StopParams{Selection: units("web", "job")}},
		{ipc.MethodPurge, ipc.PurgeParams{Project: "demo"}},
	}
	called := slices.Concat(harmless, []string{ipc.MethodUpgrade})
	for _, c := range calls {
		if c.method == ipc.MethodSpawn {
			c.params = ipc.SpawnParams{Name: "child", Exec: ipc.Texts{"true"}, Dir: "/", ParentPID: s.unit("web").PID}
		}
		before := len(s.operations())
		if err := s.client.Call(s.Context(), c.method, c.params, nil); err != nil && c.method != ipc.MethodRollback {
			t.Errorf("%s: %v", c.method, err)
		}
		who := fmt.Sprintf("uid %d pid %d (test)", os.Geteuid(), os.Getpid())
		if list := s.operations(); len(list) != before+1 || !strings.HasSuffix(list[len(list)-1], " by "+who) {
			t.Errorf("%s is written down as %q, not by %s", c.method, list[before:], who)
		}
		called = append(called, c.method)
	}
	for method := range maps.Keys(handlers) {
		if !slices.Contains(called, method) {
			t.Errorf("%s is not tried", method)
		}
	}
}

// operations are the journal's lines about what clients asked for.
func (s *system) operations() []string {
	s.Helper()
	var list []string
	err := s.client.Stream(s.Context(), ipc.MethodEvents, ipc.EventsParams{}, func(_ string, raw json.RawMessage) error {
		var b ipc.EventBatch
		if err := json.Unmarshal(raw, &b); err != nil {
			return err
		}
		for _, e := range b.Events {
			if e.Type == "operation" {
				list = append(list, e.Reason+" by "+e.By)
			}
		}
		return nil
	}, nil)
	if err != nil {
		s.Fatal(err)
	}
	return list
}

// A unit that is held to something may look, and start children of its own; no
// method is forgotten.
func TestWhatAConfinedUnitMayCall(t *testing.T) {
	s := &server{log: slog.New(slog.DiscardHandler)}
	for method := range handlers {
		r := &ipc.Request{Method: method, Confined: "demo/held"}
		free := slices.Contains(harmless, method) && method != ipc.MethodPlan || method == ipc.MethodSpawn
		if err := s.mayCommand(r); (err == nil) != free {
			t.Errorf("%s: %v", method, err)
		}
		r.Confined = ""
		if err := s.mayCommand(r); err != nil {
			t.Errorf("%s by somebody who is held to nothing: %v", method, err)
		}
	}
}
