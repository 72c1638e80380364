package control

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/logs"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
	"systemg/supervisor/usage"
)

// inspectWindow is how far back inspect looks unless told otherwise.
const inspectWindow = 15 * time.Minute

// inspectEvents is how many events inspect shows at most.
const inspectEvents = 50

// inspect answers with everything about one unit.
func (s *server) inspect(_ context.Context, r *ipc.Request) (any, error) {
	var p ipc.InspectParams
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	snap, v, err := s.one(p.Unit, p.Project, p.Near)
	if err != nil {
		return nil, err
	}
	window := inspectWindow
	if p.WindowSecs > 0 {
		window = time.Duration(p.WindowSecs * float64(time.Second))
	}
	now := time.Now()
	result := ipc.InspectResult{
		Unit:       s.unit(v),
		Config:     configOf(v.Def, snap.Projects[v.Def.Project].Manifest),
		Processes:  s.processTree(v),
		Series:     SeriesOf(s.sampler.History(v.ID, window, now)),
		Events:     []ipc.Event{},
		Logs:       s.logFiles(v),
		DependsOn:  edges(snap, v),
		Dependents: dependents(snap, v),
		Limits:     limitsOf(v),
		Held:       s.held(v),
		Cron:       cronOf(v.Def, v.History),
		Health:     healthReport(v),
		Deployment: deployment(snap, v),
		Hooks:      s.hooksOf(v),
		Sockets:    s.socketsOf(v),
		Children:   s.children(snap, v),
	}
	if r.Reader || r.Confined != "" {
		// Values may be secrets, which looking does not open.
		for name := range result.Config.Env {
			result.Config.Env[name] = ""
		}
	}
	filter := store.Filter{Since: now.Add(-window), Units: map[string]bool{v.ID: true}, Limit: inspectEvents}
	err = s.journal.Read(filter, func(e store.Event) bool {
		result.Events = append(result.Events, eventOf(e))
		return true
	})
	return result, err
}

func (s *server) processTree(v *supervisor.View) []ipc.Process {
	if v.Process.PID == 0 {
		return []ipc.Process{}
	}
	return processes(s.host.Members(supervisor.TreeOf(v)))
}

// processes are the processes as a client sees them, parents first.
func processes(pids []int) []ipc.Process {
	list := []ipc.Process{}
	for _, p := range usage.Processes(pids) {
		list = append(list, ipc.Process{
			PID: p.PID, PPID: p.PPID, Depth: p.Depth, State: p.State, Command: clip(p.Command, maxText),
			CPUPercent: p.CPUPercent, MemoryBytes: p.RSS,
		})
	}
	return list
}

// logFiles describes the unit's streams on disk.
func (s *server) logFiles(v *supervisor.View) []ipc.Log {
	list := []ipc.Log{}
	for _, kind := range supervisor.Kinds {
		l := ipc.Log{Kind: kind, Path: s.paths.Log(v.Def.Project, v.Def.Name, kind), Exact: true}
		l.Bytes, l.Segments = logs.Size(l.Path)
		if stream, ok := s.outputs.Stream(v.ID, kind); ok {
			info := stream.Info()
			l.LostBytes, l.Exact = info.LostBytes, info.Exact
		}
		list = append(list, l)
	}
	return list
}

// socketsOf are the unit's listening sockets, in the order of their
// descriptors.
func (s *server) socketsOf(v *supervisor.View) []ipc.Socket {
	list := []ipc.Socket{}
	if len(v.Def.Sockets) == 0 {
		return list
	}
	open := s.sockets.Listening(supervisor.SocketOwner(v.Def))
	for i, def := range v.Def.Sockets {
		listen := def.Network + "://" + def.Address
		list = append(list, ipc.Socket{
			Name: supervisor.SocketName(v.Def, def), Listen: listen, FD: i + proc.FirstFile, Open: slices.Contains(open, listen),
		})
	}
	return list
}

// limitNames are the kernel's names of limits (proc(5), limits) by those of a
// manifest.
var limitNames = map[string]string{
	"nofile": "Max open files", "nproc": "Max processes", "memlock": "Max locked memory", "core": "Max core file size", "stack": "Max stack size",
}

// limitsOf reads back from the kernel what is in force, beside what was asked.
func limitsOf(v *supervisor.View) []ipc.Limit {
	list := []ipc.Limit{}
	if v.Process.PID == 0 {
		return list
	}
	in, err := usage.Limits(privilege.Service(v.Process.PID, &v.Def.Privileges))
	if err != nil {
		return list
	}
	asked := map[string]string{}
	for name, l := range v.Def.Privileges.Limits {
		asked[limitNames[name]] = strconv.FormatUint(l.Value, 10)
		if l.Unlimited {
			asked[limitNames[name]] = "unlimited"
		}
	}
	for _, l := range in {
		list = append(list, ipc.Limit{Name: l.Name, Asked: asked[l.Name], Soft: l.Soft, Hard: l.Hard})
	}
	return list
}

// held reads back from the kernel what else the unit is held to.
func (s *server) held(v *supervisor.View) []ipc.Holding {
	if v.Process.PID == 0 {
		return nil
	}
	var list []ipc.Holding
	for _, h := range privilege.Held(v.Process.PID, v.Process.Cgroup, &v.Def.Privileges, s.facts) {
		list = append(list, ipc.Holding{Key: h.Key, Asked: h.Asked, InForce: h.InForce, OK: h.OK})
	}
	return list
}

// SeriesOf is a history as a client sees it: what nobody knows is null.
func SeriesOf(s usage.Series) ipc.Series {
	return ipc.Series{
		From: s.From, StepSecs: s.Step.Seconds(),
		CPUPercent: points(s.CPU), MemoryBytes: points(s.Memory),
	}
}

func points(values []float64) []*float64 {
	list := make([]*float64, len(values))
	for i := range values {
		if !math.IsNaN(values[i]) {
			list[i] = &values[i]
		}
	}
	return list
}
