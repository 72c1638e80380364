package usage

import (
	"context"
	"math"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// running is a Sampler whose Run goroutine lives until stop.
func running(t *testing.T, m *machine, o Options) (s *Sampler, stop func()) {
	t.Helper()
	s, err := newSampler(o, m)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	synctest.Wait()
	return s, sync.OnceFunc(func() {
		cancel()
		<-ended
	})
}

func TestSamplerMeasuresARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		s, stop := running(t, m, Options{Trees: m.all("shop/web")})
		defer stop()
		if r, ok := s.Now("shop/web"); !ok || r.CPUPercent != 0 || r.Processes != 1 {
			t.Errorf("first sample: %+v, %v", r, ok)
		}
		m.work(5, 500*time.Millisecond)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		r, ok := s.Now("shop/web")
		if want := uint64(100 * os.Getpagesize()); !ok || !near(r.CPUPercent, 25) || r.MemoryBytes != want {
			t.Errorf("half a second of two: %+v, want 25 %% and %d bytes", r, want)
		}
		// A child is born, works, and ends: its work counts once.
		m.start(6, 5)
		m.work(6, time.Second)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if r, _ := s.Now("shop/web"); !near(r.CPUPercent, 50) || r.Processes != 2 {
			t.Errorf("with a child: %+v, want 50 %%", r)
		}
		m.end(6)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if r, _ := s.Now("shop/web"); r.CPUPercent != 0 || r.Processes != 1 {
			t.Errorf("after the child: %+v, want 0 %%", r)
		}
		m.end(5)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if r, ok := s.Now("shop/web"); ok {
			t.Errorf("after the end: %+v", r)
		}
		if _, ok := s.Now("shop/other"); ok {
			t.Error("a unit that never was")
		}
	})
}

// The rate of a unit that began between two samples is over its own life.
func TestSamplerMeasuresAYoungUnit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		s, stop := running(t, m, Options{Trees: m.all("shop/web")})
		defer stop()
		time.Sleep(1500 * time.Millisecond)
		m.start(5, 1)
		m.work(5, 250*time.Millisecond)
		time.Sleep(time.Second)
		synctest.Wait()
		if r, ok := s.Now("shop/web"); !ok || !near(r.CPUPercent, 50) {
			t.Errorf("a quarter of half a second: %+v, want 50 %%", r)
		}
	})
}

func TestSamplerPrefersTheCgroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		const first, second, gone = "/cg/web.1", "/cg/web.2", "/cg/gone"
		var group atomic.Value
		group.Store(first)
		m.group(first, cgroupFigures{cpu: time.Hour, memory: 4096})
		trees := func() []Tree {
			return []Tree{{Unit: "shop/web", PIDs: these(5), Cgroup: group.Load().(string)}}
		}
		s, stop := running(t, m, Options{Trees: trees})
		defer stop()
		check := func(what string, cpu float64, memory uint64) {
			t.Helper()
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if r, _ := s.Now("shop/web"); !near(r.CPUPercent, cpu) || r.MemoryBytes != memory {
				t.Errorf("%s: %+v, want %v %% and %d bytes", what, r, cpu, memory)
			}
		}
		m.group(first, cgroupFigures{cpu: time.Hour + time.Second, memory: 4096})
		check("a second of two", 50, 4096)
		group.Store(second)
		m.group(second, cgroupFigures{cpu: time.Second, memory: -1})
		check("the next run, memory not counted", 50, uint64(100*os.Getpagesize()))
		m.group(second, cgroupFigures{cpu: 0, memory: -1})
		check("a counter that went backwards", 0, uint64(100*os.Getpagesize()))
		group.Store(gone)
		m.work(5, time.Second)
		check("without the cgroup its members count, from now on", 0, uint64(100*os.Getpagesize()))
		m.work(5, time.Second)
		check("and then for their work", 50, uint64(100*os.Getpagesize()))
		group.Store(second)
		m.group(second, cgroupFigures{cpu: time.Second, memory: 1})
		check("a cgroup that could not be read for a while: only what is new", 50, 1)
	})
}

// A unit whose cgroup has used no CPU time is not looked at any further: it has
// the members, and the memory, that it had.
func TestSamplerLeavesTheIdleAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		m.group("/cg/web", cgroupFigures{cpu: time.Second, memory: -1})
		var looks atomic.Int32
		var scattered atomic.Bool
		tree := Tree{Unit: "shop/web", Cgroup: "/cg/web", PIDs: func() []int { looks.Add(1); return []int{5} }}
		s, stop := running(t, m, Options{Interval: time.Second, Trees: func() []Tree {
			one := tree
			one.Scattered = scattered.Load()
			return []Tree{one}
		}})
		defer stop()
		after := func(what string, want int32, cpu float64) {
			t.Helper()
			looks.Store(0)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			r, _ := s.Now("shop/web")
			if got := looks.Load(); got != want || !near(r.CPUPercent, cpu) || r.Processes != 1 || r.MemoryBytes != uint64(100*os.Getpagesize()) {
				t.Errorf("%s: %d looks, %+v", what, got, r)
			}
			if age := time.Since(r.Time); age > time.Second {
				t.Errorf("%s: its figures are %v old", what, age)
			}
		}
		synctest.Wait()
		after("idle", 0, 0)
		m.group("/cg/web", cgroupFigures{cpu: time.Second + time.Microsecond, memory: -1})
		after("a microsecond of work", 1, 0)
		scattered.Store(true)
		after("some are elsewhere", 10, 0)
	})
}

// What an older unit has used before it is met, as by the next supervisor, is
// not what it uses now.
func TestSamplerMeetsAnOlderUnit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		m.group("/cg/web", cgroupFigures{cpu: time.Hour, memory: 4096})
		var met atomic.Bool
		trees := func() []Tree {
			if !met.Load() {
				return nil
			}
			return []Tree{{Unit: "shop/web", PIDs: these(5), Cgroup: "/cg/web"}}
		}
		s, stop := running(t, m, Options{Trees: trees})
		defer stop()
		time.Sleep(3 * time.Second)
		met.Store(true)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if r, ok := s.Now("shop/web"); !ok || r.CPUPercent != 0 {
			t.Errorf("at first: %+v, want 0 %%", r)
		}
		m.group("/cg/web", cgroupFigures{cpu: time.Hour + time.Second, memory: 4096})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if r, _ := s.Now("shop/web"); !near(r.CPUPercent, 50) {
			t.Errorf("then: %+v, want 50 %%", r)
		}
	})
}

// Samples come every two seconds until somebody looks, then every second and
// at once.
func TestSamplerKeepsItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		var at []time.Duration
		began := time.Now()
		s, stop := running(t, m, Options{
			Trees:   m.all("shop/web"),
			Publish: func(map[string]Reading) { at = append(at, time.Since(began)) },
		})
		defer stop()
		time.Sleep(4500 * time.Millisecond)
		release := s.Watch()
		time.Sleep(2 * time.Second)
		second := s.Watch()
		release()
		release()
		time.Sleep(50 * time.Millisecond) // fresh enough for the second
		second()
		time.Sleep(4 * time.Second)
		synctest.Wait()
		ms := time.Millisecond
		want := []time.Duration{0, 2000 * ms, 4000 * ms, 4500 * ms, 5500 * ms, 6500 * ms, 6750 * ms, 8750 * ms}
		if len(at) < len(want) || !reflect.DeepEqual(at[:len(want)], want) {
			t.Errorf("sampled at %v, want %v", at, want)
		}
	})
}

// A directory that cannot be written is told once and healed from; meanwhile
// sampling goes on.
func TestDiskProblem(t *testing.T) {
	dir := t.TempDir() + "/metrics"
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // not a directory
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		var said []string
		s, stop := running(t, m, Options{
			Dir: dir, Trees: m.all("shop/web"),
			Problem: func(text string) { said = append(said, text) },
		})
		defer stop()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if len(said) == 0 || !strings.HasPrefix(said[0], "cannot keep metrics in "+dir) {
			t.Errorf("said %q", said)
		}
		if n := known(s.History("shop/web", 5*time.Minute, time.Now())); n != 30 {
			t.Errorf("%d points known from memory", n)
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if said[len(said)-1] != "" {
			t.Errorf("said %q, want that it healed", said)
		}
		if kept, err := ReadHistory(dir, "shop/web", 5*time.Minute, time.Now()); err != nil || known(kept) == 0 && math.IsNaN(kept.CPU[len(kept.CPU)/2]) {
			t.Errorf("on disk: %v (%v)", kept.CPU, err)
		}
	})
}

func TestMemoryBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		var trees []Tree
		for pid := 10; pid < 20; pid++ {
			m.start(pid, 1)
			trees = append(trees, Tree{Unit: "shop/web." + strconv.Itoa(pid), PIDs: these(pid)})
		}
		var said []string
		s, stop := running(t, m, Options{
			Trees: func() []Tree { return trees }, MaxMemoryBytes: 10*trackBytes + 3*recentBytes,
			Problem: func(text string) { said = append(said, text) },
		})
		defer stop()
		release := s.Watch()
		defer release()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(said) != 1 || !strings.HasPrefix(said[0], "charts of 7 units have no seconds: max_memory_bytes") {
			t.Errorf("said %q", said)
		}
		seconds := 0
		for _, tree := range trees {
			if s.History(tree.Unit, time.Minute, time.Now()).Step == time.Second {
				seconds++
			}
		}
		if seconds != 3 {
			t.Errorf("%d units have seconds, want 3", seconds)
		}
	})
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	trees := func() []Tree { return nil }
	for _, o := range []Options{{}, {Trees: trees, Interval: -1}, {Trees: trees, MaxMemoryBytes: -1}} {
		if _, err := NewSampler(o); err == nil {
			t.Errorf("%+v made a sampler", o)
		}
	}
}

func TestAnIdleUnitIsSmall(t *testing.T) {
	if raceEnabled {
		return // The race detector changes sizes.
	}
	const units = 2000
	m := newMachine()
	var trees []Tree
	for pid := 1; pid <= units; pid++ {
		m.start(pid, 1)
		trees = append(trees, Tree{Unit: "shop/web." + strconv.Itoa(pid), PIDs: these(pid)})
	}
	now := noon
	s, err := newSampler(Options{Trees: func() []Tree { return trees }, Now: func() time.Time { return now }}, m)
	if err != nil {
		t.Fatal(err)
	}
	heap := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := heap()
	for range 60 {
		s.sample()
		now = now.Add(10 * time.Second)
		for _, t := range s.tracks {
			t.note(figures{cpu: 1, memory: 1, processes: 1, speaks: 10 * time.Second}, now, true)
		}
		if now.Second() == 0 {
			s.flush(false)
		}
	}
	if each := (heap() - before) / units; each > 2048 {
		t.Errorf("%d bytes per unit", each)
	} else {
		t.Logf("%d bytes per unit", each)
	}
	runtime.KeepAlive(s)
}
