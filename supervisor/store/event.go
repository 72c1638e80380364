package store

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// Event is one entry of the journal, in JSON as clients see it.
type Event struct {
	// Seq grows with every event, over restarts of the supervisor too. A
	// gap means that events could not be kept.
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	// Type is "state", "exit", "operation", "supervisor", "problem",
	// "deploy", or "hook": one that failed.
	Type    string `json:"type"`
	Project string `json:"project,omitempty"`
	Unit    string `json:"unit,omitempty"`
	Run     uint64 `json:"run,omitempty"`
	PID     int    `json:"pid,omitempty"`
	// From and To are the states of a "state" event.
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Reason string `json:"reason,omitempty"`
	Exit   *Exit  `json:"exit,omitempty"`
	// By says who asked: "uid 1000 pid 4121 (sysg 0.1.0)".
	By string `json:"by,omitempty"`
}

// Filter selects events; the zero Filter selects all.
type Filter struct {
	// Since drops events before it, AfterSeq those up to and including it.
	Since    time.Time
	AfterSeq uint64
	Project  string
	// Units are names as project/name, or a bare name for the units of
	// that name in any project. Empty means every event, also those that
	// are about no unit.
	Units map[string]bool
	// Limit is how many of the last events to give; 0 means all.
	Limit int
}

// matches is whether the filter wants e, Limit apart.
func (f *Filter) matches(e *Event) bool {
	switch {
	case e.Seq <= f.AfterSeq, e.Time.Before(f.Since):
		return false
	case f.Project != "" && e.Project != f.Project:
		return false
	case len(f.Units) == 0:
		return true
	case e.Unit == "":
		return false
	}
	return f.Units[e.Project+"/"+e.Unit] || f.Units[e.Unit]
}

// appendEvent adds e as a line. An event that JSON cannot say (a year past
// 9999) adds nothing.
func appendEvent(b *bytes.Buffer, e *Event) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return enc.Encode(e)
}

// maxSeq is more events than there will ever be; a larger number is garbage,
// and must not make the next one begin again at 0.
const maxSeq = 1 << 62

// parseEvent reads a line with or without its newline. What is torn, zeroed
// by a crash of the machine, or no event is false.
func parseEvent(line []byte) (Event, bool) {
	var e Event
	if err := json.Unmarshal(line, &e); err != nil || e.Seq == 0 || e.Seq > maxSeq {
		return Event{}, false
	}
	return e, true
}

// seqOf is the sequence number of a line that appendEvent made.
func seqOf(line []byte) uint64 {
	rest, ok := bytes.CutPrefix(line, []byte(`{"seq":`))
	if !ok {
		return 0
	}
	end := bytes.IndexByte(rest, ',')
	if end < 0 {
		return 0
	}
	seq, err := strconv.ParseUint(string(rest[:end]), 10, 64)
	if err != nil {
		return 0
	}
	return seq
}
