package ipc

import "time"

// TriggerParams asks for a run of a cron job now, subject to the job's rule
// for overlaps.
type TriggerParams struct {
	Unit    string `json:"unit"`
	Project string `json:"project,omitempty"`
	// Near is as in Selection.
	Near string `json:"near,omitempty"`
	// Wait has the answer wait for the end of the run, and not only for
	// its beginning.
	Wait bool `json:"wait,omitempty"`
	// TimeoutSecs bounds the wait; 0 means no bound.
	TimeoutSecs float64 `json:"timeout_secs,omitempty"`
	// Operation is a name that the client gives it; see Again.
	Operation string `json:"operation,omitempty"`
}

// TriggerResult says what became of it.
type TriggerResult struct {
	// OK is whether the run has begun or waits for its turn; where its end
	// was waited for, whether it completed.
	OK   bool    `json:"ok"`
	Unit Unit    `json:"unit"`
	Run  CronRun `json:"run"`
	// LastLines are the last lines of output of a run that failed.
	LastLines []string `json:"last_lines,omitempty"`
}

// CronJob is a job's schedule and what it did.
type CronJob struct {
	Expression string `json:"expression"`
	// Timezone is empty for the machine's own.
	Timezone string `json:"timezone,omitempty"`
	// Overlap is skip, queue or replace.
	Overlap string `json:"overlap"`
	// Timeout and Jitter are empty where there is none.
	Timeout string `json:"timeout,omitempty"`
	Jitter  string `json:"jitter,omitempty"`
	// CatchUp is none or once.
	CatchUp string `json:"catch_up"`
	// History is how many runs are kept, Runs are they, oldest first.
	History int       `json:"history"`
	Runs    []CronRun `json:"runs"`
}

// CronRun is one time a job was due or triggered.
type CronRun struct {
	// Run is the number of the run, 0 where it did not begin. The "logs"
	// method gives what it wrote where "run" is this number.
	Run uint64 `json:"run,omitempty"`
	// Manual is whether an operator asked for it.
	Manual bool `json:"manual,omitempty"`
	// Scheduled is when it was due, or asked for.
	Scheduled time.Time `json:"scheduled,omitzero"`
	Start     time.Time `json:"start,omitzero"`
	End       time.Time `json:"end,omitzero"`
	// Status is queued, running, completed, failed, skipped or missed.
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
	Exit   *Exit  `json:"exit,omitempty"`
}

func (p TriggerParams) check() error {
	if err := checkName("unit", p.Unit); err != nil {
		return err
	}
	if err := checkProject(p.Project); err != nil {
		return err
	}
	return firstWrong(checkSecs("timeout_secs", p.TimeoutSecs), checkOperation(p.Operation))
}
