package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"
)

// CronSchema is the version of cron_state.json that this package writes.
const CronSchema = 1

// CronHistory is what is known about the runs of every cron job.
type CronHistory struct {
	Schema int `json:"schema"`
	// Jobs are by project/name, each oldest run first.
	Jobs map[string][]CronRun `json:"jobs"`
}

// CronRun is one time a job was due.
type CronRun struct {
	// Run is the number of the run, 0 where it was not started.
	Run uint64 `json:"run,omitempty"`
	// Scheduled is when it was due, Start and End when it ran.
	Scheduled time.Time `json:"scheduled,omitzero"`
	Start     time.Time `json:"start,omitzero"`
	End       time.Time `json:"end,omitzero"`
	// Status is a word: running, completed, failed, skipped, missed.
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
	Exit   *Exit  `json:"exit,omitempty"`
}

// With is the history after a run of the job began or ended: it takes the
// place of the entry with the same run number, or comes last. Only the newest
// keep entries of the job stay; keep below 1 keeps one. The receiver stays as
// it is.
func (h CronHistory) With(job string, run CronRun, keep int) CronHistory {
	runs := slices.Clone(h.Jobs[job])
	same := func(r CronRun) bool { return run.Run != 0 && r.Run == run.Run }
	if at := slices.IndexFunc(runs, same); at >= 0 {
		runs[at] = run
	} else {
		runs = append(runs, run)
	}
	runs = slices.Clone(runs[max(0, len(runs)-max(1, keep)):])

	jobs := maps.Clone(h.Jobs)
	if jobs == nil {
		jobs = make(map[string][]CronRun, 1)
	}
	jobs[job] = runs
	return CronHistory{Schema: CronSchema, Jobs: jobs}
}

// Without is the history after the job was forgotten.
func (h CronHistory) Without(job string) CronHistory {
	jobs := maps.Clone(h.Jobs)
	delete(jobs, job)
	return CronHistory{Schema: CronSchema, Jobs: jobs}
}

// LoadCron reads cron_state.json by the rules of LoadState.
func (d *Dir) LoadCron() (CronHistory, []string, error) {
	h, err := ReadCron(d.paths)
	return orMoveAside(d.paths.CronFile(), h, err)
}

// ReadCron reads cron_state.json and leaves it where it is. A missing file is
// an empty history.
func ReadCron(p Paths) (CronHistory, error) {
	h, err := readJSON(p.CronFile(), CronSchema, func(h *CronHistory) int { return h.Schema })
	if errors.Is(err, fs.ErrNotExist) {
		return CronHistory{}, nil
	}
	if err != nil {
		return CronHistory{}, failed("read", p.CronFile(), err)
	}
	return h, nil
}

// SaveCron replaces cron_state.json; on an error the old file stays.
func (d *Dir) SaveCron(h CronHistory) error {
	h.Schema = CronSchema
	data, err := json.MarshalIndent(h, "", " ")
	if err != nil {
		return failed("write", d.paths.CronFile(), err)
	}
	return replaceBytes(d.paths.CronFile(), append(data, '\n'))
}
