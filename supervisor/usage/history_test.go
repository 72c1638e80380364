package usage

import (
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// known counts the points of a series that are known, from the newest back to
// the first that is not.
func known(s Series) int {
	n := 0
	for i := len(s.CPU) - 1; i >= 0 && !math.IsNaN(s.CPU[i]); i-- {
		n++
	}
	return n
}

func TestHistoryOverARestart(t *testing.T) {
	dir := t.TempDir() + "/metrics"
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		o := Options{Dir: dir, Trees: m.all("shop/web")}
		s, stop := running(t, m, o)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		live := s.History("shop/web", 5*time.Minute, time.Now())
		if got := known(live); live.Step != 10*time.Second || got != 30 {
			t.Errorf("%d of %d points of %v known", got, len(live.CPU), live.Step)
		}
		stop()
		ended := time.Now()
		kept, err := ReadHistory(dir, "shop/web", 5*time.Minute, ended)
		if err != nil || known(kept) != 30 {
			t.Errorf("without a supervisor %d points are known (%v)", known(kept), err)
		}

		// The supervisor is away for five minutes; the unit is not.
		time.Sleep(5 * time.Minute)
		s, stop = running(t, m, o)
		defer stop()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		all := s.History("shop/web", 15*time.Minute, time.Now())
		gap := 0
		for i, cpu := range all.CPU {
			at := all.From.Add(time.Duration(i) * all.Step)
			if math.IsNaN(cpu) {
				gap++
				if at.Before(ended.Add(-all.Step)) || at.After(ended.Add(5*time.Minute)) {
					t.Errorf("nothing is known at %v", at)
				}
			}
		}
		if gap < 29 || gap > 31 {
			t.Errorf("a gap of %d points, want 30", gap)
		}
	})
}

// A supervisor that is killed loses at most a minute of its charts.
func TestHistoryOverACrash(t *testing.T) {
	dir := t.TempDir() + "/metrics"
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		_, stop := running(t, m, Options{Dir: dir, Trees: m.all("shop/web")})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		kept, err := ReadHistory(dir, "shop/web", 10*time.Minute, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		missing := 0
		for i := len(kept.CPU) - 1; i >= 0 && math.IsNaN(kept.CPU[i]); i-- {
			missing++
		}
		if lost := time.Duration(missing) * kept.Step; lost > flushEvery+2*fineStep {
			t.Errorf("%v are not on disk", lost)
		}
		stop()
	})
}

// While somebody looks there are seconds.
func TestHistoryOfSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		s, stop := running(t, m, Options{Trees: m.all("shop/web")})
		defer stop()
		release := s.Watch()
		time.Sleep(time.Minute)
		synctest.Wait()
		series := s.History("shop/web", 50*time.Second, time.Now())
		if series.Step != time.Second || known(series) != 50 {
			t.Errorf("%d points of %v known", known(series), series.Step)
		}
		release()
		// They are given back once they say nothing any more.
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if series := s.History("shop/web", 50*time.Second, time.Now()); series.Step != 10*time.Second {
			t.Errorf("still %v", series.Step)
		}
	})
}

// A machine that sleeps leaves a gap and no nonsense.
func TestHistoryOverASleep(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		asleep := make(chan struct{})
		var sleeping atomic.Bool
		trees := m.all("shop/web")
		s, stop := running(t, m, Options{Dir: dir, Trees: func() []Tree {
			if sleeping.Load() {
				<-asleep
			}
			return trees()
		}})
		defer stop()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		sleeping.Store(true)
		time.Sleep(5 * time.Minute)
		sleeping.Store(false)
		close(asleep)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		gap := 0
		for _, cpu := range s.History("shop/web", 14*time.Minute, time.Now()).CPU {
			if math.IsNaN(cpu) {
				gap++
			}
		}
		if gap < 28 || gap > 31 {
			t.Errorf("a gap of %d points of ten seconds, want five minutes", gap)
		}
	})
}

func TestForget(t *testing.T) {
	dir := t.TempDir() + "/metrics"
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		s, stop := running(t, m, Options{Dir: dir, Trees: m.all("shop/web")})
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		m.end(5)
		s.Forget("shop/web")
		stop()
		if n := known(s.History("shop/web", time.Hour, time.Now())); n != 0 {
			t.Errorf("%d points are known", n)
		}
		if left, _ := filepath.Glob(dir + "/*"); len(left) > 0 {
			t.Errorf("left %q", left)
		}
	})
}

func TestSpillover(t *testing.T) {
	dir, other := t.TempDir()+"/metrics", t.TempDir()+"/other"
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.start(5, 1)
		_, stop := running(t, m, Options{Dir: dir, SpilloverPath: other, Trees: m.all("shop/web")})
		time.Sleep(5 * time.Minute)
		stop()
		if _, err := os.Stat(other + "/shop/web.ring"); err != nil {
			t.Error(err)
		}
		// Who only knows the state directory finds it all the same.
		if kept, err := ReadHistory(dir, "shop/web", 4*time.Minute, time.Now()); err != nil || known(kept) != 24 {
			t.Errorf("%d points are known (%v)", known(kept), err)
		}
		_, stop = running(t, m, Options{Dir: dir, Trees: m.all("shop/web")})
		stop()
		if follow(dir) != dir {
			t.Error("the way to the other directory is still there")
		}
	})
}

func TestReadHistoryOfNothing(t *testing.T) {
	s, err := ReadHistory(t.TempDir(), "shop/web", time.Minute, time.Now())
	if err != nil || len(s.CPU) != 6 || known(s) != 0 {
		t.Errorf("%v, %v", s, err)
	}
	if _, err := ReadHistory(t.TempDir(), "../web", time.Minute, time.Now()); err == nil {
		t.Error("a name that leads outside")
	}
}
