package cli

import (
	"context"
	"regexp"
	"time"

	"systemg/ipc"
	"systemg/supervisor"
	"systemg/supervisor/control"
	"systemg/supervisor/logs"
	"systemg/supervisor/proc"
	"systemg/supervisor/store"
)

// latest is the last known state.
func (a *app) latest() (store.State, error) {
	// Without its name nothing is of this boot.
	boot, _ := proc.BootID()
	return store.ReadLatest(a.paths, boot)
}

// offlineViews are the selected units as they were known last.
func (a *app) offlineViews(sel ipc.Selection) (*supervisor.Snapshot, []*supervisor.View, error) {
	state, err := a.latest()
	if err != nil {
		return nil, nil, err
	}
	snap := supervisor.SnapshotOf(state)
	views, err := snap.Select(supervisor.Selection{Units: sel.Units, Project: sel.Project, Near: sel.Near}, true)
	return snap, views, control.WireError(err)
}

// offlineStatus is the status without a supervisor.
func (a *app) offlineStatus(sel ipc.Selection, all bool) (ipc.StatusResult, error) {
	_, views, err := a.offlineViews(sel)
	r := ipc.StatusResult{Supervisor: ipc.Supervisor{StateDir: a.paths.State}, Units: []ipc.Unit{}}
	for _, v := range views {
		if !v.Orphaned || all || len(sel.Units) > 0 {
			r.Units = append(r.Units, control.Offline(v))
		}
	}
	return r, err
}

// offlineInspect is what the disk knows of one unit.
func (a *app) offlineInspect(p ipc.InspectParams) (ipc.InspectResult, error) {
	snap, views, err := a.offlineViews(ipc.Selection{Units: []string{p.Unit}, Project: p.Project, Near: p.Near})
	if err != nil {
		return ipc.InspectResult{}, err
	}
	if len(views) != 1 {
		return ipc.InspectResult{}, control.Several(p.Unit, views)
	}
	return control.InspectOffline(a.paths, snap, views[0], time.Duration(p.WindowSecs*float64(time.Second)), time.Now())
}

// offlineLogs reads the files without a supervisor.
func (a *app) offlineLogs(ctx context.Context, p ipc.LogsParams, emit func(ipc.LogBatch) error) error {
	files, err := a.offlineFiles(p)
	if err != nil {
		return err
	}
	q := logs.Query{Lines: p.Lines, Since: p.Since, Until: p.Until, Run: p.Run, Follow: p.Follow, Blocks: true}
	if p.Grep != "" {
		if q.Grep, err = regexp.Compile(p.Grep); err != nil {
			return usage("cannot use the pattern: %v", err)
		}
	}
	return logs.Read(ctx, files, q, nil, func(lines []logs.Line, skips []logs.Skip) error {
		var b ipc.LogBatch
		for _, l := range lines {
			b.Lines = append(b.Lines, control.LineOf(files[l.File], l))
		}
		for _, k := range skips {
			f := files[k.File]
			b.Skipped = append(b.Skipped, ipc.LogSkip{Unit: f.Unit, Kind: f.Kind, Bytes: k.Bytes, Lines: k.Lines, Why: k.Why})
		}
		return emit(b)
	})
}

func (a *app) offlineFiles(p ipc.LogsParams) ([]logs.File, error) {
	if len(p.Kinds) == 1 && p.Kinds[0] == "supervisor" {
		return []logs.File{{Kind: "supervisor", Path: a.paths.SupervisorLog()}}, nil
	}
	_, views, err := a.offlineViews(p.Selection)
	if err != nil {
		return nil, err
	}
	return control.LogFiles(a.paths, views, p.Kinds)
}
