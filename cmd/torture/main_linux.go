// Command torture kills sysg's supervisor and its guardian, at random moments
// and many times, under services that write numbered lines, crash, and run by
// the clock, while commands are given (deploys, errands), webhooks are sent and
// probes run (receiver); then it looks for anything that was lost, doubled, torn,
// restarted or untrue. It prints what docs/reliability.md shows.
//
// The services are this program in other roles (roles). Each notes its starts
// and ends in a file of its own, which is the truth that sysg's logs and records
// are held against (audit).
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// plan is what is done to the system.
type plan struct {
	binary string
	dir    string
	// writers write rate lines a second together.
	writers, rate int
	// The numbers of deaths of each kind, and of upgrades.
	supervisor, guardian, both, upgrades int
	// points is how many times somebody dies at each failpoint, for a binary
	// that was built with the tag failpoints.
	points int
	// alone gives no commands meanwhile: no deploys, no errands.
	alone bool
	// pause is the longest time between two.
	pause time.Duration
	seed  uint64
	// only looks at what an earlier run left in dir.
	only bool
}

func main() {
	if role(os.Args[1:]) {
		return
	}
	var p plan
	flag.StringVar(&p.binary, "sysg", "bin/sysg", "the program to torture")
	flag.StringVar(&p.dir, "dir", "", "where everything lies; a new folder by default, removed if all is well")
	flag.IntVar(&p.writers, "writers", 20, "services that write")
	flag.IntVar(&p.rate, "rate", 200_000, "lines a second that they write together")
	flag.IntVar(&p.supervisor, "supervisor", 1000, "deaths of the supervisor")
	flag.IntVar(&p.guardian, "guardian", 200, "deaths of the guardian")
	flag.IntVar(&p.both, "both", 50, "deaths of both within a millisecond")
	flag.IntVar(&p.upgrades, "upgrades", 50, "upgrades to another copy of the program")
	flag.IntVar(&p.points, "points", 0, "deaths at each failpoint, of a binary built with -tags failpoints")
	flag.BoolVar(&p.alone, "alone", false, "give no commands meanwhile: to see what the recovery itself takes")
	flag.DurationVar(&p.pause, "pause", 120*time.Millisecond, "the longest time between two")
	flag.Uint64Var(&p.seed, "seed", uint64(time.Now().UnixNano()), "of the random numbers")
	flag.BoolVar(&p.only, "audit", false, "only look again at what an earlier run left in -dir")
	flag.Parse()
	faults, err := p.run(os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
	if faults > 0 {
		os.Exit(1)
	}
}

// run does it all, and gives the number of faults that were found.
func (p plan) run(out *os.File) (int, error) {
	var err error
	if p.binary, err = filepath.Abs(p.binary); err != nil {
		return 0, err
	}
	own := p.dir == ""
	if own {
		if p.dir, err = os.MkdirTemp("", "sysg-torture"); err != nil {
			return 0, err
		}
	}
	s, err := p.system()
	if err != nil {
		return 0, err
	}
	if p.only {
		a := newAudit(s)
		a.all()
		a.print(out, time.Second)
		return len(a.faults), nil
	}
	if s.receiver, err = receive(); err != nil {
		return 0, err
	}
	defer s.receiver.close()
	fmt.Fprintf(out, "seed %d, in %s\n", p.seed, p.dir)
	began := time.Now()
	if err := s.begin(); err != nil {
		return 0, err
	}
	defer func() { _ = s.do("stop", "--kill") }()
	deploying, errands := s.deploy(), s.runErrands()
	deaths, err := p.kill(s)
	if err == nil {
		err = s.dieAtPoints(out)
	}
	deploys := deploying.end()
	errands.end()
	if err != nil {
		return 0, err
	}
	took := time.Since(began)
	a := newAudit(s)
	a.living()
	if !p.alone {
		a.deployed(deploys)
		a.ran(errands)
	}
	if err := s.rest(); err != nil {
		return 0, err
	}
	a.all()
	deaths.print(out)
	a.print(out, took)
	if own && len(a.faults) == 0 {
		return 0, os.RemoveAll(p.dir)
	}
	return len(a.faults), nil
}

// rest has the system come to its end.
func (s *system) rest() error {
	if err := s.calm(); err != nil {
		return err
	}
	return s.do("stop")
}
