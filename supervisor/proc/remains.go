package proc

import "time"

// Remains are what is left of a process that has ended.
type Remains struct {
	PID        int    `json:"pid"`
	StartTicks uint64 `json:"start_ticks"`
	Handle     uint64 `json:"handle,omitempty"`
	// Leader is whether it led a session, as every main process of a tree
	// does.
	Leader bool `json:"leader,omitempty"`
	// Mark is the marker it wore, 0 for none; Cgroup is where a leader
	// without one was.
	Mark   uint64    `json:"mark,omitempty"`
	Cgroup string    `json:"cgroup,omitempty"`
	Status Status    `json:"status"`
	Usage  Usage     `json:"usage"`
	Time   time.Time `json:"time"`
}

// Of is whether they are a process's.
func (r Remains) Of(p Process) bool {
	if r.PID != p.PID {
		return false
	}
	if p.Handle != 0 {
		return r.Handle == p.Handle
	}
	return r.StartTicks == p.StartTicks
}

// Usage is what a process, with the children it waited for, has used.
type Usage struct {
	User   time.Duration `json:"user_ns"`
	System time.Duration `json:"system_ns"`
	// MaxRSS is in bytes.
	MaxRSS int64 `json:"max_rss"`
}
