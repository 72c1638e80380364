package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// system is a supervisor with a home of its own, and its units.
type system struct {
	binary, dir string
}

// The units that write: one that floods, and three that together with it would
// be too much for one pane. They are stopped at first.
const flooding = 100000

func newSystem(binary string, units int) (*system, error) {
	dir, err := os.MkdirTemp("", "sysg-bench-tui")
	if err != nil {
		return nil, err
	}
	s := &system{binary: binary, dir: dir}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var m strings.Builder
	m.WriteString("version: 1\nproject: bench\nservices:\n")
	for i := range units - 5 {
		fmt.Fprintf(&m, "  unit-%03d: {exec: [sleep, \"100000\"]}\n", i)
	}
	fmt.Fprintf(&m, "  flood: {exec: [%q, -write, %q]}\n", self, fmt.Sprint(flooding))
	for i := range 4 {
		fmt.Fprintf(&m, "  pane-%d: {exec: [%q, -write, %q]}\n", i+1, self, fmt.Sprint(flooding/4))
	}
	if err := os.WriteFile(filepath.Join(dir, "systemg.yaml"), []byte(m.String()), 0o600); err != nil {
		return nil, err
	}
	if err := s.do("start", "-d"); err != nil {
		return nil, err
	}
	return s, s.do("stop", "flood", "pane-1", "pane-2", "pane-3", "pane-4")
}

func (s *system) environ(more ...string) []string {
	keep := []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TERM=xterm-256color"}
	return append(append(keep, "HOME="+s.dir, "SYSG_STATE_DIR="+filepath.Join(s.dir, "state")), more...)
}

// do runs a command of the program.
func (s *system) do(args ...string) error {
	cmd := exec.Command(s.binary, args...)
	cmd.Dir, cmd.Env = s.dir, s.environ()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("sysg %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return nil
}

// removeWhenEnded removes the system also where the measure is ended by a signal,
// until what it returns is called.
func (s *system) removeWhenEnded() (forget func()) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		if sig, open := <-ended; open {
			s.remove()
			fmt.Fprintln(os.Stderr, "bench-tui: ended by", sig)
			os.Exit(1)
		}
	}()
	return func() {
		signal.Stop(ended)
		close(ended)
	}
}

// remove stops everything and leaves nothing behind.
func (s *system) remove() {
	_ = s.do("stop", "--kill")
	_ = os.RemoveAll(s.dir)
}
