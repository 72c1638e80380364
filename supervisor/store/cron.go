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
	// Last is, by project/name, the newest due time that was decided. It is
	// more than the newest entry tells: entries are forgotten, and a job
	// has a first due time before it has any.
	Last map[string]time.Time `json:"last,omitempty"`
	// Off are the jobs that an operator has stopped: they miss nothing.
	Off map[string]bool `json:"off,omitempty"`
}

// The words for what became of a due time.
const (
	// CronQueued is decided and has not begun.
	CronQueued    = "queued"
	CronRunning   = "running"
	CronCompleted = "completed"
	CronFailed    = "failed"
	// CronSkipped did not happen because it should not have.
	CronSkipped = "skipped"
	// CronMissed did not happen because nobody was there to begin it.
	CronMissed = "missed"
)

// CronRun is one time a job was due.
type CronRun struct {
	// Run is the number of the run, 0 where it was not started.
	Run uint64 `json:"run,omitempty"`
	// Manual is whether an operator asked for it.
	Manual bool `json:"manual,omitempty"`
	// Scheduled is when it was due or asked for, Start and End when it ran.
	Scheduled time.Time `json:"scheduled,omitzero"`
	Start     time.Time `json:"start,omitzero"`
	End       time.Time `json:"end,omitzero"`
	// Status is one of the words above, CronQueued to CronMissed.
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
	Exit   *Exit  `json:"exit,omitempty"`
}

// open is whether the entry is not the last about its due time.
func (r CronRun) open() bool { return r.Status == CronQueued || r.Status == CronRunning }

// continues is whether the entry is about the same due time as an older one.
func (r CronRun) continues(old CronRun) bool {
	if r.Run != 0 && r.Run == old.Run {
		return true
	}
	return old.Status == CronQueued && old.Manual == r.Manual && old.Scheduled.Equal(r.Scheduled)
}

// With is the history with one more entry of the job: it takes the place of
// the entry that it continues, by run number or because that one was queued
// for the same time, or comes last. Only the newest keep entries of the job
// stay, and those that are queued or running; keep below 1 keeps one. The
// receiver stays as it is.
func (h CronHistory) With(job string, run CronRun, keep int) CronHistory {
	jobs := maps.Clone(h.Jobs)
	if jobs == nil {
		jobs = make(map[string][]CronRun, 1)
	}
	jobs[job] = KeepRun(h.Jobs[job], run, keep)
	h.Schema, h.Jobs = CronSchema, jobs
	return h
}

// KeepRun is the runs of one job with one more, by the rules of With. The
// slice it is given stays as it is.
func KeepRun(runs []CronRun, run CronRun, keep int) []CronRun {
	runs = slices.Clone(runs)
	if at := slices.IndexFunc(runs, run.continues); at >= 0 {
		runs[at] = run
	} else {
		runs = append(runs, run)
	}
	for len(runs) > max(1, keep) {
		at := slices.IndexFunc(runs, func(r CronRun) bool { return !r.open() })
		if at < 0 {
			break
		}
		runs = slices.Delete(runs, at, at+1)
	}
	return slices.Clip(runs)
}

// Decided is the history once every due time of the job up to this one is
// decided. The receiver stays as it is.
func (h CronHistory) Decided(job string, until time.Time) CronHistory {
	last := maps.Clone(h.Last)
	if last == nil {
		last = make(map[string]time.Time, 1)
	}
	last[job] = until
	h.Schema, h.Last = CronSchema, last
	return h
}

// Without is the history after the job was forgotten.
func (h CronHistory) Without(job string) CronHistory {
	jobs, last, off := maps.Clone(h.Jobs), maps.Clone(h.Last), maps.Clone(h.Off)
	delete(jobs, job)
	delete(last, job)
	delete(off, job)
	return CronHistory{Schema: CronSchema, Jobs: jobs, Last: last, Off: off}
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
