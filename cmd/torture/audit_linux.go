package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"systemg/ipc"
)

// shownFaults is how many faults are told one by one.
const shownFaults = 40

// audit looks for what went wrong.
type audit struct {
	*system
	faults []string
	// What was looked at.
	lines, runs, exits, crons, hooks, rollouts int
	// webhooks are the calls that came, again those of them that had come before.
	webhooks, again, probes int
	deploys                 deploys
	errands                 *errands
	// unknown are ends of which nobody knows how, of processes that ended while
	// nobody watched; traces are the deaths that led to it.
	unknown int
	traces  []string
}

func newAudit(s *system) *audit { return &audit{system: s} }

func (a *audit) fault(format string, args ...any) {
	a.faults = append(a.faults, fmt.Sprintf(format, args...))
}

// living looks at the units while they run: the writers are those that were
// started at first, never another one.
func (a *audit) living() {
	units, err := a.status()
	if err != nil {
		a.fault("%v", err)
		return
	}
	for i := range a.writers {
		name := fmt.Sprintf("w%d", i)
		u, facts := units[name], a.truth("w", i).read()
		starts := only(facts, "start")
		if len(starts) != 1 || u.PID != starts[0].value || u.Run != 1 || u.Restarts != 0 {
			a.fault("%s is process %d in run %d after %d restarts, and was started %d times: %v", name, u.PID, u.Run, u.Restarts, len(starts), starts)
		}
	}
	for name, notes := range map[string]string{"p0": "p", "p1": "q", boss: "m"} {
		u, starts := units[name], only(a.truth(notes, 0).read(), "start")
		if len(starts) != 1 || u.PID != starts[0].value || u.Run != 1 || u.Restarts != 0 {
			a.fault("%s is process %d in run %d after %d restarts, and was started %d times", name, u.PID, u.Run, u.Restarts, len(starts))
		}
	}
	for i := range a.crashers {
		a.lastExit(units[fmt.Sprintf("c%d", i)], a.truth("c", i).read())
	}
}

// lastExit is what sysg knows of the last run that ended.
func (a *audit) lastExit(u ipc.Unit, facts []fact) {
	x := u.LastExit
	if x == nil {
		a.fault("%s has no exit", u.Name)
		return
	}
	a.exits++
	want, signal := int(x.Run)%120, ""
	if x.Run%5 == 0 {
		want, signal = -1, "SIGKILL"
	}
	if (x.Code != want || x.Signal != signal) && !a.forgiven(x, endOf(facts, x.Run)) {
		a.fault("%s: run %d ended with %q at %s, want %d %s", u.Name, x.Run, x.Text, endOf(facts, x.Run), want, signal)
	}
	// A number that was given to a run that was never forked is not given
	// again, so there are gaps.
	if starts := only(facts, "start"); len(starts) > 0 && int(u.Run) < starts[len(starts)-1].run-1 {
		a.fault("%s is in run %d, and run %d was started", u.Name, u.Run, starts[len(starts)-1].run)
	}
}

// all looks at what is left when everything has ended.
func (a *audit) all() {
	for i := range a.writers {
		a.writer(i)
	}
	for i := range a.crashers {
		a.once(fmt.Sprintf("c%d", i), a.truth("c", i).read())
		a.hook(i)
	}
	for i := range a.jobs {
		facts := a.truth("j", i).read()
		a.once(fmt.Sprintf("j%d", i), facts)
		a.cron(fmt.Sprintf("j%d", i), facts)
	}
	facts := a.truth("t", 0).read()
	a.once(called, facts)
	a.cron(called, facts)
	a.once(switched, a.truth("s", 0).read())
	a.heard()
	a.oneByOne()
	a.probed()
	for _, one := range a.processes() {
		a.fault("it is left: %s", one)
	}
}

// besideEvery is of how many probes one may begin beside another: that of a
// supervisor that died may live for a moment more while the next one's begins.
const besideEvery = 10

// probed looks whether the command probe ran beside itself more than now and then.
func (a *audit) probed() {
	facts := a.truth("probe", 0).read()
	a.probes += len(only(facts, "start"))
	if n := len(only(facts, "beside")); n*besideEvery > len(only(facts, "start"))+besideEvery {
		a.fault("%d probes ran beside another one", n)
	}
	if len(facts) == 0 {
		a.fault("no command probe ran")
	}
}

// writer looks at every line of one.
func (a *audit) writer(i int) {
	name := fmt.Sprintf("w%d", i)
	ends := only(a.truth("w", i).read(), "end")
	if len(ends) != 1 {
		a.fault("%s ended %d times", name, len(ends))
		return
	}
	next := 1
	for _, path := range segments(filepath.Join(a.dir, "state", "logs", "torture", name+"_stdout.log")) {
		f, err := os.Open(path)
		if err != nil {
			a.fault("%v", err)
			return
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			if err != nil || n != next {
				a.fault("%s: line %q in %s, want %d", name, lines.Text(), filepath.Base(path), next)
				_ = f.Close()
				return
			}
			next++
			a.lines++
		}
		_ = f.Close()
	}
	if next-1 != ends[0].value {
		a.fault("%s wrote %d lines, and %d are in the log", name, ends[0].value, next-1)
	}
}

// segments are the files of a log, the oldest first. A death while they are
// renamed may leave a number out.
func segments(path string) []string {
	list := []string{path}
	older, _ := filepath.Glob(path + ".[0-9]*")
	numbers := map[string]int{}
	for _, name := range older {
		if n, err := strconv.Atoi(strings.TrimPrefix(name, path+".")); err == nil {
			numbers[name] = n
			list = append(list, name)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return numbers[b] - numbers[a] })
	return list
}

// once looks whether each run was started once, after the one before it had
// ended.
func (a *audit) once(name string, facts []fact) {
	last, alive := 0, false
	for _, f := range facts {
		switch f.what {
		case "start":
			a.runs++
			if f.run <= last {
				a.fault("%s: run %d was started after run %d", name, f.run, last)
			}
			if alive {
				a.fault("%s: run %d was started while run %d lived", name, f.run, last)
			}
			last, alive = f.run, true
		case "end":
			alive = false
		}
	}
}

// hook looks whether a hook was called twice for one run.
func (a *audit) hook(i int) {
	seen := map[int]bool{}
	for _, f := range a.truth("h", i).read() {
		a.hooks++
		if seen[f.run] {
			a.fault("the hook of c%d was called twice for run %d", i, f.run)
		}
		seen[f.run] = true
	}
}

// cron looks whether each run of a job is in its history with its exit, and
// whether a second had two.
func (a *audit) cron(name string, facts []fact) {
	var r ipc.InspectResult
	if err := a.show(&r, "inspect", name, "--json"); err != nil {
		a.fault("%v", err)
		return
	}
	ran := map[uint64]ipc.CronRun{}
	due := map[time.Time]uint64{}
	if r.Cron == nil {
		a.fault("%s has no history", name)
		return
	}
	for _, run := range r.Cron.Runs {
		a.crons++
		if run.Run == 0 {
			continue
		}
		ran[run.Run] = run
		if other, twice := due[run.Scheduled]; twice {
			a.fault("%s: runs %d and %d are both those of %s", name, other, run.Run, run.Scheduled)
		}
		due[run.Scheduled] = run.Run
	}
	oldest := uint64(0)
	for run := range ran {
		if oldest == 0 || run < oldest {
			oldest = run
		}
	}
	for _, f := range only(facts, "start") {
		run, known := ran[uint64(f.run)]
		switch {
		case uint64(f.run) < oldest:
			// The history keeps the newest thousand.
		case !known:
			a.fault("%s: run %d is not in the history", name, f.run)
		case run.Exit != nil && run.Exit.Code == 0:
		case a.forgiven(run.Exit, endOf(facts, run.Run)):
		case !endOf(facts, run.Run).IsZero():
			a.fault("%s: run %d is %s with %+v, and ended well at %s", name, f.run, run.Status, run.Exit, endOf(facts, run.Run))
		}
	}
}

// endOf is when the run noted its end, zero where it did not.
func endOf(facts []fact, run uint64) time.Time {
	for _, f := range facts {
		if f.what == "end" && uint64(f.run) == run {
			return f.at
		}
	}
	return time.Time{}
}

func only(facts []fact, what string) []fact {
	var list []fact
	for _, f := range facts {
		if f.what == what {
			list = append(list, f)
		}
	}
	return list
}

func (a *audit) print(out io.Writer, took time.Duration) {
	fmt.Fprintf(out, "\n%d lines (%d/s), %d runs that crashed or were due, %d exits, %d cron records, %d hooks looked at; %s\n",
		a.lines, int(float64(a.lines)/took.Seconds()), a.runs, a.exits, a.crons, a.hooks, took.Round(time.Second))
	if d := a.deploys; d.done > 0 {
		fmt.Fprintf(out, "%d deploys and %d rollbacks were done, %d were undone, %d found no supervisor; %d runs were put in place\n",
			d.done, d.back, d.undone, d.unbegun, a.rollouts)
	}
	fmt.Fprintf(out, "%d webhooks came, %d of them once more; %d probes\n", a.webhooks, a.again, a.probes)
	if e := a.errands; e != nil {
		fmt.Fprintf(out, "%d children were spawned, %d runs triggered, %d commands answered, %d found no supervisor\n", len(e.children), len(e.runs), e.told, e.unbegun)
	}
	for i, f := range a.faults {
		if i == shownFaults {
			fmt.Fprintln(out, "…")
			break
		}
		fmt.Fprintln(out, "FAULT:", f)
	}
	fmt.Fprintf(out, "%d faults; %d exits unknown, of processes that ended while nobody watched %v\n", len(a.faults), a.unknown, a.traces)
}
