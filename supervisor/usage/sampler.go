package usage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"time"
)

// longRest is a pause between samples that is long enough to tidy up for.
const longRest = 5 * time.Second

// flushEvery is how often records are written to disk.
const flushEvery = time.Minute

// DefaultRetention is how far back a history goes unless told otherwise.
const DefaultRetention = 720 * time.Minute

// Tree is who belongs to a unit at the moment.
type Tree struct {
	// Unit is project/name.
	Unit string
	// PIDs looks for its processes. It is called from Run, and only for
	// trees that may have others than at the sample before.
	PIDs func() []int
	// Cgroup is the absolute directory of the unit's own cgroup, or empty.
	Cgroup string
	// Scattered is whether some of its processes are not in the cgroup.
	Scattered bool
}

// Reading is what a unit's tree costs at one moment.
type Reading struct {
	// CPUPercent is of one core, since the sample before; 0 where there
	// was none.
	CPUPercent float64
	// MemoryBytes is what the cgroup has charged, where it counts memory;
	// else the sum of resident memory, in which shared pages count once
	// per process.
	MemoryBytes uint64
	// Processes are those that live; zombies do not count.
	Processes int
	Time      time.Time
}

// Options say how figures are sampled and kept. Trees alone is needed.
type Options struct {
	// Dir is where histories are kept, unless SpilloverPath, an absolute
	// path, names another directory. With neither none are kept.
	Dir           string
	SpilloverPath string
	// SpilloverMaxBytes bounds the files, MaxMemoryBytes what is in
	// memory; 0 means no bound.
	SpilloverMaxBytes int64
	MaxMemoryBytes    int64
	// Interval is the pause between samples; 0 means that it follows from
	// what a sample costs.
	Interval time.Duration
	// Retention is how far back histories go; 0 means DefaultRetention.
	Retention time.Duration

	// Trees gives the units that run. It is called from Run for each
	// sample, and what it takes counts as the sample's cost.
	Trees func() []Tree
	// Publish gets each sample, by unit, to keep. It may be nil, and must
	// not block for long.
	Publish func(map[string]Reading)
	// Resting is told from Run that nothing will be done for some seconds,
	// after what took memory for a moment. It may be nil.
	Resting func()
	// Problem is told from Run, in words, what cannot be done, and with an
	// empty text that all is well again. It may be nil.
	Problem func(text string)
	// Log gets what happened once; nil for nowhere.
	Log *slog.Logger
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

// Sampler measures units. Run does the work; the other methods may be called
// from any goroutine.
type Sampler struct {
	o       Options
	kernel  source
	archive *archive
	looked  chan struct{}

	mu      sync.Mutex
	tracks  map[string]*track
	readers int
	// watched is when somebody last looked.
	watched time.Time

	// Only Run uses what follows. last is when the last sample was, since
	// boot; planned the pause that was meant to follow it.
	last, planned time.Duration
	cost          time.Duration
	// sampled is of how many trees cost is known.
	sampled       int
	flushed       time.Duration
	scratch       []member
	full, crowded string
	said          string
}

// NewSampler makes a Sampler. The error is for options that make no sense; a
// directory that cannot be written is a Problem of Run's.
func NewSampler(o Options) (*Sampler, error) { return newSampler(o, new(kernel)) }

func newSampler(o Options, k source) (*Sampler, error) {
	switch {
	case o.Trees == nil:
		return nil, errors.New("cannot sample: nobody says what runs")
	case o.Interval < 0 || o.Retention < 0 || o.MaxMemoryBytes < 0 || o.SpilloverMaxBytes < 0:
		return nil, errors.New("cannot sample: an interval or a bound is negative")
	}
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	dir := o.Dir
	if o.SpilloverPath != "" {
		dir = o.SpilloverPath
	}
	return &Sampler{
		o: o, kernel: k, looked: make(chan struct{}, 1), tracks: map[string]*track{},
		archive: &archive{
			dir: dir, layout: layoutFor(o.Retention), most: o.SpilloverMaxBytes, used: -1,
			say: func(text string) { o.Log.Warn(text) },
		},
	}, nil
}

// Run samples until ctx ends, then writes what is not on disk and returns. It
// is to be called once.
func (s *Sampler) Run(ctx context.Context) {
	if s.o.Dir != "" {
		if err := point(s.o.Dir, s.archive.dir); err != nil {
			s.full = fmt.Sprintf("cannot keep metrics in %s: %v", s.o.Dir, err)
		}
	}
	s.flushed = s.kernel.uptime()
	for {
		began := time.Now()
		trees, cost := s.timed()
		s.cost = reckon(s.cost, cost, s.sampled, trees)
		s.sampled = trees
		if s.kernel.uptime()-s.flushed >= flushEvery {
			s.flush(false)
		}
		s.tell()
		if !s.rest(ctx, began) {
			s.flush(true)
			s.tell()
			return
		}
	}
}

// rest waits until the next sample is due, and is false when ctx has ended.
func (s *Sampler) rest(ctx context.Context, began time.Time) bool {
	s.mu.Lock()
	s.planned = pace(s.o.Interval, s.cost, s.readers > 0)
	s.mu.Unlock()
	if s.o.Resting != nil && s.planned >= longRest {
		s.o.Resting()
	}
	due := time.NewTimer(time.Until(began.Add(s.planned)))
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-due.C:
			return true
		case <-s.looked:
			due.Reset(min(time.Until(began.Add(freshness)), time.Until(began.Add(s.planned))))
		}
	}
}

// timed samples, and says how many units run and what it took of a core: a
// machine that is busy with others makes a sample late, not dear.
func (s *Sampler) timed() (trees int, cost time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := s.kernel.worked()
	trees = s.sample()
	return trees, s.kernel.worked() - began
}

// sample looks at every unit that runs, and says how many do.
func (s *Sampler) sample() int {
	trees := s.o.Trees()
	at, now := s.o.Now(), s.kernel.uptime()
	tracks := s.present(trees)
	looks := make([]figures, len(trees))
	for i, tree := range trees {
		looks[i], s.scratch = tracks[i].look(s.kernel, tree, s.last, now, s.scratch)
	}
	// After a sleep of the machine, or of ours, a sample speaks for no
	// time: nobody knows what happened in it.
	remember := s.last > 0 && now-s.last <= max(3*s.planned, fineStep)
	s.last = now

	readings := make(map[string]Reading, len(trees))
	s.mu.Lock()
	for _, t := range s.tracks {
		t.live = false
	}
	for i, f := range looks {
		if f.processes > 0 {
			tracks[i].note(f, at, remember)
			readings[trees[i].Unit] = tracks[i].reading
		}
	}
	s.mu.Unlock()
	if s.o.Publish != nil {
		s.o.Publish(readings)
	}
	return len(trees)
}

// present are the tracks of the trees, new ones made where needed, with room
// for seconds while somebody looks and the bound allows.
func (s *Sampler) present(trees []Tree) []*track {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := int64(0)
	for _, t := range s.tracks {
		held += trackBytes
		if t.recent != nil {
			held += recentBytes
		}
	}
	without := 0
	list := make([]*track, len(trees))
	for i, tree := range trees {
		t, ok := s.tracks[tree.Unit]
		if !ok {
			t = &track{name: tree.Unit}
			s.tracks[tree.Unit] = t
			held += trackBytes
		}
		if list[i] = t; s.readers == 0 || t.recent != nil {
			continue
		}
		if s.o.MaxMemoryBytes > 0 && held+recentBytes > s.o.MaxMemoryBytes {
			without++
			continue
		}
		held += recentBytes
		t.recent = &recentRing{ring: newRing(shape{step: recentStep, count: int(recentSpan / recentStep)})}
	}
	s.crowded = ""
	if without > 0 {
		s.crowded = fmt.Sprintf("charts of %d units have no seconds: max_memory_bytes (%d) is reached", without, s.o.MaxMemoryBytes)
	}
	return list
}

// tell passes on a change of what cannot be done.
func (s *Sampler) tell() {
	var all []string
	for _, text := range []string{s.full, s.crowded} {
		if text != "" {
			all = append(all, text)
		}
	}
	text := strings.Join(all, "; ")
	if text == s.said {
		return
	}
	s.said = text
	if s.o.Problem != nil {
		s.o.Problem(text)
	}
}
