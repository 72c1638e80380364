package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The roles of this program among the services, each the first argument. The
// second is the file in which its truth is noted.
const (
	// A writer writes numbered lines, so many in a second, until it is told
	// to end, and then says how far it came.
	writerRole = "__writer"
	// A crasher ends by itself after so many milliseconds and a moment, with a
	// status that follows from its run, or by a signal.
	crasherRole = "__crasher"
	// A job is run by the clock.
	jobRole = "__job"
	// A roller is replaced again and again. It works until it is told to end.
	rollerRole = "__roller"
	// A hook notes for which run it was called.
	hookRole = "__hook"
	// A probe finds its unit well, after a while.
	probeRole = "__probe"
	// A child is spawned, and ends by itself with a status that follows from its
	// number.
	childRole = "__child"
)

// role plays a role if the arguments name one.
func role(args []string) bool {
	if len(args) < 2 || !strings.HasPrefix(args[0], "__") {
		return false
	}
	t := truth{path: args[1]}
	run, _ := strconv.Atoi(os.Getenv("SYSG_RUN"))
	switch args[0] {
	case writerRole:
		rate, _ := strconv.Atoi(args[2])
		t.note("start", run, os.Getpid())
		t.note("end", run, write(rate))
	case crasherRole:
		t.note("start", run, os.Getpid())
		life, _ := strconv.Atoi(args[2])
		time.Sleep(time.Duration(life+20+run*7%60) * time.Millisecond)
		t.note("end", run, run%120)
		if run%5 == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		os.Exit(run % 120)
	case jobRole:
		// It comes to its end also when the system is stopped: a job that has
		// noted its end and is then killed would contradict its record. With
		// the race detector a process lives on for a second after its end.
		signal.Ignore(syscall.SIGTERM)
		t.note("start", run, os.Getpid())
		time.Sleep(50 * time.Millisecond)
		t.note("end", run, 0)
	case rollerRole:
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		generation, _ := strconv.Atoi(os.Getenv("GENERATION"))
		t.note("generation", run, generation)
		t.note("start", run, os.Getpid())
		<-stop
		t.note("end", run, 0)
	case hookRole:
		t.note("hook", run, 0)
	case probeRole:
		t.alone(run)
	case childRole:
		n, _ := strconv.Atoi(args[2])
		t.note("start", n, os.Getpid())
		time.Sleep(time.Duration(n%4) * 150 * time.Millisecond)
		t.note("end", n, childStatus(n))
		os.Exit(childStatus(n))
	}
	return true
}

// childStatus is the exit status of a child.
func childStatus(n int) int { return n % 3 * 40 }

// alone is a probe that notes whether another one of its unit was under way.
func (t truth) alone(run int) {
	f, err := os.OpenFile(t.path+".lock", os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		t.note("beside", run, os.Getpid())
		return
	}
	t.note("start", run, os.Getpid())
	time.Sleep(30 * time.Millisecond)
	t.note("end", run, 0)
}

// write writes lines 1, 2, … and gives the last one's number.
func write(rate int) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	const tick = 2 * time.Millisecond
	every := time.NewTicker(tick)
	defer every.Stop()
	began := time.Now()
	var b []byte
	for n := 0; ; {
		select {
		case <-stop:
			return n
		case <-every.C:
		}
		due := int(time.Since(began).Seconds() * float64(rate))
		// What fits one write of a pipe is not interleaved with anything.
		due = min(due, n+400)
		for b = b[:0]; n < due; {
			n++
			b = strconv.AppendInt(b, int64(n), 10)
			b = append(b, '\n')
		}
		if len(b) > 0 {
			if _, err := os.Stdout.Write(b); err != nil {
				return -1
			}
		}
	}
}

// truth is a file of notes.
type truth struct{ path string }

// fact is one note.
type fact struct {
	what string
	run  int
	// value is a pid, a status or a number of lines.
	value int
	at    time.Time
}

func (t truth) note(what string, run, value int) {
	f, err := os.OpenFile(t.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintf(f, "%s %d %d %d\n", what, run, value, time.Now().UnixNano())
}

func (t truth) read() []fact {
	f, err := os.Open(t.path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var list []fact
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var x fact
		var at int64
		if _, err := fmt.Sscan(lines.Text(), &x.what, &x.run, &x.value, &at); err == nil {
			x.at = time.Unix(0, at)
			list = append(list, x)
		}
	}
	return list
}
