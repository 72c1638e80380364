package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bench is one run.
type bench struct {
	options
	*system
}

// usual is the terminal most things are measured on.
var usual = line{columns: 120, lines: 35}

// The limits are those the project has set itself.
const (
	firstLimit = "≤ 150 ms"
	keyLimit   = "p99 ≤ 25 ms"
	slowLimit  = "p99 ≤ 200 ms"
)

// drawn is whether the units are on the screen.
func drawn(g *grid) bool { return g.shows("unit-00") }

// showing is a screen with a text on it.
func showing(text string) func(*grid) bool {
	return func(g *grid) bool { return g.shows(text) }
}

// firstFrame is how long it takes from the command to the units on the screen.
func (b *bench) firstFrame() ([]row, error) {
	var list []time.Duration
	for range 15 {
		t, err := b.open(usual)
		if err != nil {
			return nil, err
		}
		err = t.await(drawn)
		list = append(list, time.Since(t.began))
		t.close()
		if err != nil {
			return nil, err
		}
	}
	return []row{{fmt.Sprintf("first frame with %d units, on a terminal that answers nothing", b.units), spread(list), firstLimit}}, nil
}

// idle is what keys take, and what the dashboard takes while nothing happens.
func (b *bench) idle() ([]row, error) {
	t, err := b.open(usual)
	if err != nil {
		return nil, err
	}
	defer t.close()
	if err := t.await(drawn); err != nil {
		return nil, err
	}
	keys, err := b.moves(t, 200)
	if err != nil {
		return nil, err
	}
	resizes, err := b.resizes(t)
	if err != nil {
		return nil, err
	}
	if err := b.settle(t); err != nil {
		return nil, err
	}
	table, turned, err := b.minutes(t)
	if err != nil {
		return nil, err
	}
	if _, err := t.press("4", showing("[4 Events]")); err != nil {
		return nil, err
	}
	if err := b.settle(t); err != nil {
		return nil, err
	}
	still, err := b.watch(t, b.span)
	return []row{
		{"key to changed screen, idle", percentiles(keys), keyLimit},
		{"another size of the terminal to the new screen", spread(resizes), "≤ 50 ms"},
		{"units on the screen, nothing happens: CPU of a core", table.cpu(), "≤ 1.5 %"},
		{"the same: bytes written", table.rate(), "0"},
		{"the same, when the clock's minute turns and all uptimes grow", fmt.Sprintf("%d bytes", turned.bytes), ""},
		{"events on the screen, nothing happens: CPU of a core", still.cpu(), "≤ 1.5 %"},
		{"the same: bytes written", still.rate(), "0"},
		{fmt.Sprintf("memory (RSS) with %d units", b.units), still.memory(), "≤ 40 MB"},
	}, err
}

// minutes watches for a span in which the clock's minute does not turn, and then
// until it has.
func (b *bench) minutes(t *terminal) (quiet, turned watched, err error) {
	left := func() time.Duration { return time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)) }
	if left() < b.span+time.Second {
		time.Sleep(left() + 2*time.Second)
	}
	if quiet, err = b.watch(t, b.span); err == nil {
		turned, err = b.watch(t, left()+2*time.Second)
	}
	return quiet, turned, err
}

// moves presses j and k, and says how long it took until another unit was the
// selected one.
func (b *bench) moves(t *terminal, n int) ([]time.Duration, error) {
	var list []time.Duration
	for i := range n {
		key := "j"
		if i/10%2 == 1 {
			key = "k"
		}
		before := ""
		if err := t.await(func(g *grid) bool { before = g.selected(); return before != "" }); err != nil {
			return nil, err
		}
		d, err := t.press(key, func(g *grid) bool { now := g.selected(); return now != "" && now != before })
		if err != nil {
			return nil, err
		}
		list = append(list, d)
		time.Sleep(40 * time.Millisecond)
	}
	return list, nil
}

// resizes makes the terminal larger and smaller.
func (b *bench) resizes(t *terminal) ([]time.Duration, error) {
	var list []time.Duration
	for i := range 20 {
		began := time.Now()
		if err := t.resize(100+uint16(i%2)*20, 35); err != nil {
			return nil, err
		}
		if err := t.await(drawn); err != nil {
			return nil, err
		}
		list = append(list, time.Since(began))
		time.Sleep(50 * time.Millisecond)
	}
	return list, t.resize(usual.columns, usual.lines)
}

// settle waits until nothing is written for three seconds: units that were just started
// show their age in seconds for a minute.
func (b *bench) settle(t *terminal) error {
	for range 30 {
		before, _ := t.written()
		time.Sleep(3 * time.Second)
		if now, _ := t.written(); now == before {
			return nil
		}
	}
	return fmt.Errorf("the screen does not come to rest")
}

// flood is a unit that writes 100,000 lines a second, with its log on the screen.
func (b *bench) flood() ([]row, error) { return b.flooded("", usual, keyLimit, "≤ 100 KB/s") }

// ssh is the same over a connection that says it is one.
func (b *bench) ssh() ([]row, error) {
	rows, err := b.flooded(", under SSH", overSSH(), "", "≤ 40 KB/s")
	if err != nil {
		return nil, err
	}
	return rows[1:2], nil
}

// overSSH is a terminal of which the environment says that it is far away.
func overSSH() line {
	l := usual
	l.env = []string{"SSH_CONNECTION=10.0.0.1 50000 10.0.0.2 22"}
	return l
}

// slowLine is the same over a line of 20 KB/s.
func (b *bench) slowLine() ([]row, error) {
	l := overSSH()
	l.rate = 20000
	told, err := b.flooded(", under SSH on a line of 20 KB/s", l, slowLimit, "")
	if err != nil {
		return nil, err
	}
	l.env = nil
	untold, err := b.flooded(" on a line of 20 KB/s that nobody tells of", l, slowLimit, "")
	if err != nil {
		return nil, err
	}
	return append(told[:2], untold[:2]...), nil
}

func (b *bench) flooded(where string, l line, keys, bytesLimit string) ([]row, error) {
	if err := b.do("start", "-d", "flood"); err != nil {
		return nil, err
	}
	defer func() { _ = b.do("stop", "--kill", "flood") }()
	t, err := b.open(l)
	if err != nil {
		return nil, err
	}
	defer t.close()
	if err := t.await(drawn); err != nil {
		return nil, err
	}
	if err := b.find(t, "flood"); err != nil {
		return nil, err
	}
	time.Sleep(2 * time.Second)
	w, err := b.watch(t, b.span)
	if err != nil {
		return nil, err
	}
	taken, err := b.toggles(t, 100)
	if err != nil {
		return nil, err
	}
	return []row{
		{"key to changed screen, a unit of 100,000 lines/s on it" + where, percentiles(taken), keys},
		{"100,000 lines/s" + where + ": bytes written", w.rate(), bytesLimit},
		{"100,000 lines/s" + where + ": CPU of a core", w.cpu(), "≤ 20 %"},
		{"100,000 lines/s" + where + ": memory (RSS)", w.memory(), "≤ 40 MB"},
	}, nil
}

// find filters the units by a name, and selects the first that is found.
func (b *bench) find(t *terminal, name string) error {
	if _, err := t.master.WriteString("/\x15"); err != nil {
		return err
	}
	time.Sleep(300 * time.Millisecond)
	if _, err := t.press("^"+name+"$\r", showing("Logs: "+name)); err != nil {
		return err
	}
	return nil
}

// toggles has lines wrapped and cut, which is told in the title of the log.
func (b *bench) toggles(t *terminal, n int) ([]time.Duration, error) {
	var list []time.Duration
	on := false
	for range n {
		on = !on
		word := "wrap off"
		if on {
			word = "wrap on"
		}
		d, err := t.press("w", showing(word))
		if err != nil {
			return nil, err
		}
		list = append(list, d)
		time.Sleep(70 * time.Millisecond)
	}
	return list, nil
}

// panes are four logs side by side, each of a unit that writes a quarter.
func (b *bench) panes() ([]row, error) {
	units := []string{"pane-1", "pane-2", "pane-3", "pane-4"}
	if err := b.do(append([]string{"start", "-d"}, units...)...); err != nil {
		return nil, err
	}
	defer func() { _ = b.do(append([]string{"stop", "--kill"}, units...)...) }()
	t, err := b.open(usual)
	if err != nil {
		return nil, err
	}
	defer t.close()
	if err := t.await(drawn); err != nil {
		return nil, err
	}
	for i, name := range units {
		key := "v"
		if i == 0 {
			key = "l"
		}
		if err := b.find(t, name); err != nil {
			return nil, err
		}
		for _, k := range []string{key, "1"} {
			if _, err := t.master.WriteString(k); err != nil {
				return nil, err
			}
			time.Sleep(500 * time.Millisecond)
		}
	}
	if _, err := t.press("2", showing("4 pane-4")); err != nil {
		return nil, err
	}
	time.Sleep(3 * time.Second)
	w, err := b.watch(t, b.span)
	rows := []row{
		{"four panes, 100,000 lines/s together: CPU of a core", w.cpu(), "≤ 20 %"},
		{"four panes: bytes written", w.rate(), "≤ 100 KB/s"},
		{fmt.Sprintf("four panes and %d units: memory (RSS)", b.units), w.memory(), "≤ 40 MB"},
	}
	if err != nil || b.long == 0 {
		return rows, err
	}
	grown, err := b.grows(t)
	return append(rows, grown...), err
}

// grows looks at the memory after a tenth, after half and at the end of a long
// time.
func (b *bench) grows(t *terminal) ([]row, error) {
	var rows []row
	var passed time.Duration
	for _, until := range []time.Duration{b.long / 10, b.long / 2, b.long} {
		w, err := b.watch(t, until-passed)
		if err != nil {
			return nil, err
		}
		passed = until
		rows = append(rows, row{fmt.Sprintf("the same after %v", until), w.memory(), "≤ 40 MB"})
	}
	return rows, nil
}

// watched is what a process took in a time.
type watched struct {
	span, spent time.Duration
	bytes, rss  int
	frames      int
}

// watch looks at a dashboard for a time.
func (b *bench) watch(t *terminal, span time.Duration) (watched, error) {
	pid := t.cmd.Process.Pid
	before, err := spent(pid)
	if err != nil {
		return watched{}, err
	}
	bytesBefore, framesBefore := t.written()
	began := time.Now()
	time.Sleep(span)
	bytes, frames := t.written()
	w := watched{span: time.Since(began), bytes: bytes - bytesBefore, frames: frames - framesBefore}
	after, err := spent(pid)
	if err != nil {
		return w, err
	}
	w.spent = after - before
	w.rss, err = resident(pid)
	return w, err
}

func (w watched) cpu() string {
	return fmt.Sprintf("%.1f %%", 100*w.spent.Seconds()/w.span.Seconds())
}

func (w watched) rate() string {
	if w.bytes == 0 {
		return "0"
	}
	return fmt.Sprintf("%.1f KB/s, %.0f frames/s", float64(w.bytes)/1000/w.span.Seconds(), float64(w.frames)/w.span.Seconds())
}

func (w watched) memory() string { return fmt.Sprintf("%.1f MB", float64(w.rss)/1e6) }

// spent is the time a process has computed (proc(5), stat, fields 14 and 15, in
// hundredths of a second).
func spent(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(data), ") ")
	f := strings.Fields(after)
	if len(f) < 13 {
		return 0, fmt.Errorf("cannot read the stat of %d", pid)
	}
	user, err1 := strconv.Atoi(f[11])
	system, err2 := strconv.Atoi(f[12])
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("cannot read the stat of %d", pid)
	}
	return time.Duration(user+system) * 10 * time.Millisecond, nil
}

// resident is the memory of a process in bytes (proc(5), status, VmRSS).
func resident(pid int) (int, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for text := range strings.Lines(string(data)) {
		if f := strings.Fields(text); len(f) > 1 && f[0] == "VmRSS:" {
			kb, err := strconv.Atoi(f[1])
			return kb * 1024, err
		}
	}
	return 0, fmt.Errorf("no VmRSS of %d", pid)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// spread is the median and the longest of some times.
func spread(list []time.Duration) string {
	slices.Sort(list)
	return fmt.Sprintf("%s, at most %s", ms(list[len(list)/2]), ms(list[len(list)-1]))
}

// percentiles are the median and the 99th percentile of many.
func percentiles(list []time.Duration) string {
	slices.Sort(list)
	return fmt.Sprintf("p50 %s, p99 %s", ms(list[len(list)/2]), ms(list[(len(list)*99)/100]))
}
