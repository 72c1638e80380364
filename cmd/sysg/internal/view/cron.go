package view

import (
	"strconv"
	"time"

	"systemg/ipc"
)

// CronRun is a run of a job in words: "run 7 completed after 2s".
func CronRun(r ipc.CronRun) string {
	text := "a run"
	if r.Run != 0 {
		text = "run " + number64(r.Run)
	}
	switch r.Status {
	case "running":
		text += " has begun"
	case "queued":
		text += " is queued"
	case "skipped", "missed":
		text += " was " + r.Status
	case "":
		text += " is over"
	default:
		text += " " + r.Status
	}
	if took := tookOf(r); took != "" {
		text += " after " + took
	}
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	return text
}

// tookOf is how long a run took, "" where it did not run or has not ended.
func tookOf(r ipc.CronRun) string {
	if r.Start.IsZero() || r.End.IsZero() {
		return ""
	}
	return Duration(r.End.Sub(r.Start).Round(time.Millisecond))
}

// job is a job's schedule and what it did, the newest last.
func job(p *page, j *ipc.CronJob) {
	if j == nil {
		return
	}
	heading(p, "cron")
	field(p, "schedule", joined(j.Expression, j.Timezone))
	field(p, "overlap", j.Overlap)
	field(p, "timeout", j.Timeout)
	field(p, "jitter", j.Jitter)
	field(p, "catch up", j.CatchUp)
	if len(j.Runs) == 0 {
		return
	}
	p.blank()
	runs(p, j.Runs)
}

// runs are what became of a job's runs; where there is no room for a column
// of reasons they stand below their runs.
func runs(p *page, list []ipc.CronRun) {
	t := &table{columns: []column{
		{},
		{title: "DUE"},
		{title: "RUN", right: true, drop: 1},
		{title: "STATUS"},
		{title: "TOOK", right: true, drop: 2},
		{title: "REASON", min: 16},
	}}
	limit := p.st.limit()
	below := limit > 0 && limit < reasonsBelow
	for _, r := range list {
		run, reason := "", r.Reason
		if r.Run != 0 {
			run = strconv.FormatUint(r.Run, 10)
		}
		if r.Manual {
			reason = joined("by hand", reason)
		}
		column := reason
		if below {
			column = ""
		}
		t.add(
			span{}, say(normal, clock(r.Scheduled, p.st)), orNone(normal, run),
			say(cronTone(r.Status), r.Status), orNone(normal, tookOf(r)), say(normal, column),
		)
		if below && reason != "" {
			t.aside(line{{text: "  "}, say(normal, reason)})
		}
	}
	t.write(p)
}

func cronTone(status string) tone {
	switch status {
	case "completed":
		return good
	case "failed":
		return bad
	case "running", "queued":
		return busy
	case "skipped", "missed":
		return held
	}
	return normal
}
