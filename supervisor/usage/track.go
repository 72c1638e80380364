package usage

import (
	"cmp"
	"os"
	"slices"
	"time"
)

// source is what the kernel says; *kernel is the real one.
type source interface {
	process(pid int) (member, bool)
	spent(cgroup string) (cpu time.Duration, ok bool)
	charged(cgroup string) (bytes int64)
	uptime() time.Duration
	worked() time.Duration
}

// track is what a Sampler knows of one unit.
type track struct {
	name string

	// Only the goroutine of Run uses these: the counters of the unit's
	// last sample, and when that was, in time since boot.
	members []member
	cgroup  string
	used    time.Duration
	seen    time.Duration
	// found are the figures of that sample, charged whether the cgroup
	// counted its memory.
	found   figures
	charged bool

	// The Sampler's lock is over these.
	live    bool
	reading Reading
	// until is the moment up to which the newest sample speaks.
	until   time.Time
	buckets [2]bucket
	pending [2][]record
	// recent is there while somebody looks and for a while after.
	recent *recentRing
}

// recentRing is a history of the finest resolution.
type recentRing struct {
	ring
	bucket bucket
}

// recentBytes is what one takes.
const recentBytes = int64(recentSpan/recentStep)*recordSize + 96

// trackBytes is about what an idle unit takes without one: the track, its
// entry in the map, the counters of one process, a minute of records.
const trackBytes = 900

// figures are what one look at a unit's tree gives.
type figures struct {
	cpu       float64
	memory    uint64
	processes int
	// speaks is the time the cpu figure is about; 0 where nothing is known
	// about any.
	speaks time.Duration
}

// look reads a tree. last is when the sample before this one was, 0 for the
// first of all, now the present moment, both since boot. scratch is a list to
// use and give back.
func (t *track) look(k source, tree Tree, last, now time.Duration, scratch []member) (figures, []member) {
	known := last > 0 && t.seen == last
	t.seen = now
	counted, idle, inCgroup := t.lookInCgroup(k, tree)
	if idle && known && !tree.Scattered {
		return t.same(k, tree, now-last), scratch
	}
	memory := int64(-1)
	if inCgroup {
		memory = k.charged(tree.Cgroup)
	}
	t.charged = memory >= 0
	pids := tree.PIDs()
	found := scratch[:0]
	// What the kernel counts for a cgroup need not be looked up in a
	// thousand files; only the age of a new unit is in no other.
	f := figures{memory: uint64(max(0, memory)), processes: len(pids)}
	since := last
	if memory < 0 || !known {
		var pages uint64
		var oldest time.Duration
		found, f.processes, pages, oldest = survey(k, pids, found, now)
		if memory < 0 {
			f.memory = pages * uint64(os.Getpagesize())
		}
		if !known {
			// A unit that is new began no earlier than its oldest process.
			since = max(last, oldest)
		}
	}
	if !inCgroup {
		counted = t.lookAtMembers(found, known, last)
	}
	// A cgroup that is met for the first time and is older than the last
	// sample, as after another supervisor, has counted for nobody knows how long.
	met := inCgroup && !known && since == last
	if last > 0 && !met && now-since >= tick {
		f.cpu, f.speaks = share(counted, now-since), now-since
	}
	t.found = f
	return f, found
}

// same is the look at a tree that has computed nothing since the last one: who
// forks, ends or touches memory that it did not have computes. So a thousand
// units that wait cost one file each.
func (t *track) same(k source, tree Tree, since time.Duration) figures {
	f := t.found
	f.cpu, f.speaks = 0, 0
	if t.charged {
		f.memory = uint64(max(0, k.charged(tree.Cgroup)))
	}
	if since >= tick {
		f.speaks = since
	}
	t.found = f
	return f
}

// survey reads the processes with those pids into found, sorted by pid: how
// many live, their resident pages, and when the oldest began.
func survey(k source, pids []int, found []member, now time.Duration) (all []member, live int, pages uint64, oldest time.Duration) {
	oldest = now
	for _, pid := range pids {
		m, ok := k.process(pid)
		if !ok {
			continue
		}
		found = append(found, m)
		if !m.zombie() {
			live++
		}
		pages += m.pages
		oldest = min(oldest, time.Duration(m.start)*tick)
	}
	slices.SortFunc(found, func(a, b member) int { return cmp.Compare(a.pid, b.pid) })
	return found, live, pages, oldest
}

// lookInCgroup is the CPU time the unit's cgroup has used since the last look,
// or since it was made, and whether that is none at all; not ok when the unit is
// in none.
func (t *track) lookInCgroup(k source, tree Tree) (used time.Duration, idle, ok bool) {
	if tree.Cgroup == "" {
		return 0, false, false
	}
	total, ok := k.spent(tree.Cgroup)
	if !ok {
		return 0, false, false
	}
	before := t.used
	if t.cgroup != tree.Cgroup {
		before = 0 // every run has a cgroup of its own
	}
	idle = t.cgroup == tree.Cgroup && total == t.used
	t.cgroup, t.used, t.members = tree.Cgroup, total, nil
	return max(0, total-before), idle, true
}

// lookAtMembers is the CPU time the processes have used since the last sample.
func (t *track) lookAtMembers(found []member, known bool, last time.Duration) time.Duration {
	before := t.members
	if !known {
		before = nil
	}
	ticks := spent(before, found, uint64(last/tick))
	t.members = append(t.members[:0], found...)
	return time.Duration(min(ticks, 1<<50)) * tick
}

// note takes a look's figures into the histories.
func (t *track) note(f figures, at time.Time, remember bool) {
	t.live = true
	t.reading = Reading{CPUPercent: f.cpu, MemoryBytes: f.memory, Processes: f.processes, Time: at}
	if !remember || f.speaks <= 0 {
		return
	}
	from := at.Add(-f.speaks)
	t.until = at
	for i, step := range [2]time.Duration{fineStep, coarseStep} {
		t.buckets[i].add(step, from, at, f.cpu, float64(f.memory), func(p record) { t.keep(i, p) })
	}
	if t.recent != nil {
		t.recent.bucket.add(recentStep, from, at, f.cpu, float64(f.memory), t.recent.put)
	}
}

// maxPending bounds the records that wait for a disk that cannot be written.
const maxPending = 64

func (t *track) keep(of int, p record) {
	if len(t.pending[of]) >= maxPending {
		t.pending[of] = slices.Delete(t.pending[of], 0, 1)
	}
	t.pending[of] = append(t.pending[of], p)
}

// settle makes records of slots that are not over yet: nothing follows, or
// nobody knows whether anything does.
func (t *track) settle() {
	for i := range t.buckets {
		t.buckets[i].close(func(p record) { t.keep(i, p) })
	}
}

// overlay puts what is not on disk yet over what is.
func (t *track) overlay(r *rings) {
	for i := range r {
		for _, p := range t.pending[i] {
			r[i].put(p)
		}
		if p, ok := t.buckets[i].point(); ok {
			r[i].put(p)
		}
	}
}

// seconds is a copy of the recent ring; false when there is none.
func (t *track) seconds() (ring, bool) {
	if t.recent == nil {
		return ring{}, false
	}
	r := ring{step: t.recent.step, records: slices.Clone(t.recent.records)}
	if p, ok := t.recent.bucket.point(); ok {
		r.put(p)
	}
	return r, true
}
