package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// rounds is how often a large system is brought up, each time beside a bare
// loop: both vary by a fifth from one second to the next, their medians less.
const rounds = 5

// many measures a large system.
func (b *bench) many() ([]row, error) {
	var floors, exists, dones []time.Duration
	var last *large
	for range rounds {
		if last != nil {
			last.stop()
		}
		floor, err := b.bareLoop()
		if err != nil {
			return nil, err
		}
		if last, err = b.bringUp(); err != nil {
			return nil, err
		}
		floors, exists, dones = append(floors, floor), append(exists, last.exist), append(dones, last.done)
	}
	defer last.stop()
	floor, exist, done := middle(floors), middle(exists), middle(dones)
	rows := []row{
		{fmt.Sprintf("%d units of `sleep`: every process exists", b.units), ms(exist), ms(floor) + " (bare os.StartProcess loop)", ratio(exist, floor), "≤ 1.3"},
		{"the same until `start -d` returns, 250 ms of stability included", ms(done), ms(floor), ratio(done, floor), ""},
	}
	more, err := b.idle(last)
	return append(rows, more...), err
}

// large is a system of many units that is up.
type large struct {
	*system
	pid, threads int
	// exist is how long it took until every process existed, done until
	// the command returned.
	exist, done time.Duration
}

// bringUp brings a large system up. The supervisor is there before the clock
// starts; what is measured is bringing units up.
func (b *bench) bringUp() (*large, error) {
	var manifest strings.Builder
	manifest.WriteString("version: 1\nservices:\n")
	for i := range b.units {
		fmt.Fprintf(&manifest, "  u%d: {exec: [sleep, \"100000\"]}\n", i)
	}
	s, err := b.system(manifest.String())
	if err != nil {
		return nil, err
	}
	if _, err := s.do("start", "-d", "--name", "first", "--", "sleep", "100000"); err != nil {
		return nil, err
	}
	l := &large{system: s}
	if l.pid, err = s.supervisor(); err != nil {
		return nil, err
	}
	l.threads = threads(l.pid)
	before, err := tasks()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	start := s.command("start", "-d")
	if err := start.Start(); err != nil {
		return nil, err
	}
	if l.exist, err = s.allExist(l.pid, before, b.units, began); err != nil {
		return nil, err
	}
	err = start.Wait()
	l.done = time.Since(began)
	return l, err
}

// bareLoop starts as many processes without any supervisor.
func (b *bench) bareLoop() (time.Duration, error) {
	began := time.Now()
	var list []*os.Process
	for range b.units {
		p, err := os.StartProcess("/bin/sleep", []string{"sleep", "100000"}, &os.ProcAttr{})
		if err != nil {
			return 0, err
		}
		list = append(list, p)
	}
	took := time.Since(began)
	for _, p := range list {
		if err := p.Kill(); err != nil {
			return 0, err
		}
		if _, err := p.Wait(); err != nil {
			return 0, err
		}
	}
	return took, nil
}

// allExist waits until the supervisor has that many children beside the one
// it had. Counting them takes as long as starting some, so they are counted
// only once the machine has that many more tasks than before.
func (s *system) allExist(pid, before, want int, began time.Time) (time.Duration, error) {
	for time.Since(began) < time.Minute {
		now, err := tasks()
		if err != nil {
			return 0, err
		}
		if now >= before+want && children(pid) > want {
			return time.Since(began), nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, errors.New("the processes do not come up")
}

// tasks is how many the machine has (proc(5), loadavg, the fourth field).
func tasks() (int, error) {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	var running, all int
	f := strings.Fields(string(data))
	if len(f) < 4 {
		return 0, fmt.Errorf("cannot read /proc/loadavg: %q", data)
	}
	_, err = fmt.Sscanf(f[3], "%d/%d", &running, &all)
	return all, err
}

// children counts the children of a process (proc(5), children).
func children(pid int) (n int) {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return 0
	}
	for _, task := range list {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		if err == nil {
			n += len(bytes.Fields(data))
		}
	}
	return n
}

// idleTime is how long a large system is watched doing nothing.
const idleTime = 30 * time.Second

// idle measures a large system while nobody looks, and then looks.
func (b *bench) idle(l *large) ([]row, error) {
	s, pid := l.system, l.pid
	time.Sleep(5 * time.Second)
	before, err := cpu(pid)
	if err != nil {
		return nil, err
	}
	time.Sleep(idleTime)
	after, err := cpu(pid)
	if err != nil {
		return nil, err
	}
	size, err := pss(pid)
	if err != nil {
		return nil, err
	}
	now := threads(pid)
	status, err := median(21, func() (time.Duration, error) { return s.do("status") })
	if err != nil {
		return nil, err
	}
	version, err := median(21, func() (time.Duration, error) { return s.do("version") })
	if err != nil {
		return nil, err
	}
	stopped, err := s.do("stop")
	return []row{
		{fmt.Sprintf("memory with %d idle units (PSS)", b.units), fmt.Sprintf("%.1f MB", size), "", "", "≤ 25 MB"},
		{"threads, with 1 unit and with all", fmt.Sprintf("%d, %d", l.threads, now), "", "", "do not grow"},
		{"CPU of one core while nobody looks", fmt.Sprintf("%.2f %%", float64(after-before)/float64(idleTime)*100), "", "", "< 0.5 %"},
		{fmt.Sprintf("`sysg status` of %d units", b.units), ms(status), ms(version) + " (`sysg version`)", "+" + ms(status-version), "≤ +20 ms"},
		{fmt.Sprintf("`sysg stop` of %d units", b.units), ms(stopped), "", "", ""},
	}, err
}
