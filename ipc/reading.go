package ipc

import (
	"encoding/json"
	"time"
)

// SubscribeParams asks for a snapshot and what changes after it.
type SubscribeParams struct {
	Selection
	// Metrics asks for CPU and memory with each sample; the supervisor
	// then samples every second.
	Metrics bool `json:"metrics,omitempty"`
}

// SubscribeResult is the snapshot. Deltas follow with Seq+1, Seq+2, …; a
// gap, or another Generation, means: subscribe again.
type SubscribeResult struct {
	// Generation changes with every start of the supervisor.
	Generation string `json:"generation"`
	Seq        uint64 `json:"seq"`
	StatusResult
}

// Delta is what changed since the message before it. A slow reader gets
// fewer, larger deltas: states in between are merged, the newest wins.
type Delta struct {
	Request    json.RawMessage `json:"request"`
	Generation string          `json:"generation"`
	Seq        uint64          `json:"seq"`
	// Units are the changed or added units, whole.
	Units   []Unit   `json:"units,omitempty"`
	Removed []string `json:"removed,omitempty"`
	// Problems are all there are now; none when it is left out.
	Problems []string `json:"problems,omitempty"`
}

// LogsParams asks for output. Without Follow the answer ends at the end of
// the files.
type LogsParams struct {
	Selection
	// Kinds are "stdout", "stderr", or both; or "supervisor" alone.
	Kinds []string `json:"kinds,omitempty"`
	// Lines are the last lines to begin with; -1 means all, 0 none.
	Lines int       `json:"lines"`
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Grep is a regular expression (RE2) that a line must match.
	Grep   string `json:"grep,omitempty"`
	Run    uint64 `json:"run,omitempty"`
	Follow bool   `json:"follow,omitempty"`
	// UntilDown ends a Follow once every selected unit has come to rest
	// and all that they wrote was sent.
	UntilDown bool `json:"until_down,omitempty"`
	// Down are the units whose rest UntilDown waits for; none means every
	// selected one.
	Down []string `json:"down,omitempty"`
	// Newest lets a slow follower jump to the newest lines instead of
	// reading all of them; what it jumps over is told as Skipped.
	Newest bool `json:"newest,omitempty"`
	// Blocks lets one LogLine carry several lines.
	Blocks bool `json:"blocks,omitempty"`
}

// LogBatch is a piece of the answer, oldest line first: lines, or what was
// skipped between the lines before it and those after.
type LogBatch struct {
	Request json.RawMessage `json:"request"`
	Lines   []LogLine       `json:"lines,omitempty"`
	Skipped []LogSkip       `json:"skipped,omitempty"`
}

// LogLine is one line, or a part of one that is longer than a message.
type LogLine struct {
	// Unit is project/name; empty for the supervisor's own log.
	Unit string    `json:"u,omitempty"`
	Kind string    `json:"k"`
	Time time.Time `json:"t"`
	Run  uint64    `json:"run,omitempty"`
	// Text is the line without its newline where it is valid UTF-8;
	// otherwise Bytes (base64 in JSON) has it. With Blocks it may be several
	// lines that came at the same time, with newlines between them.
	Text  string `json:"l,omitempty"`
	Bytes []byte `json:"b,omitempty"`
	// Open is true where no newline follows: the end of the file, or the
	// line goes on in the next LogLine of the same unit and kind.
	Open bool `json:"open,omitempty"`
}

// LogSkip says that part of a stream was not sent.
type LogSkip struct {
	Unit  string `json:"u"`
	Kind  string `json:"k"`
	Bytes int64  `json:"bytes"`
	// Lines is -1 where nobody could count them.
	Lines int64 `json:"lines"`
	// Why is "rotated", "newest", "truncated" or "lost".
	Why string `json:"why"`
}

// SkipAway is the Why of a client that connected again and found that lines are
// gone which it might have read meanwhile. Nobody knows how many.
const SkipAway = "away"

// LogsResult ends a logs request.
type LogsResult struct {
	Lines   int64 `json:"lines"`
	Skipped int64 `json:"skipped_bytes"`
}

// EventsParams asks for the journal.
type EventsParams struct {
	Selection
	Since time.Time `json:"since,omitzero"`
	// After drops the events up to the one with that seq, and that one too.
	After  uint64 `json:"after,omitempty"`
	Follow bool   `json:"follow,omitempty"`
	// Limit is how many of the latest events to begin with; 0 means all.
	Limit int `json:"limit,omitempty"`
}

// EventBatch is a piece of the journal, oldest first.
type EventBatch struct {
	Request json.RawMessage `json:"request"`
	Events  []Event         `json:"events"`
}

// Event is one entry of the journal.
type Event struct {
	// Seq grows by one per event, over restarts of the supervisor too.
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	// Type is "state", "exit", "deploy", "cron", "operation", "supervisor",
	// "problem".
	Type    string `json:"type"`
	Project string `json:"project,omitempty"`
	Unit    string `json:"unit,omitempty"`
	Run     uint64 `json:"run,omitempty"`
	PID     int    `json:"pid,omitempty"`
	// From and To are the states of a "state" event, the phases of a
	// "deploy" event.
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Reason string `json:"reason,omitempty"`
	Exit   *Exit  `json:"exit,omitempty"`
	// By says who asked: "uid 1000 pid 4121 (sysg 0.1.0)".
	By string `json:"by,omitempty"`
}

// EventsResult ends an events request.
type EventsResult struct {
	Events int `json:"events"`
}
