package supervisor

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"systemg/config"
	"systemg/supervisor/failpoint"
	"systemg/supervisor/privilege"
	"systemg/supervisor/proc"
	"systemg/supervisor/unit"
)

// job is an order to start one tree.
type job struct {
	id   proc.TreeID
	def  *config.Unit
	step unit.StepKind
	run  uint64
	base []string
	// slots are where a blue-green unit's instances stand.
	slots slots
	// beside is whether another instance of the unit lives.
	beside bool
	// aside is the command that is to be run instead of a step.
	aside *Aside
	// mark is that of the tree's hold.
	mark uint64
	// main is the pid of the main process, for a stop_command.
	main int
	// home is the supervisor's state directory, empty for none.
	home string
}

// jobs is the queue between the loop and the launchers. It has no bound, so
// that the loop never waits for a fork; a unit is in it at most twice.
type jobs struct {
	mu     sync.Mutex
	ready  *sync.Cond
	queue  []job
	closed bool
}

func newJobs() *jobs {
	j := &jobs{}
	j.ready = sync.NewCond(&j.mu)
	return j
}

func (j *jobs) put(one job) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.queue = append(j.queue, one)
	j.ready.Signal()
}

// take waits for a job; it says false when the queue was closed.
func (j *jobs) take() (job, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.queue) == 0 && !j.closed {
		j.ready.Wait()
	}
	if j.closed {
		return job{}, false
	}
	one := j.queue[0]
	j.queue[0] = job{}
	if j.queue = j.queue[1:]; len(j.queue) == 0 {
		// A burst leaves no room behind.
		j.queue = nil
	}
	return one, true
}

func (j *jobs) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	j.ready.Broadcast()
}

// launch is a launcher: it starts what is ordered until the queue closes.
func (s *Supervisor) launch() {
	for {
		one, ok := s.jobs.take()
		if !ok {
			return
		}
		p, err := s.start(one)
		id := one.def.ID()
		if err != nil {
			exit := failedStart(err)
			s.send(func(l *loop) { l.launchFailed(id, one.id, exit) })
			continue
		}
		failpoint.Here(failpoint.Started)
		s.send(func(l *loop) { l.launched(id, one.id, p) })
	}
}

// start opens the unit's outputs and starts the tree.
func (s *Supervisor) start(one job) (proc.Process, error) {
	if one.aside != nil {
		return s.startAside(one)
	}
	o := s.loop.o
	plan, err := privilege.Of(&one.def.Privileges, o.Facts)
	if err != nil {
		return proc.Process{}, err
	}
	stdout, stderr, err := o.Outputs.Open(one.def, one.run, one.opening())
	if err != nil {
		return proc.Process{}, fmt.Errorf("cannot open its log: %w", err)
	}
	defer stdout.Close()
	defer stderr.Close()
	env := environment(one, plan)
	if one.step == unit.StopCommand {
		plan.Beside(one.main)
	}
	if one.step == unit.NoStep && o.Checks != nil {
		more, err := o.Checks.Prepare(one.def, one.run)
		if err != nil {
			return proc.Process{}, err
		}
		env = append(env, more...)
		plan.Carry(more)
	}
	files, names, err := s.openSockets(one)
	if err != nil {
		return proc.Process{}, err
	}
	defer closeFiles(files)
	return o.Host.Start(proc.Spec{
		Tree:   one.id,
		Mark:   one.mark,
		Argv:   command(one),
		Dir:    one.def.Dir,
		Env:    env,
		Stdout: stdout,
		Stderr: stderr,
		Files:  files,
		Names:  names,
		Orders: plan.Orders, Cgroup: plan.Cgroup,
		Reaper: plan.Reaper,
	})
}

// opening is how the job's outputs are opened: a run's output begins with the
// first thing it does.
func (one job) opening() Opening {
	switch first := one.step == unit.NoStep || one.step == unit.SkipCheck || one.step == unit.PreStart; {
	case !first:
		return Onward
	case one.beside:
		return Beside
	}
	return Anew
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// command is what to run, the slots filled in where they belong.
func command(one job) []string {
	args := argv(one.def, one.step)
	if _, ok := rolloutCommand(one.step); !ok {
		return args
	}
	s := one.slots
	if one.step == stepBack {
		s.now, s.candidate = s.candidate, s.now
	}
	return []string{args[0], args[1], s.fill(args[2])}
}

// argv is what a step runs.
func argv(def *config.Unit, step unit.StepKind) []string {
	line := def.Command
	switch step {
	case unit.NoStep:
		if len(def.Exec) > 0 {
			return def.Exec
		}
	case unit.SkipCheck:
		line = def.Skip.Command
	case unit.PreStart:
		line = def.Deployment.PreStart
	case unit.StopCommand:
		line = def.Stop.Command
	case stepSwitch, stepBack, stepVerify:
		// A command may end when the unit has another definition already.
		g := def.Deployment.BlueGreen
		switch {
		case g == nil:
			line = ""
		case step == stepVerify:
			line = g.SwitchVerify
		default:
			line = g.SwitchCommand
		}
	}
	return []string{"/bin/sh", "-c", line}
}

// Exit statuses a shell gives for a command that could not be started
// (POSIX.1-2017, Shell Command Language, 2.8.2).
const (
	statusNotExecutable = 126
	statusNotFound      = 127
)

// failedStart is a start that failed, as an exit.
func failedStart(err error) unit.Exit {
	code := statusNotExecutable
	var notFound *proc.NotFoundError
	if errors.As(err, &notFound) {
		code = statusNotFound
	}
	return unit.Exit{Code: code, Time: time.Now(), Text: "cannot start: " + err.Error()}
}

// exitOf puts the end of a tree's main process into words. Line is what a shell
// was given, empty where there was none.
func exitOf(def *config.Unit, base []string, line string, run uint64, e proc.Exited) unit.Exit {
	exit := unit.Exit{
		Run: run, Code: e.Status.Code, Core: e.Status.Core, Time: e.Time,
		OK:   e.Status.Known && e.Status.Signal == 0 && e.Status.Code == 0,
		Text: e.Status.String(),
	}
	if exit.Time.IsZero() {
		exit.Time = time.Now()
	}
	if !e.Status.Known || e.Status.Signal != 0 {
		exit.Code = -1
	}
	if e.Status.Signal != 0 {
		exit.Signal = unix.SignalName(e.Status.Signal)
	}
	if def.Privileges.Isolation["pid"] == "true" && exit.Code > shellSignal {
		exit.Text += reaperHint(exit.Code)
	}
	if line != "" && e.Status.Known {
		exit.Text += shellHint(exit.Code, line, def, base)
	}
	return exit
}

// shellSignal is added to a signal's number where a status stands for it.
const shellSignal = 128

// reaperHint says which signal a status stands for where a process 1 passes
// statuses on: it cannot end itself by the signal.
func reaperHint(code int) string {
	if name := unix.SignalName(syscall.Signal(code - shellSignal)); name != "" {
		return " (as its process 1 tells: " + name + ")"
	}
	return ""
}

// shellLine is the command line a shell was given, or empty.
func shellLine(def *config.Unit, step unit.StepKind) string {
	if step == unit.NoStep && len(def.Exec) > 0 {
		return ""
	}
	return argv(def, step)[2]
}

// shellHint says what the two statuses a shell reserves mean.
func shellHint(code int, line string, def *config.Unit, base []string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch code {
	case statusNotFound:
		return fmt.Sprintf(" (the shell did not find a command; %q, PATH=%s)", word, searchPath(def, base))
	case statusNotExecutable:
		return fmt.Sprintf(" (the shell could not execute a command; %q in %s)", word, def.Dir)
	}
	return ""
}

// searchPath is the PATH the unit is started with.
func searchPath(def *config.Unit, base []string) string {
	for _, v := range def.Env {
		if v.Name == "PATH" {
			return v.Value
		}
	}
	for _, kv := range slices.Backward(base) {
		if value, ok := strings.CutPrefix(kv, "PATH="); ok {
			return value
		}
	}
	return ""
}

// splitTree takes a tree's name apart: the unit's ID and the step.
func splitTree(id proc.TreeID) (unitID string, step unit.StepKind) {
	name, kind, _ := strings.Cut(id.Unit, ":")
	return name, unit.StepKind(kind)
}

// UnitOf is the ID of the unit that a tree belongs to.
func UnitOf(id proc.TreeID) string {
	name, _ := splitTree(id)
	return name
}

// eventTree is the tree an event is about.
func eventTree(e proc.Event) proc.TreeID {
	switch e := e.(type) {
	case proc.Exited:
		return e.Tree
	case proc.Emptied:
		return e.Tree
	}
	return proc.TreeID{}
}
