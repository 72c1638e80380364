package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bench is one run.
type bench struct {
	binary, dir string
	units       int
	systems     int
}

// system is a supervisor with a home and a manifest of its own.
type system struct {
	binary, dir string
}

// system writes a manifest; nothing is started yet.
func (b *bench) system(manifest string) (*system, error) {
	b.systems++
	s := &system{binary: b.binary, dir: filepath.Join(b.dir, strconv.Itoa(b.systems))}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	return s, os.WriteFile(filepath.Join(s.dir, "systemg.yaml"), []byte(manifest), 0o600)
}

func (s *system) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.binary, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "SYSG_STATE_DIR="+filepath.Join(s.dir, "state"))
	return cmd
}

// do runs a command and says how long it took.
func (s *system) do(args ...string) (time.Duration, error) {
	cmd := s.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("sysg %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return time.Since(began), nil
}

func (s *system) stop() { _, _ = s.do("stop", "--kill") }

// supervisor is the pid of the daemon.
func (s *system) supervisor() (int, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, "state", "sysg.pid"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(data)))
}

// median of several runs.
func median(n int, one func() (time.Duration, error)) (time.Duration, error) {
	var list []time.Duration
	for range n {
		d, err := one()
		if err != nil {
			return 0, err
		}
		list = append(list, d)
	}
	return middle(list), nil
}

func middle(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f", float64(a)/float64(b)) }

// pss is the proportional set size of a process in MB (10⁶ bytes; proc(5),
// smaps_rollup).
func pss(pid int) (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "Pss:" {
			kb, err := strconv.ParseFloat(f[1], 64)
			return kb * 1024 / 1e6, err
		}
	}
	return 0, fmt.Errorf("no Pss of %d", pid)
}

func threads(pid int) int {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return 0
	}
	return len(list)
}

// cpu is the time a process has computed (proc(5), stat, fields 14 and 15, in
// hundredths of a second).
func cpu(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(data), ") ")
	f := strings.Fields(after)
	if len(f) < 13 {
		return 0, fmt.Errorf("cannot read the stat line of %d", pid)
	}
	user, err := strconv.Atoi(f[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond, err
}
