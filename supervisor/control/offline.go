package control

import (
	"time"

	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/logs"
	"systemg/supervisor/store"
	"systemg/supervisor/usage"
)

// silence is a sampler that knows nothing.
type silence struct{}

func (silence) Now(string) (usage.Reading, bool) { return usage.Reading{}, false }

// Offline is a unit as it was when it was last saved. Its process, if it lives
// on, is nobody's to show until a supervisor has taken it back.
func Offline(v *supervisor.View) ipc.Unit {
	u := unitOf(v, silence{}, time.Now())
	u.UptimeSecs = 0
	u.NextRun = nextOffline(v, time.Now())
	return u
}

// InspectOffline is what the disk knows of one unit.
func InspectOffline(paths store.Paths, snap *supervisor.Snapshot, v *supervisor.View, window time.Duration, now time.Time) (ipc.InspectResult, error) {
	series, err := usage.ReadHistory(paths.Metrics(), v.ID, window, now)
	if err != nil {
		return ipc.InspectResult{}, err
	}
	result := ipc.InspectResult{
		Unit: Offline(v), Config: configOf(v.Def, snap.Projects[v.Def.Project].Manifest),
		Processes: []ipc.Process{}, Series: SeriesOf(series), Events: []ipc.Event{}, Limits: []ipc.Limit{},
		DependsOn: edges(snap, v), Dependents: dependents(snap, v),
		Health: healthReport(v), Deployment: deployment(snap, v),
	}
	if result.Cron, err = cronOffline(paths, v); err != nil {
		return ipc.InspectResult{}, err
	}
	for _, kind := range supervisor.Kinds {
		l := ipc.Log{Kind: kind, Path: paths.Log(v.Def.Project, v.Def.Name, kind), Exact: true}
		l.Bytes, l.Segments = logs.Size(l.Path)
		result.Logs = append(result.Logs, l)
	}
	filter := store.Filter{Since: now.Add(-window), Units: map[string]bool{v.ID: true}, Limit: inspectEvents}
	err = store.ReadDir(paths.Events(), filter, func(e store.Event) bool {
		result.Events = append(result.Events, eventOf(e))
		return true
	})
	return result, err
}
