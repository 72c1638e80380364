package control

import (
	"context"
	"sync"
	"time"

	"systemg/config"
	"systemg/supervisor/usage"
)

// meter is the sampler in force. A manifest may say how figures are sampled
// and kept; then another sampler takes over, and the histories go on.
type meter struct {
	base usage.Options

	mu      sync.Mutex
	set     config.Metrics
	sampler *usage.Sampler
	// watchers are the releases of those who look now, by number.
	watchers map[int]func()
	next     int
	end      func()
}

// newMeter begins to sample with the defaults.
func newMeter(base usage.Options) (*meter, error) {
	m := &meter{base: base, watchers: map[int]func(){}}
	return m, m.begin(base)
}

// begin starts a sampler; m.mu is held, or nobody knows m yet.
func (m *meter) begin(o usage.Options) error {
	s, err := usage.NewSampler(o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	m.sampler = s
	m.end = func() { cancel(); <-done }
	for n := range m.watchers {
		m.watchers[n] = s.Watch()
	}
	return nil
}

// use samples as the manifest says. Where that cannot be done the sampler
// before goes on.
func (m *meter) use(set config.Metrics) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if set == m.set {
		return nil
	}
	o := m.base
	o.Interval, o.Retention = set.SampleInterval, set.Retention
	o.MaxMemoryBytes, o.SpilloverPath, o.SpilloverMaxBytes = set.MaxMemoryBytes, set.SpilloverPath, set.SpilloverMaxBytes
	m.end()
	if err := m.begin(o); err != nil {
		if again := m.begin(m.base); again != nil {
			return again
		}
		return err
	}
	m.set = set
	return nil
}

// close ends the sampling; what was sampled is kept.
func (m *meter) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end()
}

func (m *meter) current() *usage.Sampler {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sampler
}

// Now is the newest reading of a unit.
func (m *meter) Now(unit string) (usage.Reading, bool) { return m.current().Now(unit) }

// History is what is known of a unit over a window.
func (m *meter) History(unit string, window time.Duration, now time.Time) usage.Series {
	return m.current().History(unit, window, now)
}

// Forget removes a unit's history.
func (m *meter) Forget(unit string) { m.current().Forget(unit) }

// Watch has figures sampled every second until release is called.
func (m *meter) Watch() (release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.next
	m.next++
	m.watchers[n] = m.sampler.Watch()
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.watchers[n]()
		delete(m.watchers, n)
	}
}
