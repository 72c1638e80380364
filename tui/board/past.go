package board

import (
	"math"
	"slices"
	"time"
)

// Pause is the time between two moments that are kept, Depth how far back
// they go.
const (
	Pause = 5 * time.Second
	Depth = 15 * time.Minute
)

// Seconds is how many samples of a unit's usage are kept, one a second.
const Seconds = 60

// Figures is a unit's usage of the last minute.
type Figures struct {
	cpu, memory [Seconds]float32
	next, n     int
	// total is how many samples there ever were.
	total int
}

// add takes the sample of one second; NaN is nothing.
func (f *Figures) add(cpu, memory float32) {
	f.cpu[f.next], f.memory[f.next] = cpu, memory
	f.next = (f.next + 1) % Seconds
	f.n = min(f.n+1, Seconds)
	f.total++
}

// CPU and Memory are the last n samples, oldest first; fewer where fewer are
// known. NaN is where nothing ran.
func (f *Figures) CPU(n int) []float64 {
	if f == nil {
		return nil
	}
	return f.last(&f.cpu, n)
}

// Memory is in bytes.
func (f *Figures) Memory(n int) []float64 {
	if f == nil {
		return nil
	}
	return f.last(&f.memory, n)
}

func (f *Figures) last(from *[Seconds]float32, n int) []float64 {
	n = max(min(n, f.n), 0)
	list := make([]float64, n)
	for i := range list {
		list[i] = float64(from[(f.next-n+i+Seconds)%Seconds])
	}
	return list
}

// Figures are a unit's, nil while nothing is known.
func (b *Board) Figures(id string) *Figures { return b.figures[id] }

// Sample takes down what each unit uses now, and every Pause a moment. It is
// called once a second while the connection lives.
func (b *Board) Sample(now time.Time) {
	nan := float32(math.NaN())
	for _, u := range b.Units {
		f := b.figures[u.ID]
		if f == nil {
			f = &Figures{}
			b.figures[u.ID] = f
		}
		if u.PID > 0 {
			f.add(float32(u.CPUPercent), float32(u.MemoryBytes))
		} else {
			f.add(nan, nan)
		}
	}
	if now.Sub(b.history.newest()) >= Pause {
		b.history.add(b.moment(now))
	}
}

// moment is what is kept of one time. Most of it is as it was a moment before,
// and then held once.
type moment struct {
	at time.Time
	// roster has the units' IDs; moments between which none came or went
	// share one.
	roster []string
	// traces has how each unit was; moments between which nothing happened
	// share one.
	traces []*trace
	usages []usage
}

// trace is how a unit was; moments between which nothing happened to it share one.
type trace struct {
	reason                string
	since, started        int64
	pid, restarts         int32
	state, health, deploy uint8
}

// usage is what a unit used: percent of a core, and KiB.
type usage struct {
	cpu    float32
	memory uint32
}

// word is a place in vocabulary; what is not in it becomes the first, "".
func word(s string) uint8 { return uint8(max(slices.Index(vocabulary, s), 0)) }

// vocabulary are the words of the contract for states, healths and phases of
// a rollout.
var vocabulary = []string{
	"", "pending", "starting", "running", "backoff", "stopping", "stopped", "completed", "failed", "blocked", "skipped",
	"scheduled", "none", "waiting", "healthy", "unhealthy", "switching", "verifying", "grace", "draining", "undoing", "aborting",
}

func (b *Board) moment(now time.Time) moment {
	last := b.history.last()
	m := moment{at: now, usages: make([]usage, len(b.Units))}
	same := slices.EqualFunc(last.roster, b.Units, func(id string, u *Unit) bool { return id == u.ID })
	if same {
		m.roster, m.traces = last.roster, last.traces
	} else {
		m.roster, m.traces = make([]string, len(b.Units)), make([]*trace, len(b.Units))
		for i, u := range b.Units {
			m.roster[i] = u.ID
		}
	}
	own := !same // whether traces is this moment's own
	for i, u := range b.Units {
		m.usages[i] = usage{cpu: float32(u.CPUPercent), memory: uint32(min(u.MemoryBytes>>10, math.MaxUint32))}
		t := traceOf(u)
		if m.traces[i] != nil && *m.traces[i] == t {
			continue
		}
		if !own {
			m.traces, own = slices.Clone(m.traces), true
		}
		m.traces[i] = &t
	}
	return m
}

func traceOf(u *Unit) trace {
	return trace{
		reason: u.Reason, since: u.Since.UnixNano(), started: u.StartedAt.UnixNano(), pid: int32(u.PID),
		restarts: int32(u.Restarts), state: word(u.State), health: word(u.Health), deploy: word(u.Deploy),
	}
}

// ring keeps the last moments.
type ring struct{ list []moment }

func (r *ring) add(m moment) {
	if len(r.list) >= int(Depth/Pause) {
		r.list = slices.Delete(r.list, 0, 1)
	}
	r.list = append(r.list, m)
}

// last is the newest moment; one without anything where there is none.
func (r *ring) last() moment {
	if len(r.list) == 0 {
		return moment{}
	}
	return r.list[len(r.list)-1]
}

func (r *ring) newest() time.Time { return r.last().at }

// Span is the oldest and the newest moment that is kept; zero for none.
func (b *Board) Span() (oldest, newest time.Time) {
	if len(b.history.list) == 0 {
		return time.Time{}, time.Time{}
	}
	return b.history.list[0].at, b.history.newest()
}

// At is the board as it was at a time, or at the moment next before it. It is
// for drawing: nothing more is known of it than was kept. It is nil where
// nothing was kept.
func (b *Board) At(t time.Time) *Board {
	var m *moment
	for i := range b.history.list {
		if m == nil || !b.history.list[i].at.After(t) {
			m = &b.history.list[i]
		}
	}
	if m == nil {
		return nil
	}
	old := New()
	old.Edges, old.Supervisor, old.Link, old.Past = b.Edges, b.Supervisor, b.Link, m.at
	old.Topology, old.Changes = b.Topology, uint64(m.at.UnixNano())
	for i, id := range m.roster {
		old.Units = append(old.Units, m.traces[i].unit(id, b.Unit(id), m.usages[i], m.at))
	}
	old.index()
	old.recall(b.history.until(m.at))
	for _, e := range b.Events {
		if !e.Time.After(m.at) {
			old.Events = append(old.Events, e)
		}
	}
	return old
}

// until are the moments of the minute up to a time, oldest first.
func (r *ring) until(t time.Time) []moment {
	end := slices.IndexFunc(r.list, func(m moment) bool { return m.at.After(t) })
	if end < 0 {
		end = len(r.list)
	}
	begin := end
	for begin > 0 && t.Sub(r.list[begin-1].at) < Seconds*time.Second {
		begin--
	}
	return r.list[begin:end]
}

// recall makes figures of moments: each stands for the seconds up to it.
func (b *Board) recall(list []moment) {
	nan := float32(math.NaN())
	for _, m := range list {
		for i, id := range m.roster {
			f := b.figures[id]
			if f == nil {
				f = &Figures{}
				b.figures[id] = f
			}
			cpu, memory := m.usages[i].cpu, float32(m.usages[i].memory)*1024
			if m.traces[i].pid == 0 {
				cpu, memory = nan, nan
			}
			for range Pause / time.Second {
				f.add(cpu, memory)
			}
		}
	}
}

// unit is what a unit was: what does not change is taken from what it is now.
func (t *trace) unit(id string, now *Unit, used usage, at time.Time) *Unit {
	u := Unit{}
	if now != nil {
		u = *now
	}
	u.ID = id
	u.State, u.Health, u.Deploy = vocabulary[t.state], vocabulary[t.health], vocabulary[t.deploy]
	u.Reason, u.MemoryBytes, u.CPUPercent = t.reason, uint64(used.memory)<<10, float64(used.cpu)
	u.PID, u.Restarts, u.Rollout = int(t.pid), int(t.restarts), nil
	u.Since, u.StartedAt = time.Unix(0, t.since), time.Unix(0, t.started)
	u.UptimeSecs = 0
	if u.PID > 0 {
		u.UptimeSecs = at.Sub(u.StartedAt).Seconds()
	}
	if now == nil {
		u.Project, u.Name = cutID(id)
	}
	u.Look = lookOf(u.Unit)
	return &u
}
